#include "agent/component/loki.write/endpoint.h"

#include "agent/base/log.h"
#include "agent/base/mem.h"
#include "tests/unit/agent/component/loki.write/fake.h"

static struct loki_tenants tenants = {.id = "loki.write.test"};
static struct loop *loop;
static struct budget budget;
static struct loki_endpoint *ep;
static int drained;

#define LONG_LINE "0123456789012345678901234567890123456789012345678901234567890123456789"

static void on_log(struct str line)
{
	(void)line;
}

static struct loki_settings *make(const char *url)
{
	struct loki_settings *s = mem_new(struct loki_settings, 1);

	arena_init(&s->mem, 0);
	s->send = (struct loki_send_settings){
		.id = "loki.write.test",
		.name = STR("ep"),
		.host = STR("h"),
		.url = str_from(url),
		.min_backoff = NS_PER_SEC,
		.max_backoff = NS_PER_SEC,
		.start = fake_start,
		.cancel = fake_cancel,
	};
	s->batch = (struct loki_batch_settings){
		.tenants = &tenants,
		.host = STR("h"),
		.tenant = STR(""),
		.batch_size = 100,
		.batch_wait = NS_PER_SEC,
	};
	s->drain_timeout = 15 * NS_PER_SEC;
	return s;
}

static void on_changed(struct loki_endpoint *of, bool is_drained)
{
	assert_ptr_equal(of, ep);
	drained += is_drained;
	if (!is_drained)
		return;
	loki_endpoint_free(ep);
	ep = NULL;
}

static int set_up(void **state)
{
	(void)state;
	loop = loop_new();
	loop_fake_clock(loop, NS_PER_SEC, 1795344067 * NS_PER_SEC);
	budget_init(&budget, 1000000);
	memset(&fake, 0, sizeof(fake));
	drained = 0;
	ep = loki_endpoint_new(loop, &budget, make("http://a/push"), NULL, on_changed, NULL);
	log_set_writer(on_log);
	return 0;
}

/* Whatever a test did, an endpoint that is drained to the end leaves nothing behind. */
static int tear_down(void **state)
{
	(void)state;
	if (ep) {
		if (!ep->draining)
			loki_endpoint_drain(ep, false, false);
		loop_advance(loop, 100 * NS_PER_SEC);
		loop_turn(loop, 0);
	}
	assert_int_equal(drained, 1);
	assert_null(ep);
	assert_int_equal(budget.used, 0);
	assert_int_equal(tenants.map.n, 0);
	assert_int_equal(labels_interned(), 0);
	loop_free(loop);
	buf_fini(&fake.sent);
	log_set_writer(NULL);
	return 0;
}

static void push(const char *line, struct fake_ack *ack)
{
	const struct labels *l = fake_labels("a=1");
	struct entry e = {.labels = l, .time = 1, .line = str_from(line)};

	if (ack) {
		ack_init(&ack->ack, fake_settled);
		e.ack = &ack->ack;
	}
	loki_endpoint_push(ep, &e);
	if (ack)
		ack_release(&ack->ack);
	labels_release(l);
}

/* What fills, and what waits compressed, is charged; it comes back after the turn. */
static void test_budget(void **state)
{
	size_t filling;

	(void)state;
	push("one", NULL);
	filling = budget.used;
	assert_true(filling > 3 && filling < 30);
	push("two", NULL);
	assert_int_equal(budget.used, 2 * filling);
	loop_advance(loop, NS_PER_SEC);
	loop_turn(loop, 0);
	assert_int_equal(budget.used, ep->sender.bytes);
	assert_int_equal(budget.used, fake.call->body.n);
	fake_answer(204, "");
	assert_true(budget.used > 0);
	loop_turn(loop, 0);
	assert_int_equal(budget.used, 0);
}

/* A source that waits for room and pushes at once when it is called. */
static struct budget_waiter waiter;
static int rooms;

static void on_room(struct budget_waiter *w)
{
	rooms++;
	for (int i = 0; i < 10 && !budget_is_full(&budget); i++)
		push("0123456789012345678901234567890123456789", NULL);
	if (rooms < 50)
		budget_wait(&budget, w);
}

static void test_source_that_waits(void **state)
{
	(void)state;
	budget.limit = 300;
	rooms = 0;
	waiter = (struct budget_waiter){.room = on_room};
	budget_wait(&budget, &waiter);
	push("0123456789012345678901234567890123456789", NULL);
	for (int i = 0; i < 1000 && rooms < 50; i++) {
		if (fake.call)
			fake_answer(204, "");
		loop_advance(loop, NS_PER_SEC / 4);
		loop_turn(loop, 0);
		assert_true(budget.used < 600);
	}
	assert_int_equal(rooms, 50);
	while (fake.call)
		fake_answer(204, "");
	budget_unwait(&waiter);
}

/* Batches fill while a request is in flight, and follow it in order. */
/* With a batch_wait beyond patience and a budget below batch_size, what is there goes as soon as
 * nobody may bring more. */
static void test_full_budget(void **state)
{
	struct fake_ack ack = {0};

	(void)state;
	ep->set->batch.batch_size = 1 << 20;
	ep->set->batch.batch_wait = 3600 * NS_PER_SEC;
	push("one", &ack);
	loop_turn(loop, 0);
	assert_null(fake.call);
	budget.limit = budget.used + 1;
	push("two", NULL);
	assert_true(budget_is_full(&budget));
	loop_turn(loop, 0);
	assert_str(buf_str(&fake.sent), "{a=\"1\"} one|two");
	budget.limit = 1; /* one at a time: the next waits for the answer */
	push("three", NULL);
	loop_turn(loop, 0);
	fake_answer(204, "");
	assert_true(ack.settled);
	loop_turn(loop, 0);
	assert_str(buf_str(&fake.sent), "{a=\"1\"} three");
	fake_answer(204, "");
}

static void test_pipeline(void **state)
{
	struct fake_ack acks[3] = {{.settled = false}};

	(void)state;
	push("one", &acks[0]);
	loop_advance(loop, NS_PER_SEC);
	push("two", &acks[1]);
	loop_advance(loop, NS_PER_SEC);
	push("three", &acks[2]);
	assert_int_equal(fake.starts, 1);
	fake_answer(204, "");
	assert_true(acks[0].settled && !acks[1].settled);
	assert_str(buf_str(&fake.sent), "{a=\"1\"} two");
	fake_answer(204, "");
	assert_true(acks[1].settled && !acks[2].settled);
	loop_advance(loop, NS_PER_SEC);
	assert_str(buf_str(&fake.sent), "{a=\"1\"} three");
	fake_answer(204, "");
	assert_true(acks[2].settled);
}

/* After a change, what the old settings could not bring through goes by the new ones, in order. */
static void test_change(void **state)
{
	(void)state;
	push("one", NULL);
	loop_advance(loop, NS_PER_SEC);
	assert_str(fake.call->url, "http://a/push");
	push("two", NULL);
	loki_endpoint_change(ep, make("http://b/push"));
	push("three", NULL);
	loki_endpoint_change(ep, make("http://c/push"));
	push("four", NULL);
	loop_turn(loop, 0);
	assert_non_null(ep->old);
	fake_answer(500, "");
	loop_advance(loop, NS_PER_SEC);
	loop_turn(loop, 0);
	assert_null(ep->old);
	for (int i = 0; i < 4; i++) {
		static const char *const want[] = {"one", "two", "three", "four"};

		assert_str(fake.call->url, "http://c/push");
		assert_str(str_from_at(buf_str(&fake.sent), 8), want[i]);
		fake_answer(204, "");
	}
	assert_null(fake.call);
}

static void test_drain(void **state)
{
	struct fake_ack ack = {0};

	(void)state;
	push("one", &ack);
	loki_endpoint_drain(ep, false, false);
	loop_turn(loop, 0);
	assert_int_equal(drained, 0);
	fake_answer(204, "");
	assert_true(ack.settled);
	loop_turn(loop, 0);
	assert_int_equal(drained, 1);
}

static void test_drain_of_nothing(void **state)
{
	(void)state;
	loki_endpoint_drain(ep, false, false);
	loop_turn(loop, 0);
	assert_int_equal(drained, 1);
}

/* The server is down when the agent ends: the acks fail. */
static void test_given_up(void **state)
{
	struct fake_ack ack = {0};

	(void)state;
	push("one", &ack);
	loki_endpoint_drain(ep, false, false);
	loop_advance(loop, 16 * NS_PER_SEC);
	loop_turn(loop, 0);
	assert_int_equal(fake.cancels, 1);
	assert_int_equal(drained, 1);
	assert_true(ack.settled && ack.ack.failed);
}

/* A server that refuses the credentials is not asked again and again while the agent ends; one
 * that was waited for is asked at once. */
static void test_given_up_at_once(void **state)
{
	(void)state;
	push("one", NULL);
	loop_advance(loop, NS_PER_SEC);
	fake_answer(500, "");
	assert_null(fake.call);
	loki_endpoint_drain(ep, false, false);
	assert_non_null(fake.call);
	fake_answer(401, "no org id");
	loop_advance(loop, 1);
	loop_turn(loop, 0);
	assert_int_equal(drained, 1);
}

/* The endpoint was taken out of the configuration: its share is counted and let go. */
static void test_removed(void **state)
{
	struct fake_ack ack = {0};
	struct loki_tenant *t = loki_tenant_get(&tenants, STR("h"), STR(""));

	(void)state;
	push("one", &ack);
	loki_endpoint_drain(ep, true, false);
	loop_advance(loop, 16 * NS_PER_SEC);
	loop_turn(loop, 0);
	assert_true(ack.settled);
	assert_int_equal((int)metric_value(t->dropped_entries[LOKI_DROP_GONE]), 1);
	loki_tenant_release(t);
}

/* With --once a slow server is waited for as long as it takes something. */
static void test_patient(void **state)
{
	(void)state;
	for (int i = 0; i < 10; i++)
		push(LONG_LINE, NULL);
	loki_endpoint_drain(ep, false, true);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(drained, 0);
		loop_advance(loop, 10 * NS_PER_SEC);
		fake_answer(204, "");
	}
	loop_turn(loop, 0);
	assert_int_equal(drained, 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

TESTS_RUN(TEST(test_budget), TEST(test_source_that_waits), TEST(test_full_budget),
	TEST(test_pipeline),
	TEST(test_change),
	TEST(test_drain), TEST(test_drain_of_nothing), TEST(test_given_up),
	TEST(test_given_up_at_once), TEST(test_removed),
	TEST(test_patient))
