#include "tests/stage.h"

#define LABELS "stage.labels { values = {ip = \"\", user = \"\", rest = \"\"} }"

static const struct stage_case cases[] = {
	{"captures",
		"stage.pattern { pattern = \"<ip> - <user> [<_>] <rest>\" }\n" LABELS,
		"a=1|1.2.3.4 - bob [now] GET /\n"
		"a=1|1.2.3.4 - bob no bracket\n"
		"a=1|nothing\n"
		"a=1|",
		"100000000000 {a=\"1\", ip=\"1.2.3.4\", rest=\"GET /\", user=\"bob\"} 1.2.3.4 - "
		"bob "
		"[now] GET /\n"
		"101000000000 {a=\"1\", ip=\"1.2.3.4\", user=\"bob no bracket\"} 1.2.3.4 - bob no "
		"bracket\n"
		"102000000000 {a=\"1\", ip=\"nothing\"} nothing\n"
		"103000000000 {a=\"1\"} \n"},
	{"text first and last, an angle that is no capture",
		"stage.pattern { pattern = \"<1> at <ip>!\" }\n" LABELS,
		"a=1|<1> at here! and there\na=1| <1> at here!\na=1|<1> at here",
		"100000000000 {a=\"1\", ip=\"here\"} <1> at here! and there\n"
		"101000000000 {a=\"1\"}  <1> at here!\n"
		"102000000000 {a=\"1\", ip=\"here\"} <1> at here\n"},
	{"source, labels at once",
		"stage.pattern {\n pattern = \"<x>/<y>\"\n source = \"a\"\n labels_from_groups = "
		"true\n}",
		"a=k/v|l\nb=1|k/v", "100000000000 {a=\"k/v\", x=\"k\", y=\"v\"} l\n"
				    "101000000000 {b=\"1\"} k/v\n"},
	{"no pattern", "stage.pattern { pattern = \"\" }", "", "! pattern is required\n"},
	{"no source", "stage.pattern {\n pattern = \"<a>\"\n source = \"\"\n}", "",
		"! empty source\n"},
	{"no capture", "stage.pattern { pattern = \"<_> x\" }", "",
		"! failed to parse pattern: at least one capture is required\n"},
	{"one behind the other", "stage.pattern { pattern = \"x<a><_>\" }", "",
		"! failed to parse pattern: found consecutive capture: invalid expression\n"},
	{"twice", "stage.pattern { pattern = \"<a> <a>\" }", "",
		"! failed to parse pattern: duplicate capture name (a): invalid expression\n"},
};

STAGE_TESTS(cases)
TESTS_RUN(cmocka_unit_test(test_cases))
