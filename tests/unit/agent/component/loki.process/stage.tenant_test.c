#include "tests/stage.h"

static const struct stage_case cases[] = {
	{"value", "stage.tenant { value = \"t1\" }", "a=1|l",
		"100000000000 {__tenant_id__=\"t1\", a=\"1\"} l\n"},
	{"label", "stage.tenant { label = \"ns\" }", "ns=n|l\na=1|m",
		"100000000000 {__tenant_id__=\"n\", ns=\"n\"} l\n101000000000 {a=\"1\"} m\n"},
	{"source", "stage.json { expressions = {t = \"\"} }\nstage.tenant { source = \"t\" }",
		"a=1|{\"t\":\"x\"}\na=1|{}",
		"100000000000 {__tenant_id__=\"x\", a=\"1\"} {\"t\":\"x\"}\n101000000000 {a=\"1\"} "
		"{}\n"},
	{"a value that is no text, or empty", "stage.json { expressions = {t = \"\"} }\n"
					      "stage.tenant { source = \"t\" }",
		"a=1|{\"t\":7}\na=1|{\"t\":true}\na=1|{\"t\":null}\na=1|{\"t\":\"\"}\n"
		"a=1|{\"t\":[1]}",
		"100000000000 {__tenant_id__=\"7\", a=\"1\"} {\"t\":7}\n"
		"101000000000 {__tenant_id__=\"true\", a=\"1\"} {\"t\":true}\n"
		"102000000000 {a=\"1\"} {\"t\":null}\n103000000000 {a=\"1\"} {\"t\":\"\"}\n"
		"104000000000 {__tenant_id__=\"[1]\", a=\"1\"} {\"t\":[1]}\n"},
	{"one after another: the last one counts",
		"stage.tenant { value = \"t1\" }\nstage.tenant { label = \"ns\" }", "ns=n|l\na=1|m",
		"100000000000 {__tenant_id__=\"n\", ns=\"n\"} l\n"
		"101000000000 {__tenant_id__=\"t1\", a=\"1\"} m\n"},
	{"nothing", "stage.tenant {}", "", "! label, source or value config are required\n"},
	{"two", "stage.tenant {\n label = \"a\"\n value = \"b\"\n}", "",
		"! label, source and value are mutually exclusive: you should set source, value or "
		"label "
		"but not all\n"},
};

STAGE_TESTS(cases)
TESTS_RUN(cmocka_unit_test(test_cases))
