/*
 * What 1,000 agents do to one API server, by the real watch (k8s/watch.c) under a clock that is
 * moved and with a transport that is a table: they are started together, their server restarts, is
 * away, forgets versions, refuses, is overloaded. Requests are counted by the second; the bounds
 * that docs/delivery.md states are asserted, and each request is looked at: nothing may be asked
 * past the server's cache.
 */

#include "k8s/watch.h"

#include "agent/base/log.h"
#include "agent/base/mem.h"
#include "agent/base/timestamp.h"
#include "agent/loop/http_client.h"
#include "agent/loop/loop.h"
#include "tests/test.h"

#include <stdlib.h>

#define AGENTS 1000
#define PEAK 500 /* requests in any one second */
/* … of a server before 1.27, of which each asks three times, once: 422, the list, the watch */
#define PEAK_OLD 1300
#define PER_AGENT 25 /* in the first five minutes of whatever is wrong */
#define ROUND_TRIP (20 * NS_PER_MS)
#define SECONDS 1200

#define VERSION(n) "\"resourceVersion\":\"" n "\""
#define EVENT(type, meta) "{\"type\":\"" type "\",\"object\":{\"metadata\":{" meta "}}}\n"
#define END "\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}"
#define INITIAL EVENT("ADDED", VERSION("5")) EVENT("BOOKMARK", VERSION("7") "," END)
#define GONE "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":410}}\n"
#define BOOKMARK EVENT("BOOKMARK", VERSION("8"))
#define LIST "{\"kind\":\"PodList\",\"metadata\":{\"resourceVersion\":\"7\"},\"items\":[]}"

/* How the server answers from now on. */
enum mood {
	WELL,
	REFUSES, /* connections */
	HANGS,
	FORGETS,    /* every version: 410, in a line or as a status */
	ANSWERS,    /* status and Retry-After for all */
	OVERLOADED, /* 100 a second, 429 for the others */
	OLD,        /* it cannot stream initial events */
};

struct http_transfer {
	struct timer timer; /* the answer comes, or the watch's time is up, or a bookmark */
	struct http_call *call;
	int64_t until; /* of a watch that was begun; 0: not answered yet */
};

struct agent {
	struct watch_sink sink;
	struct watch *watch;
	struct http_transfer transfer;
	bool knows; /* it has had everything, and no problem since */
};

static struct agent agents[AGENTS];
static struct loop *loop;
static enum mood mood;
static int status;
static int64_t retry_after;
static unsigned at[SECONDS]; /* requests in each second */
static unsigned total, lists, uncached;

static size_t second(void)
{
	size_t s = (size_t)(loop_now(loop) / NS_PER_SEC);

	assert_true(s < SECONDS);
	return s;
}

static struct agent *agent_of(struct http_call *call)
{
	for (size_t i = 0; i < AGENTS; i++) {
		if (agents[i].transfer.call == call)
			return &agents[i];
	}
	return NULL;
}

static bool has(struct str url, const char *text)
{
	return str_find(url, str_from(text)) >= 0;
}

static void finish(struct http_transfer *t, enum http_outcome outcome)
{
	struct http_call *call = t->call;

	timer_clear(&t->timer);
	t->call = NULL;
	t->until = 0;
	call->transfer = NULL;
	call->done(call, outcome);
}

static void say(struct http_transfer *t, const char *text)
{
	t->call->status = 200;
	t->call->part(t->call, str_from(text));
}

static void refuse(struct http_transfer *t, int code, int64_t after)
{
	t->call->status = code;
	t->call->retry_after = after;
	finish(t, HTTP_ANSWERED);
}

/* A watch is open: it says something each minute, and ends when its time is up. */
static void go_on(struct http_transfer *t)
{
	int64_t left = t->until - loop_now(loop);

	timer_set(&t->timer, loop, left < 60 * NS_PER_SEC ? left : 60 * NS_PER_SEC);
}

static void accept_call(struct http_transfer *t)
{
	struct str url = t->call->url;
	ptrdiff_t from = str_find(url, STR("timeoutSeconds="));
	int64_t seconds = 0;

	if (!has(url, "watch=true")) {
		say(t, LIST);
		finish(t, HTTP_ANSWERED);
		return;
	}
	url = str_from_at(url, (size_t)from + 15);
	assert_true(from > 0 && str_to_int(str_head(url, 3), &seconds));
	url = t->call->url;
	t->until = loop_now(loop) + seconds * NS_PER_SEC;
	t->call->started = loop_now(loop);
	go_on(t);
	if (mood == FORGETS && !has(url, "sendInitialEvents"))
		say(t, GONE);
	else if (has(url, "sendInitialEvents"))
		say(t, INITIAL);
}

static void on_answer(struct timer *timer)
{
	struct http_transfer *t = container_of(timer, struct http_transfer, timer);
	bool initial = has(t->call->url, "sendInitialEvents");

	if (t->until) {
		if (loop_now(loop) >= t->until) {
			finish(t, HTTP_ANSWERED);
		} else {
			go_on(t);
			say(t, BOOKMARK);
		}
		return;
	}
	switch (mood) {
	case REFUSES:
		snprintf(t->call->error, sizeof(t->call->error), "connection refused");
		finish(t, HTTP_FAILED);
		return;
	case HANGS:
		return;
	case ANSWERS:
		refuse(t, status, retry_after);
		return;
	case OVERLOADED:
		if (at[second()] > 100) {
			refuse(t, 429, NS_PER_SEC);
			return;
		}
		break;
	case OLD:
		if (initial) {
			refuse(t, 422, -1);
			return;
		}
		break;
	case WELL:
	case FORGETS:
		break;
	}
	accept_call(t);
}

/* In place of agent/loop/http_client.c. The target is the agent. */
void http_call_start(struct http_target *target, struct http_call *call)
{
	struct http_transfer *t = &((struct agent *)(void *)target)->transfer;

	assert_null(t->call);
	at[second()]++;
	total++;
	lists += !has(call->url, "watch=true");
	uncached += !has(call->url, "resourceVersion=");
	call->transfer = t;
	call->status = 0;
	call->retry_after = -1;
	call->started = loop_now(loop);
	t->call = call;
	t->until = 0;
	t->timer.fire = on_answer;
	timer_set(&t->timer, loop, ROUND_TRIP);
}

uint64_t http_target_secrets_stamp(const struct http_target *t)
{
	(void)t;
	return 1; /* the same token all the time */
}

void http_call_cancel(struct http_call *call)
{
	struct agent *a = call->transfer ? agent_of(call) : NULL;

	if (!a)
		return;
	timer_clear(&a->transfer.timer);
	a->transfer.call = NULL;
	a->transfer.until = 0;
	call->transfer = NULL;
}

static void on_begin(struct watch_sink *s)
{
	(void)s;
}

static bool on_object(struct watch_sink *s, enum watch_event event, struct str object)
{
	(void)s;
	(void)event;
	(void)object;
	return true;
}

static void on_complete(struct watch_sink *s)
{
	container_of(s, struct agent, sink)->knows = true;
}

static void on_problem(struct watch_sink *s)
{
	(void)s;
}

static void discard(struct str text)
{
	(void)text;
}

static int setup(void **state)
{
	const struct watch_settings set = {
		.server = STR("https://10.96.0.1:443"),
		.path = STR("/api/v1/pods"),
		.resource = STR("pods"),
		.field_selector = STR("spec.nodeName=n1"),
		.spread = WATCH_SPREAD,
	};

	(void)state;
	log_set_writer(discard);
	loop = loop_new();
	loop_fake_clock(loop, NS_PER_SEC, 0);
	loop_seed(loop, 7);
	mood = WELL;
	total = lists = uncached = 0;
	memset(at, 0, sizeof(at));
	memset(agents, 0, sizeof(agents));
	for (size_t i = 0; i < AGENTS; i++) {
		agents[i].sink = (struct watch_sink){on_begin, on_object, on_complete, on_problem};
		agents[i].watch = watch_new(
			loop, (struct http_target *)(void *)&agents[i], &set, &agents[i].sink);
	}
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < AGENTS; i++)
		watch_free(agents[i].watch);
	loop_free(loop);
	return 0;
}

static void pass(int64_t seconds)
{
	loop_advance(loop, seconds * NS_PER_SEC);
}

/* Everybody's connection ends at the same moment: cut, or in good order as a server that is told to
 * stop does it. */
static void end_all(bool cut)
{
	for (size_t i = 0; i < AGENTS; i++) {
		if (agents[i].transfer.call)
			finish(&agents[i].transfer, cut ? HTTP_FAILED : HTTP_ANSWERED);
	}
}

static unsigned peak(size_t from)
{
	unsigned most = 0;

	for (size_t s = from; s < SECONDS; s++)
		most = at[s] > most ? at[s] : most;
	return most;
}

static unsigned knowing(void)
{
	unsigned n = 0;

	for (size_t i = 0; i < AGENTS; i++)
		n += agents[i].knows;
	return n;
}

static unsigned watching(void)
{
	unsigned n = 0;

	for (size_t i = 0; i < AGENTS; i++)
		n += agents[i].transfer.until > 0;
	return n;
}

/* What was asked since second from. all_by: all know everything within so many seconds; 0: the
 * server does not let them. */
static void judge(const char *what, unsigned before, size_t from, size_t all_by)
{
	unsigned asked = total - before;

	print_message("%-44s %4u requests/s at most, %5.1f an agent\n", what, peak(from),
		(double)asked / AGENTS);
	assert_in_range(peak(from), 0, mood == OLD ? PEAK_OLD : PEAK);
	assert_in_range(asked, 0, PER_AGENT * AGENTS);
	assert_int_equal(uncached, 0);
	if (all_by)
		assert_int_equal(knowing(), AGENTS);
}

static void test_started_together(void **state)
{
	(void)state;
	pass(10);
	judge("started together", 0, 0, 10);
	assert_int_equal(total, AGENTS); /* no list, and one watch each */
	assert_int_equal(lists, 0);
	pass(600);
	judge("… and ten minutes of nothing", 0, 0, 600);
	assert_in_range(total, AGENTS, 3 * AGENTS);
}

static void test_an_old_server(void **state)
{
	(void)state;
	mood = OLD;
	pass(10);
	judge("started together, a server before 1.27", 0, 0, 10);
	assert_int_equal(lists, AGENTS);
	assert_int_equal(total, 3 * AGENTS);
}

static void after(const char *what, bool cut, enum mood bad, int64_t seconds)
{
	unsigned before;
	size_t from;

	pass(120);
	before = total;
	from = second() + 1;
	mood = bad;
	end_all(cut);
	for (size_t i = 0; i < AGENTS; i++)
		agents[i].knows = agents[i].knows && bad != FORGETS;
	pass(seconds);
	mood = WELL;
	pass(60);
	judge(what, before, from, 60);
}

static void test_server_restarts(void **state)
{
	(void)state;
	after("the server is gone for 20 s", true, REFUSES, 20);
}

static void test_server_ends_watches(void **state)
{
	(void)state;
	after("the server ends all watches in good order", false, WELL, 1);
}

static void test_server_away(void **state)
{
	(void)state;
	after("the server is gone for five minutes", true, REFUSES, 300);
}

static void test_server_hangs(void **state)
{
	(void)state;
	after("the server accepts and says nothing, 5 min", true, HANGS, 300);
}

static void test_versions_are_forgotten(void **state)
{
	(void)state;
	after("410 for all", true, FORGETS, 30);
}

/* Seconds until the last of those whose pause is hurried knows, all at once and at worst: each node
 * gets a pod when the server is back from an hour, and each is in the middle of a long pause. */
static void test_new_pods_after_an_outage(void **state)
{
	unsigned before;
	size_t from;
	int64_t waited = 0;

	(void)state;
	pass(120);
	mood = REFUSES;
	end_all(true);
	pass(600);
	mood = WELL;
	before = total;
	from = second();
	for (size_t i = 0; i < AGENTS; i++)
		watch_hurry(agents[i].watch);
	while (watching() < AGENTS) {
		pass(1);
		waited++;
	}
	judge("each node gets a pod after an outage", before, from, 0);
	print_message("%-44s %lld s\n", "… and its metadata within", (long long)waited);
	assert_in_range(waited, 1, 9); /* … as a pause with less than 5 s to go is not touched */
}

/* Each node gets a pod every ten seconds (static pods, or the kubelet reaches the server and we do
 * not). */
static void new_pods(const char *what, enum mood bad)
{
	unsigned before;
	size_t from;

	pass(120);
	before = total;
	from = second() + 1;
	mood = bad;
	end_all(true);
	for (int i = 0; i < 30; i++) {
		pass(10);
		for (size_t k = 0; k < AGENTS; k++)
			watch_hurry(agents[k].watch);
	}
	judge(what, before, from, 0);
}

static void test_new_pods_while_the_server_is_away(void **state)
{
	(void)state;
	new_pods("away for five minutes, pods come", REFUSES);
}

static void test_new_pods_while_the_server_hangs(void **state)
{
	(void)state;
	new_pods("it says nothing for five minutes, pods come", HANGS);
}

static void test_new_pods_while_the_server_refuses(void **state)
{
	(void)state;
	status = 429;
	retry_after = 30 * NS_PER_SEC;
	new_pods("429, Retry-After: 30, pods come", ANSWERS);
}

static void test_refusals(void **state)
{
	static const struct {
		int status;
		int after;
		const char *name;
	} v[] = {
		{401, -1, "401 for five minutes"},
		{403, -1, "403 for five minutes"},
		{500, -1, "500 for five minutes"},
		{429, 1, "429, Retry-After: 1, for five minutes"},
		{429, 30, "429, Retry-After: 30, for five minutes"},
		{503, 10, "503, Retry-After: 10, for five minutes"},
	};

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		if (i > 0) {
			teardown(state);
			setup(state);
		}
		status = v[i].status;
		retry_after = v[i].after == -1 ? -1 : v[i].after * NS_PER_SEC;
		after(v[i].name, true, ANSWERS, 300);
	}
}

static void test_overload(void **state)
{
	(void)state;
	after("it serves 100 a second, 429 to the others", true, OVERLOADED, 240);
}

/* Twice in a row, so that nobody's backoff has been forgotten. */
static void test_restart_of_every_server(void **state)
{
	(void)state;
	pass(120);
	for (int i = 0; i < 5; i++) {
		end_all(i % 2);
		pass(8);
	}
	judge("five restarts, 8 s apart", 0, 0, 0);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

TESTS_RUN(CASE(test_started_together), CASE(test_an_old_server), CASE(test_server_restarts),
	CASE(test_server_ends_watches), CASE(test_server_away), CASE(test_server_hangs),
	CASE(test_versions_are_forgotten), CASE(test_new_pods_after_an_outage),
	CASE(test_new_pods_while_the_server_is_away), CASE(test_new_pods_while_the_server_hangs),
	CASE(test_new_pods_while_the_server_refuses), CASE(test_refusals), CASE(test_overload),
	CASE(test_restart_of_every_server))
