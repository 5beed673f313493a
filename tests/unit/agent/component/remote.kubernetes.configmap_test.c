#include "tests/remote_object.h"

extern const struct component_type remote_kubernetes_configmap;

#define CONFIG \
	"remote.kubernetes.configmap \"r\" {\n namespace = \"shop\"\n name = \"cloud\"\n" \
	" client {\n api_server = \"http://api/\"\n bearer_token = \"t0k\"\n}\n}\n" \
	"test.sink \"s\" { targets = [{u = remote.kubernetes.configmap.r.data[\"u\"]}] }\n"

static const struct remote_object_case cases[] = {
	{"{\"data\":{\"u\":\"4711\",\"p\":\"q\"}}", "target u=4711;\n", ""},
	{"{\"binaryData\":{\"x\":\"AA==\"},\"data\":{\"u\":\"a\\nb\"}}", "target u=a\nb;\n", ""},
	{"{\"data\":{\"u\"}}", "", "the answer is not well-formed JSON"},
	{"", "", "the answer is not a JSON object"},
};

static void test_answers(void **state)
{
	(void)state;
	remote_object_answers(&remote_kubernetes_configmap, CONFIG,
		"http://api/api/v1/namespaces/shop/configmaps/cloud", cases,
		sizeof(cases) / sizeof(cases[0]));
}

static void test_follows(void **state)
{
	static const struct remote_object_case first = {
		"{\"data\":{\"u\":\"x\"}}", "target u=x;\n", ""};
	static const struct remote_object_case second = {
		"{\"data\":{\"u\":\"y\"}}", "target u=y;\n", ""};

	(void)state;
	remote_object_follows(&remote_kubernetes_configmap, CONFIG, &first, &second);
}

static void test_mistakes(void **state)
{
	(void)state;
	harness_mistakes(&remote_kubernetes_configmap,
		"remote.kubernetes.configmap \"r\" {\n %s\n}\n", remote_object_mistakes,
		sizeof(remote_object_mistakes) / sizeof(remote_object_mistakes[0]));
}

TESTS_RUN(cmocka_unit_test(test_answers), cmocka_unit_test(test_follows),
	cmocka_unit_test(test_mistakes))
