/* A pattern and a path, a NUL between them: neither crashes nor takes for ever. */
#include "agent/base/must.h"
#include "agent/tail/glob.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str pattern;
	struct str path;
	struct glob_list list = {0};
	struct arena a = {0};

	if (size > 512 || !str_cut((struct str){(const char *)data, size}, 0, &pattern, &path))
		return 0;
	if (glob_alternatives(&a, pattern, &list)) {
		must(list.n >= 1 && list.n <= GLOB_MAX_ALTERNATIVES);
		for (size_t i = 0; i < list.n; i++)
			glob_path_matches(list.p[i], path);
	}
	arena_fini(&a);
	return 0;
}
