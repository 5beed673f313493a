#include "tests/ottl.h"

#define SPAN \
	OTTL_SPAN_IN("\"name\":\"n\",\"kind\":2,\"attributes\":[" \
		     "{\"key\":\"i\",\"value\":{\"intValue\":\"42\"}}," \
		     "{\"key\":\"s\",\"value\":{\"stringValue\":\"x\"}}]")

static const struct {
	const char *condition;
	const char *want;
} cases[] = {
	{"true", "true"},
	{"not true", "false"},
	{"true and false or true", "true"},
	{"true and (false or true)", "true"},
	{"name == \"n\"", "true"},
	{"kind == SPAN_KIND_SERVER", "true"},
	{"attributes[\"none\"] == nil", "true"},
	{"attributes[\"i\"] != nil and attributes[\"i\"] > 41.5", "true"},
	{"attributes[\"i\"] == \"42\"", "false"},
	{"attributes[\"i\"] != \"42\"", "true"},
	{"nil < nil", "false"},
	{"nil <= nil", "true"},
	{"true > false", "true"},
	{"\"a\" < \"b\"", "true"},
	{"0x0102 == 0x0102", "true"},
	{"[1, \"a\"] == [1, \"a\"]", "true"},
	{"{\"a\": 1, \"b\": 2} == {\"b\": 2, \"a\": 1}", "true"},
	{"1 + 2 * 3 == 7 and (1 + 2) * 3 == 9", "true"},
	{"7 / 2 == 3 and 7 / 2.0 == 3.5", "true"},
	{"1 / 0 == 1", "! attempted to divide by 0"},
	{"1 + \"a\" == 1", "! a int and a string cannot be calculated with"},
	{"false and 1 / 0 == 1", "false"},
	{"true or 1 / 0 == 1", "true"},
	{"IsString(attributes[\"s\"]) and IsMatch(attributes[\"s\"], \"^x$\")", "true"},
	{"Len(name)", "! a condition wants bool, got int"},
	{"attributes[1] == nil", "! want a string as key, got int"},
	{"attributes[\"s\"][\"x\"] == nil", "! a string has nothing at a string"},
	{"attributes[\"none\"][\"x\"] == nil", "true"},
	{"9223372036854775807 + 1 < 0", "true"},
};

static void test_cases(void **state)
{
	struct buf out = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		buf_clear(&out);
		ottl_test_run(OTTL_SPAN, cases[i].condition, true, SPAN, &out);
		assert_str(buf_str(&out), cases[i].want);
	}
	buf_fini(&out);
}

TESTS_RUN(cmocka_unit_test(test_cases))
