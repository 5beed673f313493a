#include "tests/template.h"

/* clang-format off */
static const struct template_case cases[] = {
	{"plain", "plain"},
	{"", ""},
	{"a {{.app}} b", "a Shop b"},
	{"a  {{- .app -}}  b", "aShopb"},
	{"a {{/* no */}} b", "a  b"},
	{"a {{- /* no */ -}} b", "ab"},
	{"{{ .app }}}", "Shop}"},
	{"{{\"}}\"}}", "}}"},
	{"{{if .a}}", TEMPLATE_SAYS "unexpected EOF"},
	{"{{end}}", TEMPLATE_SAYS "unexpected {{end}} or {{else}}"},
	{"{{else}}", TEMPLATE_SAYS "unexpected {{end}} or {{else}}"},
	{"{{if .a}}{{else}}{{else}}{{end}}", TEMPLATE_SAYS "unexpected {{else}}"},
	{"{{.a", TEMPLATE_SAYS "unexpected text in an action"},
	{"{{/* a}}", TEMPLATE_SAYS "unclosed comment"},
	{"{{break}}", TEMPLATE_SAYS "break or continue outside {{range}}"},
	{"{{define \"x\"}}{{end}}",
		TEMPLATE_SAYS "define: this action is not supported here"},
};
/* clang-format on */

static void test_cases(void **state)
{
	(void)state;
	TEMPLATE_TEST(cases);
}

/* Nested deeper than is allowed, and longer. */
static void test_too_much(void **state)
{
	struct buf text = {0};
	struct err e;

	(void)state;
	for (int i = 0; i < 60; i++)
		buf_printf(&text, "{{if 1}}");
	assert_null(template_new(buf_str(&text), &e));
	assert_non_null(strstr(e.text, "nested too deeply"));
	buf_clear(&text);
	buf_printf(&text, "{{");
	for (int i = 0; i < 60; i++)
		buf_add_char(&text, '(');
	assert_null(template_new(buf_str(&text), &e));
	assert_non_null(strstr(e.text, "nested too deeply"));
	for (int i = 0; i < TEMPLATE_MAX; i++)
		buf_add_char(&text, 'x');
	assert_null(template_new(buf_str(&text), &e));
	buf_fini(&text);
}

TESTS_RUN(cmocka_unit_test(test_cases), cmocka_unit_test(test_too_much))
