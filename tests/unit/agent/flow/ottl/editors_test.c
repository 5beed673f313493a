#include "tests/ottl.h"

#define A(key, value) "{\"key\":\"" key "\",\"value\":{\"stringValue\":\"" value "\"}}"
#define AI(key, value) "{\"key\":\"" key "\",\"value\":{\"intValue\":\"" value "\"}}"
#define AM(key, ...) \
	"{\"key\":\"" key "\",\"value\":{\"kvlistValue\":{\"values\":[" __VA_ARGS__ "]}}}"
#define AL(key, ...) \
	"{\"key\":\"" key "\",\"value\":{\"arrayValue\":{\"values\":[" __VA_ARGS__ "]}}}"
#define S(text) "{\"stringValue\":\"" text "\"}"

/* clang-format off */
static const struct ottl_test_edit cases[] = {
	{"delete_key(attributes, \"a\")", A("a", "1") "," A("b", "2"), A("b", "2")},
	{"delete_key(attributes, \"a\") where attributes[\"a\"] == resource.attributes[\"a\"]", A(
		"a", "1"), A("a", "1")},
	{"delete_key(attributes[\"m\"], \"a\")", AM("m", A("a", "1") "," A("b", "2")), AM("m", A(
		"b", "2"))},
	{"delete_key(attributes[\"m\"], \"a\")", A("m", "1"), "! want a map, got string"},
	{"delete_matching_keys(attributes, \"^x\")", A("xa", "1") "," A("b", "2") "," A("xc", "3"),
		A("b", "2")},
	{"keep_matching_keys(attributes, \"^x\")", A("xa", "1") "," A("b", "2") "," A("xc", "3"), A(
		"xa", "1") "," A("xc", "3")},
	{"keep_keys(attributes, [\"b\"])", A("a", "1") "," A("b", "2"), A("b", "2")},
	{"limit(attributes, 2, [\"c\"])", A("a", "1") "," A("b", "2") "," A("c", "3"), A("a", "1")
		"," A("c", "3")},
	{"limit(attributes, 5)", A("a", "1"), A("a", "1")},
	{"truncate_all(attributes, 3)", A("a", "12345") "," A("b", "12") "," A("c", "12\xc3\xa9")
		"," AI("d", "12345"), A("a", "123") "," A("b", "12") "," A("c", "12") "," AI("d",
		"12345")},
	{"merge_maps(attributes, ParseJSON(\"{\\\"a\\\":\\\"new\\\",\\\"c\\\":\\\"3\\\"}\"), \"in"
		"sert\")", A("a", "1"), A("a", "1") "," A("c", "3")},
	{"merge_maps(attributes, {\"a\": \"new\", \"c\": \"3\"}, \"update\")", A("a", "1"), A("a",
		"new")},
	{"merge_maps(attributes, {\"a\": \"new\", \"c\": \"3\"}, \"upsert\")", A("a", "1"), A("a",
		"new") "," A("c", "3")},
	{"merge_maps(attributes, \"x\", \"upsert\")", A("a", "1"),
		"! merge_maps(): want map, got string"},
	{"flatten(attributes)", AM("a", AM("b", A("c", "1")) "," AL("l", S("x") "," S("y"))) "," A(
		"d", "2"), A("a.b.c", "1") "," A("a.l.0", "x") "," A("a.l.1", "y") "," A("d", "2")},
	{"flatten(attributes, \"p\", 1)", AM("a", AM("b", A("c", "1"))), AM("p.a.b", A("c", "1"))},
	{"append(attributes[\"l\"], \"y\")", AL("l", S("x")), AL("l", S("x") "," S("y"))},
	{"append(attributes[\"l\"], values = [\"y\", \"z\"])", A("l", "x"), AL("l", S("x") "," S(
		"y") "," S("z"))},
	{"append(attributes[\"l\"], \"y\")", "", AL("l", S("y"))},
	{"set(cache[\"x\"], \"y\")", A("a", "1"), A("a", "1")},
};
/* clang-format on */

static void test_cases(void **state)
{
	(void)state;
	ottl_test_edits(cases, sizeof(cases) / sizeof(*cases));
}

TESTS_RUN(cmocka_unit_test(test_cases))
