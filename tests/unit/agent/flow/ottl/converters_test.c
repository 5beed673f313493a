#include "tests/ottl.h"

#define S(text) "{\"stringValue\":\"" text "\"}"
#define I(text) "{\"intValue\":\"" text "\"}"
#define D(text) "{\"doubleValue\":" text "}"
#define B(text) "{\"boolValue\":" text "}"
#define L(...) "{\"arrayValue\":{\"values\":[" __VA_ARGS__ "]}}"
#define M(...) "{\"kvlistValue\":{\"values\":[" __VA_ARGS__ "]}}"
#define KV(key, value) "{\"key\":\"" key "\",\"value\":" value "}"

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
	{"Len(\"abc\")", I("3")},
	{"Len(attributes[\"l\"])", I("2")},
	{"Len(attributes[\"m\"])", I("1")},
	{"Len(1)", "! Len(): a int has no length"},
	{"IsMatch(name, \"^GET \")", B("true")},
	{"IsMatch(attributes[\"i\"], \"^4\")", B("true")},
	{"IsMatch(attributes[\"none\"], \".*\")", B("false")},
	{"IsMatch(name, \"(\")", "35: error parsing regexp: missing closing ): `(`"},
	{"IsMatch(name, name)", "35: IsMatch() wants a string as \"pattern\""},
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
	{"ParseJSON(\"{\\\"a\\\":[1,\\\"b\\\",null,true]}\")",
		M(KV("a", L(D("1") "," S("b") ",{}," B("true"))))},
	{"ParseJSON(\"{\\\"a\\\":{\\\"b\\\":2}}\")[\"a\"][\"b\"]", D("2")},
	{"ParseJSON(\"{\")", "! ParseJSON(): byte 1: want a string"},
	{"ParseKeyValue(\"a=1 b='x y' c=\")",
		M(KV("a", S("1")) "," KV("b", S("x y")) "," KV("c", S("")))},
	{"ParseKeyValue(\"a:1;b:2\", \":\", \";\")", M(KV("a", S("1")) "," KV("b", S("2")))},
	{"ParseKeyValue(target=\"a:1\", delimiter=\":\")", M(KV("a", S("1")))},
	{"ParseKeyValue(\"a\")", "! ParseKeyValue(): no \"=\" in \"a\""},
	{"ParseKeyValue(\"a='\")", "! a quote is not closed"},
	{"ParseKeyValue(\"\")", "! ParseKeyValue(): cannot parse from empty target"},
	{"ParseKeyValue(\"a\", \"=\", \"=\")", "21: ParseKeyValue() wants two different delimiter"
		"s"},
	{"ExtractPatterns(name, \"^(?P<method>[A-Z]+) (?P<path>.*)$\")",
		M(KV("method", S("GET")) "," KV("path", S("/x")))},
	{"ExtractPatterns(name, \"(a)\")",
		"21: ExtractPatterns() wants at least one group with a name: (?P<name>...)"},
	{"SHA256(\"a\")",
		S("ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb")},
	{"SHA1(\"a\")", S("86f7e437faa5a7fce15d1ddcb9eaeaea377667b8")},
	{"MD5(\"a\")", S("0cc175b9c0f1b6a831c399e269772661")},
	{"FNV(\"a\")", I("-5808556873153909620")},
	{"Hex(\"ab\")", S("6162")},
	{"Log(1)", D("0")},
	{"Log(0)", "! Log(): want a number above zero"},
	{"TraceID(0x00)", "21: TraceID() wants 16 bytes, as 0x and 32 hex digits"},
	{"ContainsValue(attributes[\"l\"], \"x\")", B("true")},
	{"ContainsValue([1, 2], 3)", B("false")},
	{"Nope(1)", "21: function Nope() is not known, or not supported"},
	{"Len()", "25: Len() wants \"target\""},
	{"Len(1, 2)", "28: Len() has too many arguments"},
	{"Len(what=1)", "25: Len() has no argument \"what\""},
};
/* clang-format on */

static void test_cases(void **state)
{
	(void)state;
	ottl_test_values(cases, sizeof(cases) / sizeof(*cases));
}

TESTS_RUN(cmocka_unit_test(test_cases))
