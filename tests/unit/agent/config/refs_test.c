/* What an expression names: the chains, in order, each with the text that it covers. */

#include "agent/base/buf.h"
#include "agent/config/eval.h"
#include "tests/test.h"

static const struct {
	const char *text;
	const char *want;
} cases[] = {
	{"1 + \"a\"", ""},
	{"a", "a;"},
	{"loki.write.x.receiver", "loki.write.x.receiver;"},
	{"[a.b, {k = c.d}]", "a.b;c.d;"},
	{"a.b[c.d].e", "a.b;c.d;"},
	{"string.join(a.b, c) + d", "string.join;a.b;c;d;"},
	{"f(a).b.c", "f;a;"},
	{"!(a.b) && -c == d", "a.b;c;d;"},
};

static void test_refs(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct source src = {STR("t"), str_from(cases[i].text)};
		struct refs refs = {0};
		struct buf got = {0};
		struct arena a;
		struct diags d;

		arena_init(&a, 0);
		diags_init(&d, &a);
		expr_refs(&a, parse_expr(&a, &src, &d), &refs);
		for (size_t j = 0; j < refs.n; j++) {
			const struct ref *r = &refs.p[j];

			buf_add(&got, src.text.p + r->at.start, r->at.end - r->at.start + 1);
			buf_add_char(&got, ';');
			assert_int_equal(r->first_at.end - r->first_at.start + 1, r->parts[0].n);
		}
		assert_str(buf_str(&got), cases[i].want);
		buf_fini(&got);
		diags_fini(&d);
		arena_fini(&a);
	}
}

TESTS_RUN(cmocka_unit_test(test_refs))
