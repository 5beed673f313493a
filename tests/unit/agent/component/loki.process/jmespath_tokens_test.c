#include "tests/jmespath.h"

/* clang-format off */
static const struct jmespath_case cases[] = {
	{"a[--1]", JMESPATH_BYTE(2) "not a whole number"},
	{"\"a", JMESPATH_BYTE(0) "the quote has no end"},
	{"\"\\x\"", JMESPATH_BYTE(0) "not a JSON string"},
	{"a # b", JMESPATH_BYTE(2) "unknown character"},
	{"'it\\'s \\n'", "\"it's \\\\n\""},
	{"`\"a\"`", "\"a\""},
	{"`a b`", "\"a b\""},
	{"`{\"a\": 1}`.a", "1"},
	{"`\"\\`\"`", "\"`\""},
};
/* clang-format on */

static void test_cases(void **state)
{
	(void)state;
	JMESPATH_TEST(JMESPATH_TEXT, cases);
}

TESTS_RUN(cmocka_unit_test(test_cases))
