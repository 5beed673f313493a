#include "tests/stage.h"

static const struct stage_case cases[] = {
	{"elements, as they are written",
		"stage.split_json {}",
		"a=1|[{\"x\": 1}, null ,\"t\",[2, 3], 4.50]\na=1| [1]\na=1|[]\na=1|{\"x\":[]}\n"
		"a=1|[1",
		"100000000000 {a=\"1\"} {\"x\": 1}\n"
		"100000000000 {a=\"1\"} null\n"
		"100000000000 {a=\"1\"} \"t\"\n"
		"100000000000 {a=\"1\"} [2, 3]\n"
		"100000000000 {a=\"1\"} 4.50\n"
		"101000000000 {a=\"1\"} 1\n"
		"103000000000 {a=\"1\"} {\"x\":[]}\n"
		"104000000000 {a=\"1\"} [1\n"},
	{"what a stage does to one does not show in the next",
		"stage.regex { expression = \"(?P<n>n.)\" }\n"
		"stage.structured_metadata { values = {n = \"\"} }\n"
		"stage.split_json {}\n"
		"stage.json { expressions = {x = \"\", y = \"\"} }\n"
		"stage.labels { values = {x = \"\", y = \"\"} }\n"
		"stage.structured_metadata { values = {z = \"x\"} }",
		"a=1|[{\"x\":\"n1\"},{\"y\":2},{\"x\":3}]",
		"100000000000 {a=\"1\"} [n=n1 z=n1] {\"x\":\"n1\"}\n"
		"100000000000 {a=\"1\", y=\"2\"} [n=n1] {\"y\":2}\n"
		"100000000000 {a=\"1\"} [n=n1 z=3] {\"x\":3}\n"},
	{"source; inside a match",
		"stage.json { expressions = {l = \"\"} }\n"
		"stage.match {\n selector = \"{a=\\\"1\\\"}\"\n"
		" stage.split_json { source = \"l\" }\n}\n"
		"stage.static_labels { values = {behind = \"yes\"} }",
		"a=1|{\"l\":[1,2]}\na=1|{}\na=2|{\"l\":[1,2]}",
		"100000000000 {a=\"1\", behind=\"yes\"} 1\n"
		"100000000000 {a=\"1\", behind=\"yes\"} 2\n"
		"101000000000 {a=\"1\", behind=\"yes\"} {}\n"
		"102000000000 {a=\"2\", behind=\"yes\"} {\"l\":[1,2]}\n"},
	{"empty source", "stage.split_json { source = \"\" }", "", "! empty source\n"},
};

STAGE_TESTS(cases)
TESTS_RUN(cmocka_unit_test(test_cases))
