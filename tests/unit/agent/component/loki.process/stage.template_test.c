#include "tests/stage.h"

#define LABELS "stage.labels { values = {l = \"\", m = \"\"} }"

static const struct stage_case cases[] = {
	{"a value is changed, or made",
		"stage.template {\n source = \"l\"\n template = \"{{ ToLower .Value }}\"\n}\n"
		"stage.template {\n source = \"m\"\n template = \"{{ .l }}:{{ .Entry }}\"\n"
		"}\n" LABELS,
		"l=WARN|text", "100000000000 {l=\"warn\", m=\"warn:text\"} text\n"},
	{"if, else",
		"stage.json { expressions = {l = \"level\"} }\n"
		"stage.template {\n source = \"l\"\n"
		" template = \"{{ if eq .Value \\\"50\\\" }}error{{ else if .Value }}info{{ end "
		"}}\"\n}\n" LABELS,
		"a=1|{\"level\":50}\na=1|{\"level\":30}\na=1|{}",
		"100000000000 {a=\"1\", l=\"error\"} {\"level\":50}\n"
		"101000000000 {a=\"1\", l=\"info\"} {\"level\":30}\n"
		"102000000000 {a=\"1\"} {}\n"},
	{"nothing takes the value out",
		"stage.template {\n source = \"l\"\n template = \"\"\n}\n"
		"stage.template {\n source = \"m\"\n template = \"[{{ .l }}]\"\n}\n"
		"stage.output { source = \"m\" }",
		"l=x|text", "100000000000 {l=\"x\"} [<no value>]\n"},
	{"what fails leaves it as it was",
		"stage.template {\n source = \"l\"\n template = \"x{{ ToLower .none }}\"\n}\n"
		"stage.output { source = \"l\" }",
		"l=x|text", "100000000000 {l=\"x\"} x\n"},
	{"no source", "stage.template {\n source = \"\"\n template = \"x\"\n}", "",
		"! template source value is required\n"},
	{"bad template", "stage.template {\n source = \"x\"\n template = \"{{ .a\"\n}", "",
		"! template: pipeline_template:1: unexpected text in an action\n"},
};

STAGE_TESTS(cases)
TESTS_RUN(cmocka_unit_test(test_cases))
