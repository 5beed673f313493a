/*
 * The sending half of an endpoint. Retries are without limit unless the configuration sets
 * one: the lines wait in their files, so that waiting loses nothing and dropping does.
 */

#include "agent/component/loki.write/sender.h"

#include "agent/base/err.h"
#include "agent/base/log.h"
#include "agent/base/must.h"
#include "agent/component/loki.write/answer.h"

#include <stdio.h>
#include <stdlib.h>

#define SAY_EVERY (60 * NS_PER_SEC)
#define MAX_SAID ((size_t)16) /* streams of one answer */
#define MAX_RETRY_AFTER (3600 * NS_PER_SEC)
/* A batch that is longer than the burst which a server allows gets 429 for ever: each so many
 * tries it is cut in halves, down to so many bytes. */
#define HALVE_EVERY 4
#define HALVE_ABOVE ((size_t)64 * 1024)

static const char *const state_names[SENDER_STATES] = {"idle", "sending", "waiting"};

static void set_state(struct loki_sender *s, enum loki_sender_state to)
{
	must(to < SENDER_STATES);
	must(to == SENDER_IDLE || !list_is_empty(&s->queue));
	if (to != SENDER_WAITING)
		timer_clear(&s->timer);
	if (s->state != to) {
		log_debug(s->set->id, "sender", KV("endpoint", s->set->name),
			KV("was", state_names[s->state]), KV("now", state_names[to]));
	}
	s->state = to;
}

static struct loki_request *first(struct loki_sender *s)
{
	must(!list_is_empty(&s->queue));
	return container_of(s->queue.next, struct loki_request, link);
}

static void send_first(struct loki_sender *s)
{
	struct loki_request *r = first(s);
	struct http_header headers[3] = {
		{STR("Content-Type"), STR("application/x-protobuf")},
		{STR("Content-Encoding"), STR("snappy")},
	};
	size_t n = 2;

	if (r->tenant->name.n)
		headers[n++] = (struct http_header){STR("X-Scope-OrgID"), r->tenant->name};
	else if (s->set->org_id.n)
		headers[n++] = (struct http_header){STR("X-Scope-OrgID"), s->set->org_id};
	set_state(s, SENDER_SENDING);
	s->flying = s->set;
	s->call.method = "POST";
	s->call.url = s->set->url;
	s->call.body = buf_str(&r->body);
	s->call.headers = headers;
	s->call.n_headers = n;
	s->set->start(s->set->http, &s->call);
}

static void send_next(struct loki_sender *s)
{
	s->tries = 0;
	if (list_is_empty(&s->queue))
		set_state(s, SENDER_IDLE);
	else
		send_first(s);
}

static void on_timer(struct timer *t)
{
	send_first(container_of(t, struct loki_sender, timer));
}

/* Doubling from min to max, each anywhere between one and two times as long. */
static int64_t backoff(struct loki_sender *s)
{
	int64_t d = s->set->min_backoff > 0 ? s->set->min_backoff : 1;
	int64_t max = s->set->max_backoff > d ? s->set->max_backoff : d;

	for (int64_t i = 1; i < s->tries && d < max; i++)
		d = d > max / 2 ? max : d * 2;
	d += (int64_t)loop_random(s->loop, (uint64_t)d);
	return d < max ? d : max;
}

/* True once a minute for each kind of message; *silent is how many were kept back. */
static bool may_say(struct loki_sender *s, uint64_t kind, int64_t *silent)
{
	struct loki_said *oldest = &s->said[0];
	int64_t now = loop_now(s->loop);

	for (size_t i = 0; i < sizeof(s->said) / sizeof(s->said[0]); i++) {
		struct loki_said *it = &s->said[i];

		if (it->at < oldest->at)
			oldest = it;
		if (it->kind != kind || it->at == 0)
			continue;
		*silent = it->silent++;
		if (now - it->at < SAY_EVERY)
			return false;
		it->at = now;
		it->silent = 0;
		return true;
	}
	*oldest = (struct loki_said){kind, now ? now : 1, 0};
	*silent = 0;
	return true;
}

/* What is to be said, in which words of the server, and until when it waits (0: it does not). hint
 * NULL: what the answer suggests. stream: said once for each of them. */
struct saying {
	enum log_level level;
	const char *msg;
	const char *hint;
	int64_t wait;
	struct str text;
	struct str stream;
};

static void say_this(struct loki_sender *s, const struct saying *it)
{
	struct loki_request *r = first(s);
	int status = s->answered ? s->call.status : 0;
	uint64_t kind = loki_answer_kind(status, it->text) ^ str_hash(str_from(it->msg)) ^
			str_hash(it->stream);
	char pause[TIMESTAMP_SIZE];
	struct kv kv[12] = {0};
	int64_t silent;
	size_t n = 0;

	if (!log_is_on(it->level) || !may_say(s, kind, &silent))
		return;
	kv[n++] = KV("endpoint", s->set->name);
	kv[n++] = KV("host", s->set->host);
	if (r->tenant->name.n)
		kv[n++] = KV("tenant", r->tenant->name);
	if (status)
		kv[n++] = KV("status", status);
	kv[n++] = KV("error", it->text);
	kv[n++] = KV("entries", r->entries);
	kv[n++] = KV("try", s->tries);
	if (it->wait)
		kv[n++] = KV("retry_in", duration_format(pause, it->wait));
	if (silent)
		kv[n++] = KV("not_said_again", silent);
	kv[n++] = KV("hint", it->hint ? it->hint : loki_answer_hint(status, it->text));
	log_at(it->level, s->set->id, it->msg, kv);
}

static void say(struct loki_sender *s, enum log_level level, const char *msg, const char *hint,
	int64_t wait)
{
	struct str text = s->answered ? loki_answer_line(s->call.answer) : str_from(s->call.error);

	say_this(s, &(struct saying){level, msg, hint, wait, text, {0}});
}

static void blame_settings(struct loki_sender *s)
{
	struct str text = loki_answer_line(s->call.answer);

	snprintf(s->fault, sizeof(s->fault), "endpoint %.*s: the server at %.*s answers %d %.*s",
		(int)s->set->name.n, s->set->name.p, STR_ARG(s->set->host), s->call.status,
		STR_ARG(str_head(text, 100)));
}

/* The first request is done with. Its acks come back at the very end, when the sender is
 * at rest: whoever gets them may push at once. */
static void settle(struct loki_sender *s)
{
	struct loki_request *r = first(s);
	struct ack_set acks = r->acks;

	loki_tenant_settled(r->tenant, &r->ages, loop_wall(s->loop));
	loki_request_settled(r);
	r->acks = (struct ack_set){0};
	s->bytes -= r->body.n;
	list_remove(&r->link);
	loki_request_free(r);
	send_next(s);
	ack_set_release(&acks);
}

static void drop(struct loki_sender *s, enum loki_drop why)
{
	struct loki_request *r = first(s);

	loki_tenant_dropped(r->tenant, why, r->entries, r->body.n);
	settle(s);
}

static void delivered(struct loki_sender *s)
{
	struct loki_request *r = first(s);

	if (s->tries > 0)
		log_info(s->set->id, "the server takes batches again",
			KV("endpoint", s->set->name), KV("host", s->set->host),
			KV("tries", s->tries));
	metric_add(r->tenant->sent_bytes, (double)r->body.n);
	metric_add(r->tenant->sent_entries, (double)r->entries);
	s->delivered = true;
	settle(s);
}

/* The first request becomes two. False: it is a single entry. */
static bool halve(struct loki_sender *s)
{
	struct loki_request *r = first(s);
	struct loki_request *second;
	size_t before = r->body.n;

	if (!loki_request_split(r, &second))
		return false;
	list_add_first(&r->link, &second->link); /* behind r */
	s->bytes += r->body.n + second->body.n - before;
	return true;
}

/* Those who were refused together do not come back together. */
static int64_t wish_of(struct loki_sender *s)
{
	int64_t wish = s->answered ? s->call.retry_after : -1;

	if (wish <= 0 || wish > MAX_RETRY_AFTER)
		return wish;
	return wish + (int64_t)loop_random(s->loop, (uint64_t)(wish / 4 + 1));
}

static void try_later(struct loki_sender *s, bool hold)
{
	bool limited = s->answered && s->call.status == 429;
	int64_t wish;
	int64_t wait;

	if (s->set->max_tries > 0 && s->tries >= s->set->max_tries) {
		say(s, LOG_ERROR, "batch dropped: max_backoff_retries is reached",
			"without max_backoff_retries the lines would wait in their files", 0);
		drop(s, limited ? LOKI_DROP_RATE : LOKI_DROP_REFUSED);
		return;
	}
	wait = backoff(s);
	wish = wish_of(s);
	if (wish > wait)
		wait = wish;
	if (wait > MAX_RETRY_AFTER && wait > s->set->max_backoff)
		wait = MAX_RETRY_AFTER;
	metric_add(first(s)->tenant->retries, 1);
	if (hold)
		say(s, LOG_ERROR, "push refused: check the settings of the endpoint", NULL, wait);
	else
		say(s, LOG_WARN, "push failed, it will be tried again", NULL, wait);
	if (limited && s->tries % HALVE_EVERY == 0 && first(s)->raw_size > HALVE_ABOVE)
		halve(s);
	set_state(s, SENDER_WAITING);
	timer_set(&s->timer, s->loop, wait);
}

static void split(struct loki_sender *s)
{
	if (first(s)->entries > 1)
		say(s, LOG_WARN, "batch refused as a whole, its halves are sent one by one", NULL,
			0);
	if (halve(s)) {
		send_next(s);
		return;
	}
	say(s, LOG_ERROR, "entry dropped: the server refuses it", NULL, 0);
	drop(s, s->call.status == 400 ? LOKI_DROP_REFUSED : LOKI_DROP_LINE);
}

/* Counts what the server says of single entries, and says it once a stream. False: it says nothing
 * of the kind. */
static bool said_of_entries(struct loki_sender *s, const char *msg)
{
	struct loki_refusals all = {.rest = s->call.answer};
	struct loki_tenant *t = first(s)->tenant;
	struct loki_refusal one;
	size_t n = 0;

	for (; loki_refusals_next(&all, &one); n++) {
		struct str text = loki_answer_line(one.line);

		loki_tenant_refused(t, one.why, one.entries);
		if (n < MAX_SAID)
			say_this(s, &(struct saying){LOG_ERROR, msg, NULL, 0, text, one.stream});
	}
	return n > 0;
}

static void refused(struct loki_sender *s)
{
	static const char msg[] = "push refused, what the server did not take is dropped";
	bool limited = s->call.status == 429;
	const char *hint = limited ? "with retry_on_http_429 = true the lines would wait" : NULL;

	if (limited || !said_of_entries(s, msg))
		say(s, LOG_ERROR, msg, hint, 0);
	drop(s, limited ? LOKI_DROP_RATE : LOKI_DROP_REFUSED);
}

static void on_done(struct http_call *call, enum http_outcome outcome)
{
	struct loki_sender *s = container_of(call, struct loki_sender, call);
	struct loki_request *r = first(s);
	int status = outcome == HTTP_ANSWERED ? call->status : 0;
	enum loki_verdict v;

	must(s->state == SENDER_SENDING);
	s->answered = outcome == HTTP_ANSWERED;
	v = loki_answer_judge(outcome, status, call->answer, s->flying->retry_429);
	s->flying = NULL;
	s->tries++;
	loki_tenant_answered(r->tenant, status, loop_now(s->loop) - call->started);
	metric_observe(r->tenant->request_size, (double)r->body.n);
	if (v == LOKI_HOLD)
		blame_settings(s);
	else if (s->answered)
		s->fault[0] = 0;
	switch (v) {
	case LOKI_DELIVERED:
		s->tries--;
		delivered(s);
		break;
	case LOKI_RETRY:
	case LOKI_HOLD:
		try_later(s, v == LOKI_HOLD);
		break;
	case LOKI_SPLIT:
		split(s);
		break;
	case LOKI_REFUSED:
		refused(s);
		break;
	}
	s->changed(s);
}

void loki_sender_init(struct loki_sender *s, struct loop *l, const struct loki_send_settings *set,
	void (*changed)(struct loki_sender *s))
{
	*s = (struct loki_sender){.loop = l, .set = set, .changed = changed};
	list_init(&s->queue);
	s->call.done = on_done;
	s->timer.fire = on_timer;
}

void loki_sender_add(struct loki_sender *s, struct loki_request *r)
{
	if (!list_is_empty(&s->queue) && s->queue.next != s->queue.prev)
		loki_request_pack(r); /* two are in front of it */
	list_add_last(&s->queue, &r->link);
	s->bytes += r->body.n;
	if (s->state == SENDER_IDLE)
		send_next(s);
}

struct loki_request *loki_sender_whole(const struct loki_sender *s)
{
	LIST_EACH (r, &s->queue, struct loki_request, link) {
		if (!r->is_covered)
			return r;
	}
	return NULL;
}

void loki_sender_keep_first(struct loki_sender *s, struct list *rest)
{
	struct loki_request *whole = loki_sender_whole(s);

	while (whole && s->queue.prev != &whole->link) {
		struct loki_request *r = container_of(s->queue.prev, struct loki_request, link);

		list_remove(&r->link);
		list_add_first(rest, &r->link);
		s->bytes -= r->body.n;
	}
}

void loki_sender_change(struct loki_sender *s, const struct loki_send_settings *set)
{
	s->set = set;
	s->fault[0] = 0;
	memset(s->said, 0, sizeof(s->said));
	if (s->state == SENDER_WAITING)
		send_next(s);
}

static void append(struct loki_sender *s, struct list *more)
{
	LIST_EACH (r, more, struct loki_request, link) {
		list_remove(&r->link);
		list_add_last(&s->queue, &r->link);
		s->bytes += r->body.n;
	}
}

void loki_sender_abandon(struct loki_sender *s, struct list *more, bool settle_them)
{
	if (s->state == SENDER_SENDING)
		s->flying->cancel(&s->call);
	s->flying = NULL;
	append(s, more);
	while (!list_is_empty(&s->queue)) {
		struct loki_request *r = first(s);
		struct ack_set acks = r->acks;

		r->acks = (struct ack_set){0};
		s->bytes -= r->body.n;
		list_remove(&r->link);
		if (settle_them)
			loki_tenant_dropped(r->tenant, LOKI_DROP_GONE, r->entries, r->body.n);
		if (settle_them)
			loki_request_settled(r);
		loki_request_free(r);
		if (settle_them)
			ack_set_release(&acks);
		else
			ack_set_fail(&acks);
	}
	set_state(s, SENDER_IDLE);
	must(s->bytes == 0);
}
