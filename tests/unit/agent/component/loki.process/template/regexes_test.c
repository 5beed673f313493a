#include "tests/template.h"

/* clang-format off */
static const struct template_case cases[] = {
	{"{{regexReplaceAll \"(a*)b\" \"aabxb\" \"${1}-\"}} {{regexReplaceAllLiteral \"b\" \"abb\" "
	 "\"$1\"}}",
		"aa-x- a$1$1"},
	{"{{regexReplaceAll \"(\" \"a\" \"b\"}}", "!"},
	{"{{regexMatch \"^S\" .app}} {{regexFind \"[a-z]+\" .app}} {{regexQuoteMeta \"a.b\"}}",
		"true hop a\\.b"},
	{"{{mustRegexMatch \"^S\" .app}} {{mustRegexFind \"[a-z]+\" .app}}", "true hop"},
	{"{{mustRegexReplaceAll \"(o)\" .app \"<$1>\"}}", "Sh<o>p"},
	{"{{mustRegexReplaceAllLiteral \"o\" .app \"$1\"}}", "Sh$1p"},
	{"{{mustRegexMatch \"(\" .app}}", "!"},
	{"{{regexFind \"z\" .app}}|", "|"},
	{"{{regexMatch \"(?=a)\" .app}}", "!"},
};
/* clang-format on */

static void test_cases(void **state)
{
	(void)state;
	TEMPLATE_TEST(cases);
}

TESTS_RUN(cmocka_unit_test(test_cases))
