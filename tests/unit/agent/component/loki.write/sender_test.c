#include "agent/component/loki.write/sender.h"

#include "agent/base/log.h"
#include "proto/loki/push.h"
#include "tests/unit/agent/component/loki.write/fake.h"

static struct loki_tenants tenants = {.id = "loki.write.test"};
static struct loki_send_settings settings;
static struct loki_tenant *tenant; /* held by the test, for its counters */
static struct loki_sender sender;
static struct list none = {&none, &none};
static struct loop *loop;
static struct buf said;
static int changes;

static void on_log(struct str line)
{
	buf_add_str(&said, line);
}

static void on_changed(struct loki_sender *s)
{
	assert_ptr_equal(s, &sender);
	changes++;
}

static int set_up(void **state)
{
	(void)state;
	loop = loop_new();
	loop_fake_clock(loop, NS_PER_SEC, 1795344067 * NS_PER_SEC);
	loop_seed(loop, 1);
	settings = (struct loki_send_settings){
		.id = "loki.write.test",
		.name = STR("ep"),
		.host = STR("h"),
		.url = STR("http://h/push"),
		.min_backoff = NS_PER_SEC / 2,
		.max_backoff = 8 * NS_PER_SEC,
		.retry_429 = true,
		.start = fake_start,
		.cancel = fake_cancel,
	};
	memset(&fake, 0, sizeof(fake));
	loki_sender_init(&sender, loop, &settings, on_changed);
	tenant = loki_tenant_get(&tenants, STR("h"), STR("t"));
	log_set_writer(on_log);
	buf_clear(&said);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	loki_sender_abandon(&sender, &none, false);
	loki_tenant_release(tenant);
	assert_int_equal(tenants.map.n, 0);
	loop_free(loop);
	buf_fini(&fake.sent);
	buf_fini(&said);
	log_set_writer(NULL);
	return 0;
}

/* Adds a request of the letters of lines, one a line. */
static void add(const char *lines, struct fake_ack *ack)
{
	struct push_clock clock = {0};
	struct buf entries = {0};
	struct buf raw = {0};
	struct loki_request *r;

	for (const char *p = lines; *p; p++) {
		struct push_entry e = {1, {p, 1}, NULL, 0};

		push_encode_entry(&entries, &clock, &e);
	}
	push_encode_stream(&raw, STR("{}"), buf_str(&entries));
	r = loki_request_new(tenant, buf_str(&raw));
	r->entries = strlen(lines);
	loki_ages_add(&r->ages, 1795344066 * NS_PER_SEC);
	if (ack) {
		ack_init(&ack->ack, fake_settled);
		ack_set_add(&r->acks, &ack->ack);
		ack_release(&ack->ack);
	}
	buf_fini(&entries);
	buf_fini(&raw);
	loki_sender_add(&sender, r);
}

static int dropped(enum loki_drop why)
{
	return tenant->dropped_entries[why] ? (int)metric_value(tenant->dropped_entries[why]) : 0;
}

static int sent(void)
{
	return (int)metric_value(tenant->sent_entries);
}

/* Every answer: what becomes of a request of two entries, and what the next try is. */
static const struct {
	int status;
	const char *text;
	bool again;      /* it is tried again */
	bool fault;      /* the settings are to blame */
	const char *now; /* what is in flight at once; NULL: nothing */
	int sent;
	enum loki_drop why; /* two entries, if neither again nor sent nor now */
} answers[] = {
	{204, "", .sent = 2},
	{200, "", .sent = 2},
	{429, "ingestion rate limit exceeded", .again = true},
	{500, "empty ring", .again = true},
	{503, "", .again = true},
	{408, "", .again = true},
	{0, "connection refused", .again = true},
	{401, "no org id", .again = true, .fault = true},
	{403, "", .again = true, .fault = true},
	{404, "404 page not found", .again = true, .fault = true},
	{405, "", .again = true, .fault = true},
	{302, "", .again = true, .fault = true},
	{400, "entry for stream '{a=\"b\"}' has timestamp too old", .why = LOKI_DROP_REFUSED},
	{422, "error at least one valid stream", .why = LOKI_DROP_REFUSED},
	{413, "request body too large", .now = "{} a @t"},
	{400, "couldn't parse labels: 1:6: parse error", .now = "{} a @t"},
	{500, "rpc error: code = ResourceExhausted desc = grpc: received message larger than max "
	      "(5000000 vs. 4194304)",
		.now = "{} a @t"},
};

static void test_answers(void **state)
{
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		struct fake_ack ack = {0};
		bool open = answers[i].again || answers[i].now;
		bool drop = !open && answers[i].sent == 0;

		print_message("%d %s\n", answers[i].status, answers[i].text);
		set_up(state);
		add("ab", &ack);
		assert_str(buf_str(&fake.sent), "{} a|b @t");
		fake_answer(answers[i].status, answers[i].text);
		assert_int_equal(ack.settled, !open);
		assert_int_equal(sent(), answers[i].sent);
		assert_int_equal(dropped(answers[i].why), drop ? 2 : 0);
		assert_int_equal(sender.fault[0] != 0, answers[i].fault);
		assert_int_equal(timer_is_set(&sender.timer), answers[i].again);
		if (answers[i].now)
			assert_str(buf_str(&fake.sent), answers[i].now);
		else
			assert_null(fake.call);
		if (answers[i].again) {
			assert_int_equal((int)metric_value(tenant->retries), 1);
			loop_advance(loop, NS_PER_SEC);
			assert_str(buf_str(&fake.sent), "{} a|b @t");
			fake_answer(204, "");
			assert_true(ack.settled);
			assert_int_equal(sender.fault[0], 0);
		}
		tear_down(state);
	}
}

/* One in flight, in order, the first again before the second. */
static void test_order(void **state)
{
	struct fake_ack one = {0};
	struct fake_ack two = {0};

	(void)state;
	add("a", &one);
	add("b", &two);
	assert_int_equal(fake.starts, 1);
	fake_answer(500, "");
	assert_int_equal(fake.starts, 1);
	loop_advance(loop, NS_PER_SEC);
	assert_str(buf_str(&fake.sent), "{} a @t");
	fake_answer(204, "");
	assert_true(one.settled);
	assert_false(two.settled);
	assert_str(buf_str(&fake.sent), "{} b @t");
	fake_answer(204, "");
	assert_true(two.settled);
	assert_int_equal(sender.state, SENDER_IDLE);
	assert_int_equal(sender.bytes, 0);
	assert_int_equal(sent(), 2);
	assert_int_equal((int)metric_value(tenant->latency), 2);
}

/* Each pause is in [d, 2d), d doubling from half a second, and never above the maximum. */
static void test_backoff(void **state)
{
	int64_t d = NS_PER_SEC / 2;

	(void)state;
	add("a", NULL);
	for (int i = 0; i < 100; i++) {
		int64_t pause;

		fake_answer(500, "");
		pause = sender.timer.at - loop_now(loop);
		assert_true(pause >= d && pause <= 2 * d);
		assert_true(pause <= 8 * NS_PER_SEC);
		loop_advance(loop, pause);
		d = d * 2 > 8 * NS_PER_SEC ? 8 * NS_PER_SEC : d * 2;
	}
	assert_int_equal(fake.starts, 101);
	assert_int_equal(dropped(LOKI_DROP_REFUSED), 0);
	fake_answer(204, "");
	add("b", NULL);
	fake_answer(500, "");
	assert_true(sender.timer.at - loop_now(loop) < NS_PER_SEC);
}

static void test_retry_after(void **state)
{
	(void)state;
	add("a", NULL);
	fake_answer_later(429, 30 * NS_PER_SEC);
	assert_in_range(sender.timer.at - loop_now(loop), 30 * NS_PER_SEC, 38 * NS_PER_SEC);
	loop_advance(loop, 38 * NS_PER_SEC);
	fake_answer_later(503, 0);
	assert_true(sender.timer.at - loop_now(loop) >= NS_PER_SEC);
	loop_advance(loop, 10 * NS_PER_SEC);
	fake_answer_later(503, INT64_MAX);
	assert_int_equal(sender.timer.at - loop_now(loop), 3600 * NS_PER_SEC);
}

static void test_limit_of_tries(void **state)
{
	struct fake_ack ack = {0};

	(void)state;
	settings.max_tries = 3;
	add("ab", &ack);
	for (int i = 0; i < 2; i++) {
		fake_answer(429, "");
		loop_advance(loop, 10 * NS_PER_SEC);
		assert_false(ack.settled);
	}
	fake_answer(429, "");
	assert_true(ack.settled);
	assert_int_equal(dropped(LOKI_DROP_RATE), 2);
	assert_int_equal(fake.starts, 3);
}

static void test_429_not_retried(void **state)
{
	(void)state;
	settings.retry_429 = false;
	add("ab", NULL);
	fake_answer(429, "");
	assert_int_equal(dropped(LOKI_DROP_RATE), 2);
}

/* 413 until one entry stands alone, which is dropped; all others arrive, in order, and the ack is
 * settled after the last. */
static void test_split(void **state)
{
	static const struct {
		const char *sent;
		int answer;
	} steps[] = {
		{"{} a|b|X|c|d @t", 413},
		{"{} a|b @t", 204},
		{"{} X|c|d @t", 413},
		{"{} X @t", 413},
		{"{} c|d @t", 204},
	};
	struct fake_ack ack = {0};

	(void)state;
	add("abXcd", &ack);
	add("e", NULL);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		assert_str(buf_str(&fake.sent), steps[i].sent);
		assert_false(ack.settled);
		fake_answer(steps[i].answer, "");
	}
	assert_true(ack.settled);
	assert_str(buf_str(&fake.sent), "{} e @t");
	assert_int_equal(dropped(LOKI_DROP_LINE), 1);
	assert_int_equal(sent(), 4);
}

/* A batch beyond the burst that the server allows gets 429 for ever: it becomes smaller, in order,
 * without being hurried. A small one stays as it is. */
static void test_429_halves(void **state)
{
	static char lines[40001];
	struct fake_ack ack = {0};
	size_t entries = 0;

	(void)state;
	memset(lines, 'a', sizeof(lines) - 1);
	add(lines, &ack);
	add("b", NULL);
	for (int i = 1; i <= 24; i++) {
		fake_answer(429, "ingestion rate limit exceeded");
		assert_true(sender.timer.at - loop_now(loop) >= NS_PER_SEC / 2);
		assert_int_equal(sender.tries, i);
		loop_advance(loop, 20 * NS_PER_SEC);
	}
	assert_int_equal(dropped(LOKI_DROP_RATE), 0);
	assert_false(ack.settled);
	while (!ack.settled) {
		assert_non_null(fake.call);
		assert_true(fake.call->body.n < 64 * 1024);
		fake_answer(204, "");
		entries++;
	}
	assert_in_range(entries, 3, 16);
	assert_int_equal(sent(), sizeof(lines) - 1);
	assert_str(buf_str(&fake.sent), "{} b @t");
	fake_answer(429, "");
	for (int i = 0; i < 8; i++) {
		loop_advance(loop, 20 * NS_PER_SEC);
		assert_str(buf_str(&fake.sent), "{} b @t");
		fake_answer(429, "");
	}
}

static void test_org_id(void **state)
{
	(void)state;
	loki_tenant_release(tenant);
	tenant = loki_tenant_get(&tenants, STR("h"), STR(""));
	settings.org_id = STR("from-headers");
	add("a", NULL);
	assert_str(buf_str(&fake.sent), "{} a @from-headers");
}

/* New settings are used from the next try, which comes at once. */
static void test_change(void **state)
{
	struct loki_send_settings other = settings;

	(void)state;
	other.url = STR("http://other/push");
	add("a", NULL);
	loki_sender_change(&sender, &other);
	assert_int_equal(fake.starts, 1);
	assert_ptr_equal(sender.flying, &settings);
	fake_answer(500, "");
	assert_null(sender.flying);
	loop_advance(loop, NS_PER_SEC);
	assert_str(fake.call->url, "http://other/push");
	fake_answer(404, "");
	assert_true(sender.fault[0]);
	loki_sender_change(&sender, &settings);
	assert_str(fake.call->url, "http://h/push");
	assert_int_equal(sender.fault[0], 0);
}

static void test_abandon(void **state)
{
	struct fake_ack acks[4] = {{.settled = false}};

	(void)state;
	add("a", &acks[0]);
	add("b", &acks[1]);
	loki_sender_abandon(&sender, &none, false);
	assert_int_equal(fake.cancels, 1);
	assert_int_equal(sender.bytes, 0);
	assert_true(acks[0].settled && acks[0].ack.failed);
	assert_true(acks[1].settled && acks[1].ack.failed);
	assert_int_equal(dropped(LOKI_DROP_GONE), 0);
	add("a", &acks[2]);
	fake_answer(500, "");
	add("b", &acks[3]);
	loki_sender_abandon(&sender, &none, true);
	assert_true(acks[2].settled && acks[3].settled);
	assert_false(acks[2].ack.failed || acks[3].ack.failed);
	assert_int_equal(dropped(LOKI_DROP_GONE), 2);
}

/* The same refusal with other numbers is said once a minute and stream; each is counted. */
static void test_said_once(void **state)
{
	static const char *const texts[] = {
		"entry for stream '{a=\"1\"}' has timestamp too old: 2026-11-15T09:51:20Z",
		"entry for stream '{a=\"2\"}' has timestamp too old: 2026-11-16T09:51:21Z",
		"max entry size '262144' bytes exceeded for stream '{a=\"1\"}'",
	};
	size_t lines = 0;

	(void)state;
	for (int i = 0; i < 300; i++) {
		add("a", NULL);
		fake_answer(400, texts[i % 3]);
	}
	for (size_t i = 0; i < said.n; i++)
		lines += said.p[i] == '\n';
	assert_int_equal(lines, 3);
	loop_advance(loop, 61 * NS_PER_SEC);
	buf_clear(&said);
	add("a", NULL);
	fake_answer(400, texts[0]);
	assert_true(str_find(buf_str(&said), STR("not_said_again=99")) > 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

TESTS_RUN(cmocka_unit_test(test_answers), TEST(test_order), TEST(test_backoff),
	TEST(test_retry_after), TEST(test_limit_of_tries), TEST(test_429_not_retried),
	TEST(test_split), TEST(test_429_halves), TEST(test_org_id), TEST(test_change),
	TEST(test_abandon),
	TEST(test_said_once))
