#include "tests/template.h"

/* clang-format off */
static const struct template_case cases[] = {
	{"{{and .app .none}} {{and .app .n}} {{or .none .app}} {{or .none .empty}} {{not .app}}",
		"<no value> 42 Shop <no value> false"},
	{"{{eq .n \"42\"}} {{ne .n \"42\"}} {{lt 1 2}} {{le 2 2}} {{gt \"b\" \"a\"}} {{ge 1.5 "
	 "2.5}}",
		"true false true true true false"},
	{"{{eq .none \"x\"}} {{ne .none \"x\"}} {{eq .none .none}}", "false true true"},
	{"{{eq .n 42}}", "!"},
	{"{{lt .none 1}}", "!"},
	{"{{len .app}} {{len (list 1 2)}}", "4 2"},
	{"{{slice .app 1 3}} {{slice (list 1 2 3) 1}} {{index (list 7 8) 1}} {{index .app 0}}",
		"ho [2 3] 8 83"},
	{"{{slice .app 3 9}}", "!"},
	{"{{(index (fromJson .json).a 0).b}}", "!"},
};
/* clang-format on */

static void test_cases(void **state)
{
	(void)state;
	TEMPLATE_TEST(cases);
}

TESTS_RUN(cmocka_unit_test(test_cases))
