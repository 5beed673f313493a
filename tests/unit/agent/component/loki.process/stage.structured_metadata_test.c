#include "tests/stage.h"

static const struct stage_case cases[] = {
	{"extracted values",
		"stage.regex { expression = \"(?P<id>\\\\d+)\" }\n"
		"stage.structured_metadata { values = {id = \"\", trace = \"id\", no = \"nope\"} }",
		"a=1|order 77", "100000000000 {a=\"1\"} [id=77 trace=77] order 77\n"},
	{"labels are moved", "stage.structured_metadata { values = {pod = \"\", n = \"node\"} }",
		"a=1,node=n1,pod=p1|l\na=1|m",
		"100000000000 {a=\"1\"} [n=n1 pod=p1] l\n101000000000 {a=\"1\"} m\n"},
	{"a label set by a stage wins over what was extracted",
		"stage.static_labels { values = {pod = \"new\"} }\n"
		"stage.structured_metadata { values = {pod = \"\"} }",
		"a=1,pod=old|l", "100000000000 {a=\"1\"} [pod=new] l\n"},
	{"regex", "stage.structured_metadata { regex = \"^k8s_\" }", "a=1,k8s_pod=p,k8s_node=n|l",
		"100000000000 {a=\"1\"} [k8s_node=n k8s_pod=p] l\n"},
	{"twice", "stage.structured_metadata { values = {x = \"a\"} }\n"
		  "stage.structured_metadata { values = {y = \"b\"} }",
		"a=1,b=2,c=3|l", "100000000000 {c=\"3\"} [x=1 y=2] l\n"},
	{"nothing", "stage.structured_metadata {}", "a=1|l", "100000000000 {a=\"1\"} l\n"},
	{"bad name", "stage.structured_metadata { values = {\"a.b\" = \"\"} }", "",
		"! values: invalid label name: a.b\n"},
	{"bad regex", "stage.structured_metadata { regex = \"[\" }", "",
		"! regex: could not compile regular expression: error parsing regexp: missing "
		"closing ]: `[`\n"},
};

STAGE_TESTS(cases)
TESTS_RUN(cmocka_unit_test(test_cases))
