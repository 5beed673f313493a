/* Another agent's positions, from disk: refused, or a list of paths and offsets. */
#include "agent/base/err.h"
#include "agent/base/must.h"
#include "agent/tail/import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct import i = {0};
	struct err e;

	if (!import_parse(&i, (struct str){(const char *)data, size}, &e))
		must(i.n == 0 && i.by_path.n == 0);
	import_fini(&i);
	return 0;
}
