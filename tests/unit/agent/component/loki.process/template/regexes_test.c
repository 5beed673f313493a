#include "tests/template.h"

/* clang-format off */
static const struct template_case cases[] = {
	{"{{regexReplaceAll \"(a*)b\" \"aabxb\" \"${1}-\"}} {{regexReplaceAllLiteral \"b\" \"abb\" "
	 "\"$1\"}}",
		"aa-x- a$1$1"},
	{"{{regexReplaceAll \"(\" \"a\" \"b\"}}", "!"},
	{"{{regexMatch \"^S\" .app}} {{regexFind \"[a-z]+\" .app}} {{regexQuoteMeta \"a.b\"}}",
		"true hop a\\.b"},
};
/* clang-format on */

static void test_cases(void **state)
{
	(void)state;
	TEMPLATE_TEST(cases);
}

TESTS_RUN(cmocka_unit_test(test_cases))
