#pragma once

/* Converts a text, for the tests of agent/convert: what is made, or what is said of it. */

#include "agent/base/arena.h"
#include "agent/convert/convert.h"
#include "tests/test.h"

/* The diagnostics, a line each, then the result. Without the two warnings that every file has. */
static inline void convert_show(const char *yaml, const struct convert_flags *flags,
	struct buf *out)
{
	struct conversion c = {0};
	struct arena a;

	arena_init(&a, 0);
	convert_promtail(&a, str_from(yaml), flags, &c);
	for (size_t i = 0; i < c.n; i++) {
		struct conversion one = {.p = &c.p[i], .n = 1};

		if (str_find(c.p[i].text, STR("where Promtail stopped")) == -1 &&
			str_find(c.p[i].text, STR("metrics have Alloy's names")) == -1)
			conversion_print(out, &one, "p", CONVERT_INFO);
	}
	buf_add_str(out, buf_str(&c.text));
	conversion_fini(&c);
	arena_fini(&a);
}

/* Is want a part of what is shown? */
static inline void convert_check(const char *yaml, const struct convert_flags *flags,
	const char *want)
{
	struct buf got = {0};

	convert_show(yaml, flags, &got);
	if (str_find(buf_str(&got), str_from(want)) == -1) {
		print_message("of:\n%s\ngot:\n" STR_FMT "\nwant:\n%s\n", yaml,
			STR_ARG(buf_str(&got)), want);
		fail();
	}
	buf_fini(&got);
}
