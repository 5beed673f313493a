#include "tests/template.h"

/* clang-format off */
static const struct template_case cases[] = {
	{"{{1}} {{-2}} {{0x10}} {{1.50}} {{1e6}} {{1e-7}} {{123456.5}} {{'a'}} {{true}}",
		"1 -2 16 1.5 1e+06 1e-07 123456.5 97 true"},
	{"{{\"a\\tb\\u00e9\\x41\\101\"}} {{`raw\\n`}}", "a\tb\xc3\xa9"
							"AA raw\\n"},
	{"{{\"a}}", TEMPLATE_SAYS "unterminated quoted string"},
	{"{{`a}}", TEMPLATE_SAYS "unterminated raw quoted string"},
	{"{{1x}}", TEMPLATE_SAYS "1x: bad number syntax"},
	{"{{\"\\z\"}}", TEMPLATE_SAYS "unknown escape sequence"},
	{"{{'ab'}}", TEMPLATE_SAYS "malformed character constant"},
	{"{{.a!}}", TEMPLATE_SAYS "!: unexpected character in operand"},
};
/* clang-format on */

static void test_cases(void **state)
{
	(void)state;
	TEMPLATE_TEST(cases);
}

TESTS_RUN(cmocka_unit_test(test_cases))
