/*
 * otelcol.receiver.otlp: takes OTLP over HTTP and gRPC and hands it on.
 *
 * Each block is a port, and each port speaks both protocols (door.c). A request is looked at twice:
 * its head (head.c), before its body is read, and the whole (intake.c). It is answered with
 * success only when every consumer has it. Every error is answered in the request's own encoding
 * (reply.c).
 */

#include "agent/base/metric.h"
#include "agent/component/otelcol.receiver.otlp/receiver.h"

#define STOP_PAUSE (INT64_C(25) * 1000000)
#define STOP_TIME (INT64_C(2000) * 1000000)

static const struct metric_family accepted_families[SIGNAL_KINDS] = {
	[SIGNAL_TRACES] = {"otelcol_receiver_accepted_spans_total", METRIC_COUNTER,
		"Spans that were handed on.", NULL},
	[SIGNAL_LOGS] = {"otelcol_receiver_accepted_log_records_total", METRIC_COUNTER,
		"Log records that were handed on.", NULL},
	[SIGNAL_METRICS] = {"otelcol_receiver_accepted_metric_points_total", METRIC_COUNTER,
		"Data points that were handed on.", NULL},
};
static const struct metric_family refused_families[SIGNAL_KINDS] = {
	[SIGNAL_TRACES] = {"otelcol_receiver_refused_spans_total", METRIC_COUNTER,
		"Spans that were refused.", NULL},
	[SIGNAL_LOGS] = {"otelcol_receiver_refused_log_records_total", METRIC_COUNTER,
		"Log records that were refused.", NULL},
	[SIGNAL_METRICS] = {"otelcol_receiver_refused_metric_points_total", METRIC_COUNTER,
		"Data points that were refused.", NULL},
};
static void stop_when_idle(struct otlp_receiver *o);

static void on_timer(struct timer *t)
{
	struct otlp_receiver *o = container_of(t, struct otlp_receiver, timer);

	intake_try_held(o);
	if (o->stop_by != 0)
		stop_when_idle(o);
}

static bool otelcol_receiver_otlp_update(struct component *c, const void *args, struct err *e)
{
	struct otlp_receiver *o = container_of(c, struct otlp_receiver, base);

	(void)e;
	o->args = args;
	o->reply.http = o->args->http;
	otelcol_output_consumers(o->args->output, o->to);
	for (size_t i = 0; i < DOORS; i++)
		door_update(&o->doors[i]);
	intake_renew(o);
	return true;
}

static struct metric *new_counter(
	const struct component *c, const struct metric_family *f, size_t transport)
{
	const struct metric_label labels[] = {
		{"component_id", c->id},
		{"component_path", "/"},
		{"receiver", "otlp"},
		{"transport", transport_names[transport]},
		{NULL, NULL},
	};

	return metric_new(f, labels);
}

static void make_counters(struct otlp_receiver *o)
{
	for (size_t t = 0; t < TRANSPORTS; t++) {
		for (size_t i = 0; i < SIGNAL_KINDS; i++) {
			o->accepted[t][i] = new_counter(&o->base, &accepted_families[i], t);
			o->refused[t][i] = new_counter(&o->base, &refused_families[i], t);
		}
	}
}

static void fini(struct otlp_receiver *o)
{
	timer_clear(&o->timer);
	for (size_t i = 0; i < DOORS; i++)
		door_fini(&o->doors[i]);
	intake_fini(o);
	for (size_t t = 0; t < TRANSPORTS; t++) {
		for (size_t i = 0; i < SIGNAL_KINDS; i++) {
			metric_free(o->accepted[t][i]);
			metric_free(o->refused[t][i]);
		}
	}
	reply_fini(&o->reply);
}

static bool otelcol_receiver_otlp_start(struct component *c, const void *args, struct err *e)
{
	struct otlp_receiver *o = container_of(c, struct otlp_receiver, base);

	o->timer.fire = on_timer;
	for (size_t i = 0; i < DOORS; i++)
		door_init(&o->doors[i], o, (enum door_kind)i);
	intake_init(o);
	make_counters(o);
	reply_init(&o->reply, c);
	return otelcol_receiver_otlp_update(c, args, e);
}

static size_t connections(const struct otlp_receiver *o)
{
	size_t n = 0;

	for (size_t i = 0; i < DOORS; i++)
		n += door_connections(&o->doors[i]);
	return n;
}

/* Requests that are under way are still taken, and their connections closed with the answer. */
static void stop_when_idle(struct otlp_receiver *o)
{
	if (loop_now(o->base.loop) < o->stop_by &&
		(connections(o) > 0 || !list_is_empty(&o->held))) {
		timer_set(&o->timer, o->base.loop, STOP_PAUSE);
		return;
	}
	fini(o);
	component_stopped(&o->base);
}

static void otelcol_receiver_otlp_stop(struct component *c)
{
	struct otlp_receiver *o = container_of(c, struct otlp_receiver, base);

	for (size_t i = 0; i < DOORS; i++)
		door_stop(&o->doors[i]);
	o->reply.is_closing = true;
	o->stop_by = loop_now(c->loop) + STOP_TIME;
	intake_hurry(o, o->stop_by - STOP_TIME / 2);
	stop_when_idle(o);
}

const struct component_type otelcol_receiver_otlp = {
	.name = "otelcol.receiver.otlp",
	.help = "Receives OTLP over gRPC and HTTP.",
	.stability = STABILITY_GA,
	.args = otlp_receiver_args,
	.size = sizeof(struct otlp_receiver),
	.args_size = sizeof(struct otlp_receiver_args),
	.check = otlp_receiver_check,
	.start = otelcol_receiver_otlp_start,
	.update = otelcol_receiver_otlp_update,
	.stop = otelcol_receiver_otlp_stop,
};
