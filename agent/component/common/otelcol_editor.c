/* A request that what follows cannot take is brought again by the sender, and then the passes
 * are made again; so a fanout that is known to be full is asked before them. */

#include "agent/component/common/otelcol_editor.h"

#include "agent/base/metric.h"
#include "agent/graph/context.h"
#include "proto/otlp/slice.h"

#define KEEP_BUFFER ((size_t)1 << 20)

static const struct metric_family incoming_family = {"otelcol_processor_incoming_items_total",
	METRIC_COUNTER, "Items that came to the processor.", NULL};
static const struct metric_family outgoing_family = {"otelcol_processor_outgoing_items_total",
	METRIC_COUNTER, "Items that the processor handed on; the others it dropped.", NULL};

const struct export_field otelcol_editor_exports[] = {
	{"input", ARG_CAPSULE, &capsule_consumer, "Takes traces, logs and metrics."},
	{NULL, ARG_END, NULL, NULL},
};

void otelcol_editor_pass(struct otelcol_editor *e, struct telemetry *t, struct otlp_visitor *v)
{
	struct buf *to = &e->made[e->turn];

	buf_clear(to);
	if (!otlp_edit_run(e->edit, (enum otlp_kind)t->kind, t->bytes, v, to))
		return;
	t->bytes = buf_str(to);
	t->items = otlp_count((enum otlp_kind)t->kind, t->bytes);
	e->turn ^= 1;
}

static void tidy(struct otelcol_editor *e)
{
	for (size_t i = 0; i < 2; i++) {
		buf_clear(&e->made[i]);
		buf_shrink(&e->made[i], KEEP_BUFFER);
	}
}

static enum consumed editor_consume(struct consumer *c, const struct telemetry *t)
{
	struct otelcol_editor *e = container_of(c, struct otelcol_editor, input);
	struct telemetry now = *t;
	enum consumed r = CONSUMED;

	if (!fanout_takes(&e->out, t->kind))
		return CONSUMER_NONE;
	if (e->out.kept[t->kind].bytes.n > 0 || !e->run(e, &now)) {
		tidy(e);
		return CONSUMER_FULL;
	}
	if (now.items > 0 || t->items == 0)
		r = fanout_push(&e->out, &now);
	if (r == CONSUMED) {
		metric_add(e->incoming[t->kind], t->items);
		metric_add(e->outgoing[t->kind], now.items);
		if (e->done)
			e->done(e, t->kind);
	}
	tidy(e);
	return r;
}

/* As container_of(), for what is const. */
static bool editor_takes(const struct consumer *c, enum signal_kind kind)
{
	const struct otelcol_editor *e =
		(const void *)((const char *)c - offsetof(struct otelcol_editor, input));

	return fanout_takes(&e->out, kind);
}

void otelcol_editor_fini(struct otelcol_editor *e)
{
	fanout_fini(&e->out);
	otlp_edit_free(e->edit);
	buf_fini(&e->made[0]);
	buf_fini(&e->made[1]);
	for (size_t i = 0; i < SIGNAL_KINDS; i++) {
		metric_free(e->incoming[i]);
		metric_free(e->outgoing[i]);
	}
	if (e->fini)
		e->fini(e);
}

static void on_drained(struct fanout *f)
{
	struct otelcol_editor *e = container_of(f, struct otelcol_editor, out);
	struct component *owner = e->owner;

	if (!e->is_stopping)
		return;
	otelcol_editor_fini(e);
	component_stopped(owner);
}

void otelcol_editor_start(struct otelcol_editor *e, struct component *c, const char *processor)
{
	e->owner = c;
	fanout_init(&e->out, c->loop, c->agent->otlp_budget);
	e->out.drained = on_drained;
	e->edit = otlp_edit_new();
	e->input = (struct consumer){editor_consume, editor_takes, c->id};
	for (size_t i = 0; i < SIGNAL_KINDS; i++) {
		const struct metric_label labels[] = {{"component_id", c->id},
			{"component_path", "/"}, {"otel_signal", signal_names[i]},
			{"processor", processor}, {NULL, NULL}};

		e->incoming[i] = metric_new(&incoming_family, labels);
		e->outgoing[i] = metric_new(&outgoing_family, labels);
	}
	component_export(c, "input", value_capsule(&capsule_consumer, &e->input));
}

void otelcol_editor_stop(struct otelcol_editor *e)
{
	e->is_stopping = true;
	if (fanout_is_empty(&e->out))
		on_drained(&e->out);
}

void otelcol_editor_set_output(struct otelcol_editor *e, const struct otelcol_output *o)
{
	fanout_set(&e->out, o);
}

bool otelcol_output_has(const struct otelcol_output *o, enum signal_kind kind)
{
	const struct arg_capsules *lists[SIGNAL_KINDS] = {
		[SIGNAL_TRACES] = &o->traces,
		[SIGNAL_LOGS] = &o->logs,
		[SIGNAL_METRICS] = &o->metrics};

	return lists[kind]->n > 0;
}
