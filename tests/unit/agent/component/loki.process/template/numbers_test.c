#include "tests/template.h"

/* clang-format off */
static const struct template_case cases[] = {
	{"{{and false (fail \"x\")}}{{or true (fail \"x\")}}", "falsetrue"},
	{"{{.none | default \"d\"}} {{.app | default \"d\"}} {{default \"d\" .empty}} {{coalesce "
	 ".none \"\" 3}}",
		"d Shop d 3"},
	{"{{ternary \"y\" \"n\" (eq 1 1)}} {{empty .none}} {{all 1 2 0}} {{any 0 1}}",
		"y true false true"},
	{"{{add 1 2 3}} {{sub 5 .n}} {{mul 2 3}} {{div 7 2}} {{mod 7 2}} {{add1 .n}} {{max 1 5 3}} "
	 "{{min 2 1}}",
		"6 -37 6 3 1 43 5 1"},
	{"{{div 1 0}}", "!"},
	{"{{addf 1.5 1}} {{mulf 2 1.5}} {{divf 1 4}} {{subf 1 0.5}} {{floor 1.7}} {{ceil 1.2}} "
	 "{{round 1.256 2}}",
		"2.5 3 0.25 0.5 1 2 1.26"},
	{"{{int \"7\"}} {{int \"x\"}} {{atoi \"12\"}} {{float64 \"1.5\"}} {{toString 12}} {{int64 "
	 "1.9}}",
		"7 0 12 1.5 12 1"},
	{"{{kindOf 1}} {{kindOf .app}} {{kindIs \"string\" .app}}", "int string true"},
	{"{{biggest 1 7 3}} {{max \"9\" 2}} {{min 3}}", "7 9 3"},
	{"{{fail \"x\"}}", "!"},
	{"{{mod 1 0}}", "!"},
};
/* clang-format on */

static void test_cases(void **state)
{
	(void)state;
	TEMPLATE_TEST(cases);
}

TESTS_RUN(cmocka_unit_test(test_cases))
