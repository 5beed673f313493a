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
	{"numbers of JSON; what is no time",
		"stage.json { expressions = {t = \"\"} }\n"
		"stage.timestamp {\n source = \"t\"\n format = \"Unix\"\n"
		" action_on_failure = \"skip\"\n}",
		"a=1|{\"t\":1700000000}\na=1|{\"t\":1700000000.25}\na=1|{\"t\":true}\n"
		"a=1|{\"t\":null}\n"
		"a=1|{\"t\":{}}\na=1|{\"t\":\"\"}\na=1|{}\na=1|{\"t\":1e300}\na=1|{\"t\":-1}",
		"1700000000000000000 {a=\"1\"} {\"t\":1700000000}\n"
		"1700000000250000000 {a=\"1\"} {\"t\":1700000000.25}\n"
		"102000000000 {a=\"1\"} {\"t\":true}\n103000000000 {a=\"1\"} {\"t\":null}\n"
		"104000000000 {a=\"1\"} {\"t\":{}}\n105000000000 {a=\"1\"} {\"t\":\"\"}\n"
		"106000000000 {a=\"1\"} {}\n107000000000 {a=\"1\"} {\"t\":1e300}\n"
		"-1000000000 {a=\"1\"} {\"t\":-1}\n"},
	{"the forms of Unix",
		TIME "stage.timestamp {\n source = \"t\"\n format = \"UnixMs\"\n"
		     " fallback_formats = [\"RFC3339\"]\n}\n"
		     "stage.match {\n selector = `{u=\"1\"}`\n"
		     " stage.timestamp {\n source = \"t\"\n format = \"UnixUs\"\n }\n}\n"
		     "stage.match {\n selector = `{n=\"1\"}`\n"
		     " stage.timestamp {\n source = \"t\"\n format = \"UnixNs\"\n }\n}",
		"a=1|1700000000123 x\nu=1|1700000000123456 x\nn=1|1700000000123456789 x",
		"1700000000123000000 {a=\"1\"} 1700000000123 x\n"
		"1700000000123456000 {u=\"1\"} 1700000000123456 x\n"
		"1700000000123456789 {n=\"1\"} 1700000000123456789 x\n"},
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

/* The last times of 10,000 streams are known; those of others, the oldest, are forgotten. */
static void test_streams(void **state)
{
	char text[64];
	struct harness h;

	(void)state;
	harness_init(&h, &loki_process);
	assert_true(stage_load(
		&h, TIME "stage.timestamp {\n source = \"t\"\n format = \"Unix\"\n}"));
	for (int i = 0; i < 10001; i++) {
		snprintf(text, sizeof(text), "a=%d|50 x", i);
		stage_push(str_from(text), 1);
	}
	buf_clear(&harness_seen);
	stage_push(STR("a=10000|no x"), 1);
	stage_push(STR("a=5000|no x"), 1);
	stage_push(STR("a=0|no x"), 1);
	assert_str(buf_str(&harness_seen), "50000000001 {a=\"10000\"} no x\n"
					   "50000000001 {a=\"5000\"} no x\n1 {a=\"0\"} no x\n");
	harness_fini(&h);
	buf_fini(&harness_seen);
}

TESTS_RUN(cmocka_unit_test(test_cases), cmocka_unit_test(test_streams))
