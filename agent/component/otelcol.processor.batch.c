/*
 * otelcol.processor.batch: gathers requests until they are send_batch_size items or timeout old,
 * and hands them on as one. The concatenation of two requests is their merge, so a batch is
 * bytes that are appended; cutting at send_batch_max_size copies, and never looks inside an item.
 *
 * With metadata_keys there is a batch for each combination of their values. One that is empty is
 * forgotten, so metadata_cardinality_limit counts those that hold something; beyond it this is full
 * (the Collector keeps all it ever saw, and refuses others for good).
 *
 * As Alloy's, it takes data before it is delivered. But it does not hide back-pressure: what
 * follows being full, the batch is kept and this is full too.
 */

#include "agent/base/log.h"
#include "agent/base/map.h"
#include "agent/base/mem.h"
#include "agent/base/metric.h"
#include "agent/component/common/otelcol_fanout.h"
#include "agent/flow/ack.h"
#include "agent/flow/budget.h"
#include "agent/flow/client.h"
#include "agent/graph/context.h"
#include "agent/loop/loop.h"
#include "proto/otlp/slice.h"

#include <stdlib.h>

struct batch_args {
	struct range at;
	int64_t timeout;
	uint64_t send_batch_size;
	uint64_t send_batch_max_size;
	struct arg_strs metadata_keys;
	uint64_t metadata_cardinality_limit;
	struct otelcol_output *output;
	struct otelcol_debug_metrics *debug_metrics;
};

/* The batch of one signal, and of one combination of metadata. */
struct shard {
	struct batch *owner;
	enum signal_kind kind;
	struct client *client; /* only what metadata_keys name; NULL: nothing */
	struct ack *ack;       /* of all that is in it; NULL: nobody asks */
	struct buf bytes;
	uint32_t items;
	uint32_t
		sent; /* of them, when the batch goes out in pieces and there was no room for all */
	struct timer timer;
	bool is_blocked; /* what follows was full; the timer brings it again */
};

struct batch {
	struct component base;
	const struct batch_args *args;
	struct consumer input;
	struct fanout out;
	struct shard plain[SIGNAL_KINDS]; /* without metadata */
	struct map others[SIGNAL_KINDS];  /* by the pairs of their client */
	struct buf pairs;
	bool has_warned; /* of too many combinations */
	struct buf piece;
	bool is_stopping;
	struct metric *send_size;
	struct metric *send_bytes;
	struct metric *by_timeout;
	struct metric *by_size;
	struct metric *cardinality;
};

static const struct arg batch_args[] = {
	ARG_PLACE(batch_args, at),
	ARG(batch_args, timeout, .type = ARG_DURATION, .def = "200ms",
		.help = "How long to wait before a batch is sent."),
	ARG(batch_args, send_batch_size, .type = ARG_UINT, .def = "2000",
		.help = "A batch with so many items is sent at once."),
	ARG(batch_args, send_batch_max_size, .type = ARG_UINT, .def = "3000",
		.help = "Largest size of a batch; 0: no limit."),
	ARG(batch_args, metadata_keys, .type = ARG_STRS,
		.help = "Headers of the client whose values make a batch of their own."),
	ARG(batch_args, metadata_cardinality_limit, .type = ARG_UINT, .def = "1000",
		.help = "How many such batches there may be of a signal; 0: no limit."),
	ARG(batch_args, output, .type = ARG_BLOCK, .flags = ARG_REQUIRED, OTELCOL_OUTPUT),
	ARG(batch_args, debug_metrics, .type = ARG_BLOCK, OTELCOL_DEBUG_METRICS),
	ARGS_END,
};

static const double size_buckets[] = {10, 25, 50, 75, 100, 250, 500, 750, 1000, 2000, 3000, 4000,
	5000, 6000, 7000, 8000, 9000, 10000, 20000, 30000, 50000, 100000, 0};
static const double bytes_buckets[] = {10, 25, 50, 75, 100, 250, 500, 750, 1000, 2000, 3000, 4000,
	5000, 6000, 7000, 8000, 9000, 10000, 20000, 30000, 50000, 100000, 200000, 300000, 400000,
	500000, 600000, 700000, 800000, 900000, 1000000, 2000000, 3000000, 4000000, 5000000,
	6000000, 7000000, 8000000, 9000000, 0};
static const struct metric_family send_size_family = {"otelcol_processor_batch_batch_send_size",
	METRIC_HISTOGRAM, "Items in a batch that was sent.", size_buckets};
static const struct metric_family send_bytes_family = {
	"otelcol_processor_batch_batch_send_size_bytes", METRIC_HISTOGRAM,
	"Bytes in a batch that was sent.", bytes_buckets};
static const struct metric_family by_timeout_family = {
	"otelcol_processor_batch_timeout_trigger_send_total", METRIC_COUNTER,
	"Batches that were sent by their age.", NULL};
static const struct metric_family by_size_family = {
	"otelcol_processor_batch_batch_size_trigger_send_total", METRIC_COUNTER,
	"Batches that were sent by their size.", NULL};
static const struct metric_family cardinality_family = {
	"otelcol_processor_batch_metadata_cardinality", METRIC_GAUGE,
	"Combinations of metadata that have a batch.", NULL};

/* Handed on, or kept by the fanout. False: nothing was. */
static bool hand_on(const struct shard *s, struct str bytes, uint32_t items, struct ack *ack)
{
	struct telemetry t = {
		.kind = s->kind, .bytes = bytes, .items = items, .client = s->client, .ack = ack};
	struct batch *b = s->owner;

	if (fanout_push(&b->out, &t) == CONSUMER_FULL)
		return false;
	metric_observe(b->send_size, items);
	metric_observe(b->send_bytes, (double)bytes.n);
	return true;
}

static void shard_clear(struct shard *s)
{
	struct batch *b = s->owner;
	struct ack *ack = s->ack;

	budget_return(b->base.agent->otlp_budget, s->bytes.n);
	buf_clear(&s->bytes);
	if (s->bytes.cap > 8 << 20)
		buf_shrink(&s->bytes, 0);
	s->items = 0;
	s->sent = 0;
	s->ack = NULL;
	if (ack)
		ack_release(ack); /* more may come of it at once */
}

static bool is_due(const struct shard *s, uint32_t items)
{
	const struct batch_args *a = s->owner->args;

	return items > 0 &&
	       (a->timeout <= 0 || a->send_batch_size == 0 || items >= a->send_batch_size);
}

/* Sends one piece of at most max items of what is left. False: full. */
static bool send_piece(struct shard *s, uint32_t max)
{
	struct batch *b = s->owner;
	uint32_t left = s->items - s->sent;
	uint32_t n = max > 0 && left > max ? max : left;

	if (n == s->items) {
		if (!hand_on(s, buf_str(&s->bytes), n, s->ack))
			return false;
		shard_clear(s);
		return true;
	}
	buf_clear(&b->piece);
	otlp_slice((enum otlp_kind)s->kind, buf_str(&s->bytes), s->sent, n, &b->piece);
	if (!hand_on(s, buf_str(&b->piece), n, s->ack))
		return false;
	s->sent += n;
	if (s->sent == s->items)
		shard_clear(s);
	return true;
}

/* What is left of a batch that was cut becomes the next batch. It is mostly of the newest request
 * alone; were the others' acks kept too, none would ever be settled while more comes. */
static void keep_rest(struct shard *s, const struct telemetry *newest)
{
	struct batch *b = s->owner;
	uint32_t left = s->items - s->sent;
	struct ack *old = s->ack;
	struct ack *ack = NULL;

	if (s->sent == 0)
		return;
	s->ack = NULL;
	ack_gather(&ack, newest && left <= newest->items ? newest->ack : old);
	buf_clear(&b->piece);
	otlp_slice((enum otlp_kind)s->kind, buf_str(&s->bytes), s->sent, left, &b->piece);
	shard_clear(s);
	buf_add_str(&s->bytes, buf_str(&b->piece));
	budget_charge(b->base.agent->otlp_budget, s->bytes.n);
	s->items = left;
	s->ack = ack;
	if (old)
		ack_release(old);
}

/* Sends while there is enough for a batch, or all there is. newest: what was added just now, or
 * NULL. */
static void shard_send(struct shard *s, bool all, const struct telemetry *newest)
{
	struct batch *b = s->owner;
	uint64_t max = b->args->send_batch_max_size;

	s->is_blocked = false;
	while (s->items > 0 && (all || is_due(s, s->items - s->sent))) {
		if (!send_piece(s, max > UINT32_MAX ? 0 : (uint32_t)max)) {
			s->is_blocked = true;
			break;
		}
	}
	if (!s->is_blocked)
		keep_rest(s, newest);
	buf_clear(&b->piece);
	buf_shrink(&b->piece, 1 << 20);
	timer_clear(&s->timer);
	if (s->is_blocked)
		timer_set(&s->timer, b->base.loop, OTELCOL_RETRY_PAUSE);
	else if (s->items > 0)
		timer_set(&s->timer, b->base.loop, b->args->timeout);
}

/* ---- combinations of metadata ---- */

static void on_timer(struct timer *t);

static void count(struct batch *b)
{
	size_t most = 1;

	for (size_t i = 0; i < SIGNAL_KINDS; i++)
		most = b->others[i].n > most ? b->others[i].n : most;
	metric_set(b->cardinality, (double)most);
}

static void shard_init(struct shard *s, struct batch *b, enum signal_kind kind)
{
	*s = (struct shard){.owner = b, .kind = kind, .timer = {.fire = on_timer}};
}

static void shard_fini(struct shard *s)
{
	timer_clear(&s->timer);
	budget_return(s->owner->base.agent->otlp_budget, s->bytes.n + client_size(s->client));
	buf_fini(&s->bytes);
	client_release(s->client);
}

/* s may be gone after it. */
static void forget_if_empty(struct shard *s)
{
	struct batch *b = s->owner;

	if (!s->client || s->items > 0)
		return;
	map_remove(&b->others[s->kind], client_pairs(s->client));
	shard_fini(s);
	free(s);
	count(b);
}

/* NULL: there are as many as may be. */
static struct shard *add_shard(struct batch *b, enum signal_kind kind, struct str pairs)
{
	uint64_t limit = b->args->metadata_cardinality_limit;
	struct shard *s;

	if (limit > 0 && b->others[kind].n >= limit) {
		if (!b->has_warned)
			log_warn(b->base.id,
				"too many combinations of metadata; senders of others have to wait",
				KV("metadata_cardinality_limit", limit),
				KV("hint", "name fewer headers, or raise the limit"));
		b->has_warned = true;
		return NULL;
	}
	s = mem_new(struct shard, 1);
	shard_init(s, b, kind);
	s->client = client_new(pairs);
	budget_charge(b->base.agent->otlp_budget, client_size(s->client));
	map_set(&b->others[kind], pairs, s);
	count(b);
	return s;
}

/* The one that data belongs to; NULL: there is none, nor may there be one more. */
static struct shard *shard_for(struct batch *b, const struct telemetry *t)
{
	const struct arg_strs *keys = &b->args->metadata_keys;
	struct shard *s;
	struct str value;

	if (!t->client || keys->n == 0)
		return &b->plain[t->kind];
	buf_clear(&b->pairs);
	for (size_t i = 0; i < keys->n; i++)
		for (size_t at = 0;
			client_next(t->client, CLIENT_METADATA, keys->p[i], &at, &value);)
			client_put(&b->pairs, CLIENT_METADATA, keys->p[i], value);
	if (b->pairs.n == 0)
		return &b->plain[t->kind];
	s = map_find(&b->others[t->kind], buf_str(&b->pairs));
	return s ? s : add_shard(b, t->kind, buf_str(&b->pairs));
}

/* ---- */

static void stop_when_empty(struct batch *b);

static void on_timer(struct timer *t)
{
	struct shard *s = container_of(t, struct shard, timer);
	struct batch *b = s->owner;

	if (!s->is_blocked)
		metric_add(b->by_timeout, 1);
	shard_send(s, true, NULL);
	forget_if_empty(s);
	if (b->is_stopping)
		stop_when_empty(b);
}

/* One that is a batch by itself need not be copied. */
static bool goes_through(const struct batch *b, const struct shard *s, const struct telemetry *t)
{
	uint64_t max = b->args->send_batch_max_size;

	return s->items == 0 && is_due(s, t->items) && (max == 0 || t->items <= max);
}

static enum consumed shard_take(struct shard *s, const struct telemetry *t)
{
	struct batch *b = s->owner;

	if (s->is_blocked)
		return CONSUMER_FULL;
	if (goes_through(b, s, t)) {
		if (!hand_on(s, t->bytes, t->items, t->ack))
			return CONSUMER_FULL;
		metric_add(b->by_size, 1);
		return CONSUMED;
	}
	buf_add_str(&s->bytes, t->bytes);
	budget_charge(b->base.agent->otlp_budget, t->bytes.n);
	s->items += t->items;
	ack_gather(&s->ack, t->ack);
	if (is_due(s, s->items)) {
		metric_add(b->by_size, 1);
		shard_send(s, false, t);
	} else if (!timer_is_set(&s->timer)) {
		timer_set(&s->timer, b->base.loop, b->args->timeout);
	}
	return CONSUMED;
}

static enum consumed batch_consume(struct consumer *c, const struct telemetry *t)
{
	struct batch *b = container_of(c, struct batch, input);
	enum consumed result;
	struct shard *s;

	if (!fanout_takes(&b->out, t->kind))
		return CONSUMER_NONE;
	s = shard_for(b, t);
	if (!s)
		return CONSUMER_FULL;
	result = shard_take(s, t);
	forget_if_empty(s);
	return result;
}

/* As container_of(), for what is const. */
static const struct batch *from_input(const struct consumer *c)
{
	return (const void *)((const char *)c - offsetof(struct batch, input));
}

static bool batch_takes(const struct consumer *c, enum signal_kind kind)
{
	const struct batch *b = from_input(c);

	return fanout_takes(&b->out, kind);
}

static struct metric *new_metric(const struct component *c, const struct metric_family *f)
{
	const struct metric_label labels[] = {{"component_id", c->id}, {"component_path", "/"},
		{"processor", "batch"}, {NULL, NULL}};

	return metric_new(f, labels);
}

static void fini(struct batch *b)
{
	for (size_t i = 0; i < SIGNAL_KINDS; i++) {
		shard_fini(&b->plain[i]);
		MAP_EACH(slot, &b->others[i])
		{
			shard_fini(slot->value);
			free(slot->value);
		}
		map_fini(&b->others[i]);
	}
	fanout_fini(&b->out);
	buf_fini(&b->pairs);
	buf_fini(&b->piece);
	metric_free(b->send_size);
	metric_free(b->send_bytes);
	metric_free(b->by_timeout);
	metric_free(b->by_size);
	metric_free(b->cardinality);
}

static void stop_when_empty(struct batch *b)
{
	for (size_t i = 0; i < SIGNAL_KINDS; i++)
		if (b->plain[i].items > 0 || b->others[i].n > 0)
			return;
	if (!fanout_is_empty(&b->out))
		return;
	b->is_stopping = false;
	fini(b);
	component_stopped(&b->base);
}

static void on_drained(struct fanout *f)
{
	struct batch *b = container_of(f, struct batch, out);

	if (b->is_stopping)
		stop_when_empty(b);
}

/* Removing from a map while it is walked is not possible: those that are empty then are looked for
 * one at a time. */
static struct shard *find_empty(struct batch *b, size_t kind)
{
	MAP_EACH(slot, &b->others[kind])
	{
		struct shard *s = slot->value;

		if (s->items == 0)
			return s;
	}
	return NULL;
}

/* Each sends what is due, or all that it has. */
static void send_each(struct batch *b, bool all)
{
	for (size_t i = 0; i < SIGNAL_KINDS; i++) {
		struct shard *s = &b->plain[i];

		if (s->items > 0)
			shard_send(s, all, NULL);
		MAP_EACH(slot, &b->others[i])
		shard_send(slot->value, all, NULL);
		while ((s = find_empty(b, i)))
			forget_if_empty(s);
	}
}

static bool otelcol_processor_batch_update(struct component *c, const void *args, struct err *e)
{
	struct batch *b = container_of(c, struct batch, base);

	(void)e;
	b->args = args;
	fanout_set(&b->out, b->args->output);
	b->has_warned = false;
	send_each(b, false);
	return true;
}

static bool otelcol_processor_batch_start(struct component *c, const void *args, struct err *e)
{
	struct batch *b = container_of(c, struct batch, base);

	fanout_init(&b->out, c->loop, c->agent->otlp_budget);
	b->out.drained = on_drained;
	b->input = (struct consumer){batch_consume, batch_takes, c->id};
	for (size_t i = 0; i < SIGNAL_KINDS; i++)
		shard_init(&b->plain[i], b, (enum signal_kind)i);
	b->send_size = new_metric(c, &send_size_family);
	b->send_bytes = new_metric(c, &send_bytes_family);
	b->by_timeout = new_metric(c, &by_timeout_family);
	b->by_size = new_metric(c, &by_size_family);
	b->cardinality = new_metric(c, &cardinality_family);
	metric_set(b->cardinality, 1);
	component_export(c, "input", value_capsule(&capsule_consumer, &b->input));
	return otelcol_processor_batch_update(c, args, e);
}

static void otelcol_processor_batch_stop(struct component *c)
{
	struct batch *b = container_of(c, struct batch, base);

	b->is_stopping = true;
	send_each(b, true);
	stop_when_empty(b);
}

static bool batch_check(const void *args, struct diags *d)
{
	const struct batch_args *a = args;
	bool ok = otelcol_output_check(a->output, d);

	if (a->send_batch_max_size > 0 && a->send_batch_max_size < a->send_batch_size)
		ok = diag_error(d, a->at,
			"send_batch_max_size must be greater or equal to send_batch_size when not "
			"0");
	if (a->timeout < 0)
		ok = diag_error(d, a->at, "timeout must be greater than or equal to 0");
	for (size_t i = 0; i < a->metadata_keys.n; i++)
		for (size_t j = 0; j < i; j++)
			if (str_eq_nocase(a->metadata_keys.p[i], a->metadata_keys.p[j]))
				ok = diag_error(d, a->at,
					"duplicate entry in metadata_keys: \"" STR_FMT
					"\" (case-insensitive)",
					STR_ARG(a->metadata_keys.p[i]));
	return ok;
}

static const struct export_field exports[] = {
	{"input", ARG_CAPSULE, &capsule_consumer, "Takes traces, logs and metrics."},
	{NULL, ARG_END, NULL, NULL},
};

const struct component_type otelcol_processor_batch = {
	.name = "otelcol.processor.batch",
	.help = "Gathers telemetry data to larger batches.",
	.stability = STABILITY_GA,
	.args = batch_args,
	.size = sizeof(struct batch),
	.args_size = sizeof(struct batch_args),
	.exports = exports,
	.check = batch_check,
	.start = otelcol_processor_batch_start,
	.update = otelcol_processor_batch_update,
	.stop = otelcol_processor_batch_stop,
};
