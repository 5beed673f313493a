/*
 * otelcol.processor.filter: drops what a condition of OTTL holds for: spans, their events, log
 * records, metrics, data points; with the newer blocks whole resources and scopes too.
 */

#include "agent/base/metric.h"
#include "agent/component/common/otelcol_editor.h"
#include "agent/component/common/otelcol_ottl.h"
#include "agent/graph/context.h"

struct filter_args {
	struct range at;
	struct str error_mode;
	struct traces_args *traces;
	struct logs_args *logs;
	struct metrics_args *metrics;
	struct arg_blocks trace_conditions; /* struct conditions_args */
	struct arg_blocks log_conditions;
	struct arg_blocks metric_conditions;
	struct otelcol_output *output;
	struct otelcol_debug_metrics *debug_metrics;
};

struct traces_args {
	struct range at;
	struct arg_strs span;
	struct arg_strs spanevent;
};

struct logs_args {
	struct range at;
	struct arg_strs log_record;
};

struct metrics_args {
	struct range at;
	struct arg_strs metric;
	struct arg_strs datapoint;
};

struct conditions_args {
	struct range at;
	struct str context;
	struct arg_strs conditions;
	struct str error_mode;
};

struct filter {
	struct component base;
	struct otelcol_editor editor;
	struct otlp_visitor visitor;
	const struct filter_args *args;
	struct ottl_groups groups[SIGNAL_KINDS];
	struct ottl_runner runner;
	uint32_t before; /* items of the request under way, and after it */
	uint32_t after;
	struct metric *filtered[SIGNAL_KINDS];
};

/* As Alloy's metrics are named: otelcol_processor_filter_spans_filtered, and so on. */
static const struct metric_family filtered_families[SIGNAL_KINDS] = {
	[SIGNAL_TRACES] = {"otelcol_processor_filter_spans_filtered_total", METRIC_COUNTER,
		"Spans that were dropped.", NULL},
	[SIGNAL_LOGS] = {"otelcol_processor_filter_logs_filtered_total", METRIC_COUNTER,
		"Log records that were dropped.", NULL},
	[SIGNAL_METRICS] = {"otelcol_processor_filter_datapoints_filtered_total", METRIC_COUNTER,
		"Data points that were dropped.", NULL},
};

static const struct arg traces_args[] = {
	ARG_PLACE(traces_args, at),
	ARG(traces_args, span, .type = ARG_STRS, .help = "Spans that one of these holds for."),
	ARG(traces_args, spanevent, .type = ARG_STRS, .help = "Events of spans likewise."),
	ARGS_END,
};

static const struct arg logs_args[] = {
	ARG_PLACE(logs_args, at),
	ARG(logs_args, log_record, .type = ARG_STRS,
		.help = "Log records that one of these holds for."),
	ARGS_END,
};

static const struct arg metrics_args[] = {
	ARG_PLACE(metrics_args, at),
	ARG(metrics_args, metric, .type = ARG_STRS, .help = "Metrics that one of these holds for."),
	ARG(metrics_args, datapoint, .type = ARG_STRS, .help = "Data points likewise."),
	ARGS_END,
};

static const struct arg conditions_args[] = {
	ARG_PLACE(conditions_args, at),
	ARG(conditions_args, context, .type = ARG_STR,
		.help = "What is looked at; not given: what the conditions' paths say."),
	ARG(conditions_args, conditions, .type = ARG_STRS, .flags = ARG_REQUIRED,
		.help = "What one of these holds for is dropped."),
	ARG(conditions_args, error_mode, .type = ARG_STR, .one_of = otelcol_ottl_modes,
		.def = "ignore", .help = "Of this block."),
	ARGS_END,
};

#define CONDITIONS \
	.type = ARG_BLOCK, .flags = ARG_REPEATED, .block = conditions_args, \
	.size = sizeof(struct conditions_args)

static const struct arg filter_args[] = {
	ARG_PLACE(filter_args, at),
	ARG(filter_args, error_mode, .type = ARG_STR, .def = "ignore",
		.one_of = otelcol_ottl_modes,
		.help = "When a condition fails: ignore (and say so), silent, or propagate, which "
			"drops the request."),
	ARG(filter_args, traces, .type = ARG_BLOCK, .block = traces_args,
		.size = sizeof(struct traces_args), .help = "Which spans are dropped."),
	ARG(filter_args, logs, .type = ARG_BLOCK, .block = logs_args,
		.size = sizeof(struct logs_args), .help = "Which log records are dropped."),
	ARG(filter_args, metrics, .type = ARG_BLOCK, .block = metrics_args,
		.size = sizeof(struct metrics_args), .help = "Which metrics are dropped."),
	ARG(filter_args, trace_conditions, CONDITIONS, .help = "What of traces is dropped."),
	ARG(filter_args, log_conditions, CONDITIONS, .help = "What of logs is dropped."),
	ARG(filter_args, metric_conditions, CONDITIONS, .help = "What of metrics is dropped."),
	ARG(filter_args, output, .type = ARG_BLOCK, .flags = ARG_REQUIRED, OTELCOL_OUTPUT),
	ARG(filter_args, debug_metrics, .type = ARG_BLOCK, OTELCOL_DEBUG_METRICS),
	ARGS_END,
};

/* A condition of a context that this place is none of is not asked. */
static bool keeps(struct otlp_visitor *v, struct otlp_place *p, enum ottl_context c)
{
	struct filter *x = container_of(v, struct filter, visitor);
	const struct ottl_groups *g = &x->groups[p->kind];

	for (size_t i = 0; i < g->n && !x->runner.has_failed; i++)
		if (g->p[i].context == c && otelcol_ottl_holds(&x->runner, &g->p[i], p))
			return false;
	return true;
}

static bool keeps_resource(struct otlp_visitor *v, struct otlp_place *p)
{
	return keeps(v, p, OTTL_RESOURCE);
}

static bool keeps_scope(struct otlp_visitor *v, struct otlp_place *p)
{
	return keeps(v, p, OTTL_SCOPE);
}

static bool keeps_item(struct otlp_visitor *v, struct otlp_place *p)
{
	static const enum ottl_context contexts[OTLP_KINDS] = {
		[OTLP_TRACES] = OTTL_SPAN, [OTLP_LOGS] = OTTL_LOG, [OTLP_METRICS] = OTTL_METRIC};

	return keeps(v, p, contexts[p->kind]);
}

static bool keeps_point(struct otlp_visitor *v, struct otlp_place *p)
{
	return keeps(v, p, p->kind == OTLP_TRACES ? OTTL_SPANEVENT : OTTL_DATAPOINT);
}

/* Only the levels that a condition is for are visited. */
static struct otlp_visitor visitor_of(const struct ottl_groups *g)
{
	struct otlp_visitor v = {0};

	for (size_t i = 0; i < g->n; i++) {
		switch (g->p[i].context) {
		case OTTL_RESOURCE:
			v.resource = keeps_resource;
			break;
		case OTTL_SCOPE:
			v.scope = keeps_scope;
			break;
		case OTTL_SPAN:
		case OTTL_LOG:
		case OTTL_METRIC:
			v.item = keeps_item;
			break;
		case OTTL_SPANEVENT:
		case OTTL_DATAPOINT:
			v.point = keeps_point;
			break;
		case OTTL_CONTEXTS:
			break;
		}
	}
	return v;
}

static bool run(struct otelcol_editor *e, struct telemetry *t)
{
	struct filter *x = container_of(e, struct filter, editor);

	x->before = t->items;
	x->runner.has_failed = false;
	if (x->groups[t->kind].n > 0) {
		x->visitor = visitor_of(&x->groups[t->kind]);
		otelcol_editor_pass(e, t, &x->visitor);
	}
	if (x->runner.has_failed)
		t->items = 0;
	x->after = t->items;
	return true;
}

static void done(struct otelcol_editor *e, enum signal_kind kind)
{
	struct filter *x = container_of(e, struct filter, editor);

	metric_add(x->filtered[kind], x->before - x->after);
}

static bool add(struct ottl_groups *g, const struct filter_args *a, struct range at,
	enum signal_kind kind, enum ottl_context c, const struct arg_strs *conditions,
	struct diags *d)
{
	const struct ottl_source s = {
		.at = at,
		.kind = kind,
		.context = str_from(ottl_context_names[c]),
		.mode = otelcol_ottl_mode(a->error_mode),
		.conditions = *conditions,
	};

	return otelcol_ottl_add(g, &s, d);
}

static bool add_blocks(struct ottl_groups *g, enum signal_kind kind,
	const struct arg_blocks *blocks, struct diags *d)
{
	const struct conditions_args *b = blocks->p;
	bool ok = true;

	for (size_t i = 0; i < blocks->n; i++) {
		const struct ottl_source s = {
			.at = b[i].at,
			.kind = kind,
			.context = b[i].context,
			.mode = otelcol_ottl_mode(b[i].error_mode),
			.conditions = b[i].conditions,
		};

		ok = otelcol_ottl_add(g, &s, d) && ok;
	}
	return ok;
}

static bool compile(
	struct ottl_groups groups[SIGNAL_KINDS], const struct filter_args *a, struct diags *d)
{
	struct ottl_groups *traces = &groups[SIGNAL_TRACES];
	struct ottl_groups *metrics = &groups[SIGNAL_METRICS];
	bool ok = true;

	if (a->traces) {
		ok = add(traces, a, a->traces->at, SIGNAL_TRACES, OTTL_SPAN, &a->traces->span, d);
		ok = add(traces, a, a->traces->at, SIGNAL_TRACES, OTTL_SPANEVENT,
			     &a->traces->spanevent, d) &&
		     ok;
	}
	if (a->logs)
		ok = add(&groups[SIGNAL_LOGS], a, a->logs->at, SIGNAL_LOGS, OTTL_LOG,
			     &a->logs->log_record, d) &&
		     ok;
	if (a->metrics) {
		ok = add(metrics, a, a->metrics->at, SIGNAL_METRICS, OTTL_METRIC,
			     &a->metrics->metric, d) &&
		     ok;
		ok = add(metrics, a, a->metrics->at, SIGNAL_METRICS, OTTL_DATAPOINT,
			     &a->metrics->datapoint, d) &&
		     ok;
	}
	ok = add_blocks(traces, SIGNAL_TRACES, &a->trace_conditions, d) && ok;
	ok = add_blocks(&groups[SIGNAL_LOGS], SIGNAL_LOGS, &a->log_conditions, d) && ok;
	return add_blocks(metrics, SIGNAL_METRICS, &a->metric_conditions, d) && ok;
}

static bool otelcol_processor_filter_update(struct component *c, const void *args, struct err *e)
{
	struct filter *x = container_of(c, struct filter, base);

	(void)e;
	otelcol_ottl_free(x->groups);
	x->args = args;
	compile(x->groups, x->args, NULL); /* check() has seen that it can be */
	otelcol_editor_set_output(&x->editor, x->args->output);
	return true;
}

static void fini(struct otelcol_editor *e)
{
	struct filter *x = container_of(e, struct filter, editor);

	otelcol_ottl_free(x->groups);
	otelcol_ottl_runner_fini(&x->runner);
	for (size_t i = 0; i < SIGNAL_KINDS; i++)
		metric_free(x->filtered[i]);
}

static bool otelcol_processor_filter_start(struct component *c, const void *args, struct err *e)
{
	struct filter *x = container_of(c, struct filter, base);
	const struct metric_label labels[] = {{"component_id", c->id}, {"component_path", "/"},
		{"filter", "filter"}, {NULL, NULL}};

	x->runner.owner = c;
	for (size_t i = 0; i < SIGNAL_KINDS; i++)
		x->filtered[i] = metric_new(&filtered_families[i], labels);
	x->editor.run = run;
	x->editor.done = done;
	x->editor.fini = fini;
	otelcol_editor_start(&x->editor, c, "filter");
	return otelcol_processor_filter_update(c, args, e);
}

static void otelcol_processor_filter_stop(struct component *c)
{
	otelcol_editor_stop(&container_of(c, struct filter, base)->editor);
}

static bool filter_check(const void *args, struct diags *d)
{
	const struct filter_args *a = args;
	struct ottl_groups groups[SIGNAL_KINDS] = {0};
	bool ok = otelcol_output_check(a->output, d);

	ok = compile(groups, a, d) && ok;
	otelcol_ottl_free(groups);
	return ok;
}

const struct component_type otelcol_processor_filter = {
	.name = "otelcol.processor.filter",
	.help = "Drops telemetry data by conditions of OTTL.",
	.stability = STABILITY_GA,
	.args = filter_args,
	.size = sizeof(struct filter),
	.args_size = sizeof(struct filter_args),
	.exports = otelcol_editor_exports,
	.check = filter_check,
	.start = otelcol_processor_filter_start,
	.update = otelcol_processor_filter_update,
	.stop = otelcol_processor_filter_stop,
};
