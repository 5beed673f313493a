#include "tests/stage.h"

#define L(mapping) "stage.logfmt { mapping = {" mapping "} }\n"
#define SHOW(values) "stage.structured_metadata { values = {" values "} }"

static const struct stage_case cases[] = {
	{"pairs",
		L("level = \"\", t = \"time\", m = \"msg\", flag = \"\", e = \"empty\"")
			SHOW("level = \"\", t = \"\", m = \"\", flag = \"\", e = \"\""),
		"a=1|time=12:00 level=warn msg=\"hello \\\"you\\\"\\t\" flag empty= other=x",
		"100000000000 {a=\"1\"} [e= flag= level=warn m=hello \"you\"\t t=12:00] "
		"time=12:00 level=warn msg=\"hello \\\"you\\\"\\t\" flag empty= other=x\n"},
	{"regex", "stage.logfmt { regex = \"^k\" }\nstage.structured_metadata { regex = \"^k\" }",
		"a=1|k1=1 x=2 k2=v", "100000000000 {a=\"1\"} [k1=1 k2=v] k1=1 x=2 k2=v\n"},
	{"what comes before a mistake counts",
		L("a1 = \"\", b1 = \"\"") SHOW("a1 = \"\", b1 = \"\""),
		"a=1|a1=x y=z=w b1=1\na=1|a1=y \"q\" b1=1\na=1|a1=z c=\"open b1=1\na=1|=x a1=1",
		"100000000000 {a=\"1\"} [a1=x] a1=x y=z=w b1=1\n"
		"101000000000 {a=\"1\"} [a1=y] a1=y \"q\" b1=1\n"
		"102000000000 {a=\"1\"} [a1=z] a1=z c=\"open b1=1\n"
		"103000000000 {a=\"1\"} =x a1=1\n"},
	{"source, and lines",
		"stage.logfmt {\n mapping = {v = \"\"}\n source = \"raw\"\n}\n"
		"stage.labels { values = {v = \"\"} }",
		"raw=v|v=1", "100000000000 {raw=\"v\"} v=1\n"},
	{"a record of two lines", L("x = \"\", y = \"\"") SHOW("x = \"\", y = \"\""),
		"a=1|x=1\ry=2", "100000000000 {a=\"1\"} [x=1 y=2] x=1\ny=2\n"},
	{"nothing", "stage.logfmt {}", "", "! logfmt mapping or regex is required\n"},
	{"bad regex", "stage.logfmt { regex = \"[\" }", "",
		"! regex: could not compile regular expression: error parsing regexp: missing "
		"closing ]: `[`\n"},
};

STAGE_TESTS(cases)
TESTS_RUN(cmocka_unit_test(test_cases))
