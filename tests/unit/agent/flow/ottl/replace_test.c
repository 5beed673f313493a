#include "tests/ottl.h"

#define A(key, value) "{\"key\":\"" key "\",\"value\":{\"stringValue\":\"" value "\"}}"
#define AI(key, value) "{\"key\":\"" key "\",\"value\":{\"intValue\":\"" value "\"}}"

/* clang-format off */
static const struct ottl_test_edit cases[] = {
	{"replace_pattern(attributes[\"a\"], \"([0-9]+)\", \"<$1>\")", A("a", "x1y22"), A("a",
		"x<1>y<22>")},
	{"replace_pattern(attributes[\"a\"], \"z\", \"q\")", A("a", "x"), A("a", "x")},
	{"replace_pattern(attributes[\"none\"], \"z\", \"q\")", A("a", "x"), A("a", "x")},
	{"replace_all_patterns(attributes, \"value\", \"\\\\d\", \"#\")", A("a", "x1") "," AI("n",
		"1"), A("a", "x#") "," AI("n", "1")},
	{"replace_all_patterns(attributes, \"key\", \"^http\\\\.\", \"web.\")", A("http.a", "1")
		"," A("b", "2"), A("b", "2") "," A("web.a", "1")},
	{"replace_match(attributes[\"a\"], \"/user/*/list/*\", \"/user/{userId}/list/{listId}\")", A
		("a", "/user/1/list/2"), A("a", "/user/{userId}/list/{listId}")},
	{"replace_match(attributes[\"a\"], \"x?[a-c]{d,e}\", \"y\")", A("a", "xzbe"), A("a", "y")},
	{"replace_match(attributes[\"a\"], \"x.z\", \"y\")", A("a", "xyz"), A("a", "xyz")},
	{"replace_all_matches(attributes, \"secret*\", \"***\")", A("a", "secret1") "," A("b", "x"),
		A("a", "***") "," A("b", "x")},
};
/* clang-format on */

static void test_cases(void **state)
{
	(void)state;
	ottl_test_edits(cases, sizeof(cases) / sizeof(*cases));
}

TESTS_RUN(cmocka_unit_test(test_cases))
