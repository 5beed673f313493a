#include "tests/stage.h"

static const struct stage_case cases[] = {
	{"named groups",
		"stage.regex { expression = \"^(?P<ip>\\\\S+) (?P<user>\\\\S+)?$\" }\n"
		"stage.labels { values = {ip = \"\", user = \"\"} }",
		"a=1|1.2.3.4 bob\na=1|1.2.3.4 \na=1|three more words",
		"100000000000 {a=\"1\", ip=\"1.2.3.4\", user=\"bob\"} 1.2.3.4 bob\n"
		"101000000000 {a=\"1\", ip=\"1.2.3.4\"} 1.2.3.4 \n"
		"102000000000 {a=\"1\"} three more words\n"},
	{"source",
		"stage.regex {\n expression = \"(?P<last>.)$\"\n source = \"a\"\n}\n"
		"stage.regex {\n expression = \"(?P<none>.)$\"\n source = \"nope\"\n}\n"
		"stage.labels { values = {last = \"\", none = \"\"} }",
		"a=xyz|l", "100000000000 {a=\"xyz\", last=\"z\"} l\n"},
	{"labels from groups",
		"stage.regex {\n expression = \"(?P<lvl>\\\\w+):(?P<9x>.)\"\n"
		" labels_from_groups = true\n}",
		"a=1|warn:x\na=1|info:x",
		"100000000000 {a=\"1\", lvl=\"warn\"} warn:x\n"
		"101000000000 {a=\"1\", lvl=\"info\"} info:x\n"},
	{"raw string, flags inside",
		"stage.regex { expression = `^(?s)(?P<t>\\S+?) (?i)(?P<l>ERROR)` }\n"
		"stage.labels { values = {l = \"\"} }",
		"a=1|now error", "100000000000 {a=\"1\", l=\"error\"} now error\n"},
	{"no named group", "stage.regex { expression = \"(x)\" }", "",
		"! regex stage: the expression has no named group\n"},
	{"bad expression", "stage.regex { expression = \"(?P<a>x\" }", "",
		"! expression: could not compile regular expression: error parsing regexp: "
		"missing closing ): "
		"`(?P<a>x`\n"},
	{"empty expression", "stage.regex { expression = \"\" }", "", "! expression is required\n"},
	{"empty source", "stage.regex {\n expression = \"(?P<a>x)\"\n source = \"\"\n}", "",
		"! empty source\n"},
};

STAGE_TESTS(cases)
TESTS_RUN(cmocka_unit_test(test_cases))
