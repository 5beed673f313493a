#include "tests/ottl.h"

#define S(text) "{\"stringValue\":\"" text "\"}"
#define D(text) "{\"doubleValue\":" text "}"
#define B(text) "{\"boolValue\":" text "}"
#define L(...) "{\"arrayValue\":{\"values\":[" __VA_ARGS__ "]}}"
#define M(...) "{\"kvlistValue\":{\"values\":[" __VA_ARGS__ "]}}"
#define KV(key, value) "{\"key\":\"" key "\",\"value\":" value "}"

/* clang-format off */
static const struct ottl_test_expression cases[] = {
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
};
/* clang-format on */

static void test_cases(void **state)
{
	(void)state;
	ottl_test_values(cases, sizeof(cases) / sizeof(*cases));
}

TESTS_RUN(cmocka_unit_test(test_cases))
