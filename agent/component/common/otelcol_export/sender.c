/*
 * Who sends the requests of a channel's queue.
 *
 * Up to num_consumers are under way; one that waits for its retry keeps its place, so an upstream
 * that is down sees no more than these (as the Collector does). When an upstream refuses with 400 a
 * request of several resources, it is halved and sent again, until only what is bad is refused: one
 * bad client cannot spoil a batch.
 */

#include "agent/component/common/otelcol_export/sender.h"

#include "agent/base/err.h"
#include "agent/base/log.h"
#include "agent/base/mem.h"
#include "agent/base/metric.h"
#include "agent/base/must.h"
#include "agent/component/common/otelcol_export/channel_private.h"
#include "proto/otlp/resource.h"
#include "proto/otlp/slice.h"

#include <stdlib.h>

#define STOPPING_WAIT \
	(INT64_C(500) * 1000000) /* ns; longest between tries when the time is short */

#define HAND_OVER_WAIT (INT64_C(200) * 1000000)

static void hand_over(struct sender *s);

/* The sender is free for the next; the request waits on disk for the next life. */
static void leave(struct sender *s)
{
	export_queue_leave(&s->channel->queue, s->q);
	s->q = NULL;
	s->state = IDLE;
}

/* The sender is free for the next. The last thing that is done with it, for its data's ack may
 * bring more at once. */
static void finish(struct sender *s)
{
	struct queued *q = s->q;

	s->q = NULL;
	s->state = IDLE;
	export_queue_done(&s->channel->queue, q);
}

static void after(struct channel *c)
{
	channel_pump(c);
	if ((c->x->is_stopping || c->x->is_leaving) && channel_is_empty(c))
		export_drained(c->x);
}

/* Tries again later, or gives up. */
static void retry(struct sender *s, int64_t retry_after, const char *why)
{
	struct channel *c = s->channel;
	const struct otelcol_retry *r = c->x->retry;
	struct loop *l = c->x->base.loop;
	struct queued *q = s->q;
	int64_t wait = export_backoff(r, &q->interval, loop_random(l, 1 << 20));

	if (c->x->is_stopping && queued_is_kept(q)) {
		leave(s);
		return;
	}
	if (c->x->is_leaving) {
		hand_over(s);
		return;
	}
	if (retry_after > wait)
		wait = retry_after;
	if (c->x->is_stopping && wait > STOPPING_WAIT)
		wait = STOPPING_WAIT;
	if (!r->enabled ||
		(r->max_elapsed_time > 0 && loop_now(l) - q->since + wait > r->max_elapsed_time)) {
		channel_drop(c, q->items, why,
			"the destination was away for too long; see retry_on_failure");
		finish(s);
		return;
	}
	log_warn(c->x->base.id, "Exporting failed. Will retry the request after interval.",
		KV("error", why), KV("interval_ms", wait / 1000000), KV("endpoint", c->url));
	s->state = WAITING;
	timer_set(&s->timer, l, wait);
}

/* What a request was before it was packed, without its bytes. */
static struct telemetry telemetry_of(const struct channel *c, const struct queued *q)
{
	return (struct telemetry){
		.kind = c->kind, .items = q->items, .client = q->client, .ack = q->ack};
}

static size_t count_parts(struct str request)
{
	struct wire_reader r = wire_read(request);
	struct otlp_part p;
	size_t n = 0;

	while (otlp_part_next(&r, &p))
		n++;
	return n;
}

enum halved {
	HALVED,
	HALVES_NONE, /* it has only one part */
	HALVES_FULL, /* the disk does not take them; nothing has changed */
};

/* The later half first, as each comes before what is there. */
static enum halved enqueue_halves(
	struct channel *c, const struct telemetry *all, size_t middle)
{
	size_t before = c->queue.queued;

	for (int half = 1; half >= 0; half--) {
		struct telemetry t = *all;

		t.bytes = half ? str_from_at(all->bytes, middle) : str_head(all->bytes, middle);
		t.items = otlp_count((enum otlp_kind)c->kind, t.bytes);
		if (t.items == 0 || channel_enqueue(c, &t, true))
			continue;
		export_queue_undo(&c->queue, c->queue.queued - before, true);
		return HALVES_FULL;
	}
	return HALVED;
}

/* Puts the two halves of a refused request in its place. */
static enum halved halve(struct sender *s)
{
	struct channel *c = s->channel;
	struct exporter *x = c->x;
	enum halved done = HALVES_NONE;
	struct buf all = {0};
	struct telemetry t = telemetry_of(c, s->q);
	struct wire_reader r;
	struct otlp_part p;
	size_t parts = 0;

	if (x->protocol->unpack(x, s->q->format, (enum otlp_kind)c->kind,
		    (struct str){s->q->body, s->q->n}, &all))
		parts = count_parts(buf_str(&all));
	t.bytes = buf_str(&all);
	r = wire_read(t.bytes);
	for (size_t i = 0; i < parts / 2; i++)
		otlp_part_next(&r, &p);
	if (parts > 1)
		done = enqueue_halves(c, &t, r.at);
	buf_fini(&all);
	return done;
}

static void refused(struct sender *s, const struct verdict *v, const char *why)
{
	struct channel *c = s->channel;
	enum halved halved = v->is_malformed ? halve(s) : HALVES_NONE;

	switch (halved) {
	case HALVED:
		log_warn(c->x->base.id,
			"the destination refused a request of several resources; they are sent in "
			"two parts",
			KV("error", why), KV("items", s->q->items));
		break;
	case HALVES_NONE:
		channel_drop(c, s->q->items, why, v->hint);
		break;
	case HALVES_FULL:
		retry(s, -1, why);
		return;
	}
	finish(s);
}

static void delivered(struct sender *s)
{
	struct channel *c = s->channel;
	struct buf message = {0};
	uint32_t rejected = c->x->protocol->partial(
		&s->call, (enum otlp_kind)c->kind, s->q->items, &message);

	metric_add(c->sent, s->q->items - rejected);
	metric_add(c->failed, rejected);
	if (rejected > 0 || message.n > 0)
		log_warn(c->x->base.id, "Partial success response",
			KV("message", buf_str(&message)), KV("dropped_items", rejected),
			KV("signal", signal_names[c->kind]));
	buf_fini(&message);
	finish(s);
}

static void on_done(struct http_call *call, enum http_outcome outcome)
{
	struct sender *s = container_of(call, struct sender, call);
	struct channel *c = s->channel;
	struct verdict v = {.retry_after = -1, .hint = ""};
	struct buf why = {0};

	must(s->state == SENDING);
	c->x->protocol->judge(call, outcome, &v, &why);
	if (v.is_unauthorized)
		target_mark_stale(s->target); /* a file of credentials may have changed */
	target_release_later(s->target);
	s->target = NULL;
	switch (v.answer) {
	case ANSWER_DELIVERED:
		delivered(s);
		break;
	case ANSWER_RETRY:
		retry(s, v.retry_after, why.p);
		break;
	case ANSWER_REFUSED:
		refused(s, &v, why.p);
		break;
	}
	buf_fini(&why);
	after(c);
}

/* The settings have changed since it was packed. */
static bool repack(struct sender *s, const char *format)
{
	struct channel *c = s->channel;
	struct exporter *x = c->x;
	enum otlp_kind kind = (enum otlp_kind)c->kind;
	struct buf all = {0};
	bool ok = x->protocol->unpack(
		x, s->q->format, kind, (struct str){s->q->body, s->q->n}, &all);

	if (ok) {
		buf_clear(&x->work);
		x->protocol->pack(x, kind, buf_str(&all), &x->work);
		export_queue_repack(&c->queue, s->q, buf_str(&x->work), format);
		buf_clear(&x->work);
	}
	buf_fini(&all);
	return ok;
}

/* Another server gets it; later, if it has no room. */
static void hand_over(struct sender *s)
{
	struct channel *c = s->channel;
	struct exporter *x = c->x;
	struct telemetry t = telemetry_of(c, s->q);
	struct buf all = {0};
	enum consumed r = CONSUMED;

	if (x->protocol->unpack(x, s->q->format, (enum otlp_kind)c->kind,
		    (struct str){s->q->body, s->q->n}, &all)) {
		t.bytes = buf_str(&all);
		r = x->take_over(x, &t);
	}
	buf_fini(&all);
	if (r == CONSUMED) {
		finish(s);
		return;
	}
	s->state = WAITING;
	timer_set(&s->timer, x->base.loop, HAND_OVER_WAIT);
}

void sender_send(struct sender *s)
{
	struct channel *c = s->channel;
	const char *format = c->x->protocol->format(c->x);
	struct http_header headers[EXPORT_ALL_HEADERS];
	size_t n;
	struct err e;

	if (c->x->is_leaving) {
		hand_over(s);
		return;
	}
	if (strcmp(format, s->q->format) != 0 && !repack(s, format)) {
		channel_drop(c, s->q->items, "it was packed in a way that cannot be read",
			"it was kept by another version of the agent");
		finish(s);
		return;
	}

	if (s->q->since == 0)
		s->q->since = loop_now(c->x->base.loop);
	s->target = target_take(c->x, &e);
	if (!s->target) {
		retry(s, -1, e.text);
		return;
	}
	n = target_headers(s->target, c->x, s->q->client, headers, &e);
	if (n == 0) {
		target_release(s->target);
		s->target = NULL;
		channel_drop(c, s->q->items, e.text,
			"the values are those of the request that brought it");
		finish(s);
		return;
	}
	s->state = SENDING;
	s->call.method = "POST";
	s->call.url = c->url;
	s->call.body = (struct str){s->q->body, s->q->n};
	s->call.headers = headers;
	s->call.n_headers = n;
	http_call_start(target_http(s->target), &s->call);
	s->call.headers = NULL;
}

static void on_retry(struct timer *t)
{
	struct sender *s = container_of(t, struct sender, timer);

	must(s->state == WAITING);
	sender_send(s);
	if (s->state == IDLE)
		after(s->channel);
}

struct sender *sender_new(struct channel *c)
{
	const char *const *names = c->x->protocol->answer_headers;
	struct sender *s = mem_new(struct sender, 1);

	s->channel = c;
	s->call.done = on_done;
	s->call.answer_headers = s->answer_headers;
	for (; names[s->call.n_answer_headers]; s->call.n_answer_headers++)
		s->answer_headers[s->call.n_answer_headers].name = names[s->call.n_answer_headers];
	s->timer.fire = on_retry;
	return s;
}

struct queued *sender_free(struct sender *s)
{
	struct queued *q = s->q;

	http_call_cancel(&s->call);
	timer_clear(&s->timer);
	target_release(s->target);
	free(s);
	return q;
}

void sender_hurry(struct sender *s)
{
	if (s->state != WAITING)
		return;
	timer_clear(&s->timer);
	if (s->channel->x->is_stopping && queued_is_kept(s->q))
		leave(s);
	else
		sender_send(s);
}
