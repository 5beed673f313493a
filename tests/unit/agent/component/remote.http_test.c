/* clang-format off */
#include "tests/component.h"
#include "tests/http_client_fake.h"
/* clang-format on */

#include "agent/base/log.h"

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

static struct buf said;

static void take_line(struct str line)
{
	buf_add_str(&said, line);
	buf_add_char(&said, '\n');
}

/* Neither what a server says of a secret, nor the password in an address, is shown. */
static void test_nothing_leaks(void **state)
{
	struct harness h;

	(void)state;
	harness_init(&h, &remote_http);
	assert_true(harness_load(&h, "remote.http \"r\" {\n url = \"http://me:w0rd@a/x@y:z\"\n"
				     " is_secret = true\n}\n"));
	log_set_writer(take_line);
	fake_answer(0, 201, "", STR("pass"), -1);
	log_set_writer(NULL);
	loop_turn(h.loop, 0);
	assert_string_equal(graph_node(h.graph, 0).reason, "status 201");
	buf_add_char(&said, 0);
	assert_non_null(strstr(said.p, "url=http://me:xxxxx@a/x@y:z"));
	assert_null(strstr(said.p, "w0rd"));
	assert_null(strstr(said.p, "pass"));
	buf_fini(&said);
	said = (struct buf){0};
	harness_fini(&h);
}

TESTS_RUN(cmocka_unit_test(test_requests), cmocka_unit_test(test_nothing_leaks),
	cmocka_unit_test(test_secret))
