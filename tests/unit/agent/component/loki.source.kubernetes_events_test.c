/* clang-format off */
#include "tests/component.h"
#include "tests/http_client_fake.h"
/* clang-format on */

#include "agent/base/log.h"

extern const struct component_type loki_source_kubernetes_events;

static struct harness h;

static int set_up(void **state)
{
	(void)state;
	setenv("POD_NAMESPACE", "alloy", 1);
	harness_init(&h, &loki_source_kubernetes_events);
	h.agent.node_name = STR("node-1");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	assert_true(harness_load(&h, "test.sink \"s\" { }\n"));
	if (fake_calls_n) /* the Lease is given back */
		fake_answer(0, 200, "", STR("{}"), -1);
	harness_fini(&h);
	assert_int_equal(fake_targets, 0);
	assert_int_equal(fake_calls_n, 0);
	return 0;
}

#define CONFIG(more) \
	"loki.source.kubernetes_events \"e\" {\n forward_to = [test.sink.s.receiver]\n" more \
	" client {\n api_server = \"http://api\"\n}\n}\n" \
	"test.sink \"s\" { }\n"
#define LEASES "http://api/apis/coordination.k8s.io/v1/namespaces/alloy/leases"
#define LEASE(version, holder, note) \
	"{\"metadata\":{\"resourceVersion\":\"" version \
	"\",\"annotations\":{\"invar.dev/progress\":\"" note \
	"\"}},\"spec\":{\"holderIdentity\":\"" holder "\",\"leaseDurationSeconds\":60}}"
#define EVENT(kind, version, time, name) \
	"{\"type\":\"" kind "\",\"object\":{\"metadata\":{\"resourceVersion\":\"" version \
	"\"},\"involvedObject\":{\"name\":\"" name "\",\"namespace\":\"shop\"},\"message\":\"m\"," \
	"\"lastTimestamp\":\"1970-01-01T00:00:" time "Z\"}}\n"
#define BOOKMARK(version) \
	"{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":\"" version \
	"\",\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}}}}\n"
#define LABELS "{instance=\"loki.source.kubernetes_events.e\", job=\"loki.source.kubernetes_" \
	       "events\", namespace=\"shop\"}"

/* The call whose URL begins so. */
static size_t find_call(const char *url)
{
	for (size_t i = 0; i < fake_calls_n; i++)
		if (strncmp(fake_calls[i].url, url, strlen(url)) == 0)
			return i;
	fail_msg("no call of %s", url);
	return 0;
}

static void answer(const char *url, int status, const char *body)
{
	fake_answer(find_call(url), status, "application/json", str_from(body), -1);
	loop_turn(h.loop, 0);
}

static void stream(const char *bytes)
{
	struct http_call *c = fake_calls[find_call("http://api/api/v1/events?")].call;

	c->status = 200;
	c->part(c, str_from(bytes));
	loop_turn(h.loop, 0);
}

static void want(const char *text)
{
	assert_str(buf_str(&harness_seen), text);
	buf_clear(&harness_seen);
}

/* Goes on after what the Lease notes, in whatever order the objects come; deletions are no news. */
static void test_elected(void **state)
{
	(void)state;
	assert_true(harness_load(&h, CONFIG("")));
	answer(LEASES "/invar-loki.source.kubernetes-events.e", 200, LEASE("1", "", "20 5"));
	assert_int_equal(fake_calls_n, 1); /* it is taken */
	answer(LEASES, 200, LEASE("2", "me", "20 5"));
	stream(EVENT("ADDED", "22", "02", "b") EVENT("ADDED", "20", "01", "old")
			EVENT("ADDED", "21", "03", "a"));
	want("2000000000 " LABELS " name=b eventRV=22 msg=\"m\" \n"
	     "3000000000 " LABELS " name=a eventRV=21 msg=\"m\" \n");
	stream(BOOKMARK("30") EVENT("MODIFIED", "31", "04", "c") EVENT("DELETED", "32", "04", "c"));
	want("4000000000 " LABELS " name=c eventRV=31 msg=\"m\" \n");
	harness_advance(&h, INT64_C(31) * 1000000000);
	assert_true(str_find(buf_str(&fake_calls[find_call(LEASES)].body),
			    STR("\"invar.dev/progress\":\"31 4000000000\"")) > 0);
}

static void test_not_elected(void **state)
{
	(void)state;
	assert_true(harness_load(&h, CONFIG("")));
	answer(LEASES "/invar-loki.source.kubernetes-events.e", 200, LEASE("1", "you", ""));
	assert_int_equal(fake_calls_n, 0);
}

static struct buf said;

static void take_line(struct str line)
{
	buf_add_str(&said, line);
}

static void want_said(const char *text)
{
	log_set_writer(NULL);
	buf_add_char(&said, 0);
	assert_non_null(strstr(said.p, text));
	buf_fini(&said);
	said = (struct buf){0};
}

/* Nobody may be sending, which must not be silent; neither that this agent has to end. */
static void test_lease_fails(void **state)
{
	(void)state;
	assert_true(harness_load(&h, CONFIG("")));
	log_set_writer(take_line);
	answer(LEASES "/invar-loki.source.kubernetes-events.e", 422, "{\"message\":\"no\"}");
	want_said("it is not known who sends the events");
	assert_int_equal(graph_node(h.graph, 1).health, HEALTH_UNHEALTHY);
	harness_advance(&h, INT64_C(20) * 1000000000);
	answer(LEASES "/invar-loki.source.kubernetes-events.e", 200, LEASE("1", "", ""));
	answer(LEASES, 200, LEASE("2", "me", ""));
	stream(BOOKMARK("60"));
	harness_advance(&h, INT64_C(31) * 1000000000);
	log_set_writer(take_line);
	answer(LEASES, 500, "{}");
	harness_advance(&h, INT64_C(30) * 1000000000);
	want_said("as its Lease could not be renewed");
}

/* Everybody sends, when there is no Lease to be had. */
static void test_no_right(void **state)
{
	(void)state;
	assert_true(harness_load(&h, CONFIG("log_format = \"json\"\n")));
	answer(LEASES, 403, "{}");
	stream(EVENT("ADDED", "22", "02", "b"));
	want("2000000000 " LABELS " {\"eventRV\":\"22\",\"msg\":\"m\",\"name\":\"b\"}\n");
}

#define LATE(version, name) \
	"{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"resourceVersion\":\"" version \
	"\"},\"involvedObject\":{\"name\":\"" name "\",\"namespace\":\"shop\"}," \
	"\"message\":\"m\",\"lastTimestamp\":\"1970-01-01T01:00:00Z\"}}\n"

/* A cluster restored from a backup counts from an earlier version on: all that it has are sent, in
 * whatever order they are listed, and so is what follows. */
static void test_restored(void **state)
{
	(void)state;
	h.agent.dry_run = DRY_RUN_TEXT;
	assert_true(harness_load(&h, CONFIG("")));
	stream(EVENT("ADDED", "100", "02", "a") BOOKMARK("100"));
	buf_clear(&harness_seen);
	stream(EVENT("ADDED", "50", "03", "known"));
	want("");
	assert_int_equal(fake_calls_n, 1);
	stream(LATE("52", "n") LATE("51", "o"));
	want("");
	harness_advance(&h, 1);
	stream(LATE("52", "n") EVENT("ADDED", "50", "03", "known") LATE("51", "o") BOOKMARK("52"));
	want("3600000000000 " LABELS " name=n eventRV=52 msg=\"m\" \n"
	     "3000000000 " LABELS " name=known eventRV=50 msg=\"m\" \n"
	     "3600000000000 " LABELS " name=o eventRV=51 msg=\"m\" \n");
	stream(LATE("53", "p") LATE("52", "n"));
	want("3600000000000 " LABELS " name=p eventRV=53 msg=\"m\" \n");
}

/* The same when the restored cluster is first seen by a list: after a restart, by the Lease. */
static void test_restored_in_a_list(void **state)
{
	(void)state;
	assert_true(harness_load(&h, CONFIG("")));
	answer(LEASES "/invar-loki.source.kubernetes-events.e", 200, LEASE("1", "", "100 5"));
	answer(LEASES, 200, LEASE("2", "me", "100 5"));
	stream(EVENT("ADDED", "9", "01", "old") LATE("52", "n") LATE("51", "o") BOOKMARK("60"));
	want("");
	harness_advance(&h, 1);
	stream(LATE("52", "n") LATE("51", "o") BOOKMARK("60") LATE("61", "p"));
	want("3600000000000 " LABELS " name=n eventRV=52 msg=\"m\" \n"
	     "3600000000000 " LABELS " name=o eventRV=51 msg=\"m\" \n"
	     "3600000000000 " LABELS " name=p eventRV=61 msg=\"m\" \n");
}

/* What the Lease notes is no place: everything there is. A time at the end of all times is fine. */
static void test_note(void **state)
{
	static const struct {
		const char *note;
		bool is_sent;
	} cases[] = {
		{LEASE("1", "", "-1 5"), true},
		{LEASE("1", "", "x"), true},
		{LEASE("1", "", "99 9223372036854775807"), false},
		{LEASE("1", "", "99 -9223372036854775808"), true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		if (i > 0)
			tear_down(NULL), set_up(NULL);
		assert_true(harness_load(&h, CONFIG("")));
		answer(LEASES "/invar-loki.source.kubernetes-events.e", 200, cases[i].note);
		answer(LEASES, 200, cases[i].note);
		stream(EVENT("ADDED", "9", "01", "a") BOOKMARK("60"));
		if (i == 3) {
			harness_advance(&h, 1);
			stream(EVENT("ADDED", "9", "01", "a") BOOKMARK("60"));
		}
		want(cases[i].is_sent ? "1000000000 " LABELS " name=a eventRV=9 msg=\"m\" \n" : "");
	}
}

/* A full budget ends the watch in the middle of a list; with room it is read again, without
 * what was pushed. */
static void test_full(void **state)
{
	(void)state;
	h.agent.dry_run = DRY_RUN_TEXT;
	assert_true(harness_load(&h, CONFIG("")));
	stream(EVENT("ADDED", "9", "01", "a"));
	budget_charge(&h.budget, h.budget.limit);
	stream(EVENT("ADDED", "3", "02", "b") BOOKMARK("100"));
	want("1000000000 " LABELS " name=a eventRV=9 msg=\"m\" \n");
	assert_int_equal(fake_calls_n, 0);
	budget_return(&h.budget, h.budget.limit);
	harness_advance(&h, 1);
	stream(EVENT("ADDED", "9", "01", "a") EVENT("ADDED", "3", "02", "b") BOOKMARK("100"));
	want("2000000000 " LABELS " name=b eventRV=3 msg=\"m\" \n");
}

/* How lines look counts from the next event on; the watch is not touched. */
static void test_update_of_looks(void **state)
{
	(void)state;
	h.agent.dry_run = DRY_RUN_TEXT;
	assert_true(harness_load(&h, CONFIG("")));
	stream(EVENT("ADDED", "1", "01", "a") BOOKMARK("1"));
	want("1000000000 " LABELS " name=a eventRV=1 msg=\"m\" \n");
	assert_true(harness_load(&h, CONFIG("job_name = \"j\"\n log_format = \"json\"\n")));
	harness_advance(&h, 1);
	assert_int_equal(fake_calls_n, 1);
	stream(EVENT("ADDED", "2", "02", "b"));
	want("2000000000 {instance=\"loki.source.kubernetes_events.e\", job=\"j\", "
	     "namespace=\"shop\"} {\"eventRV\":\"2\",\"msg\":\"m\",\"name\":\"b\"}\n");
}

/* Other namespaces go on from where the ones before were. */
static void test_update_of_namespaces(void **state)
{
	struct http_call *c;

	(void)state;
	h.agent.dry_run = DRY_RUN_TEXT;
	assert_true(harness_load(&h, CONFIG("")));
	stream(EVENT("ADDED", "5", "01", "a") BOOKMARK("5"));
	buf_clear(&harness_seen);
	assert_true(harness_load(&h, CONFIG("namespaces = [\"x\", \"shop\"]\n")));
	harness_advance(&h, 1);
	assert_int_equal(fake_calls_n, 2);
	find_call("http://api/api/v1/namespaces/x/events?");
	c = fake_calls[find_call("http://api/api/v1/namespaces/shop/events?")].call;
	c->status = 200;
	c->part(c, STR(EVENT("ADDED", "5", "01", "a") EVENT("ADDED", "6", "02", "b")
				   BOOKMARK("6")));
	want("2000000000 " LABELS " name=b eventRV=6 msg=\"m\" \n");
	assert_true(harness_load(&h, CONFIG("namespaces = [\"shop\"]\n")));
	harness_advance(&h, 1);
	assert_int_equal(fake_calls_n, 1);
	assert_ptr_equal(c, fake_calls[0].call);
}

/* Another way to the same server: the Lease is given back with what was delivered, and asked for
 * anew. */
static void test_update_of_the_client(void **state)
{
	static const char config[] =
		"loki.source.kubernetes_events \"e\" {\n forward_to = [test.sink.s.receiver]\n"
		" client {\n api_server = \"http://api\"\n bearer_token = \"t\"\n}\n}\n"
		"test.sink \"s\" { }\n";

	(void)state;
	assert_true(harness_load(&h, CONFIG("")));
	answer(LEASES "/invar-loki.source.kubernetes-events.e", 200, LEASE("1", "", "4 1"));
	answer(LEASES, 200, LEASE("2", "me", "4 1"));
	stream(EVENT("ADDED", "5", "01", "a") BOOKMARK("5"));
	harness_advance(&h, INT64_C(2) * 1000000000);
	buf_clear(&harness_seen);
	assert_true(harness_load(&h, config));
	harness_advance(&h, 1);
	assert_int_equal(fake_calls_n, 1);
	assert_true(str_find(buf_str(&fake_calls[0].body),
			    STR("\"invar.dev/progress\":\"5 1000000000\"")) > 0);
	answer(LEASES, 200, "{}");
	answer(LEASES, 200, LEASE("3", "", "5 1000000000"));
	answer(LEASES, 200, LEASE("4", "me", "5 1000000000"));
	stream(EVENT("ADDED", "5", "01", "a") EVENT("ADDED", "6", "02", "b") BOOKMARK("6"));
	want("2000000000 " LABELS " name=b eventRV=6 msg=\"m\" \n");
	assert_int_equal(fake_targets, 1);
}

/* The agent ends while the Lease is given back for another client. */
static void test_stop_while_moving(void **state)
{
	(void)state;
	assert_true(harness_load(&h, CONFIG("")));
	answer(LEASES "/invar-loki.source.kubernetes-events.e", 200, LEASE("1", "", ""));
	answer(LEASES, 200, LEASE("2", "me", ""));
	assert_true(harness_load(&h,
		"loki.source.kubernetes_events \"e\" {\n forward_to = [test.sink.s.receiver]\n"
		" client {\n api_server = \"http://other\"\n}\n}\ntest.sink \"s\" { }\n"));
	harness_advance(&h, 1);
	assert_int_equal(fake_calls_n, 1);
	assert_int_equal(fake_targets, 2);
}

static void test_mistakes(void **state)
{
	(void)state;
	assert_false(harness_load(&h, CONFIG("namespaces = [\"a/b\"]\n")));
	assert_str(buf_str(&h.errors), "1:1: namespaces: \"a/b\" is not the name of a namespace\n");
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

TESTS_RUN(T(test_elected), T(test_not_elected), T(test_no_right), T(test_restored),
	T(test_lease_fails),
	T(test_restored_in_a_list), T(test_note), T(test_full),
	T(test_update_of_looks), T(test_update_of_namespaces), T(test_update_of_the_client),
	T(test_stop_while_moving), T(test_mistakes))
