/* Addresses to listen on, in the forms that are not looked up as names. */

#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "agent/base/must.h"
#include "agent/loop/listen.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const starts[] = {"[", ":", "[::1]:", "127.0.0.1:", "localhost:"};
	struct buf text = {0};

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		struct listen_address a = {0};
		struct err e;

		if (i > 1 && memchr(data, ':', size))
			break; /* then what comes before is a name */
		buf_clear(&text);
		buf_add_str(&text, str_from(starts[i]));
		buf_add(&text, data, size);
		must(listen_parse(buf_str(&text), &a, &e) == (a.size > 0));
	}
	buf_fini(&text);
	return 0;
}
