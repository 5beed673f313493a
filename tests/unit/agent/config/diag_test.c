/* The window of a diagnostic: one line, several, tabs, wide characters, the end of the file. */

#include "agent/base/buf.h"
#include "agent/config/diag.h"
#include "tests/test.h"

static const struct {
	const char *text;
	uint32_t start, end;
	const char *want;
} cases[] = {
	{"a = 1\nb = 2\nc = 3\n", 6, 6,
		"Error: f:2:1: m\n\n1 | a = 1\n2 | b = 2\n  | ^\n3 | c = 3\n"},
	{"a = 1", 4, 4, "Error: f:1:5: m\n\n1 | a = 1\n  |     ^\n"},
	{"\tx = \xc3\xa9\xc3\xa9 1\n", 5, 7,
		"Error: f:1:6: m\n\n1 |     x = \xc3\xa9\xc3\xa9 1\n  |         ^^\n2 | \n"},
	{"a\r\nb", 0, 0, "Error: f:1:1: m\n\n1 | a\n  | ^\n2 | b\n"},
	{"x\nb {\n\tc\n}\ny", 2, 9,
		"Error: f:2:1: m\n\n1 |   x\n2 |   b {\n  |  _^^^\n3 | |     c\n4 | | }\n"
		"  | |_^\n5 |   y\n"},
	{"x\nab cd\ny", 5, 8,
		"Error: f:2:4: m\n\n1 |   x\n2 |   ab cd\n  |  ____^^\n3 | | y\n  | |_^\n"},
	{"a", 1, 1, "Error: f:1:2: m\n\n1 | a\n  |  \n"},
	{"", 0, 0, "Error: f:1:1: m\n\n1 | \n  | \n"},
	{"\xff", 0, 0, "Error: f:1:1: m\n\n1 | \xef\xbf\xbd\n  | ^\n"},
};

static void test_windows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct source src = {STR("f"), str_from(cases[i].text)};
		struct range at = {&src, cases[i].start, cases[i].end};
		struct buf out = {0};
		struct arena a;
		struct diags d;

		arena_init(&a, 0);
		diags_init(&d, &a);
		assert_false(diag_error(&d, at, "m"));
		diags_print(&out, &d, false);
		assert_str(buf_str(&out), cases[i].want);
		buf_fini(&out);
		diags_fini(&d);
		arena_fini(&a);
	}
}

/* Several, with a hint, without a place, in colour. */
static void test_forms(void **state)
{
	struct source src = {STR("f"), STR("a")};
	struct buf out = {0};
	struct arena a;
	struct diags d;

	(void)state;
	arena_init(&a, 0);
	diags_init(&d, &a);
	diag_warning(&d, (struct range){&src, 0, 0}, "w %d", 1);
	diag_hint(&d, "do it");
	diag_error(&d, (struct range){0}, "e");
	diag_hint(&d, "or not");
	assert_int_equal(d.errors, 1);
	diags_print(&out, &d, false);
	assert_str(buf_str(&out),
		"Warning: f:1:1: w 1\n\n1 | a\n  | ^\n\nhint: do it\n\nError: e\nhint: or not\n");
	buf_clear(&out);
	diags_print(&out, &d, true);
	assert_str(buf_str(&out),
		"\x1b[33;1mWarning: \x1b[0m\x1b[1mf:1:1: w 1\x1b[0m\n\n1 | a\n  | ^\n\n"
		"hint: do it\n\n\x1b[31;1mError: \x1b[0m\x1b[1me\x1b[0m\nhint: or not\n");
	buf_fini(&out);
	diags_fini(&d);
	arena_fini(&a);
}

/* A hostile file cannot flood the terminal: long lines are cut, long ranges lose their middle. */
static void test_bounds(void **state)
{
	struct buf text = {0}, out = {0};
	struct source src;
	struct arena a;
	struct diags d;

	(void)state;
	for (int i = 0; i < 5000; i++)
		buf_add_str(&text, STR("x\n"));
	for (int i = 0; i < 500000; i++)
		buf_add_str(&text, STR("y"));
	src = (struct source){STR("f"), buf_str(&text)};
	arena_init(&a, 0);
	diags_init(&d, &a);
	diag_error(&d, (struct range){&src, 0, 9998}, "m");
	diag_error(&d, (struct range){&src, 400000, 400001}, "m");
	diags_print(&out, &d, false);
	assert_true(out.n < 10000);
	assert_true(str_find(buf_str(&out), STR("  50 | | x\n     | ...\n4952 | | x\n")) > 0);
	buf_fini(&text);
	buf_fini(&out);
	diags_fini(&d);
	arena_fini(&a);
}

TESTS_RUN(cmocka_unit_test(test_windows), cmocka_unit_test(test_forms),
	cmocka_unit_test(test_bounds))
