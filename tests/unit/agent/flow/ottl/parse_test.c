#include "tests/ottl.h"

/* clang-format off */
static const struct ottl_test_compiled cases[] = {
	{OTTL_SPAN, "set(name, \"x\")", NULL},
	{OTTL_SPAN, " set ( name,\n\t\"x\" ) where name == \"y\" and not ( kind == 2 or true ) ",
		NULL},
	{OTTL_SPAN, "set(span.status.code, STATUS_CODE_ERROR) where (1 + 1) == 2", NULL},
	{OTTL_SPAN, "set(name, \"x\") where ((name) == \"a\")", NULL},
	{OTTL_SPAN, "", "0: a statement begins with a function that changes something, as set(…)"},
	{OTTL_SPAN, "name", "0: a statement begins with a function that changes something, as set"
		"(…)"},
	{OTTL_SPAN, "Len(name)", "0: a statement begins with a function that changes something, a"
		"s set(…)"},
	{OTTL_SPAN, "set(name, \"x\"", "12: want \",\" at the end"},
	{OTTL_SPAN, "set(name, 1) where name", "22: want a comparison: ==, !=, <, <=, > or >="},
	{OTTL_SPAN, "set(name, 1) where name = 1", "24: want a comparison: ==, !=, <, <=, > or >="},
	{OTTL_SPAN, "set(name, 1) where name == 1 2", "29: \"2\" is too much"},
	{OTTL_SPAN, "set(name, 1) if true", "13: \"if\" is too much"},
};
/* clang-format on */

static void test_cases(void **state)
{
	(void)state;
	ottl_test_compiles(cases, sizeof(cases) / sizeof(*cases));
}

/* Too deep, too long, too many: refused, and quickly. */
static void test_limits(void **state)
{
	/* clang-format off */
	static const struct {
		const char *head;
		const char *repeated;
		const char *tail;
		size_t times;
		const char *want;
	} limits[] = {
		{"true == ", "(", "", 70, "nested deeper than 64"},
		{"", "not ", "true", 70, "nested deeper than 64"},
		{"1 == ", "[", "", 70, "nested deeper than 64"},
		{"true", " or true", "", 600, "more than 512 operators"},
		{"1 == 1", " + 1", "", 600, "more than 512 operators"},
		{"1 == [1", ", 1", "]", 300, "more than 256 elements"},
		{"attributes", "[\"a\"]", " == 1", 17, "more than 16 keys"},
		{"true", " ", "", 70000, "the text is longer than 65536 bytes"},
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		struct buf text = {0};
		struct err e = {""};
		size_t at;

		buf_add_str(&text, str_from(limits[i].head));
		for (size_t k = 0; k < limits[i].times; k++)
			buf_add_str(&text, str_from(limits[i].repeated));
		buf_add_str(&text, str_from(limits[i].tail));
		assert_null(ottl_condition(OTTL_SPAN, buf_str(&text), &at, &e));
		assert_str(str_from(e.text), limits[i].want);
		buf_fini(&text);
	}
}

TESTS_RUN(cmocka_unit_test(test_cases), cmocka_unit_test(test_limits))
