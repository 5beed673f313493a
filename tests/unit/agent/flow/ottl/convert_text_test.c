#include "tests/ottl.h"

#define S(text) "{\"stringValue\":\"" text "\"}"
#define B(text) "{\"boolValue\":" text "}"
#define L(...) "{\"arrayValue\":{\"values\":[" __VA_ARGS__ "]}}"

/* clang-format off */
static const struct ottl_test_expression cases[] = {
	{"Concat([\"a\", 1, true, 1.5, nil, 0x0aff], \"-\")", S("a-1-true-1.5-<nil>-0aff")},
	{"Concat([], \"-\")", S("")},
	{"Concat(attributes[\"s\"], \"-\")", "! Concat(): want list, got string"},
	{"Split(\"a|b|\", \"|\")", L(S("a") "," S("b") "," S(""))},
	{"Split(\"a|b\", \"|\")[1]", S("b")},
	{"Split(\"a|b\", \"|\")[2]", "! index 2 is out of bounds"},
	{"Split(\"a\xc3\xa9\", \"\")", L(S("a") "," S("\xc3\xa9"))},
	{"Split(1, \"\")", "! Split(): want string, got int"},
	{"Substring(\"abcdef\", 1, 3)", S("bcd")},
	{"Substring(\"a\xc3\xa9z\", 0, 2)", S("a")},
	{"Substring(\"abc\", 1, 3)", "! Substring(): beyond the end of a string of 3 bytes"},
	{"Substring(\"abc\", -1, 3)",
		"! Substring(): start must not be negative, and length must be positive"},
	{"ToLowerCase(\"A\xc3\x89z\")", S("a\xc3\xa9z")},
	{"ToUpperCase(attributes[\"s\"])", S("HELLO WORLD")},
	{"ConvertCase(\"someThing-else here\", \"snake\")", S("some_thing_else_here")},
	{"ConvertCase(\"some_thing else\", \"camel\")", S("SomeThingElse")},
	{"ConvertCase(\"aB\", \"upper\")", S("AB")},
	{"ConvertCase(\"a\", \"title\")",
		"21: invalid case \"title\", must be lower, upper, snake or camel"},
	{"Trim(\"  a \")", S("a")},
	{"Trim(\"xxayx\", \"xy\")", S("a")},
	{"TrimPrefix(\"abc\", \"ab\")", S("c")},
	{"TrimSuffix(\"abc\", \"x\")", S("abc")},
	{"HasPrefix(\"abc\", \"ab\")", B("true")},
	{"HasSuffix(\"abc\", \"ab\")", B("false")},
	{"IsMatch(name, \"^GET \")", B("true")},
	{"IsMatch(attributes[\"i\"], \"^4\")", B("true")},
	{"IsMatch(attributes[\"none\"], \".*\")", B("false")},
	{"IsMatch(name, \"(\")", "35: error parsing regexp: missing closing ): `(`"},
	{"IsMatch(name, name)", "35: IsMatch() wants a string as \"pattern\""},
};
/* clang-format on */

static void test_cases(void **state)
{
	(void)state;
	ottl_test_values(cases, sizeof(cases) / sizeof(*cases));
}

TESTS_RUN(cmocka_unit_test(test_cases))
