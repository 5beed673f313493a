/*
 * One request at a time: read, then create or take it if it is free, then renew. The state changes
 * only by an answer, or by the clock: a holder that could not renew in time takes itself for no
 * holder before the others do.
 */

#include "k8s/lease.h"

#include "agent/base/arena.h"
#include "agent/base/buf.h"
#include "agent/base/container_of.h"
#include "agent/base/mem.h"
#include "agent/base/timestamp.h"
#include "agent/loop/http_client.h"
#include "agent/loop/loop.h"
#include "k8s/lease_text.h"
#include "k8s/watch_line.h"

#include <stdio.h>
#include <stdlib.h>

#define RETRY (INT64_C(2) * 1000 * 1000 * 1000)
#define MARGIN (INT64_C(10) * 1000 * 1000 * 1000) /* a holder stops so long before others begin */
#define GIVE_BACK_TIMEOUT (INT64_C(3) * 1000 * 1000 * 1000)

enum asked {
	ASKED_READ,
	ASKED_CREATE,
	ASKED_TAKE,
	ASKED_RENEW,
	ASKED_GIVE_BACK,
};

struct lease {
	struct loop *loop;
	struct http_target *target;
	struct lease_owner *owner;
	struct arena texts; /* of the settings */
	struct lease_settings set;
	struct str url, collection;

	struct http_call call;
	enum asked asked;
	struct buf body;
	struct timer next;
	struct timer expiry; /* of what we hold */
	int64_t asked_at;

	enum lease_state state;
	struct arena seen_texts; /* of seen */
	struct lease_text seen;  /* as the server has it */
	int64_t seen_at;         /* when its renewal was another one than before */
	char problem[256];
	bool is_ending;
};

static void ask(struct lease *l, enum asked what);

static void set_state(struct lease *l, enum lease_state state, const char *problem)
{
	bool is_other = strncmp(l->problem, problem, sizeof(l->problem) - 1) != 0;
	bool is_new = l->state != state || is_other;

	l->state = state;
	if (is_other)
		snprintf(l->problem, sizeof(l->problem), "%s", problem);
	if (state != LEASE_HELD)
		timer_clear(&l->expiry);
	if (is_new && !l->is_ending)
		l->owner->changed(l->owner);
}

static int64_t jittered(struct lease *l, int64_t ns)
{
	return ns - ns / 4 + (int64_t)loop_random(l->loop, (uint64_t)ns / 2);
}

static bool see(struct lease *l, struct str answer)
{
	struct lease_text t;
	struct arena a;
	bool is_renewed;

	arena_init(&a, 0);
	if (!lease_text_parse(&a, answer, &t)) {
		arena_fini(&a);
		return false;
	}
	t.version = arena_str(&a, t.version);
	t.note = arena_str(&a, t.note);
	t.holder = arena_str(&a, t.holder);
	t.renewed = arena_str(&a, t.renewed);
	t.acquired = arena_str(&a, t.acquired);
	is_renewed = !str_eq(t.holder, l->seen.holder) || !str_eq(t.renewed, l->seen.renewed);
	if (is_renewed || l->seen_at == 0)
		l->seen_at = loop_now(l->loop);
	arena_fini(&l->seen_texts);
	l->seen_texts = a;
	l->seen = t;
	return true;
}

/* Nobody's, ours from an earlier life, or not renewed for as long as its holder said. */
static bool is_free(const struct lease *l)
{
	int64_t lasts = l->seen.seconds > 0 ? l->seen.seconds * NS_PER_SEC : LEASE_DURATION;

	return l->seen.holder.n == 0 || str_eq(l->seen.holder, l->set.holder) ||
	       loop_now(l->loop) - l->seen_at >= lasts;
}

static void hold(struct lease *l)
{
	timer_set(&l->expiry, l->loop,
		l->asked_at + LEASE_DURATION - MARGIN - loop_now(l->loop));
	timer_set(&l->next, l->loop, jittered(l, LEASE_RENEW));
	set_state(l, LEASE_HELD, "");
}

static void wait(struct lease *l, enum lease_state state, const char *problem, int64_t ns)
{
	timer_set(&l->next, l->loop, jittered(l, ns));
	set_state(l, state, problem);
}

static void on_read(struct lease *l)
{
	if (is_free(l))
		ask(l, ASKED_TAKE);
	else
		wait(l, LEASE_OTHERS, "", LEASE_LOOK);
}

/* No answer, or one that says nothing of the lease: what we hold we hold until it expires. */
static void fail(struct lease *l, const char *why)
{
	wait(l, l->state, why, l->state == LEASE_HELD ? RETRY : LEASE_LOOK / 4);
}

static void on_answer(struct lease *l)
{
	char why[256];
	struct arena a;

	if (l->call.status == 404 && l->asked == ASKED_READ) {
		ask(l, ASKED_CREATE);
	} else if (l->call.status == 409) { /* somebody else was faster */
		wait(l, LEASE_OTHERS, "", RETRY);
	} else if (l->call.status / 100 == 2 && see(l, l->call.answer)) {
		if (l->asked == ASKED_READ)
			on_read(l);
		else
			hold(l);
	} else {
		arena_init(&a, 0);
		snprintf(why, sizeof(why), "the Lease " STR_FMT "/" STR_FMT ": status %d: " STR_FMT,
			STR_ARG(l->set.namespace), STR_ARG(l->set.name), l->call.status,
			STR_ARG(str_head(watch_line_status(&a, l->call.answer), 120)));
		arena_fini(&a);
		if (l->call.status == 403 || l->call.status == 404 || l->call.status == 405)
			wait(l, LEASE_REFUSED, why, LEASE_LOOK);
		else
			fail(l, why);
	}
}

static void on_done(struct http_call *call, enum http_outcome outcome)
{
	struct lease *l = container_of(call, struct lease, call);

	if (l->asked == ASKED_GIVE_BACK)
		l->owner->given_back(l->owner);
	else if (outcome == HTTP_FAILED)
		fail(l, call->error);
	else
		on_answer(l);
}

static void on_next(struct timer *t)
{
	struct lease *l = container_of(t, struct lease, next);

	ask(l, l->state == LEASE_HELD ? ASKED_RENEW : ASKED_READ);
}

static void on_expiry(struct timer *t)
{
	struct lease *l = container_of(t, struct lease, expiry);

	if (l->is_ending) {
		http_call_cancel(&l->call);
		l->owner->given_back(l->owner);
		return;
	}
	set_state(l, LEASE_OTHERS, l->problem[0] ? l->problem : "the Lease could not be renewed");
}

static struct str note_now(struct lease *l)
{
	return str_head(l->owner->note(l->owner), LEASE_NOTE_MAX);
}

static void print_body(struct lease *l)
{
	char now[LEASE_TIME_SIZE];
	struct str time = lease_time(now, loop_wall(l->loop));
	bool is_ours = str_eq(l->seen.holder, l->set.holder);
	struct lease_text t = {
		.namespace = l->set.namespace,
		.name = l->set.name,
		.version = l->seen.version,
		.note = l->state == LEASE_HELD ? note_now(l) : l->seen.note,
		.holder = l->set.holder,
		.acquired = is_ours ? l->seen.acquired : time,
		.renewed = time,
		.seconds = LEASE_DURATION / NS_PER_SEC,
		.transitions = l->seen.transitions + (is_ours ? 0 : 1),
	};

	if (l->asked == ASKED_CREATE)
		t.version.n = 0;
	if (l->asked == ASKED_GIVE_BACK)
		t.holder.n = 0;
	buf_clear(&l->body);
	lease_text_print(&l->body, &t);
}

static void ask(struct lease *l, enum asked what)
{
	static const struct http_header json = {{"Content-Type", 12}, {"application/json", 16}};
	bool is_read = what == ASKED_READ;

	l->asked = what;
	l->asked_at = loop_now(l->loop);
	buf_clear(&l->body);
	if (!is_read)
		print_body(l);
	l->call = (struct http_call){
		.method = is_read ? "GET" : what == ASKED_CREATE ? "POST"
								 : "PUT",
		.url = what == ASKED_CREATE ? l->collection : l->url,
		.body = buf_str(&l->body),
		.headers = &json,
		.n_headers = is_read ? 0 : 1,
		.done = on_done,
	};
	http_call_start(l->target, &l->call);
}

struct lease *lease_new(struct loop *loop, struct http_target *t, const struct lease_settings *set,
	struct lease_owner *owner)
{
	struct lease *l = mem_new(struct lease, 1);

	l->loop = loop;
	l->target = t;
	l->owner = owner;
	arena_init(&l->texts, 0);
	arena_init(&l->seen_texts, 0);
	l->set.server = arena_str(&l->texts, set->server);
	l->set.namespace = arena_str(&l->texts, set->namespace);
	l->set.name = arena_str(&l->texts, set->name);
	l->set.holder = arena_str(&l->texts, set->holder);
	l->collection = arena_printf(&l->texts,
		STR_FMT "/apis/coordination.k8s.io/v1/namespaces/" STR_FMT "/leases",
		STR_ARG(set->server), STR_ARG(set->namespace));
	l->url = arena_printf(&l->texts, STR_FMT "/" STR_FMT, STR_ARG(l->collection),
		STR_ARG(set->name));
	l->next.fire = on_next;
	l->expiry.fire = on_expiry;
	ask(l, ASKED_READ);
	return l;
}

void lease_free(struct lease *l)
{
	if (!l)
		return;
	http_call_cancel(&l->call);
	timer_clear(&l->next);
	timer_clear(&l->expiry);
	buf_fini(&l->body);
	arena_fini(&l->texts);
	arena_fini(&l->seen_texts);
	free(l);
}

enum lease_state lease_state(const struct lease *l)
{
	return l->state;
}

struct str lease_note(const struct lease *l)
{
	return l->seen.note;
}

const char *lease_problem(const struct lease *l)
{
	return l->problem[0] ? l->problem : NULL;
}

void lease_give_back(struct lease *l)
{
	bool is_held = l->state == LEASE_HELD;

	l->is_ending = true;
	timer_clear(&l->next);
	timer_clear(&l->expiry);
	http_call_cancel(&l->call);
	if (!is_held) {
		l->owner->given_back(l->owner);
		return;
	}
	timer_set(&l->expiry, l->loop, GIVE_BACK_TIMEOUT);
	ask(l, ASKED_GIVE_BACK);
}
