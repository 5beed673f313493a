#include "tests/ottl.h"

/* clang-format off */
static const struct ottl_test_compiled cases[] = {
	{OTTL_SPAN, "set(attributes[\"a\"][0][\"b\"], {\"k\": [1, -2, +3.5e-2, 0xff, nil]})", NULL},
	{OTTL_SPAN, "set(attributes[\"a\"], (1 + 2) * 3 - 4 / 2)", NULL},
	{OTTL_SPAN, "set(attributes[Concat([name, \"x\"], \"\")], 1)", NULL},
	{OTTL_LOG, "set(log.severity_number, SEVERITY_NUMBER_WARN2)", NULL},
	{OTTL_LOG, "set(instrumentation_scope.name, \"a\")", NULL},
	{OTTL_SPAN, "set(nam, \"x\")", "4: path \"nam\" is not known in context span, or not supp"
		"orted"},
	{OTTL_SPAN, "set(log.body, \"x\")", "4: path \"log.body\" is not to be had in context spa"
		"n"},
	{OTTL_SPAN, "set(events, nil)", "4: path \"events\" is not known in context span, or not "
		"supported"},
	{OTTL_RESOURCE, "set(span.name, \"x\")", "4: path \"span.name\" is not to be had in conte"
		"xt resource"},
	{OTTL_SPAN, "set(name, FOO)", "10: \"FOO\" is no enum, and no call"},
	{OTTL_SPAN, "set(name, set(name, 1))", "10: set() changes something and is no value"},
	{OTTL_SPAN, "set(name, 1) where", "17: want a value at the end"},
	{OTTL_SPAN, "set(attributes .code, 1)", "15: a path has its keys at its end"},
	{OTTL_SPAN, "set(status. code, 1)", "12: want a name after \".\""},
	{OTTL_SPAN, "set(attributes[\"a\"].b, 1)", "19: a path has its keys at its end"},
	{OTTL_SPAN, "set(name, {1: 2})", "11: want a string as key"},
	{OTTL_SPAN, "set(name, *)", "10: want a value, not \"*\""},
};
/* clang-format on */

static void test_cases(void **state)
{
	(void)state;
	ottl_test_compiles(cases, sizeof(cases) / sizeof(*cases));
}

TESTS_RUN(cmocka_unit_test(test_cases))
