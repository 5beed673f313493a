#include "tests/ottl.h"

/* clang-format off */
static const struct ottl_test_compiled cases[] = {
	{OTTL_SPAN, "set(name, \"\\.\")", "11: \"\\.\" is no escape; a backslash is written \"\\"
		"\\\""},
	{OTTL_SPAN, "set(name, 0xf)", "10: bytes have two hex digits each"},
	{OTTL_SPAN, "set(name, 0xfg)", "10: \"g\" is no hex digit"},
	{OTTL_SPAN, "set(name, 99999999999999999999)", "10: the number is too large"},
	{OTTL_SPAN, "set(name, \"a\\n\\t\\\"\\'\\\\\")", NULL},
	{OTTL_SPAN, "set(name, \"\xff\")", "10: the string is not UTF-8"},
	{OTTL_SPAN, "set(name, -9223372036854775807 + .5e+3 - 0xABcd)", NULL},
	{OTTL_SPAN, "set(name, -x)", "11: want a number"},
	{OTTL_SPAN, "set(name, "
		"11111111111111111111111111111111111111111111111111111111111111111.5)",
		"10: the number is too long"},
};
/* clang-format on */

static void test_cases(void **state)
{
	(void)state;
	ottl_test_compiles(cases, sizeof(cases) / sizeof(*cases));
}

TESTS_RUN(cmocka_unit_test(test_cases))
