#include "tests/stage.h"

#define TIME "stage.regex { expression = \"^(?P<t>\\\\S+)\" }\n"

static const struct stage_case cases[] = {
	{"a time", TIME "stage.timestamp {\n source = \"t\"\n format = \"RFC3339Nano\"\n}",
		"a=1|2026-11-22T10:41:07.5Z x",
		"1795344067500000000 {a=\"1\"} 2026-11-22T10:41:07.5Z x\n"},
	{"fallback formats",
		TIME "stage.timestamp {\n source = \"t\"\n format = \"RFC3339\"\n"
		     " fallback_formats = [\"UnixMs\", \"Unix\"]\n}",
		"a=1|5.5 x\na=1|7000 y",
		"5500000000 {a=\"1\"} 5.5 x\n7000000000 {a=\"1\"} 7000 y\n"},
	{"fudge: behind the last of the stream, if there is one",
		TIME "stage.timestamp {\n source = \"t\"\n format = \"Unix\"\n}",
		"a=1|no x\na=1|50 x\na=1|no y\na=1|no z\na=2|no q\na=1|51 x",
		"100000000000 {a=\"1\"} no x\n50000000000 {a=\"1\"} 50 x\n50000000001 {a=\"1\"} no "
		"y\n"
		"50000000002 {a=\"1\"} no z\n104000000000 {a=\"2\"} no q\n51000000000 {a=\"1\"} 51 "
		"x\n"},
	{"fudge: equal times", TIME "stage.timestamp {\n source = \"t\"\n format = \"Unix\"\n}",
		"a=1|50 x\na=1|50 y\na=1|50 z\na=2|50 q",
		"50000000000 {a=\"1\"} 50 x\n50000000001 {a=\"1\"} 50 y\n50000000002 {a=\"1\"} 50 "
		"z\n"
		"50000000000 {a=\"2\"} 50 q\n"},
	{"keep and skip",
		TIME "stage.timestamp {\n source = \"t\"\n format = \"Unix\"\n action_on_failure = "
		     "\"skip\"\n"
		     " action_on_duplicate_timestamp = \"keep\"\n location = \"UTC\"\n}",
		"a=1|50 x\na=1|50 y\na=1|no z",
		"50000000000 {a=\"1\"} 50 x\n50000000000 {a=\"1\"} 50 y\n102000000000 {a=\"1\"} no "
		"z\n"},
	{"no source", "stage.timestamp {\n source = \"\"\n format = \"Unix\"\n}", "",
		"! timestamp source value is required if timestamp is specified\n"},
	{"no format", "stage.timestamp {\n source = \"x\"\n format = \"\"\n}", "",
		"! timestamp format is required\n"},
	{"location",
		TIME "stage.timestamp {\n source = \"t\"\n format = \"2006-01-02T15:04:05\"\n"
		     " location = \"Etc/GMT-2\"\n}",
		"a=1|1970-01-01T03:00:00 x", "3600000000000 {a=\"1\"} 1970-01-01T03:00:00 x\n"},
	{"no location",
		"stage.timestamp {\n source = \"x\"\n format = \"Unix\"\n location = "
		"\"Europe/Nowhere\"\n}",
		"", "! invalid location specified: unknown time zone Europe/Nowhere\n"},
	{"a path is no location",
		"stage.timestamp {\n source = \"x\"\n format = \"Unix\"\n location = "
		"\"../../etc/passwd\"\n}",
		"", "! invalid location specified: unknown time zone ../../etc/passwd\n"},
	{"bad action",
		"stage.timestamp {\n source = \"x\"\n format = \"Unix\"\n action_on_failure = "
		"\"x\"\n}",
		"", "! unknown action_on_failure x\n"},
};

STAGE_TESTS(cases)
TESTS_RUN(cmocka_unit_test(test_cases))
