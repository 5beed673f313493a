#include "tests/stage.h"

static const struct stage_case cases[] = {
	{"the line becomes it",
		"stage.json { expressions = {msg = \"\"} }\nstage.output { source = \"msg\" }",
		"a=1|{\"msg\":\"he said \\\"hi\\\"\"}\na=1|{\"msg\":7}",
		"100000000000 {a=\"1\"} he said \"hi\"\n101000000000 {a=\"1\"} 7\n"},
	{"missing or null: the line stays",
		"stage.json { expressions = {msg = \"\"} }\nstage.output { source = \"msg\" }",
		"a=1|{\"msg\":null}\na=1|x",
		"100000000000 {a=\"1\"} {\"msg\":null}\n101000000000 {a=\"1\"} x\n"},
	{"a label", "stage.output { source = \"a\" }", "a=1|x", "100000000000 {a=\"1\"} 1\n"},
	{"empty source", "stage.output { source = \"\" }", "",
		"! output source value is required if output is specified\n"},
};

STAGE_TESTS(cases)
TESTS_RUN(cmocka_unit_test(test_cases))
