#include "tests/stage.h"

static const struct stage_case cases[] = {
	{"labels and values",
		"stage.regex { expression = \"(?P<z>[0-9]+)\" }\n"
		"stage.pack {\n labels = [\"z\", \"a\", \"none\", \"a\"]\n"
		" ingest_timestamp = false\n}",
		"a=1,b=2|n 42\na=1|none",
		"100000000000 {b=\"2\"} {\"a\":\"1\",\"z\":\"42\",\"_entry\":\"n 42\"}\n"
		"101000000000 {} {\"a\":\"1\",\"_entry\":\"none\"}\n"},
	{"the time is now", "stage.pack { labels = [] }", "a=1|x",
		"1000000000000 {a=\"1\"} {\"_entry\":\"x\"}\n"},
	{"what JSON and Go escape",
		"stage.pack {\n labels = []\n ingest_timestamp = false\n}",
		"a=1|<a href=\"x\">\\ &\t\x01\r \xff \xc3\xa9 \xe2\x80\xa8",
		"100000000000 {a=\"1\"} {\"_entry\":\"\\u003ca href=\\\"x\\\"\\u003e\\\\ "
		"\\u0026\\t\\u0001\\n \\ufffd \xc3\xa9 \\u2028\"}\n"},
	{"a null is not packed",
		"stage.json { expressions = {n = \"\", v = \"\"} }\n"
		"stage.pack {\n labels = [\"n\", \"v\"]\n ingest_timestamp = false\n}",
		"a=1|{\"n\":null,\"v\":7}",
		"100000000000 {a=\"1\"} "
		"{\"v\":\"7\",\"_entry\":\"{\\\"n\\\":null,\\\"v\\\":7}\"}\n"},
};

STAGE_TESTS(cases)
TESTS_RUN(cmocka_unit_test(test_cases))
