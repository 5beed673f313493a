#include "tests/template.h"

/* clang-format off */
static const struct template_case cases[] = {
	{"{{.Value}}|{{.Entry}}|{{.none}}|{{.level}}", "val|the line|<no value>|WARN"},
	{"{{index . \"x-y\"}} {{index . \"none\"}}", "dash <no value>"},
	{"{{(index . \"app\")}} {{(.app)}}", "Shop Shop"},
	{"{{$.app}} {{$x := .n}}{{$x}} {{$x = .app}}{{$x}}", "Shop 42 Shop"},
	{"{{.app.b}}", "!"},
	{"{{.none.b}}", "!"},
	{"{{.app | ToLower | printf \"%s-%s\" .n}}", "42-shop"},
	{"{{ToUpper (TrimPrefix .app \"S\")}}", "HOP"},
	{"{{.app | 1}}", TEMPLATE_SAYS "non executable command in pipeline"},
	{"{{1 2}}", "!"},
	{"{{}}", TEMPLATE_SAYS "missing value for command"},
	{"{{.a |}}", TEMPLATE_SAYS "missing value for command"},
	{"{{$x}}", TEMPLATE_SAYS "x is an undefined variable"},
	{"{{(1}}", TEMPLATE_SAYS "unclosed left paren"},
	{"{{nil}}", TEMPLATE_SAYS "nil is not a command"},
};
/* clang-format on */

static void test_cases(void **state)
{
	(void)state;
	TEMPLATE_TEST(cases);
}

TESTS_RUN(cmocka_unit_test(test_cases))
