/*
 * The formatter on hostile input: what parses is formatted, its tokens are the same (the
 * formatter checks that itself, and says so), and formatting it again changes nothing.
 */

#include "agent/base/buf.h"
#include "agent/base/must.h"
#include "agent/config/print.h"
#include "agent/config/read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct source src = {STR("fuzz"), {(const char *)data, size}};
	struct buf once = {0}, twice = {0};
	struct arena a;
	struct diags d;

	arena_init(&a, 0);
	diags_init(&d, &a);
	if (source_check(&src, &d) && source_format(&src, &once, &d)) {
		struct source made = {STR("made"), buf_str(&once)};

		must(source_format(&made, &twice, &d));
		must(str_eq(buf_str(&once), buf_str(&twice)));
	} else {
		must(d.errors > 0);
		must(!str_starts(d.p[d.n - 1].message, "cannot be formatted"));
	}
	buf_fini(&once);
	buf_fini(&twice);
	diags_fini(&d);
	arena_fini(&a);
	return 0;
}
