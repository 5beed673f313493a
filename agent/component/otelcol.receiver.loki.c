/*
 * otelcol.receiver.loki: entries of Loki become OTLP log records.
 *
 * As in Alloy: labels become attributes of the record, and the hint loki.attribute.labels names
 * them, so that otelcol.exporter.loki makes labels of them again. The entries of one turn of
 * the loop go on as one request. Who keeps it further on holds its ack, and with it those of its
 * entries: the position of a file moves when the destination has its lines, or has refused them for
 * good, or they are in a queue on disk.
 */

#include "agent/base/buf.h"
#include "agent/base/must.h"
#include "agent/base/utf8.h"
#include "agent/component/common/otelcol_fanout.h"
#include "agent/flow/ack.h"
#include "agent/flow/budget.h"
#include "agent/flow/entry.h"
#include "agent/graph/context.h"
#include "agent/loop/loop.h"
#include "proto/otlp/any.h"
#include "proto/otlp/edit.h"

enum {
	KEEP_BUFFER = 1 << 20,
	MAX_REQUEST = 1 << 20, /* bytes; then it goes on within the turn */
};

struct loki_receiver_args {
	struct range at;
	struct otelcol_output *output;
};

struct loki_receiver {
	struct component base;
	struct receiver receiver;
	struct fanout out;
	struct task flush;
	struct timer timer; /* what follows was full */
	struct buf request;
	uint32_t items;
	struct ack *ack; /* of what is in the request; NULL: nobody asks */
	bool is_stopping;
};

static const struct arg loki_receiver_args[] = {
	ARG_PLACE(loki_receiver_args, at),
	ARG(loki_receiver_args, output, .type = ARG_BLOCK, .flags = ARG_REQUIRED, OTELCOL_OUTPUT),
	ARGS_END,
};

/* OTLP's strings are UTF-8; what is not is written as U+FFFD, a byte at a time. */
static void put_string(struct buf *b, uint32_t number, struct str s)
{
	size_t open;

	if (utf8_is_valid(s)) {
		wire_put_bytes(b, number, s);
		return;
	}
	open = wire_open(b, number);
	for (size_t i = 0; i < s.n;) {
		size_t n = utf8_length(s, i);

		if (n > 0)
			buf_add(b, s.p + i, n);
		else
			buf_add_str(b, STR("\xef\xbf\xbd"));
		i += n > 0 ? n : 1;
	}
	wire_close(b, open);
}

static void put_attr(struct buf *b, struct str key, struct str value)
{
	size_t kv = wire_open(b, OTLP_LOG_ATTRIBUTES);
	size_t any;

	put_string(b, 1, key);
	any = wire_open(b, 2);
	put_string(b, OTLP_ANY_STRING, value);
	wire_close(b, any);
	wire_close(b, kv);
}

static struct str base_name(struct str path)
{
	size_t n = path.n;

	while (n > 0 && path.p[n - 1] != '/')
		n--;
	return str_from_at(path, n);
}

/* The names of the labels, with commas: the hint. */
static void put_hint(struct buf *b, const struct labels *l)
{
	size_t kv = wire_open(b, OTLP_LOG_ATTRIBUTES);
	size_t any;
	size_t text;

	wire_put_bytes(b, 1, STR("loki.attribute.labels"));
	any = wire_open(b, 2);
	text = wire_open(b, OTLP_ANY_STRING);
	for (size_t i = 0; i < l->n; i++) {
		if (i > 0)
			buf_add_char(b, ',');
		buf_add_str(b, l->v[i].name);
	}
	wire_close(b, text);
	wire_close(b, any);
	wire_close(b, kv);
}

static void put_record(struct buf *b, const struct entry *e, int64_t now)
{
	struct str file = labels_find(e->labels, STR("filename"));
	size_t body;

	wire_put_tag(b, OTLP_LOG_TIME, WIRE_FIXED64);
	wire_put_fixed64(b, (uint64_t)e->time);
	body = wire_open(b, OTLP_LOG_BODY);
	put_string(b, OTLP_ANY_STRING, e->line);
	wire_close(b, body);
	if (file.p) {
		put_attr(b, STR("log.file.path"), file);
		put_attr(b, STR("log.file.name"), base_name(file));
	}
	if (e->labels->n > 0)
		put_hint(b, e->labels);
	for (size_t i = 0; i < e->labels->n; i++)
		put_attr(b, e->labels->v[i].name, e->labels->v[i].value);
	for (size_t i = 0; i < e->n_meta; i++)
		put_attr(b, e->meta[i].name, e->meta[i].value);
	wire_put_tag(b, OTLP_LOG_OBSERVED, WIRE_FIXED64);
	wire_put_fixed64(b, (uint64_t)now);
}

static void stop_when_empty(struct loki_receiver *x);

static void hand_on(struct loki_receiver *x)
{
	struct telemetry t = {
		.kind = SIGNAL_LOGS,
		.bytes = buf_str(&x->request),
		.items = x->items,
		.ack = x->ack,
	};
	struct ack *ack = x->ack;

	if (x->items == 0)
		return;
	if (fanout_push(&x->out, &t) == CONSUMER_FULL) {
		if (!timer_is_set(&x->timer))
			timer_set(&x->timer, x->base.loop, OTELCOL_RETRY_PAUSE);
		return;
	}
	budget_return(x->base.agent->otlp_budget, x->request.n);
	buf_clear(&x->request);
	buf_shrink(&x->request, KEEP_BUFFER);
	x->items = 0;
	x->ack = NULL;
	if (ack)
		ack_release(ack); /* more may come of it at once */
}

static void on_flush(struct task *t)
{
	struct loki_receiver *x = container_of(t, struct loki_receiver, flush);

	if (!timer_is_set(&x->timer))
		hand_on(x);
	if (x->is_stopping)
		stop_when_empty(x);
}

static void on_timer(struct timer *t)
{
	struct loki_receiver *x = container_of(t, struct loki_receiver, timer);

	hand_on(x);
	if (x->is_stopping)
		stop_when_empty(x);
}

static void on_push(struct receiver *r, const struct entry *e)
{
	struct loki_receiver *x = container_of(r, struct loki_receiver, receiver);
	size_t before = x->request.n;
	size_t part = wire_open(&x->request, 1);
	size_t scopes = wire_open(&x->request, 2);
	size_t record = wire_open(&x->request, 2);

	put_record(&x->request, e, loop_wall(x->base.loop));
	wire_close(&x->request, record);
	wire_close(&x->request, scopes);
	wire_close(&x->request, part);
	budget_charge(x->base.agent->otlp_budget, x->request.n - before);
	x->items++;
	ack_gather(&x->ack, e->ack);
	if (x->request.n >= MAX_REQUEST && !timer_is_set(&x->timer))
		hand_on(x);
	else
		task_defer(&x->flush, x->base.loop);
}

static void stop_when_empty(struct loki_receiver *x)
{
	if (x->items > 0 || !fanout_is_empty(&x->out))
		return;
	x->is_stopping = false;
	task_cancel(&x->flush);
	timer_clear(&x->timer);
	fanout_fini(&x->out);
	buf_fini(&x->request);
	must(!x->ack);
	budget_bridge(x->base.agent->otlp_budget, false);
	component_stopped(&x->base);
}

static void on_drained(struct fanout *f)
{
	struct loki_receiver *x = container_of(f, struct loki_receiver, out);

	if (x->is_stopping)
		stop_when_empty(x);
}

static bool otelcol_receiver_loki_update(struct component *c, const void *args, struct err *e)
{
	struct loki_receiver *x = container_of(c, struct loki_receiver, base);
	const struct loki_receiver_args *a = args;

	(void)e;
	fanout_set(&x->out, a->output);
	return true;
}

static bool otelcol_receiver_loki_start(struct component *c, const void *args, struct err *e)
{
	struct loki_receiver *x = container_of(c, struct loki_receiver, base);

	fanout_init(&x->out, c->loop, c->agent->otlp_budget);
	budget_bridge(c->agent->otlp_budget, true);
	x->out.drained = on_drained;
	x->flush.run = on_flush;
	x->timer.fire = on_timer;
	x->receiver = (struct receiver){on_push, c->id};
	component_export(c, "receiver", value_capsule(&capsule_logs_receiver, &x->receiver));
	return otelcol_receiver_loki_update(c, args, e);
}

static void otelcol_receiver_loki_stop(struct component *c)
{
	struct loki_receiver *x = container_of(c, struct loki_receiver, base);

	x->is_stopping = true;
	if (!timer_is_set(&x->timer))
		hand_on(x);
	stop_when_empty(x);
}

static bool loki_receiver_check(const void *args, struct diags *d)
{
	const struct loki_receiver_args *a = args;

	return otelcol_output_check(a->output, d);
}

static const struct export_field exports[] = {
	{"receiver", ARG_CAPSULE, &capsule_logs_receiver, "Takes entries."},
	{NULL, ARG_END, NULL, NULL},
};

const struct component_type otelcol_receiver_loki = {
	.name = "otelcol.receiver.loki",
	.help = "Makes OTLP log records of entries.",
	.stability = STABILITY_GA,
	.args = loki_receiver_args,
	.size = sizeof(struct loki_receiver),
	.args_size = sizeof(struct loki_receiver_args),
	.exports = exports,
	.check = loki_receiver_check,
	.start = otelcol_receiver_loki_start,
	.update = otelcol_receiver_loki_update,
	.stop = otelcol_receiver_loki_stop,
};
