/* The first line is a layout of stage.timestamp, the rest a time. */
#include "agent/component/loki.process/layout.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str text = {(const char *)data, n};
	struct str form = {0};
	struct layout l;
	struct arena a;
	int64_t ns;

	str_cut(text, '\n', &form, &text);
	arena_init(&a, 0);
	layout_init(&l, &a, form, NULL);
	layout_parse(&l, text, INT64_C(1795344067000000000), &ns);
	arena_fini(&a);
	return 0;
}
