/* clang-format off */
#include "tests/component.h"
#include "tests/http_client_fake.h"
#include "agent/component/common/remote_poll.h"
/* clang-format on */

extern const struct component_type remote_http;

static struct harness h;

static int set_up(void **state)
{
	(void)state;
	harness_init(&h, &remote_http);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	harness_fini(&h);
	assert_int_equal(fake_targets, 0);
	assert_int_equal(fake_calls_n, 0);
	return 0;
}

#define CONFIG \
	"remote.http \"r\" {\n url = \"http://a/x\"\n poll_frequency = \"%s\"\n" \
	" poll_timeout = \"1s\"\n}\n" \
	"test.sink \"s\" { targets = [{v = remote.http.r.content}] }\n"

static void want(const char *text)
{
	assert_str(buf_str(&harness_seen), text);
	buf_clear(&harness_seen);
}

static void load(const char *frequency)
{
	char text[512];

	snprintf(text, sizeof(text), CONFIG, frequency);
	assert_true(harness_load(&h, text));
}

static void answer(int status, const char *body)
{
	assert_int_equal(fake_calls_n, 1);
	fake_answer(0, status, "text/plain", str_from(body), -1);
	loop_turn(h.loop, 0);
}

static enum health health_of(const char *id)
{
	for (size_t i = 0; i < graph_count(h.graph); i++)
		if (strcmp(graph_node(h.graph, i).id, id) == 0)
			return graph_node(h.graph, i).health;
	fail();
	return HEALTH_UNKNOWN;
}

/* Who refers to it is not started before there is an answer, and follows each new one. */
static void test_waits_and_follows(void **state)
{
	(void)state;
	load("1m");
	want("");
	assert_int_equal(health_of("test.sink.s"), HEALTH_UNHEALTHY);
	answer(200, " one\n");
	want("target v=one;\n");
	assert_int_equal(health_of("test.sink.s"), HEALTH_HEALTHY);
	harness_advance(&h, INT64_C(53) * 1000000000);
	assert_int_equal(fake_calls_n, 0);
	harness_advance(&h, INT64_C(14) * 1000000000);
	answer(200, "two");
	want("target v=two;\n");
}

static const struct {
	int status;
	const char *body;
	const char *reason;
} failures[] = {
	{0, "connection refused", "connection refused"},
	{404, "{\"message\":\n\"no\"}", "status 404: {\"message\": \"no\"}"},
	{204, "", "status 204"},
	{500, "", "status 500"},
};

/* Before the first answer it is asked again soon, with backoff up to the frequency. */
static void test_failures(void **state)
{
	int64_t wait = INT64_C(1000000000);

	(void)state;
	load("5s");
	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
		answer(failures[i].status, failures[i].body);
		assert_string_equal(graph_node(h.graph, 0).reason, failures[i].reason);
		assert_int_equal(health_of("remote.http.r"), HEALTH_UNHEALTHY);
		harness_advance(&h, wait - wait / 8);
		assert_int_equal(fake_calls_n, 0);
		harness_advance(&h, wait / 4);
		assert_int_equal(fake_calls_n, 1);
		wait = 2 * wait < INT64_C(5000000000) ? 2 * wait : INT64_C(5000000000);
	}
	answer(200, "one");
	assert_int_equal(health_of("remote.http.r"), HEALTH_HEALTHY);
	want("target v=one;\n");
}

/* What was there stays in force while the server fails. */
static void test_last_stays(void **state)
{
	(void)state;
	load("5s");
	answer(200, "one");
	want("target v=one;\n");
	harness_advance(&h, INT64_C(6000000000));
	answer(503, "");
	want("");
	assert_int_equal(health_of("test.sink.s"), HEALTH_HEALTHY);
}

static void test_reload_cancels(void **state)
{
	(void)state;
	load("5s");
	load("6s");
	assert_int_equal(fake_calls_n, 1);
	assert_string_equal(fake_calls[0].url, "http://a/x");
	answer(200, "one");
	want("target v=one;\n");
}

static void test_too_long(void **state)
{
	char *body = mem_new(char, (REMOTE_POLL_MAX + 1) + 1);

	(void)state;
	memset(body, 'a', (REMOTE_POLL_MAX + 1));
	load("5s");
	answer(200, body);
	assert_string_equal(graph_node(h.graph, 0).reason, "the answer is longer than 4 MiB");
	free(body);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

TESTS_RUN(T(test_waits_and_follows), T(test_failures), T(test_last_stays), T(test_reload_cancels),
	T(test_too_long))
