#include "agent/component/loki.source.journal/api.h"

#include "agent/base/err.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

#define LIBRARY "libsystemd.so.0"

static const struct {
	const char *name;
	size_t offset;
} symbols[] = {
#define SYMBOL(f) \
	{ \
		"sd_journal_" #f, offsetof(struct journal_api, f) \
	}
	SYMBOL(open),
	SYMBOL(open_directory),
	SYMBOL(close),
	SYMBOL(get_fd),
	SYMBOL(process),
	SYMBOL(add_match),
	SYMBOL(next),
	SYMBOL(seek_cursor),
	SYMBOL(seek_realtime_usec),
	SYMBOL(test_cursor),
	SYMBOL(get_cursor),
	SYMBOL(get_realtime_usec),
	SYMBOL(restart_data),
	SYMBOL(enumerate_data),
	SYMBOL(set_data_threshold),
};

const struct journal_api *journal_api_load(struct err *e)
{
	static struct journal_api api;
	void *lib, *f;

	if (api.open)
		return &api;
	lib = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (!lib) {
		err_set(e,
			"%s: the library is needed for the journal (Debian: libsystemd0); an agent "
			"that runs already cannot load it, restart it",
			dlerror());
		return NULL;
	}
	for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
		f = dlsym(lib, symbols[i].name);
		if (!f) {
			api.open = NULL;
			err_set(e, LIBRARY ": it has no %s", symbols[i].name);
			dlclose(lib);
			return NULL;
		}
		memcpy((char *)&api + symbols[i].offset, &f, sizeof(f));
	}
	return &api;
}
