#include "tests/template.h"

/* clang-format off */
static const struct template_case cases[] = {
	{"{{nope}}", TEMPLATE_SAYS "nope: function not defined"},
	{"a\n{{now}}", "! template: pipeline_template:2: now: this function is not supported here"},
	{"{{ .app | env }}", TEMPLATE_SAYS "env: this function is not supported here"},
	{"{{ html .app }}", TEMPLATE_SAYS "html: this function is not supported here"},
};
/* clang-format on */

static void test_cases(void **state)
{
	(void)state;
	TEMPLATE_TEST(cases);
}

TESTS_RUN(cmocka_unit_test(test_cases))
