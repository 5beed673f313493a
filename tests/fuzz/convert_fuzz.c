/*
 * Promtail's YAML, hostile: whatever it says, there is a result that the formatter takes and
 * does not change, or a critical diagnostic. The first byte says whether variables are expanded.
 */

#include "agent/base/must.h"
#include "agent/config/print.h"
#include "agent/config/read.h"
#include "agent/convert/convert.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_result(struct arena *a, const struct conversion *c)
{
	struct source src = {STR("made"), buf_str(&c->text)};
	struct buf again = {0};
	struct diags d;

	diags_init(&d, a);
	must(source_format(&src, &again, &d));
	must(str_eq(buf_str(&again), buf_str(&c->text)));
	buf_fini(&again);
	diags_fini(&d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct convert_flags flags = {.expand_env = size > 0 && data[0] == '$',
		.external_labels = STR("a=b,c=d")};
	struct conversion c = {0};
	struct str yaml = {(const char *)data, size};
	struct buf said = {0};
	struct arena a;

	arena_init(&a, 0);
	convert_promtail(&a, flags.expand_env ? str_from_at(yaml, 1) : yaml, &flags, &c);
	conversion_print(&said, &c, "fuzz", CONVERT_INFO);
	if (conversion_level(&c) == CONVERT_CRITICAL) {
		must(c.text.n == 0);
		for (size_t i = 0; i < c.n; i++)
			must(!str_starts(c.p[i].text, "the result cannot be read"));
	} else {
		check_result(&a, &c);
	}
	buf_fini(&said);
	conversion_fini(&c);
	arena_fini(&a);
	return 0;
}
