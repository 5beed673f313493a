#include "tests/ottl.h"

#define S(text) "{\"stringValue\":\"" text "\"}"
#define I(text) "{\"intValue\":\"" text "\"}"
#define D(text) "{\"doubleValue\":" text "}"
#define B(text) "{\"boolValue\":" text "}"

/* clang-format off */
static const struct ottl_test_expression cases[] = {
	{"Len(\"abc\")", I("3")},
	{"Len(attributes[\"l\"])", I("2")},
	{"Len(attributes[\"m\"])", I("1")},
	{"Len(1)", "! Len(): a int has no length"},
	{"Int(\"12\")", I("12")},
	{"Int(\"x\")", "nil"},
	{"Int(1.9)", I("1")},
	{"Int(true)", I("1")},
	{"Double(\"1.5\")", D("1.5")},
	{"Double(\"x\")", "nil"},
	{"Double(2)", D("2")},
	{"String(12)", S("12")},
	{"String(attributes[\"m\"])", S("{\\\"a\\\":1}")},
	{"String(nil)", "nil"},
	{"Bool(\"T\")", B("true")},
	{"Bool(0)", B("false")},
	{"Bool(\"maybe\")", "! Bool(): \"maybe\" is neither true nor false"},
	{"IsString(name)", B("true")},
	{"IsMap(attributes)", B("true")},
	{"IsList(attributes[\"l\"])", B("true")},
	{"IsInt(1.0)", B("false")},
	{"IsDouble(1.0)", B("true")},
	{"IsBool(nil)", B("false")},
	{"IsRootSpan()", B("true")},
	{"Log(1)", D("0")},
	{"Log(0)", "! Log(): want a number above zero"},
	{"ContainsValue(attributes[\"l\"], \"x\")", B("true")},
	{"ContainsValue([1, 2], 3)", B("false")},
};
/* clang-format on */

static void test_cases(void **state)
{
	(void)state;
	ottl_test_values(cases, sizeof(cases) / sizeof(*cases));
}

TESTS_RUN(cmocka_unit_test(test_cases))
