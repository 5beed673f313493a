/* The text of a 400: whatever it is, it ends, and what is told of lies inside it. */
#include "agent/base/must.h"
#include "agent/component/loki.write/refusals.h"

static bool inside(struct str part, struct str whole)
{
	return part.n == 0 || (part.p >= whole.p && part.p + part.n <= whole.p + whole.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = {(const char *)data, size};
	struct loki_refusals r = {.rest = text};
	struct loki_refusal one = {0};
	size_t n = 0;

	while (loki_refusals_next(&r, &one)) {
		must(one.why < LOKI_WHYS && one.entries > 0);
		must(inside(one.line, text) && inside(one.stream, text));
		must(++n <= size);
	}
	return 0;
}
