#include "tests/stage.h"

#define JSON "stage.json { expressions = {level = \"\", n = \"\", nul = \"\", t = \"x.y\"} }\n"

static const struct stage_case cases[] = {
	{"own name, null, other source",
		JSON "stage.labels { values = {level = \"\", n = null, z = \"t\"} }",
		"a=1|{\"level\":\"warn\",\"n\":1.50,\"x\":{\"y\":\"deep\"}}",
		"100000000000 {a=\"1\", level=\"warn\", n=\"1.5\", z=\"deep\"} "
		"{\"level\":\"warn\",\"n\":1.50,\"x\":{\"y\":\"deep\"}}\n"},
	{"what is not there or null is left",
		JSON "stage.labels { values = {a = \"nul\", b = \"nope\"} }", "a=1|{\"nul\":null}",
		"100000000000 {a=\"1\"} {\"nul\":null}\n"},
	{"an empty value removes", JSON "stage.labels { values = {a = \"level\"} }",
		"a=1,b=2|{\"level\":\"\"}", "100000000000 {b=\"2\"} {\"level\":\"\"}\n"},
	{"not UTF-8",
		"stage.regex { expression = \"(?P<v>.*)\" }\nstage.labels { values = {v = \"\"} }",
		"a=1|\xff", "100000000000 {a=\"1\"} \xff\n"},
	{"the labels are extracted from the start", "stage.labels { values = {copy = \"a\"} }",
		"a=1|l", "100000000000 {a=\"1\", copy=\"1\"} l\n"},
	{"values take turns, and names too",
		JSON "stage.labels { values = {level = \"\", n = \"\"} }",
		"a=1|{\"level\":\"i\",\"n\":1}\na=1|{\"level\":\"i\"}\na=1|{\"n\":1}\na=1|{}\n"
		"a=1|{\"level\":\"i\",\"n\":1}",
		"100000000000 {a=\"1\", level=\"i\", n=\"1\"} {\"level\":\"i\",\"n\":1}\n"
		"101000000000 {a=\"1\", level=\"i\"} {\"level\":\"i\"}\n"
		"102000000000 {a=\"1\", n=\"1\"} {\"n\":1}\n"
		"103000000000 {a=\"1\"} {}\n"
		"104000000000 {a=\"1\", level=\"i\", n=\"1\"} {\"level\":\"i\",\"n\":1}\n"},
	{"from structured metadata",
		"stage.structured_metadata { values = {m = \"a\"} }\n"
		"stage.labels {\n values = {back = \"m\", x = \"nope\"}\n source_type = "
		"\"structured_metadata\"\n}",
		"a=1,b=2|l", "100000000000 {b=\"2\", back=\"1\"} [m=1] l\n"},
	{"bad name", "stage.labels { values = {\"1a\" = \"\"} }", "", "! values: invalid label "
								      "name: 1a\n"},
	{"bad source type", "stage.labels {\n values = {}\n source_type = \"x\"\n}", "",
		"! unknown source_type x\n"},
};

STAGE_TESTS(cases)
TESTS_RUN(cmocka_unit_test(test_cases))
