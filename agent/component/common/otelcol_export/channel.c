/*
 * Queue and senders of one signal.
 *
 * With a storage a request is on disk before channel_push() has answered, so it is not gathered
 * with others first. It is compressed when it is put into the queue, once: that is what it is
 * charged for, and a retry costs nothing but the sending. Up to num_consumers are under way; one
 * that waits for its retry keeps its place, so an upstream that is down sees no more than these (as
 * the Collector does). When an upstream refuses with 400 a request of several resources, it is
 * halved and sent again, until only what is bad is refused: one bad client cannot spoil a batch.
 */

#include "agent/base/arena.h"
#include "agent/base/err.h"
#include "agent/base/log.h"
#include "agent/base/mem.h"
#include "agent/base/metric.h"
#include "agent/base/must.h"
#include "agent/component/common/auth_handler.h"
#include "agent/component/common/otelcol_export/export.h"
#include "agent/component/common/otelcol_export/queue.h"
#include "agent/flow/ack.h"
#include "agent/flow/budget.h"
#include "agent/flow/client.h"
#include "agent/graph/context.h"
#include "proto/otlp/resource.h"
#include "proto/otlp/slice.h"

#include <stdlib.h>

#define STOPPING_WAIT \
	(INT64_C(500) * 1000000) /* ns; longest between tries when the time is short */

#define HAND_OVER_WAIT (INT64_C(200) * 1000000)

enum {
	KEEP_BUFFER = 1 << 20,
	MAX_REQUEST = 64 << 20, /* the largest that OTLP recommends receivers to take */
};

enum sender_state {
	IDLE,
	SENDING, /* a request is under way */
	WAITING, /* for the time of the next try */
};

struct sender {
	struct channel *channel;
	enum sender_state state;
	struct queued *q;
	struct target *target;
	struct http_call call;
	struct http_answer_header answer_headers[EXPORT_ANSWER_HEADERS];
	struct timer timer;
};

struct channel {
	struct exporter *x;
	enum signal_kind kind;
	struct arena url_arena;
	struct str url;
	struct export_queue queue;
	struct sender **senders; /* made once, for the loop knows their addresses */
	size_t n_senders;
	size_t limit;        /* of them that may work now */
	struct buf gathered; /* sending_queue { batch {} } */
	uint32_t gathered_items;
	struct ack *gathered_ack;       /* of all that is in it; NULL: nobody asks */
	struct client *gathered_client; /* … and it is all of this one */
	struct timer flush;
	struct metric *sent;
	struct metric *failed;
	struct metric *refused;
	struct metric *size;
	struct metric *capacity;
	struct metric *batch_size;
};

static const struct metric_family sent_families[SIGNAL_KINDS] = {
	[SIGNAL_TRACES] = {"otelcol_exporter_sent_spans_total", METRIC_COUNTER,
		"Spans that the destination took.", NULL},
	[SIGNAL_LOGS] = {"otelcol_exporter_sent_log_records_total", METRIC_COUNTER,
		"Log records that the destination took.", NULL},
	[SIGNAL_METRICS] = {"otelcol_exporter_sent_metric_points_total", METRIC_COUNTER,
		"Data points that the destination took.", NULL},
};
static const struct metric_family failed_families[SIGNAL_KINDS] = {
	[SIGNAL_TRACES] = {"otelcol_exporter_send_failed_spans_total", METRIC_COUNTER,
		"Spans that could not be delivered, and were dropped.", NULL},
	[SIGNAL_LOGS] = {"otelcol_exporter_send_failed_log_records_total", METRIC_COUNTER,
		"Log records that could not be delivered, and were dropped.", NULL},
	[SIGNAL_METRICS] = {"otelcol_exporter_send_failed_metric_points_total", METRIC_COUNTER,
		"Data points that could not be delivered, and were dropped.", NULL},
};
static const struct metric_family refused_families[SIGNAL_KINDS] = {
	[SIGNAL_TRACES] = {"otelcol_exporter_enqueue_failed_spans_total", METRIC_COUNTER,
		"Spans that the queue did not take, at each try; who brought them was told so.",
		NULL},
	[SIGNAL_LOGS] = {"otelcol_exporter_enqueue_failed_log_records_total", METRIC_COUNTER,
		"Log records that the queue did not take, at each try; who brought them was told "
		"so.",
		NULL},
	[SIGNAL_METRICS] = {"otelcol_exporter_enqueue_failed_metric_points_total", METRIC_COUNTER,
		"Data points that the queue did not take, at each try; who brought them was told "
		"so.",
		NULL},
};
static const struct metric_family size_family = {"otelcol_exporter_queue_size", METRIC_GAUGE,
	"What the queue holds, in units of its sizer.", NULL};
static const struct metric_family capacity_family = {"otelcol_exporter_queue_capacity",
	METRIC_GAUGE, "What the queue can hold, in units of its sizer.", NULL};
static const double batch_buckets[] = {
	10, 25, 50, 75, 100, 250, 500, 750, 1000, 2000, 3000, 4000, 5000, 10000, 30000, 100000, 0};
static const struct metric_family batch_size_family = {"otelcol_exporter_queue_batch_send_size",
	METRIC_HISTOGRAM, "Items in a request.", batch_buckets};

static void pump(struct channel *c);
static void hand_over(struct sender *s);
static void send_gathered(struct channel *c);
static void on_done(struct http_call *call, enum http_outcome outcome);
static void on_retry(struct timer *t);
static void on_flush(struct timer *t);

static const struct otelcol_queue *queue_args(const struct channel *c)
{
	return c->x->queue;
}

static struct metric *new_metric(
	const struct channel *c, const struct metric_family *f, bool by_signal)
{
	const struct metric_label labels[] = {
		{"component_id", c->x->base.id},
		{"component_path", "/"},
		{"exporter", c->x->protocol->name},
		{by_signal ? "data_type" : NULL, signal_names[c->kind]},
		{NULL, NULL},
	};

	return metric_new(f, labels);
}

static size_t used(const struct channel *c)
{
	struct str sizer = queue_args(c)->sizer;

	if (str_is(sizer, "items"))
		return c->queue.items + c->gathered_items;
	return str_is(sizer, "bytes") ? c->queue.bytes + c->gathered.n : c->queue.queued;
}

static double read_size(void *owner)
{
	return (double)used(owner);
}

/* Its folder: "otelcol.exporter.otlp.up.traces", with the slashes of modules' ids escaped. */
static bool keep_in(struct channel *c, struct storage *s, struct err *e)
{
	struct buf name = {0};
	bool ok;

	for (const char *p = c->x->base.id; *p; p++) {
		if (*p == '/' || *p == '%')
			buf_printf(&name, "%%%02X", (unsigned)*p);
		else
			buf_add_char(&name, *p);
	}
	buf_printf(&name, ".%s", signal_names[c->kind]);
	ok = export_queue_keep(&c->queue, s, buf_str(&name), c->kind, c->x->base.id, e);
	buf_fini(&name);
	return ok;
}

bool channel_keep(struct channel *c, const struct otelcol_queue *q, struct err *e)
{
	const struct auth_handler *h = q->enabled ? q->storage : NULL;

	if (c->x->base.agent->dry_run != DRY_RUN_OFF)
		return true;
	if (h && !h->storage)
		return err_set(e, "%s is not a storage; sending_queue wants the handler of an "
				  "otelcol.storage.file",
			h->id);
	if (c->gathered_items > 0)
		send_gathered(c); /* it has been acknowledged, so it stays in memory */
	return keep_in(c, h ? h->storage : NULL, e);
}

struct channel *channel_new(struct exporter *x, enum signal_kind kind, struct err *e)
{
	struct channel *c = mem_new(struct channel, 1);

	c->x = x;
	c->kind = kind;
	c->flush.fire = on_flush;
	export_queue_init(&c->queue, x->base.agent->budget);
	arena_init(&c->url_arena, 0);
	c->sent = new_metric(c, &sent_families[kind], false);
	c->failed = new_metric(c, &failed_families[kind], false);
	c->refused = new_metric(c, &refused_families[kind], false);
	c->size = new_metric(c, &size_family, true);
	metric_set_reader(c->size, read_size, c);
	c->capacity = new_metric(c, &capacity_family, true);
	c->batch_size = new_metric(c, &batch_size_family, true);
	if (!channel_keep(c, x->queue, e)) {
		channel_free(c);
		return NULL;
	}
	channel_update(c);
	return c;
}

static struct sender *idle_sender(struct channel *c)
{
	for (size_t i = 0; i < c->limit && i < c->n_senders; i++)
		if (c->senders[i]->state == IDLE)
			return c->senders[i];
	return NULL;
}

static void make_senders(struct channel *c, size_t n)
{
	const char *const *names = c->x->protocol->answer_headers;

	if (n <= c->n_senders)
		return;
	c->senders = mem_resize(c->senders, n * sizeof(struct sender *));
	for (; c->n_senders < n; c->n_senders++) {
		struct sender *s = mem_new(struct sender, 1);

		s->channel = c;
		s->call.done = on_done;
		s->call.answer_headers = s->answer_headers;
		for (; names[s->call.n_answer_headers]; s->call.n_answer_headers++)
			s->answer_headers[s->call.n_answer_headers].name =
				names[s->call.n_answer_headers];
		s->timer.fire = on_retry;
		c->senders[c->n_senders] = s;
	}
}

void channel_update(struct channel *c)
{
	const struct otelcol_queue *q = queue_args(c);
	size_t want = q->num_consumers > 0 ? (size_t)q->num_consumers : 1;

	arena_clear(&c->url_arena);
	c->url = arena_str(&c->url_arena, c->x->protocol->url(c->x, c->kind, &c->url_arena));
	metric_set(c->capacity, (double)(q->enabled ? q->queue_size : q->num_consumers));
	make_senders(c, want);
	c->limit = want;
	pump(c);
}

/* Nobody sends it any more, in this life of the process. Whoever asks for an answer brings it
 * again, so it is not lost. */
static void lose(struct channel *c, struct queued *q)
{
	if (queued_is_kept(q)) {
		export_queue_leave(&c->queue, q);
		return;
	}
	if (!q->ack)
		metric_add(c->failed, q->items);
	export_queue_lose(&c->queue, q);
}

void channel_free(struct channel *c)
{
	struct queued *q;

	if (!c)
		return;
	for (size_t i = 0; i < c->n_senders; i++) {
		struct sender *s = c->senders[i];

		http_call_cancel(&s->call);
		timer_clear(&s->timer);
		target_release(s->target);
		if (s->q)
			lose(c, s->q);
		free(s);
	}
	export_queue_leave_waiting(&c->queue);
	while ((q = export_queue_take(&c->queue)))
		lose(c, q);
	export_queue_fini(&c->queue);
	budget_return(c->x->base.agent->budget, c->gathered.n);
	if (c->gathered_ack)
		ack_fail(c->gathered_ack);
	client_release(c->gathered_client);
	timer_clear(&c->flush);
	buf_fini(&c->gathered);
	free(c->senders);
	arena_fini(&c->url_arena);
	metric_free(c->sent);
	metric_free(c->failed);
	metric_free(c->refused);
	metric_free(c->size);
	metric_free(c->capacity);
	metric_free(c->batch_size);
	free(c);
}

static void drop(struct channel *c, uint32_t items, const char *why, const char *hint)
{
	metric_add(c->failed, items);
	log_error(c->x->base.id, "Exporting failed. Dropping data.", KV("error", why),
		KV("signal", signal_names[c->kind]), KV("dropped_items", items),
		KV("endpoint", c->url), KV("hint", hint));
}

/* first: it is a part of one that was at the head. False: the disk does not take it. */
static bool enqueue(struct channel *c, const struct telemetry *t, bool first)
{
	struct exporter *x = c->x;
	struct queue_entry entry = {
		.items = t->items,
		.format = x->protocol->format(x),
		.kind = c->kind,
		.client = t->client,
		.ack = t->ack,
	};
	struct err e;
	bool ok;

	if (t->bytes.n > MAX_REQUEST) {
		drop(c, t->items, "the request is larger than 64 MiB",
			"the programs that send here should send smaller requests");
		return true;
	}
	buf_clear(&x->work);
	x->protocol->pack(x, (enum otlp_kind)c->kind, t->bytes, &x->work);
	entry.body = buf_str(&x->work);
	ok = export_queue_add(&c->queue, &entry, first, &e);
	if (ok)
		metric_observe(c->batch_size, t->items);
	buf_clear(&x->work);
	buf_shrink(&x->work, KEEP_BUFFER);
	return ok;
}

/* A request that is larger than the upstream takes, in pieces: halves, and halves of these. One
 * item alone is sent as it is. */
static bool enqueue_cut(struct channel *c, const struct telemetry *t, uint32_t from, uint32_t n)
{
	struct telemetry part = *t;
	struct buf piece = {0};
	bool ok;

	otlp_slice((enum otlp_kind)c->kind, t->bytes, from, n, &piece);
	if (piece.n <= c->x->protocol->max_request || n < 2) {
		part.bytes = buf_str(&piece);
		part.items = n;
		ok = enqueue(c, &part, false);
		buf_fini(&piece);
		return ok;
	}
	buf_fini(&piece);
	return enqueue_cut(c, t, from, n / 2) && enqueue_cut(c, t, from + n / 2, n - n / 2);
}

/* All of it is in the queue, or (false) nothing, for it is brought again. */
static bool enqueue_all(struct channel *c, const struct telemetry *t)
{
	size_t before = c->queue.queued;

	if (t->bytes.n <= c->x->protocol->max_request || t->items < 2)
		return enqueue(c, t, false);
	if (enqueue_cut(c, t, 0, t->items))
		return true;
	export_queue_undo(&c->queue, c->queue.queued - before, false);
	return false;
}

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
	pump(c);
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
		drop(c, q->items, why,
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
		if (t.items == 0 || enqueue(c, &t, true))
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
		drop(c, s->q->items, why, v->hint);
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

static void send_now(struct sender *s)
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
		drop(c, s->q->items, "it was packed in a way that cannot be read",
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
		drop(c, s->q->items, e.text, "the values are those of the request that brought it");
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
	send_now(s);
	if (s->state == IDLE)
		after(s->channel);
}

static void pump(struct channel *c)
{
	struct sender *s;

	while (c->queue.queued > 0 && (s = idle_sender(c))) {
		s->q = export_queue_take(&c->queue);
		metric_add(c->failed, (double)c->queue.lost);
		c->queue.lost = 0;
		if (s->q)
			send_now(s);
	}
}

/* What has been gathered is one request, or several if there is a largest size. */
static void send_gathered(struct channel *c)
{
	const struct otelcol_queue_batch *b = queue_args(c)->batch;
	struct buf all = c->gathered;
	uint32_t items = c->gathered_items;
	uint32_t max = b && b->max_size > 0 && b->max_size < UINT32_MAX && str_is(b->sizer, "items")
			       ? (uint32_t)b->max_size
			       : items;
	struct telemetry t = {
		.kind = c->kind,
		.bytes = buf_str(&all),
		.items = items,
		.client = c->gathered_client,
		.ack = c->gathered_ack,
	};
	struct buf piece = {0};

	timer_clear(&c->flush);
	c->gathered = (struct buf){0};
	c->gathered_items = 0;
	c->gathered_ack = NULL;
	c->gathered_client = NULL;
	budget_return(c->x->base.agent->budget, all.n);
	if (items <= max && items > 0)
		enqueue_all(c, &t);
	for (uint32_t from = 0; items > max && from < items; from += max) {
		buf_clear(&piece);
		otlp_slice((enum otlp_kind)c->kind, buf_str(&all), from, max, &piece);
		t.bytes = buf_str(&piece);
		t.items = items - from < max ? items - from : max;
		enqueue_all(c, &t);
	}
	buf_fini(&piece);
	buf_fini(&all);
	client_release(t.client);
	pump(c);
	if (t.ack)
		ack_release(t.ack);
}

static void on_flush(struct timer *t)
{
	send_gathered(container_of(t, struct channel, flush));
}

static void gather(struct channel *c, const struct telemetry *t)
{
	const struct otelcol_queue_batch *b = queue_args(c)->batch;
	bool by_bytes = str_is(b->sizer, "bytes");

	if (c->gathered_items > 0 &&
		!str_eq(client_pairs(c->gathered_client), client_pairs(t->client)))
		send_gathered(c); /* headers of a request are those of one client */
	if (c->gathered_items == 0)
		c->gathered_client = client_hold(t->client);
	buf_add_str(&c->gathered, t->bytes);
	c->gathered_items += t->items;
	ack_gather(&c->gathered_ack, t->ack);
	budget_charge(c->x->base.agent->budget, t->bytes.n);
	if ((by_bytes ? (int64_t)c->gathered.n : (int64_t)c->gathered_items) >= b->min_size)
		send_gathered(c);
	else if (!timer_is_set(&c->flush))
		timer_set(&c->flush, c->x->base.loop, b->flush_timeout);
}

static size_t weight(const struct channel *c, const struct telemetry *t)
{
	struct str sizer = queue_args(c)->sizer;

	if (str_is(sizer, "items"))
		return t->items;
	return str_is(sizer, "bytes") ? t->bytes.n : 1;
}

bool channel_is_full(const struct channel *c, const struct telemetry *t)
{
	const struct otelcol_queue *q = queue_args(c);
	size_t now = used(c);

	return q->enabled ? now > 0 && now + weight(c, t) > (size_t)q->queue_size
			  : c->queue.requests >= c->limit;
}

static enum consumed refuse(struct channel *c, const struct telemetry *t)
{
	metric_add(c->refused, t->items);
	return CONSUMER_FULL;
}

enum consumed channel_push(struct channel *c, const struct telemetry *t)
{
	const struct otelcol_queue *q = queue_args(c);
	struct telemetry mine = *t;
	bool ok = true;
	struct err e;

	if (channel_is_full(c, t))
		return refuse(c, t);
	if (!target_keep_client(c->x, t->client, &mine.client, &e)) {
		drop(c, t->items, e.text, "see otelcol.auth.headers");
		return CONSUMED;
	}
	if (q->enabled && q->batch && !c->queue.disk)
		gather(c, &mine);
	else
		ok = enqueue_all(c, &mine);
	client_release(mine.client);
	if (!ok)
		return refuse(c, t);
	pump(c);
	return CONSUMED;
}

void channel_flush(struct channel *c)
{
	if (c->x->is_stopping)
		export_queue_leave_waiting(&c->queue);
	if (c->gathered_items > 0)
		send_gathered(c);
	for (size_t i = 0; i < c->n_senders; i++) {
		struct sender *s = c->senders[i];

		if (s->state != WAITING)
			continue;
		timer_clear(&s->timer);
		if (c->x->is_stopping && queued_is_kept(s->q))
			leave(s);
		else
			send_now(s);
	}
	pump(c);
}

bool channel_is_empty(const struct channel *c)
{
	return c->queue.requests == 0 && c->gathered_items == 0;
}
