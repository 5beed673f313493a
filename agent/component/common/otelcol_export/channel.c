/*
 * The queue of one signal; what takes from it is sender.c.
 *
 * With a storage a request is on disk before channel_push() has answered, so it is not gathered
 * with others first. It is compressed when it is put into the queue, once: that is what it is
 * charged for, and a retry costs nothing but the sending.
 */

#include "agent/base/arena.h"
#include "agent/base/err.h"
#include "agent/base/log.h"
#include "agent/base/mem.h"
#include "agent/base/metric.h"
#include "agent/component/common/auth_handler.h"
#include "agent/component/common/otelcol_export/channel_private.h"
#include "agent/component/common/otelcol_export/sender.h"
#include "agent/flow/ack.h"
#include "agent/flow/budget.h"
#include "agent/flow/client.h"
#include "agent/graph/context.h"
#include "proto/otlp/slice.h"

#include <stdlib.h>

enum {
	KEEP_BUFFER = 1 << 20,
	MAX_REQUEST = 64 << 20, /* the largest that OTLP recommends receivers to take */
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

static void send_gathered(struct channel *c);
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
	export_queue_init(&c->queue, x->base.agent->otlp_budget);
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
	if (n <= c->n_senders)
		return;
	c->senders = mem_resize(c->senders, n * sizeof(struct sender *));
	while (c->n_senders < n)
		c->senders[c->n_senders++] = sender_new(c);
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
	channel_pump(c);
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
		struct queued *left = sender_free(c->senders[i]);

		if (left)
			lose(c, left);
	}
	export_queue_leave_waiting(&c->queue);
	while ((q = export_queue_take(&c->queue)))
		lose(c, q);
	export_queue_fini(&c->queue);
	budget_return(c->x->base.agent->otlp_budget, c->gathered.n);
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

void channel_drop(struct channel *c, uint32_t items, const char *why, const char *hint)
{
	metric_add(c->failed, items);
	log_error(c->x->base.id, "Exporting failed. Dropping data.", KV("error", why),
		KV("signal", signal_names[c->kind]), KV("dropped_items", items),
		KV("endpoint", c->url), KV("hint", hint));
}

bool channel_enqueue(struct channel *c, const struct telemetry *t, bool first)
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
		channel_drop(c, t->items, "the request is larger than 64 MiB",
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
		ok = channel_enqueue(c, &part, false);
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
		return channel_enqueue(c, t, false);
	if (enqueue_cut(c, t, 0, t->items))
		return true;
	export_queue_undo(&c->queue, c->queue.queued - before, false);
	return false;
}

void channel_pump(struct channel *c)
{
	struct sender *s;

	while (c->queue.queued > 0 && (s = idle_sender(c))) {
		s->q = export_queue_take(&c->queue);
		metric_add(c->failed, (double)c->queue.lost);
		c->queue.lost = 0;
		if (s->q)
			sender_send(s);
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
	budget_return(c->x->base.agent->otlp_budget, all.n);
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
	channel_pump(c);
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
	budget_charge(c->x->base.agent->otlp_budget, t->bytes.n);
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
		channel_drop(c, t->items, e.text, "see otelcol.auth.headers");
		return CONSUMED;
	}
	if (q->enabled && q->batch && !c->queue.disk)
		gather(c, &mine);
	else
		ok = enqueue_all(c, &mine);
	client_release(mine.client);
	if (!ok)
		return refuse(c, t);
	channel_pump(c);
	return CONSUMED;
}

void channel_flush(struct channel *c)
{
	if (c->x->is_stopping)
		export_queue_leave_waiting(&c->queue);
	if (c->gathered_items > 0)
		send_gathered(c);
	for (size_t i = 0; i < c->n_senders; i++)
		sender_hurry(c->senders[i]);
	channel_pump(c);
}

bool channel_is_empty(const struct channel *c)
{
	return c->queue.requests == 0 && c->gathered_items == 0;
}
