#include "tests/jmespath.h"

/* clang-format off */
static const struct jmespath_case cases[] = {
	{"", JMESPATH_BYTE(0) "the expression ends too early"},
	{"a.", JMESPATH_BYTE(2) "want a name, *, [ or { behind the dot"},
	{"a..b", JMESPATH_BYTE(2) "want a name, *, [ or { behind the dot"},
	{"a b", JMESPATH_BYTE(2) "unexpected part behind the expression"},
	{"a[1 2]", JMESPATH_BYTE(4) "want : or ]"},
	{"a[::0]", JMESPATH_BYTE(5) "a step of 0"},
	{"a[x]", JMESPATH_BYTE(2) "want a number, : or *"},
	{"&a", JMESPATH_BYTE(2) "a &reference is an argument only"},
	{"\"f\"(a)", JMESPATH_BYTE(3) "a quoted name is no function"},
	{"nope(a)", JMESPATH_BYTE(5) "unknown function"},
	{"length()", JMESPATH_BYTE(7) "wrong number of arguments"},
	{"length(a, b)", JMESPATH_BYTE(11) "wrong number of arguments"},
	{"sort_by(a, b)",
		JMESPATH_BYTE(12) "this function takes a &reference elsewhere, or none"},
	{"{a: b", JMESPATH_BYTE(5) "want , or }"},
	{"[a, b", JMESPATH_BYTE(5) "want , or ]"},
	{"a[?b", JMESPATH_BYTE(4) "want ]"},
	{"'it''s'", JMESPATH_BYTE(4) "unexpected part behind the expression"},
};
/* clang-format on */

static void test_cases(void **state)
{
	(void)state;
	JMESPATH_TEST(JMESPATH_TEXT, cases);
}

/* Nested deeper than is allowed, and longer. */
static void test_limits(void **state)
{
	struct buf text = {0};
	struct jmespath path;
	struct arena a;
	struct err e;

	(void)state;
	arena_init(&a, 0);
	for (int i = 0; i < 100; i++)
		buf_add_char(&text, '(');
	assert_false(jmespath_parse(&a, buf_str(&text), &path, &e));
	assert_non_null(strstr(e.text, "nested too deeply"));
	buf_clear(&text);
	for (int i = 0; i < 200; i++)
		buf_printf(&text, "a.");
	buf_add_char(&text, 'a');
	assert_false(jmespath_parse(&a, buf_str(&text), &path, &e));
	assert_non_null(strstr(e.text, "too long"));
	buf_fini(&text);
	arena_fini(&a);
}

TESTS_RUN(cmocka_unit_test(test_cases), cmocka_unit_test(test_limits))
