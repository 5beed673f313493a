/*
 * otelcol.exporter.debug: writes what comes to the log, or to standard output, for people. Nothing
 * is kept; it is never full.
 */

#include "agent/base/buf.h"
#include "agent/base/log.h"
#include "agent/base/timestamp.h"
#include "agent/component/common/otelcol_args.h"
#include "agent/component/common/otelcol_dry_run.h"
#include "agent/graph/context.h"
#include "agent/loop/loop.h"
#include "proto/otlp/text.h"

#include <stdio.h>

struct debug_args {
	struct range at;
	struct str verbosity;
	int64_t sampling_initial;
	int64_t sampling_thereafter;
	bool use_internal_logger;
	struct arg_strs output_paths;
	struct otelcol_debug_metrics *debug_metrics;
};

struct debug_exporter {
	struct component base;
	const struct debug_args *args;
	struct consumer input;
	struct buf text;
	int64_t second; /* that is being counted */
	int64_t seen;
};

static const char *const verbosities[] = {"basic", "normal", "detailed", NULL};

static const struct arg debug_args[] = {
	ARG_PLACE(debug_args, at),
	ARG(debug_args, verbosity, .type = ARG_STR, .def = "basic", .one_of = verbosities,
		.help = "basic: a line a request; normal: a line an item; detailed: all of it."),
	ARG(debug_args, sampling_initial, .type = ARG_INT, .def = "2",
		.help = "Requests of each second that are written."),
	ARG(debug_args, sampling_thereafter, .type = ARG_INT, .def = "1",
		.help = "Of the others, every so many-th one; 0: none."),
	ARG(debug_args, use_internal_logger, .type = ARG_BOOL, .def = "true",
		.help = "Write to the log, not to output_paths."),
	ARG(debug_args, output_paths, .type = ARG_STRS, .def = "[\"stdout\"]",
		.help = "stdout or stderr."),
	ARG(debug_args, debug_metrics, .type = ARG_BLOCK, OTELCOL_DEBUG_METRICS),
	ARGS_END,
};

/* As zap's sampler: the first of each second, then every n-th. */
static bool is_sampled(struct debug_exporter *x)
{
	int64_t second = loop_now(x->base.loop) / NS_PER_SEC;
	int64_t beyond;

	if (second != x->second)
		x->seen = 0;
	x->second = second;
	beyond = ++x->seen - x->args->sampling_initial;
	return beyond <= 0 ||
	       (x->args->sampling_thereafter > 0 && beyond % x->args->sampling_thereafter == 0);
}

static void write_paths(struct debug_exporter *x, struct str text)
{
	for (size_t i = 0; i < x->args->output_paths.n; i++) {
		FILE *f = str_is(x->args->output_paths.p[i], "stderr") ? stderr : stdout;

		fwrite(text.p, 1, text.n, f);
		fflush(f);
	}
}

static void write_basic(struct debug_exporter *x, const struct telemetry *t)
{
	static const char *const titles[SIGNAL_KINDS] = {"Traces", "Logs", "Metrics"};

	if (x->args->use_internal_logger) {
		log_info(x->base.id, titles[t->kind], KV(signal_items[t->kind], t->items),
			KV("bytes", (int64_t)t->bytes.n));
		return;
	}
	buf_printf(&x->text, "%s %s=%u bytes=%zu\n", titles[t->kind], signal_items[t->kind],
		t->items, t->bytes.n);
	write_paths(x, buf_str(&x->text));
}

static void write_all(struct debug_exporter *x, const struct telemetry *t)
{
	bool detailed = str_is(x->args->verbosity, "detailed");

	otlp_text_print((enum otlp_kind)t->kind, t->bytes,
		detailed ? OTLP_TEXT_DETAILED : OTLP_TEXT_SHORT, &x->text);
	if (x->args->use_internal_logger)
		log_info(x->base.id, "ResourceData", KV("signal", signal_names[t->kind]),
			KV("data", str_trim(buf_str(&x->text))));
	else
		write_paths(x, buf_str(&x->text));
}

static enum consumed debug_consume(struct consumer *c, const struct telemetry *t)
{
	struct debug_exporter *x = container_of(c, struct debug_exporter, input);

	if (x->base.agent->dry_run != DRY_RUN_OFF) {
		otelcol_dry_run_print(x->base.agent->dry_run, t);
		return CONSUMED;
	}
	if (!is_sampled(x))
		return CONSUMED;
	if (str_is(x->args->verbosity, "basic"))
		write_basic(x, t);
	else
		write_all(x, t);
	buf_clear(&x->text);
	buf_shrink(&x->text, 1 << 16);
	return CONSUMED;
}

static bool otelcol_exporter_debug_update(struct component *c, const void *args, struct err *e)
{
	(void)e;
	container_of(c, struct debug_exporter, base)->args = args;
	return true;
}

static bool otelcol_exporter_debug_start(struct component *c, const void *args, struct err *e)
{
	struct debug_exporter *x = container_of(c, struct debug_exporter, base);

	x->input = (struct consumer){.consume = debug_consume, .id = c->id};
	component_export(c, "input", value_capsule(&capsule_consumer, &x->input));
	return otelcol_exporter_debug_update(c, args, e);
}

static void otelcol_exporter_debug_stop(struct component *c)
{
	buf_fini(&container_of(c, struct debug_exporter, base)->text);
	component_stopped(c);
}

static bool debug_check(const void *args, struct diags *d)
{
	const struct debug_args *a = args;
	bool ok = true;

	for (size_t i = 0; i < a->output_paths.n; i++)
		if (!str_is(a->output_paths.p[i], "stdout") &&
			!str_is(a->output_paths.p[i], "stderr"))
			ok = diag_error(d, a->at,
				"output path \"" STR_FMT
				"\" is not supported, only stdout and stderr are",
				STR_ARG(a->output_paths.p[i]));
	if (a->sampling_initial < 0 || a->sampling_thereafter < 0)
		return diag_error(
			d, a->at, "sampling_initial and sampling_thereafter must not be negative");
	return ok;
}

static const struct export_field exports[] = {
	{"input", ARG_CAPSULE, &capsule_consumer, "Takes traces, logs and metrics."},
	{NULL, ARG_END, NULL, NULL},
};

const struct component_type otelcol_exporter_debug = {
	.name = "otelcol.exporter.debug",
	.help = "Writes telemetry data to the log or to standard output.",
	.stability = STABILITY_EXPERIMENTAL,
	.args = debug_args,
	.size = sizeof(struct debug_exporter),
	.args_size = sizeof(struct debug_args),
	.exports = exports,
	.check = debug_check,
	.start = otelcol_exporter_debug_start,
	.update = otelcol_exporter_debug_update,
	.stop = otelcol_exporter_debug_stop,
};
