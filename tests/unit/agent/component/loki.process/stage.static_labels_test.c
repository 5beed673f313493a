#include "tests/stage.h"

static const struct stage_case cases[] = {
	{"set, overwritten, empty and null ones passed over",
		"stage.static_labels { values = {a = \"x\", c = \"y\", d = \"\", e = null, n = 5} "
		"}",
		"a=1,b=2,d=3|l", "100000000000 {a=\"x\", b=\"2\", c=\"y\", d=\"3\", n=\"5\"} l\n"},
	{"nothing", "stage.static_labels { values = {} }", "a=1|l", "100000000000 {a=\"1\"} l\n"},
	{"two sets take turns", "stage.static_labels { values = {c = \"x\"} }",
		"a=1|l\na=2|m\na=1|n",
		"100000000000 {a=\"1\", c=\"x\"} l\n101000000000 {a=\"2\", c=\"x\"} m\n"
		"102000000000 {a=\"1\", c=\"x\"} n\n"},
	{"not in the map of extracted values",
		"stage.static_labels { values = {s = \"x\"} }\nstage.labels { values = {t = \"s\"} "
		"}",
		"a=1|l", "100000000000 {a=\"1\", s=\"x\"} l\n"},
	{"bad name", "stage.static_labels { values = {\"a-b\" = \"x\"} }", "",
		"! values: invalid label name: a-b\n"},
	{"required", "stage.static_labels { }", "", "! missing required attribute \"values\"\n"},
};

STAGE_TESTS(cases)
TESTS_RUN(cmocka_unit_test(test_cases))
