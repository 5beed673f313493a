#include "tests/stage.h"

static const struct stage_case cases[] = {
	{"groups in the line",
		"stage.replace {\n expression = \"password=(\\\\S+)\"\n replace = \"***\"\n}",
		"a=1|password=x user=y password=zz!\na=1|none",
		"100000000000 {a=\"1\"} password=*** user=y password=***\n"
		"101000000000 {a=\"1\"} none\n"},
	{"a template; nested groups; a group that took no part",
		"stage.replace {\n expression = \"((\\\\d)\\\\d*)|(x)\"\n"
		" replace = \"<{{ .Value }}{{ .a }}>\"\n}",
		"a=1|12 ab x", "100000000000 {a=\"1\"} <121> ab <x1>\n"},
	{"named groups are extracted, replaced",
		"stage.replace {\n expression = \"(?P<u>\\\\w+)@(?P<d>\\\\w+)\"\n"
		" replace = \"{{ .Value | ToUpper }}\"\n}\n"
		"stage.labels { values = {u = \"\", d = \"\"} }",
		"a=1|bob@home amy@work",
		"100000000000 {a=\"1\", d=\"HOME\", u=\"BOB\"} BOB@HOME AMY@WORK\n"},
	{"source",
		"stage.replace {\n expression = \"(b+)\"\n source = \"a\"\n replace = \"-\"\n}\n"
		"stage.replace {\n expression = \"(b)\"\n source = \"none\"\n replace = \"-\"\n}\n"
		"stage.labels { values = {c = \"a\"} }",
		"a=abba|abba", "100000000000 {a=\"abba\", c=\"a-a\"} abba\n"},
	{"nothing in place of it", "stage.replace { expression = \"(\\\\s+)\" }", "a=1|a b  c",
		"100000000000 {a=\"1\"} abc\n"},
	{"no group, no change",
		"stage.replace {\n expression = \"b\"\n replace = \"x\"\n}", "a=1|abc",
		"100000000000 {a=\"1\"} abc\n"},
	{"a dollar is a dollar",
		"stage.replace {\n expression = \"(b)\"\n replace = \"$1\"\n}", "a=1|abc",
		"100000000000 {a=\"1\"} a$1c\n"},
	{"a template that fails",
		"stage.replace {\n expression = \"(b)\"\n replace = \"{{ ToLower .none }}\"\n}",
		"a=1|abc", "100000000000 {a=\"1\"} abc\n"},
	{"no expression", "stage.replace { expression = \"\" }", "", "! expression is required\n"},
	{"bad expression", "stage.replace { expression = \"(\" }", "",
		"! expression: could not compile regular expression: error parsing regexp: "
		"missing closing ): "
		"`(`\n"},
	{"bad template", "stage.replace {\n expression = \"(a)\"\n replace = \"{{ x }}\"\n}", "",
		"! replace: template: pipeline_template:1: x: function not defined\n"},
};

STAGE_TESTS(cases)
TESTS_RUN(cmocka_unit_test(test_cases))
