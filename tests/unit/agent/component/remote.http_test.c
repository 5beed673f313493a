/* clang-format off */
#include "tests/component.h"
#include "tests/http_client_fake.h"
/* clang-format on */

extern const struct component_type remote_http;

static const struct {
	const char *args;
	const char *target; /* headers of every request */
	const char *method;
	const char *body;
} requests[] = {
	{"", "", "GET", ""},
	{"method = \"POST\"\n body = \"{}\"\n headers = {a = \"b\"}", "a: b\n", "POST", "{}"},
	{"headers = {a = \"b\"}\n"
	 "client {\n basic_auth {\n username = \"u\"\n password = \"p\"\n}\n}",
		"a: b\nbasic u:p\n", "GET", ""},
	{"client {\n http_headers = {c = [\"d\"]}\n}\n headers = {a = \"b\"}",
		"c: d\na: b\n", "GET",
		""},
};

static void test_requests(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		struct harness h;
		char text[512];

		harness_init(&h, &remote_http);
		snprintf(text, sizeof(text), "remote.http \"r\" {\n url = \"http://a/x\"\n %s\n}\n",
			requests[i].args);
		assert_true(harness_load(&h, text));
		assert_int_equal(fake_calls_n, 1);
		assert_str(buf_str(&fake_calls[0].target->text), requests[i].target);
		assert_string_equal(fake_calls[0].call->method, requests[i].method);
		assert_str(buf_str(&fake_calls[0].body), requests[i].body);
		harness_fini(&h);
	}
}

/* A secret cannot become a label. */
static void test_secret(void **state)
{
	struct harness h;

	(void)state;
	harness_init(&h, &remote_http);
	assert_true(harness_load(&h,
		"remote.http \"r\" {\n url = \"http://a/x\"\n is_secret = true\n}\n"
		"test.sink \"s\" {\n"
		" targets = [{v = convert.nonsensitive(remote.http.r.content)}]\n}\n"));
	fake_answer(0, 200, "", STR("pass"), -1);
	loop_turn(h.loop, 0);
	assert_str(buf_str(&harness_seen), "target v=pass;\n");
	harness_fini(&h);
}

TESTS_RUN(cmocka_unit_test(test_requests),
	cmocka_unit_test(test_secret))
