/* clang-format off */
#include "tests/component.h"
#include "tests/http_client_fake.h"
/* clang-format on */

extern const struct component_type remote_kubernetes_secret;

#define CONFIG \
	"remote.kubernetes.secret \"r\" {\n namespace = \"shop\"\n name = \"cloud\"\n" \
	" client {\n api_server = \"http://api/\"\n bearer_token = \"t0k\"\n}\n}\n" \
	"test.sink \"s\" {\n" \
	" targets = [{u = convert.nonsensitive(remote.kubernetes.secret.r.data[\"u\"])}]\n}\n"

static const struct {
	const char *answer;
	const char *seen;
	const char *reason; /* of the component's health */
} cases[] = {
	{"{\"data\":{\"u\":\"NDcxMQ==\",\"p\":\"cA==\"}}", "target u=4711;\n", ""},
	{"{\"kind\":\"Secret\",\"data\":{\"\\u0075\":\"NDcxMQ==\"}}", "target u=4711;\n", ""},
	{"{\"data\":{\"u\":\"NDcx!\"}}", "", "the value of \"u\" is not base64"},
	{"{\"data\":", "", "the answer is not well-formed JSON"},
	{"[]", "", "the answer is not a JSON object"},
};

static void test_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct harness h;

		harness_init(&h, &remote_kubernetes_secret);
		assert_true(harness_load(&h, CONFIG));
		assert_int_equal(fake_calls_n, 1);
		assert_string_equal(fake_calls[0].url,
			"http://api/api/v1/namespaces/shop/secrets/cloud");
		fake_answer(0, 200, "application/json", str_from(cases[i].answer), -1);
		loop_turn(h.loop, 0);
		assert_str(buf_str(&harness_seen), cases[i].seen);
		if (cases[i].reason[0])
			assert_string_equal(graph_node(h.graph, 0).reason, cases[i].reason);
		harness_fini(&h);
	}
}

static const struct {
	const char *args;
	const char *error;
} mistakes[] = {
	{"namespace = \"a/b\"\n name = \"c\"", "1:1: \"a/b\" is not the name of a namespace\n"},
	{"namespace = \"a\"\n name = \"\"", "1:1: \"\" is not the name of an object\n"},
	{"namespace = \"a\"\n name = \"b\"\n poll_frequency = \"1ms\"",
		"1:1: poll_frequency must be at least 1s\n"},
	{"namespace = \"a\"\n name = \"b\"\n poll_timeout = \"0s\"",
		"1:1: poll_timeout must be greater than 0\n"},
};

static void test_mistakes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		struct harness h;
		char text[512];

		harness_init(&h, &remote_kubernetes_secret);
		snprintf(text, sizeof(text), "remote.kubernetes.secret \"r\" {\n %s\n}\n",
			mistakes[i].args);
		assert_false(harness_load(&h, text));
		assert_str(buf_str(&h.errors), mistakes[i].error);
		harness_fini(&h);
	}
}

TESTS_RUN(cmocka_unit_test(test_answers), cmocka_unit_test(test_mistakes))
