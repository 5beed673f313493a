#include "tests/ottl.h"

/* clang-format off */
static const struct ottl_test_compiled cases[] = {
	{OTTL_SPAN, "set(value = 1, target = attributes[\"x\"])", NULL},
	{OTTL_SPAN, "sett(name, 1)", "0: function sett() is not known, or not supported"},
	{OTTL_SPAN, "set(name)", "8: set() wants \"value\""},
	{OTTL_SPAN, "set(\"name\", \"x\")", "4: set() wants a path as \"target\""},
	{OTTL_SPAN, "delete_key(name, \"a\")", "11: delete_key() wants a path of a map as \"targe"
		"t\""},
	{OTTL_SPAN, "limit(attributes, -1)", "0: limit() wants a number that is not negative"},
	{OTTL_SPAN, "limit(attributes, 1, [\"a\", \"b\"])", "0: limit() wants no less than there "
		"are keys in its list"},
	{OTTL_SPAN, "keep_keys(attributes, [1])", "22: keep_keys() wants a list of strings as \"k"
		"eys\""},
	{OTTL_SPAN, "merge_maps(attributes, cache, \"x\")", "0: invalid value for strategy, \"x\""
		", must be \"insert\", \"update\" or \"upsert\""},
	{OTTL_SPAN, "replace_all_patterns(attributes, \"both\", \"a\", \"b\")",
		"0: invalid mode \"both\", must be either \"key\" or \"value\""},
	{OTTL_SPAN, "replace_match(name, \"[\", \"b\")", "0: the glob \"[\": error parsing regexp"
		": missing closing ]: `[)$`"},
	{OTTL_LOG, "set_semconv_span_name(\"1.37.0\")", "0: set_semconv_span_name() is for contex"
		"t span only"},
	{OTTL_SPAN, "set_semconv_span_name(\"1.36.0\")", "0: unsupported semconv version \"1.36.0"
		"\": must be between 1.37.0 and 1.40.0"},
	{OTTL_SPAN, "set(name, 1, 2)", "13: set() has too many arguments"},
	{OTTL_SPAN, "set(name, what = 1)", "10: set() has no argument \"what\""},
};
/* clang-format on */

static void test_cases(void **state)
{
	(void)state;
	ottl_test_compiles(cases, sizeof(cases) / sizeof(*cases));
}

/* Of converters, in a statement that begins with 21 bytes. */
static const struct ottl_test_expression converters[] = {
	{"Nope(1)", "21: function Nope() is not known, or not supported"},
	{"Len()", "25: Len() wants \"target\""},
	{"Len(1, 2)", "28: Len() has too many arguments"},
	{"Len(what=1)", "25: Len() has no argument \"what\""},
};

static void test_converters(void **state)
{
	(void)state;
	ottl_test_values(converters, sizeof(converters) / sizeof(*converters));
}

TESTS_RUN(cmocka_unit_test(test_cases), cmocka_unit_test(test_converters))
