#include "tests/remote_object.h"

extern const struct component_type remote_kubernetes_secret;

#define CONFIG \
	"remote.kubernetes.secret \"r\" {\n namespace = \"shop\"\n name = \"cloud\"\n" \
	" client {\n api_server = \"http://api/\"\n bearer_token = \"t0k\"\n}\n}\n" \
	"test.sink \"s\" {\n" \
	" targets = [{u = convert.nonsensitive(remote.kubernetes.secret.r.data[\"u\"])}]\n}\n"

static const struct remote_object_case cases[] = {
	{"{\"data\":{\"u\":\"NDcxMQ==\",\"p\":\"cA==\"}}", "target u=4711;\n", ""},
	{"{\"kind\":\"Secret\",\"data\":{\"\\u0075\":\"NDcxMQ==\"}}", "target u=4711;\n", ""},
	{"{\"data\":{\"u\":\"NDcx!\"}}", "", "the value of \"u\" is not base64"},
	{"{\"data\":", "", "the answer is not well-formed JSON"},
	{"[]", "", "the answer is not a JSON object"},
};

static void test_answers(void **state)
{
	(void)state;
	remote_object_answers(&remote_kubernetes_secret, CONFIG,
		"http://api/api/v1/namespaces/shop/secrets/cloud", cases,
		sizeof(cases) / sizeof(cases[0]));
}

static void test_follows(void **state)
{
	static const struct remote_object_case first = {
		"{\"data\":{\"u\":\"eA==\"}}", "target u=x;\n", ""};
	static const struct remote_object_case second = {
		"{\"data\":{\"u\":\"eQ==\"}}", "target u=y;\n", ""};

	(void)state;
	remote_object_follows(&remote_kubernetes_secret, CONFIG, &first, &second);
}

static void test_mistakes(void **state)
{
	(void)state;
	harness_mistakes(&remote_kubernetes_secret,
		"remote.kubernetes.secret \"r\" {\n %s\n}\n", remote_object_mistakes,
		sizeof(remote_object_mistakes) / sizeof(remote_object_mistakes[0]));
}

TESTS_RUN(cmocka_unit_test(test_answers), cmocka_unit_test(test_follows),
	cmocka_unit_test(test_mistakes))
