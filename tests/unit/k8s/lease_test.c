/* clang-format off */
#include "tests/http_client_fake.h"
/* clang-format on */
#include "agent/base/timestamp.h"
#include "agent/loop/loop.h"
#include "k8s/lease.h"
#include "k8s/lease_text.h"

static struct loop *loop;
static struct http_target *target;
static struct lease *lease;
static unsigned changes, given;
static const char *note_text = "7 8";

static void on_changed(struct lease_owner *o)
{
	(void)o;
	changes++;
}

static struct str on_note(struct lease_owner *o)
{
	(void)o;
	return str_from(note_text);
}

static void on_given_back(struct lease_owner *o)
{
	(void)o;
	given++;
}

static struct lease_owner owner = {on_changed, on_note, on_given_back};

static int set_up(void **state)
{
	struct err e;

	(void)state;
	changes = given = 0;
	loop = loop_new();
	loop_fake_clock(loop, NS_PER_SEC, INT64_C(1795341600) * NS_PER_SEC);
	loop_seed(loop, 1);
	target = http_target_new(NULL, &(struct http_settings){0}, &e);
	lease = lease_new(loop, target,
		&(struct lease_settings){STR("http://api"), STR("alloy"), STR("l"), STR("me")},
		&owner);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	lease_free(lease);
	http_target_free(target);
	loop_free(loop);
	assert_int_equal(fake_calls_n, 0);
	return 0;
}

static void answer(int status, const char *body)
{
	assert_int_equal(fake_calls_n, 1);
	fake_answer(0, status, "application/json", str_from(body), -1);
}

static void want_call(const char *method, const char *url)
{
	assert_int_equal(fake_calls_n, 1);
	assert_string_equal(fake_calls[0].call->method, method);
	assert_string_equal(fake_calls[0].url, url);
}

#define COLLECTION "http://api/apis/coordination.k8s.io/v1/namespaces/alloy/leases"
#define URL COLLECTION "/l"
#define LEASE(version, holder, renewed, note) \
	"{\"metadata\":{\"namespace\":\"alloy\",\"name\":\"l\",\"resourceVersion\":\"" version \
	"\",\"annotations\":{\"invar.dev/progress\":\"" note \
	"\"}},\"spec\":{\"holderIdentity\":\"" holder \
	"\",\"leaseDurationSeconds\":60,\"renewTime\":\"" renewed \
	"\",\"leaseTransitions\":1}}"

static void seconds(int64_t n)
{
	loop_advance(loop, n * NS_PER_SEC);
}

/* Passes time in small steps, as a loop does, until something is asked. */
static int64_t until_call(int64_t most)
{
	int64_t n = 0;

	for (; fake_calls_n == 0 && n < most; n++)
		seconds(1);
	return n;
}

static void test_is_created(void **state)
{
	(void)state;
	want_call("GET", URL);
	answer(404, "{}");
	want_call("POST", COLLECTION);
	assert_str(buf_str(&fake_calls[0].headers), "Content-Type: application/json\n");
	assert_str(buf_str(&fake_calls[0].body),
		"{\"apiVersion\":\"coordination.k8s.io/v1\",\"kind\":\"Lease\",\"metadata\":{"
		"\"namespace\":\"alloy\",\"name\":\"l\",\"annotations\":{\"invar.dev/progress\":"
		"\"\"}},\"spec\":{\"holderIdentity\":\"me\",\"acquireTime\":"
		"\"2026-11-22T10:00:00.000000Z\",\"renewTime\":\"2026-11-22T10:00:00.000000Z\","
		"\"leaseDurationSeconds\":60,\"leaseTransitions\":1}}");
	answer(201, LEASE("1", "me", "a", ""));
	assert_int_equal(lease_state(lease), LEASE_HELD);
	assert_int_equal(changes, 1);
}

/* Renewed in time for ever, with the progress; by a lost race or silence it is not held. */
static void test_is_renewed_and_lost(void **state)
{
	(void)state;
	answer(404, "{}");
	answer(201, LEASE("1", "me", "a", ""));
	for (int i = 0; i < 10; i++) {
		assert_true(until_call(60) <= 30);
		want_call("PUT", URL);
		assert_true(str_find(buf_str(&fake_calls[0].body), STR("\"7 8\"")) > 0);
		assert_true(str_find(buf_str(&fake_calls[0].body),
				    STR("\"resourceVersion\":\"1\"")) > 0);
		answer(200, LEASE("1", "me", "a", "7 8"));
	}
	until_call(60);
	answer(409, "{}");
	assert_int_equal(lease_state(lease), LEASE_OTHERS);
	assert_int_equal(changes, 2);
}

/* Who cannot renew takes himself for no holder before the others do. */
static void test_expires(void **state)
{
	int64_t held = 0;

	(void)state;
	answer(404, "{}");
	answer(201, LEASE("1", "me", "a", ""));
	for (; lease_state(lease) == LEASE_HELD && held < 100; held++) {
		seconds(1);
		if (fake_calls_n)
			answer(0, "connection refused");
	}
	assert_true(held >= 45 && held <= 50);
	assert_string_equal(lease_problem(lease), "connection refused");
}

/* Others read seldom, and take it over when it was not renewed for its duration. */
static void test_is_taken_over(void **state)
{
	(void)state;
	answer(200, LEASE("1", "you", "a", "5 6"));
	assert_int_equal(lease_state(lease), LEASE_OTHERS);
	for (int i = 0; i < 5; i++) {
		assert_true(until_call(100) >= 45);
		answer(200, i % 2 ? LEASE("3", "you", "a", "5 6") : LEASE("2", "you", "b", "5 6"));
		assert_int_equal(lease_state(lease), LEASE_OTHERS);
	}
	until_call(100);
	answer(200, LEASE("2", "you", "b", "5 6"));
	if (fake_calls_n == 0) {
		until_call(100);
		answer(200, LEASE("2", "you", "b", "5 6"));
	}
	want_call("PUT", URL);
	assert_true(str_find(buf_str(&fake_calls[0].body), STR("\"5 6\"")) > 0);
	assert_true(str_find(buf_str(&fake_calls[0].body), STR("\"leaseTransitions\":2")) > 0);
	answer(200, LEASE("4", "me", "c", "5 6"));
	assert_int_equal(lease_state(lease), LEASE_HELD);
	assert_str(lease_note(lease), "5 6");
}

static void test_a_free_one_is_taken_at_once(void **state)
{
	(void)state;
	answer(200, LEASE("1", "", "a", "5 6"));
	want_call("PUT", URL);
	answer(409, "{}"); /* somebody else was faster */
	assert_int_equal(lease_state(lease), LEASE_OTHERS);
	assert_true(until_call(10) <= 3);
}

static const struct {
	int status;
	const char *body;
	enum lease_state state;
	const char *problem;
} failures[] = {
	{403, "{\"kind\":\"Status\",\"message\":\"no right\"}", LEASE_REFUSED,
		"the Lease alloy/l: status 403: no right"},
	{500, "", LEASE_UNKNOWN, "the Lease alloy/l: status 500: "},
	{200, "[]", LEASE_UNKNOWN, "the Lease alloy/l: status 200: []"},
	{0, "reset", LEASE_UNKNOWN, "reset"},
};

static void test_failures(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
		if (i) {
			tear_down(NULL);
			set_up(NULL);
		}
		answer(failures[i].status, failures[i].body);
		assert_int_equal(lease_state(lease), failures[i].state);
		assert_string_equal(lease_problem(lease), failures[i].problem);
		assert_true(until_call(100) >= 10);
	}
}

static void test_is_given_back(void **state)
{
	(void)state;
	answer(404, "{}");
	answer(201, LEASE("1", "me", "a", ""));
	lease_give_back(lease);
	want_call("PUT", URL);
	assert_true(str_find(buf_str(&fake_calls[0].body), STR("\"holderIdentity\":\"\"")) > 0);
	assert_true(str_find(buf_str(&fake_calls[0].body), STR("\"7 8\"")) > 0);
	assert_int_equal(given, 0);
	answer(200, LEASE("2", "", "b", "7 8"));
	assert_int_equal(given, 1);
}

static void test_is_given_back_without_an_answer(void **state)
{
	(void)state;
	answer(404, "{}");
	answer(201, LEASE("1", "me", "a", ""));
	lease_give_back(lease);
	seconds(4);
	assert_int_equal(given, 1);
}

static void test_nothing_to_give_back(void **state)
{
	(void)state;
	lease_give_back(lease);
	assert_int_equal(given, 1);
}

/* A cluster of three agents, each with a clock of its own, and a server that keeps one Lease. */
static struct agent {
	struct loop *loop;
	struct http_target *target;
	struct lease *lease; /* NULL: it was killed */
	struct lease_owner owner;
} agents[3];

static struct {
	struct buf text; /* empty: there is none */
	int version;
} server;

static void on_one(struct lease_owner *o)
{
	(void)o;
}

static void store(struct lease_text *t)
{
	char version[16];
	int n = snprintf(version, sizeof(version), "%d", ++server.version);
	struct buf text = {0};

	t->version = (struct str){version, (size_t)n};
	lease_text_print(&text, t);
	buf_fini(&server.text);
	server.text = text;
}

static void serve(size_t i)
{
	bool is_read = strcmp(fake_calls[i].call->method, "GET") == 0;
	struct lease_text now = {0}, wanted = {0};
	int status = 200;
	struct arena a;

	arena_init(&a, 0);
	if (server.text.n)
		assert_true(lease_text_parse(&a, buf_str(&server.text), &now));
	if (!is_read) /* a new one has no version */
		lease_text_parse(&a, buf_str(&fake_calls[i].body), &wanted);
	if (is_read)
		status = server.text.n ? 200 : 404;
	else if (str_eq(now.version, wanted.version))
		store(&wanted);
	else
		status = 409;
	fake_answer(i, status, "application/json",
		status == 200 ? arena_str(&a, buf_str(&server.text)) : STR("{}"), -1);
	arena_fini(&a);
}

static size_t count_holders(void)
{
	size_t n = 0;

	for (size_t i = 0; i < 3; i++)
		n += agents[i].lease && lease_state(agents[i].lease) == LEASE_HELD;
	return n;
}

/* Seconds go by, and never do two hold it; until somebody does, if that is asked for. */
static int pass(int most, bool until_held)
{
	int n = 0;

	for (; n < most && !(until_held && count_holders()); n++) {
		for (size_t i = 0; i < 3; i++)
			if (agents[i].lease)
				loop_advance(agents[i].loop, NS_PER_SEC);
		while (fake_calls_n)
			serve(0);
		assert_true(count_holders() <= 1);
	}
	return n;
}

static void kill_holder(void)
{
	for (size_t i = 0; i < 3; i++)
		if (agents[i].lease && lease_state(agents[i].lease) == LEASE_HELD) {
			lease_free(agents[i].lease);
			agents[i].lease = NULL;
			return;
		}
	fail_msg("nobody holds it");
}

/* Their clocks are a day and an hour apart; two are killed one after the other. */
static void test_three_agents(void **state)
{
	static const int64_t skew[] = {0, 3600, -86400};
	static const char *const names[] = {"a", "b", "c"};
	struct err e;

	(void)state;
	lease_free(lease);
	lease = NULL;
	for (size_t i = 0; i < 3; i++) {
		struct agent *a = &agents[i];

		a->loop = loop_new();
		loop_fake_clock(a->loop, NS_PER_SEC * (int64_t)(i + 1),
			(INT64_C(1795341600) + skew[i]) * NS_PER_SEC);
		loop_seed(a->loop, i + 1);
		a->target = http_target_new(NULL, &(struct http_settings){0}, &e);
		a->owner = (struct lease_owner){on_one, on_note, on_one};
		a->lease = lease_new(a->loop, a->target,
			&(struct lease_settings){STR("http://api"), STR("alloy"), STR("l"),
				str_from(names[i])},
			&a->owner);
	}
	pass(10, true);
	for (int killed = 0; killed < 2; killed++) {
		pass(600, false);
		assert_int_equal(count_holders(), 1);
		kill_holder();
		assert_true(pass(200, true) <= 150);
	}
	pass(600, false);
	assert_int_equal(count_holders(), 1);
	for (size_t i = 0; i < 3; i++) {
		lease_free(agents[i].lease);
		http_target_free(agents[i].target);
		loop_free(agents[i].loop);
	}
	buf_fini(&server.text);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

/* Whoever may write the Lease: no number of theirs keeps it for ever, or overflows. */
static void test_numbers(void **state)
{
	static const struct {
		const char *spec;
		int64_t seconds, transitions;
	} cases[] = {
		{"", 0, 0},
		{"\"leaseDurationSeconds\":60,\"leaseTransitions\":7", 60, 7},
		{"\"leaseDurationSeconds\":-1,\"leaseTransitions\":-1", 0, 0},
		{"\"leaseDurationSeconds\":9223372036854775807,"
		 "\"leaseTransitions\":9223372036854775807",
			LEASE_SECONDS_MAX, INT32_MAX - 1},
	};
	struct lease_text t;
	char text[300];
	struct arena a;

	(void)state;
	arena_init(&a, 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		snprintf(text, sizeof(text),
			"{\"metadata\":{\"resourceVersion\":\"1\"},\"spec\":{%s}}", cases[i].spec);
		assert_true(lease_text_parse(&a, str_from(text), &t));
		assert_int_equal(t.seconds, cases[i].seconds);
		assert_int_equal(t.transitions, cases[i].transitions);
	}
	arena_fini(&a);
}

TESTS_RUN(T(test_numbers), T(test_is_created), T(test_is_renewed_and_lost), T(test_expires),
	T(test_is_taken_over),
	T(test_a_free_one_is_taken_at_once), T(test_failures), T(test_is_given_back),
	T(test_is_given_back_without_an_answer), T(test_nothing_to_give_back),
	T(test_three_agents))
