/*
 * otelcol.processor.transform: changes telemetry data by statements of OTTL.
 *
 * Each block of statements is a pass over the request, in the order of the configuration, as in
 * the Collector: what one block did the next one sees. Neighbours in the block `statements` that
 * have the same context are one pass.
 */

#include "agent/base/metric.h"
#include "agent/component/common/otelcol_editor.h"
#include "agent/component/common/otelcol_ottl.h"
#include "agent/graph/context.h"

struct transform_args {
	struct range at;
	struct str error_mode;
	struct arg_blocks trace_statements; /* struct statements_args */
	struct arg_blocks log_statements;
	struct arg_blocks metric_statements;
	struct inferred_args *statements;
	struct otelcol_output *output;
	struct otelcol_debug_metrics *debug_metrics;
};

struct statements_args {
	struct range at;
	struct str context;
	struct arg_strs statements;
	struct arg_strs conditions;
	struct str error_mode;
};

struct inferred_args {
	struct range at;
	struct arg_strs trace;
	struct arg_strs log;
	struct arg_strs metric;
};

struct transform {
	struct component base;
	struct otelcol_editor editor;
	struct otlp_visitor visitor;
	const struct transform_args *args;
	struct ottl_groups groups[SIGNAL_KINDS];
	const struct ottl_group *now; /* of the pass under way */
	struct ottl_runner runner;
	struct metric *dropped;
	uint32_t failed; /* items of the request that a failed statement had dropped */
};

static const struct metric_family dropped_family = {
	"invar_processor_ottl_dropped_items_total", METRIC_COUNTER,
	"Items of requests that were dropped since a statement failed (error_mode propagate).",
	NULL};

static const struct arg statements_args[] = {
	ARG_PLACE(statements_args, at),
	ARG(statements_args, context, .type = ARG_STR, .flags = ARG_REQUIRED,
		.help = "What the statements run on: resource, scope, span, spanevent, log, metri"
			"c or "
			"datapoint."),
	ARG(statements_args, statements, .type = ARG_STRS, .flags = ARG_REQUIRED,
		.help = "Statements of OTTL, run in this order."),
	ARG(statements_args, conditions, .type = ARG_STRS,
		.help = "They only run where one of these holds."),
	ARG(statements_args, error_mode, .type = ARG_STR,
		.help = "Of this block; not given: that of the component."),
	ARGS_END,
};

static const struct arg inferred_args[] = {
	ARG_PLACE(inferred_args, at),
	ARG(inferred_args, trace, .type = ARG_STRS,
		.help = "Statements for traces; the prefixes of their paths say on what."),
	ARG(inferred_args, log, .type = ARG_STRS, .help = "Statements for logs."),
	ARG(inferred_args, metric, .type = ARG_STRS, .help = "Statements for metrics."),
	ARGS_END,
};

#define STATEMENTS \
	.type = ARG_BLOCK, .flags = ARG_REPEATED, .block = statements_args, \
	.size = sizeof(struct statements_args)

static const struct arg transform_args[] = {
	ARG_PLACE(transform_args, at),
	ARG(transform_args, error_mode, .type = ARG_STR, .def = "ignore",
		.one_of = otelcol_ottl_modes,
		.help = "When a statement fails: ignore (and say so), silent, or propagate, which "
			"drops the request."),
	ARG(transform_args, trace_statements, STATEMENTS, .help = "Statements for traces."),
	ARG(transform_args, log_statements, STATEMENTS, .help = "Statements for logs."),
	ARG(transform_args, metric_statements, STATEMENTS, .help = "Statements for metrics."),
	ARG(transform_args, statements, .type = ARG_BLOCK, .block = inferred_args,
		.size = sizeof(struct inferred_args),
		.help = "Statements that say by their paths what they run on."),
	ARG(transform_args, output, .type = ARG_BLOCK, .flags = ARG_REQUIRED, OTELCOL_OUTPUT),
	ARG(transform_args, debug_metrics, .type = ARG_BLOCK, OTELCOL_DEBUG_METRICS),
	ARGS_END,
};

static bool run_here(struct otlp_visitor *v, struct otlp_place *p)
{
	struct transform *x = container_of(v, struct transform, visitor);

	if (!x->runner.has_failed)
		otelcol_ottl_run(&x->runner, x->now, p);
	return true;
}

static struct otlp_visitor visitor_of(enum ottl_context c)
{
	switch (c) {
	case OTTL_RESOURCE:
		return (struct otlp_visitor){.resource = run_here};
	case OTTL_SCOPE:
		return (struct otlp_visitor){.scope = run_here};
	case OTTL_SPAN:
	case OTTL_LOG:
	case OTTL_METRIC:
		return (struct otlp_visitor){.item = run_here};
	case OTTL_SPANEVENT:
	case OTTL_DATAPOINT:
	case OTTL_CONTEXTS:
		break;
	}
	return (struct otlp_visitor){.point = run_here};
}

static bool run(struct otelcol_editor *e, struct telemetry *t)
{
	struct transform *x = container_of(e, struct transform, editor);
	const struct ottl_groups *g = &x->groups[t->kind];

	x->runner.has_failed = false;
	x->failed = 0;
	for (size_t i = 0; i < g->n && !x->runner.has_failed; i++) {
		x->now = &g->p[i];
		x->visitor = visitor_of(x->now->context);
		otelcol_editor_pass(e, t, &x->visitor);
	}
	if (x->runner.has_failed) {
		x->failed = t->items;
		t->items = 0;
	}
	return true;
}

static void done(struct otelcol_editor *e, enum signal_kind kind)
{
	struct transform *x = container_of(e, struct transform, editor);

	(void)kind;
	metric_add(x->dropped, x->failed);
}

static bool add_blocks(struct ottl_groups *g, enum signal_kind kind,
	const struct arg_blocks *blocks, struct str mode, struct diags *d)
{
	const struct statements_args *b = blocks->p;
	bool ok = true;

	for (size_t i = 0; i < blocks->n; i++) {
		const struct ottl_source s = {
			.at = b[i].at,
			.kind = kind,
			.context = b[i].context.n ? b[i].context : STR("?"),
			.mode = otelcol_ottl_mode(b[i].error_mode.n ? b[i].error_mode : mode),
			.conditions = b[i].conditions,
			.statements = b[i].statements,
		};

		if (b[i].statements.n > 0)
			ok = otelcol_ottl_add(g, &s, d) && ok;
	}
	return ok;
}

static bool compile(
	struct ottl_groups groups[SIGNAL_KINDS], const struct transform_args *a, struct diags *d)
{
	const struct arg_blocks *blocks[SIGNAL_KINDS] = {[SIGNAL_TRACES] = &a->trace_statements,
		[SIGNAL_LOGS] = &a->log_statements,
		[SIGNAL_METRICS] = &a->metric_statements};
	const struct inferred_args *f = a->statements;
	bool ok = true;

	for (int i = 0; i < SIGNAL_KINDS; i++) {
		struct ottl_source s = {
			.kind = (enum signal_kind)i, .mode = otelcol_ottl_mode(a->error_mode)};

		ok = add_blocks(&groups[i], s.kind, blocks[i], a->error_mode, d) && ok;
		if (!f)
			continue;
		s.at = f->at;
		s.statements = i == SIGNAL_TRACES ? f->trace : i == SIGNAL_LOGS ? f->log
										: f->metric;
		ok = otelcol_ottl_add(&groups[i], &s, d) && ok;
	}
	return ok;
}

static bool otelcol_processor_transform_update(
	struct component *c, const void *args, struct err *e)
{
	struct transform *x = container_of(c, struct transform, base);

	(void)e;
	otelcol_ottl_free(x->groups);
	x->args = args;
	compile(x->groups, x->args, NULL); /* check() has seen that it can be */
	otelcol_editor_set_output(&x->editor, x->args->output);
	return true;
}

static void fini(struct otelcol_editor *e)
{
	struct transform *x = container_of(e, struct transform, editor);

	otelcol_ottl_free(x->groups);
	otelcol_ottl_runner_fini(&x->runner);
	metric_free(x->dropped);
}

static bool otelcol_processor_transform_start(struct component *c, const void *args, struct err *e)
{
	struct transform *x = container_of(c, struct transform, base);
	const struct metric_label labels[] = {{"component_id", c->id}, {"component_path", "/"},
		{"processor", "transform"}, {NULL, NULL}};

	x->runner.owner = c;
	x->dropped = metric_new(&dropped_family, labels);
	x->editor.run = run;
	x->editor.done = done;
	x->editor.fini = fini;
	otelcol_editor_start(&x->editor, c, "transform");
	return otelcol_processor_transform_update(c, args, e);
}

static void otelcol_processor_transform_stop(struct component *c)
{
	otelcol_editor_stop(&container_of(c, struct transform, base)->editor);
}

static bool check_modes(const struct arg_blocks *blocks, struct diags *d)
{
	const struct statements_args *b = blocks->p;
	bool ok = true;

	for (size_t i = 0; i < blocks->n; i++) {
		struct str m = b[i].error_mode;

		if (m.n > 0 && !str_is(m, "ignore") && !str_is(m, "silent") &&
			!str_is(m, "propagate"))
			ok = diag_error(d, b[i].at,
				"error_mode must be \"ignore\", \"silent\" or \"propagate\", not "
				"\"" STR_FMT "\"",
				STR_ARG(m));
	}
	return ok;
}

static bool transform_check(const void *args, struct diags *d)
{
	const struct transform_args *a = args;
	struct ottl_groups groups[SIGNAL_KINDS] = {0};
	bool ok = otelcol_output_check(a->output, d);

	ok = check_modes(&a->trace_statements, d) && ok;
	ok = check_modes(&a->log_statements, d) && ok;
	ok = check_modes(&a->metric_statements, d) && ok;
	ok = compile(groups, a, d) && ok;
	otelcol_ottl_free(groups);
	return ok;
}

const struct component_type otelcol_processor_transform = {
	.name = "otelcol.processor.transform",
	.help = "Changes telemetry data by statements of OTTL.",
	.stability = STABILITY_GA,
	.args = transform_args,
	.size = sizeof(struct transform),
	.args_size = sizeof(struct transform_args),
	.exports = otelcol_editor_exports,
	.check = transform_check,
	.start = otelcol_processor_transform_start,
	.update = otelcol_processor_transform_update,
	.stop = otelcol_processor_transform_stop,
};
