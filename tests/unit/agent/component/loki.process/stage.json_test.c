#include "tests/stage.h"

/* A stage that extracts, and one that shows what was. */
#define J(expressions) "stage.json { expressions = {" expressions "} }\n"
#define SHOW(values) "stage.structured_metadata { values = {" values "} }"

static const struct stage_case cases[] = {
	{"kinds of values",
		J("s = \"\", i = \"\", f = \"\", b = \"\", n = \"\", o = \"\", l = \"\"") SHOW(
			"s = \"\", i = \"\", f = \"\", b = \"\", n = \"\", o = \"\", l = \"\""),
		"a=1|{\"s\":\"t\\u00e4\\n\",\"i\":12345678901234567890,\"f\":1.0e3,\"b\":true,"
		"\"n\":null,"
		"\"o\":{ \"x\" : [ 1 ] },\"l\":[]}",
		"100000000000 {a=\"1\"} [b=true f=1000 i=12345678901234567890 l=[] o={\"x\":[1]} "
		"s=t\xc3\xa4\n] "
		"{\"s\":\"t\\u00e4\\n\",\"i\":12345678901234567890,\"f\":1.0e3,\"b\":true,\"n\":"
		"null,"
		"\"o\":{ \"x\" : [ 1 ] },\"l\":[]}\n"},
	{"paths",
		J("ua = \"req.headers.\\\"user-agent\\\"\", at = \"\\\"@l\\\"\", first = \"l[0]\", "
		  "last = \"l[-1].x\", out = \"l[7]\", no = \"req.nope.x\"")
			SHOW("ua = \"\", at = \"\", first = \"\", last = \"\", out = \"\", no = "
			     "\"\""),
		"a=1|{\"req\":{\"headers\":{\"user-agent\":\"curl\"}},\"@l\":\"Warn\",\"l\":[1,{"
		"\"x\":2}]}",
		"100000000000 {a=\"1\"} [at=Warn first=1 last=2 ua=curl] "
		"{\"req\":{\"headers\":{\"user-agent\":\"curl\"}},\"@l\":\"Warn\",\"l\":[1,{\"x\":"
		"2}]}\n"},
	{"the last of two counts", J("x = \"\"") SHOW("x = \"\""), "a=1|{\"x\":1,\"x\":2}",
		"100000000000 {a=\"1\"} [x=2] {\"x\":1,\"x\":2}\n"},
	{"escaped key", J("k = \"ab\"") SHOW("k = \"\""), "a=1|{\"\\u0061b\":1}",
		"100000000000 {a=\"1\"} [k=1] {\"\\u0061b\":1}\n"},
	{"missing is null: drop sees the key, labels does not",
		J("x = \"\"") "stage.drop { source = \"x\" }", "a=1|{}\na=1|no object",
		"101000000000 {a=\"1\"} no object\n"},
	{"regex", "stage.json { regex = \"^k\" }\nstage.structured_metadata { regex = \"^k\" }",
		"a=1|{\"k1\":1,\"x\":2,\"k2\":\"v\"}",
		"100000000000 {a=\"1\"} [k1=1 k2=v] {\"k1\":1,\"x\":2,\"k2\":\"v\"}\n"},
	{"source",
		"stage.regex { expression = \"(?P<j>{.*})\" }\n"
		"stage.json {\n expressions = {x = \"\"}\n source = \"j\"\n}\n" SHOW("x = \"\""),
		"a=1|pre {\"x\":1}\na=1|pre",
		"100000000000 {a=\"1\"} [x=1] pre {\"x\":1}\n101000000000 {a=\"1\"} pre\n"},
	{"malformed is kept", J("x = \"\""), "a=1|{\na=1|[1]\na=1|{} x\na=1|\na=1|null",
		"100000000000 {a=\"1\"} {\n101000000000 {a=\"1\"} [1]\n102000000000 {a=\"1\"} {} "
		"x\n"
		"103000000000 {a=\"1\"} \n104000000000 {a=\"1\"} null\n"},
	{"malformed is dropped",
		"stage.json {\n expressions = {x = \"\"}\n drop_malformed = true\n}",
		"a=1|{\na=1|[1]\na=1|{}\na=1|\na=1|null",
		"102000000000 {a=\"1\"} {}\n104000000000 {a=\"1\"} null\n"},
	{"nothing asked for", "stage.json {}", "", "! JMES expressions or regex is required\n"},
	{"empty source", "stage.json {\n expressions = {x = \"\"}\n source = \"\"\n}", "",
		"! empty source\n"},
	{"filters, pipes, functions",
		J("x = \"a[?b=='c'].d | [0]\", y = \"join('-', l)\", z = \"abs(l)\", n = \"q || "
		  "o.k\"") SHOW("x = \"\", y = \"\", z = \"\", n = \"\""),
		"a=1|{\"a\":[{\"b\":\"x\"},{\"b\":\"c\",\"d\":7}],"
		"\"l\":[\"p\",\"q\"],\"o\":{\"k\":[1, 2]}}",
		"100000000000 {a=\"1\"} [n=[1,2] x=7 y=p-q] "
		"{\"a\":[{\"b\":\"x\"},{\"b\":\"c\",\"d\":7}],"
		"\"l\":[\"p\",\"q\"],\"o\":{\"k\":[1, 2]}}\n"},
	{"not JMESPath", J("x = \"3##\""), "",
		"! expressions: x: could not compile JMES expression: byte 1: unknown character\n"},
	{"a name that is none", J("\"a-b\" = \"\""), "",
		"! expressions: a-b: could not compile JMES expression: byte 1: not a whole "
		"number\n"},
};

STAGE_TESTS(cases)
TESTS_RUN(cmocka_unit_test(test_cases))
