/*
 * The life of an exporter. Data is in the queue when consume() has answered (on disk, if it has a
 * storage; there it waits for the next life of the process, too), and leaves it when the
 * server has taken it, has refused it for good, or it is older than max_elapsed_time. A full queue
 * is full: nothing is dropped to make room (Alloy drops what comes). Under --dry-run it prints what
 * it would send.
 */

#include "agent/component/common/otelcol_export/export.h"

#include "agent/base/err.h"
#include "agent/base/log.h"
#include "agent/base/must.h"
#include "agent/component/common/otelcol_dry_run.h"
#include "agent/component/common/otelcol_export/record.h"
#include "agent/graph/context.h"
#include "proto/otlp/decode.h"
#include "proto/otlp/encode.h"

#include <stdio.h>
#include <string.h>

#define STOP_TIME \
	(INT64_C(8) * 1000000000) /* less than --shutdown.deadline, so that it is counted */

enum {
	RANDOM_BITS = 20,
	FORMATS = 64,
};

static enum consumed exporter_consume(struct consumer *c, const struct telemetry *t)
{
	struct exporter *x = container_of(c, struct exporter, input);

	if (x->base.agent->dry_run != DRY_RUN_OFF) {
		otelcol_dry_run_print(x->base.agent->dry_run, t);
		return CONSUMED;
	}
	return channel_push(x->channels[t->kind], t);
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

/* All signals' queues are where q says, or none of them has moved. */
static bool set_queues(struct exporter *x, const struct otelcol_queue *q, struct err *e)
{
	struct err ignored;

	for (size_t i = 0; i < SIGNAL_KINDS; i++) {
		if (!x->channels[i] || channel_keep(x->channels[i], q, e))
			continue;
		while (i-- > 0)
			channel_keep(x->channels[i], x->queue, &ignored);
		return false;
	}
	return true;
}

bool export_update(struct exporter *x, const struct export_settings *set, struct err *e)
{
	const void *args = x->args;
	struct auth_handler *auth = x->auth;

	x->args = set->args;
	x->auth = set->auth;
	if ((x->base.agent->dry_run == DRY_RUN_OFF && !set_target(x, e)) ||
		!set_queues(x, set->queue, e)) {
		x->args = args;
		x->auth = auth;
		encoder_free(set->encoder);
		return false;
	}
	encoder_free(x->encoder);
	x->encoder = set->encoder;
	x->retry = set->retry;
	x->queue = set->queue;
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
	buf_fini(&x->pairs);
}

static void stop_now(struct exporter *x)
{
	x->is_stopping = false;
	x->is_leaving = false;
	fini(x);
	if (x->stopped)
		x->stopped(x);
	else
		component_stopped(&x->base);
}

static void on_stop_timer(struct timer *t)
{
	struct exporter *x = container_of(t, struct exporter, stop_timer);

	log_error(x->base.id, "the queue could not be sent before the stop; what is not on disk is "
			      "dropped, unless its source brings it again");
	stop_now(x);
}

static void on_stop_task(struct task *t)
{
	stop_now(container_of(t, struct exporter, stop_task));
}

/* May be called by a channel that is to be freed, so it only sees to it. */
void export_drained(struct exporter *x)
{
	for (size_t i = 0; i < SIGNAL_KINDS; i++)
		if (!channel_is_empty(x->channels[i]))
			return;
	task_defer(&x->stop_task, x->base.loop);
}

bool export_start(struct exporter *x, const struct export_protocol *p,
	const struct export_settings *set, struct err *e)
{
	x->protocol = p;
	x->decoder = decoder_new();
	x->stop_timer.fire = on_stop_timer;
	x->stop_task.run = on_stop_task;
	if (!export_update(x, set, e)) {
		fini(x);
		return false;
	}
	for (size_t i = 0; i < SIGNAL_KINDS; i++) {
		x->channels[i] = channel_new(x, (enum signal_kind)i, e);
		if (!x->channels[i]) {
			fini(x);
			return false;
		}
	}
	x->input = (struct consumer){.consume = exporter_consume, .id = x->base.id};
	if (!x->stopped)
		component_export(
			&x->base, "input", value_capsule(&capsule_consumer, &x->input));
	return true;
}

/* What is in the queue is still sent, with short pauses, until STOP_TIME; the rest is counted. */
void export_stop(struct exporter *x)
{
	x->is_leaving = false;
	x->is_stopping = true;
	timer_set(&x->stop_timer, x->base.loop, STOP_TIME);
	for (size_t i = 0; i < SIGNAL_KINDS; i++)
		channel_flush(x->channels[i]);
	export_drained(x);
}

void export_leave(struct exporter *x)
{
	x->is_leaving = true;
	for (size_t i = 0; i < SIGNAL_KINDS; i++)
		channel_flush(x->channels[i]);
	export_drained(x);
}

bool export_is_full(const struct exporter *x, const struct telemetry *t)
{
	return channel_is_full(x->channels[t->kind], t);
}

const struct export_field export_fields[] = {
	{"input", ARG_CAPSULE, &capsule_consumer, "Takes traces, logs and metrics."},
	{NULL, ARG_END, NULL, NULL},
};

const char *export_format(const char *kind, const char *encoding)
{
	static char names[FORMATS][RECORD_FORMAT];
	char name[RECORD_FORMAT];
	size_t i = 0;

	snprintf(name, sizeof(name), "%s/%s", kind, encoding ? encoding : "");
	while (names[i][0] && strcmp(names[i], name) != 0)
		i++;
	must(i + 1 < FORMATS); /* there are three kinds and a few encodings */
	memcpy(names[i], name, sizeof(name));
	return names[i];
}

struct str export_format_encoding(const char *format, const char *kind)
{
	size_t n = strlen(kind);

	if (strncmp(format, kind, n) != 0 || format[n] != '/')
		return (struct str){NULL, 0};
	return str_from(format + n + 1);
}

struct str export_answer_header(const struct http_call *call, const char *name)
{
	for (size_t i = 0; i < call->n_answer_headers; i++)
		if (strcmp(call->answer_headers[i].name, name) == 0)
			return call->answer_headers[i].value;
	return (struct str){NULL, 0};
}

int64_t export_backoff(const struct otelcol_retry *r, int64_t *interval, uint64_t random)
{
	double part = (double)random / (double)(UINT64_C(1) << RANDOM_BITS) * 2 - 1; /* -1 to 1 */
	double now;

	if (*interval == 0)
		*interval = r->initial_interval < r->max_interval ? r->initial_interval
								  : r->max_interval;
	now = (double)*interval;
	*interval = now * r->multiplier < (double)r->max_interval ? (int64_t)(now * r->multiplier)
								  : r->max_interval;
	return (int64_t)(now + now * r->randomization_factor * part);
}
