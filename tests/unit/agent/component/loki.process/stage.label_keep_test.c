#include "tests/stage.h"

static const struct stage_case cases[] = {
	{"keeps", "stage.label_keep { values = [\"a\", \"nope\"] }", "a=1,b=2,c=3|l",
		"100000000000 {a=\"1\"} l\n"},
	{"keeps none", "stage.label_keep { values = [\"x\"] }", "a=1|l", "100000000000 {} l\n"},
	{"empty", "stage.label_keep { values = [] }", "",
		"! labelkeep stage config cannot be empty: values has no label\n"},
};

STAGE_TESTS(cases)
TESTS_RUN(cmocka_unit_test(test_cases))
