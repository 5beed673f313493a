#include "tests/ottl.h"

/* clang-format off */
static const struct ottl_test_compiled cases[] = {
	{OTTL_SPAN, "set(name, \"x)", "10: \"\"\" begins nothing"},
	{OTTL_SPAN, "set(name, \x01)", "10: \"\x01\" begins nothing"},
	{OTTL_SPAN, "set(name,\r\n\t1)", NULL},
	{OTTL_SPAN, "set(attributes[\"a\"], 1) where 1<=2 and 1!=2", NULL},
	{OTTL_SPAN, "set(name, 1.)", "11: want \",\", not \".\""},
	{OTTL_SPAN, "set(name, 1 ! 2)", "12: want \",\", not \"!\""},
	{OTTL_SPAN, "set(name, _a)", "10: \"_\" begins nothing"},
};
/* clang-format on */

static void test_cases(void **state)
{
	(void)state;
	ottl_test_compiles(cases, sizeof(cases) / sizeof(*cases));
}

TESTS_RUN(cmocka_unit_test(test_cases))
