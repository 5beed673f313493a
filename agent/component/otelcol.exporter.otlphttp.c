/*
 * otelcol.exporter.otlphttp: sends traces, logs and metrics to an OTLP server over HTTP.
 *
 * Data is in the queue when consume() has answered, and leaves it when the server has taken it, has
 * refused it for good, or it is older than max_elapsed_time. A full queue is full: nothing is
 * dropped to make room (Alloy drops what comes). Under --dry-run it prints what it would send.
 */

#include "agent/base/err.h"
#include "agent/base/log.h"
#include "agent/component/common/auth_handler.h"
#include "agent/component/common/otelcol_dry_run.h"
#include "agent/component/otelcol.exporter.otlphttp/channel.h"
#include "agent/flow/budget.h"
#include "agent/graph/context.h"
#include "proto/otlp/decode.h"
#include "proto/otlp/encode.h"

#define STOP_TIME \
	(INT64_C(8) * 1000000000) /* less than --shutdown.deadline, so that it is counted */

static enum consumed exporter_consume(struct consumer *c, const struct telemetry *t)
{
	struct exporter *x = container_of(c, struct exporter, input);

	if (x->base.agent->dry_run != DRY_RUN_OFF) {
		otelcol_dry_run_print(x->base.agent->dry_run, t);
		return CONSUMED;
	}
	return channel_push(x->channels[t->kind], t);
}

static bool set_encoder(struct exporter *x, const struct otlphttp_args *a, struct err *e)
{
	const struct otlphttp_client *c = a->client;
	struct encoder *new = encoder_new(
		c->compression, c->compression_params ? (int)c->compression_params->level : 0, e);

	if (!new)
		return false;
	encoder_free(x->encoder);
	x->encoder = new;
	return true;
}

/* Can be refused: a file of a certificate that is not there, credentials that cannot be read. */
static bool set_target(struct exporter *x, struct err *e)
{
	struct target *old = x->target;
	struct target *now;

	x->target = NULL;
	now = target_take(x, e);
	if (!now) {
		x->target = old;
		return false;
	}
	target_release(now); /* target_take() gave one more */
	target_release(old);
	return true;
}

static bool otelcol_exporter_otlphttp_update(struct component *c, const void *args, struct err *e)
{
	struct exporter *x = container_of(c, struct exporter, base);
	const struct otlphttp_args *before = x->args;

	x->args = args;
	if ((c->agent->dry_run == DRY_RUN_OFF && !set_target(x, e)) || !set_encoder(x, args, e)) {
		x->args = before;
		return false;
	}
	for (size_t i = 0; i < SIGNAL_KINDS; i++)
		if (x->channels[i])
			channel_update(x->channels[i]);
	return true;
}

static void fini(struct exporter *x)
{
	timer_clear(&x->stop_timer);
	task_cancel(&x->stop_task);
	for (size_t i = 0; i < SIGNAL_KINDS; i++) {
		channel_free(x->channels[i]);
		x->channels[i] = NULL;
	}
	target_release(x->target);
	x->target = NULL;
	encoder_free(x->encoder);
	decoder_free(x->decoder);
	buf_fini(&x->work);
	buf_fini(&x->work2);
}

static void stop_now(struct exporter *x)
{
	x->is_stopping = false;
	fini(x);
	component_stopped(&x->base);
}

static void on_stop_timer(struct timer *t)
{
	struct exporter *x = container_of(t, struct exporter, stop_timer);

	log_error(x->base.id, "the queue could not be sent before the stop; the rest is dropped");
	stop_now(x);
}

/* May be called by a channel that is to be freed, so it only sees to it. */
static void on_drained(struct exporter *x)
{
	for (size_t i = 0; i < SIGNAL_KINDS; i++)
		if (!channel_is_empty(x->channels[i]))
			return;
	task_defer(&x->stop_task, x->base.loop);
}

static void on_stop_task(struct task *t)
{
	stop_now(container_of(t, struct exporter, stop_task));
}

static bool otelcol_exporter_otlphttp_start(struct component *c, const void *args, struct err *e)
{
	struct exporter *x = container_of(c, struct exporter, base);

	x->decoder = decoder_new();
	x->stop_timer.fire = on_stop_timer;
	x->stop_task.run = on_stop_task;
	x->drained = on_drained;
	if (!otelcol_exporter_otlphttp_update(c, args, e)) {
		fini(x);
		return false;
	}
	for (size_t i = 0; i < SIGNAL_KINDS; i++)
		x->channels[i] = channel_new(x, (enum signal_kind)i);
	x->input = (struct consumer){.consume = exporter_consume, .id = c->id};
	component_export(c, "input", value_capsule(&capsule_consumer, &x->input));
	return true;
}

/* What is in the queue is still sent, with short pauses, until STOP_TIME; the rest is counted. */
static void otelcol_exporter_otlphttp_stop(struct component *c)
{
	struct exporter *x = container_of(c, struct exporter, base);

	x->is_stopping = true;
	timer_set(&x->stop_timer, c->loop, STOP_TIME);
	for (size_t i = 0; i < SIGNAL_KINDS; i++)
		channel_flush(x->channels[i]);
	on_drained(x);
}

static const struct export_field exports[] = {
	{"input", ARG_CAPSULE, &capsule_consumer, "Takes traces, logs and metrics."},
	{NULL, ARG_END, NULL, NULL},
};

const struct component_type otelcol_exporter_otlphttp = {
	.name = "otelcol.exporter.otlphttp",
	.help = "Sends telemetry data to an OTLP server over HTTP.",
	.stability = STABILITY_GA,
	.args = otlphttp_args,
	.size = sizeof(struct exporter),
	.args_size = sizeof(struct otlphttp_args),
	.exports = exports,
	.check = otlphttp_check,
	.start = otelcol_exporter_otlphttp_start,
	.update = otelcol_exporter_otlphttp_update,
	.stop = otelcol_exporter_otlphttp_stop,
};
