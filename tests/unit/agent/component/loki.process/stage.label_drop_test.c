#include "tests/stage.h"

static const struct stage_case cases[] = {
	{"drops", "stage.label_drop { values = [\"a\", \"nope\"] }", "a=1,b=2|l\nb=3|m",
		"100000000000 {b=\"2\"} l\n101000000000 {b=\"3\"} m\n"},
	{"drops all", "stage.label_drop { values = [\"a\"] }", "a=1|l", "100000000000 {} l\n"},
	{"empty", "stage.label_drop { values = [] }", "",
		"! labeldrop stage config cannot be empty: values has no label\n"},
};

STAGE_TESTS(cases)
TESTS_RUN(cmocka_unit_test(test_cases))
