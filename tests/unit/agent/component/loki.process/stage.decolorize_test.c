#include "tests/stage.h"

#define D "stage.decolorize {}"

static const struct stage_case cases[] = {
	{"colours", D, "a=1|\x1b[31mred\x1b[0m and \x1b[1;32mgreen\x1b[0m.",
		"100000000000 {a=\"1\"} red and green.\n"},
	{"nothing to do", D, "a=1|plain [31m text", "100000000000 {a=\"1\"} plain [31m text\n"},
	{"only colours", D, "a=1|\x1b[31m\x1b[0m", "100000000000 {a=\"1\"} \n"},
	{"a title, and CSI as one character", D, "a=1|\x1b]0;t\x07x\xc2\x9b"
						 "1my",
		"100000000000 {a=\"1\"} xy\n"},
	{"one that is not finished", D, "a=1|x\x1b", "100000000000 {a=\"1\"} x\x1b\n"},
	{"text that is not UTF-8", D, "a=1|\xff\x1b[31m\xfe", "100000000000 {a=\"1\"} \xff\xfe\n"},
};

STAGE_TESTS(cases)
TESTS_RUN(cmocka_unit_test(test_cases))
