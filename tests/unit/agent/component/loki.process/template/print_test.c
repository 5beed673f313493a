#include "tests/template.h"

/* clang-format off */
static const struct template_case cases[] = {
	{"{{print 1 2 \"a\" \"b\" 3}} {{println \"a\" 1}}", "1 2ab3 a 1\n"},
	{"{{printf \"%5d|%-5d|%05d|%x|%q|%v|%t|%c|%%\" 42 42 -42 255 \"a\\\"b\" 1.5 true 65}}",
		"   42|42   |-0042|ff|\"a\\\"b\"|1.5|true|A|%"},
	{"{{printf \"%.2f %8.3f|%e|%.2s|%6s|%-6s|%X\" 1.005 2.5 1.5 \"abc\" \"\xc3\xa9\" \"b\" "
	 "\"hi\"}}",
		"1.00    2.500|1.500000e+00|ab|     \xc3\xa9|b     |6869"},
	{"{{printf \"%d %s\" \"x\" 1}} {{printf \"%d\"}} {{printf \"a\" 1}} {{printf \"%\"}}",
		"%!d(string=x) %!s(int=1) %!d(MISSING) a%!(EXTRA int=1) %!(NOVERB)"},
	{"{{list 1 \"a\" true}} {{dict \"k\" \"v\"}}", "[1 a true] map[k:v]"},
	{"{{printf \"a%\" 1 \"b\"}}", "a%!(NOVERB)%!(EXTRA int=1, string=b)"},
	{"{{printf \"%+d % d %o %#x %b %U\" 5 5 8 255 5 1}}", "+5  5 10 0xff 101 %!U(int=1)"},
};
/* clang-format on */

static void test_cases(void **state)
{
	(void)state;
	TEMPLATE_TEST(cases);
}

TESTS_RUN(cmocka_unit_test(test_cases))
