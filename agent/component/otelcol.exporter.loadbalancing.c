/*
 * otelcol.exporter.loadbalancing: sends what belongs together, the spans of a trace, to the same
 * one of several OTLP servers.
 *
 * Each server has an exporter of its own (common/otelcol_export) with a queue in memory. When
 * servers come or go, the ring (ring.c) is made anew; what waits for one that is gone is given to
 * those that have its keys now. A request is taken whole or not at all: all that get a part of it
 * are asked first whether they have room.
 */

#include "agent/base/buf.h"
#include "agent/base/container_of.h"
#include "agent/base/err.h"
#include "agent/base/list.h"
#include "agent/base/log.h"
#include "agent/base/mem.h"
#include "agent/base/metric.h"
#include "agent/base/vec.h"
#include "agent/component/common/otelcol_dry_run.h"
#include "agent/component/common/otelcol_grpc/protocol.h"
#include "agent/component/otelcol.exporter.loadbalancing/resolver.h"
#include "agent/component/otelcol.exporter.loadbalancing/route.h"
#include "agent/graph/context.h"

#include <stdlib.h>

struct otlp_protocol {
	struct range at;
	int64_t timeout;
	struct otlp_client *client;
	struct otelcol_queue *queue;
	struct otelcol_retry *retry;
};

struct protocol_args {
	struct otlp_protocol *otlp;
};

struct balancing_args {
	struct range at;
	struct str routing_key;
	int64_t timeout;
	struct resolver_args *resolver;
	struct protocol_args *protocol;
	struct otelcol_queue *sending_queue;
	struct otelcol_retry *retry_on_failure;
	struct otelcol_debug_metrics *debug_metrics;
};

struct balancer;

struct backend {
	struct exporter x;
	struct balancer *owner;
	struct list link;
	char *endpoint;
	char *id;
	struct otlp_client client;
	struct otlp_exporter_args args;
};

struct balancer {
	struct component base;
	const struct balancing_args *args;
	enum routing_key key;
	struct consumer input;
	struct resolver *resolver;
	struct router *router;
	struct ring ring;
	struct {
		struct backend **p;
		size_t n, cap;
	} backends;       /* by their names, as the ring's indexes are */
	struct list gone; /* those that still hand over what they had */
	bool is_stopping;
	struct metric *count;
	struct metric *updates;
};

static const char *const keys[] = {
	[ROUTE_TRACE_ID] = "traceID",
	[ROUTE_SERVICE] = "service",
	[ROUTE_RESOURCE] = "resource",
	[ROUTE_METRIC] = "metric",
	[ROUTE_STREAM] = "streamID",
	NULL,
};

static const struct arg otlp_args[] = {
	ARG_PLACE(otlp_protocol, at),
	ARG(otlp_protocol, timeout, .type = ARG_DURATION, .def = "5s",
		.help = "Time to wait before marking a request as failed."),
	ARG(otlp_protocol, client, .type = ARG_BLOCK, .flags = ARG_REQUIRED,
		.block = otlp_exporter_backend_args, .size = sizeof(struct otlp_client),
		.help = "The gRPC client of each backend."),
	ARG(otlp_protocol, queue, .type = ARG_BLOCK, .flags = ARG_ALWAYS, OTELCOL_QUEUE),
	ARG(otlp_protocol, retry, .type = ARG_BLOCK, .flags = ARG_ALWAYS, OTELCOL_RETRY),
	ARGS_END,
};
static const struct arg protocol_args[] = {
	ARG(protocol_args, otlp, .type = ARG_BLOCK, .flags = ARG_REQUIRED, .block = otlp_args,
		.size = sizeof(struct otlp_protocol), .help = "How backends are spoken to."),
	ARGS_END,
};
static const struct arg balancing_args[] = {
	ARG_PLACE(balancing_args, at),
	ARG(balancing_args, routing_key, .type = ARG_STR, .def = "traceID", .one_of = keys,
		.help = "What is kept together: traceID (metrics: service), service, resource, "
			"metric, or streamID (data points of a series)."),
	ARG(balancing_args, timeout, .type = ARG_DURATION, .flags = ARG_NO_EFFECT,
		.help = "protocol > otlp has the time of a request."),
	ARG(balancing_args, resolver, .type = ARG_BLOCK, .flags = ARG_REQUIRED,
		.block = resolver_args, .size = sizeof(struct resolver_args),
		.help = "Where the backends are."),
	ARG(balancing_args, protocol, .type = ARG_BLOCK, .flags = ARG_REQUIRED,
		.block = protocol_args, .size = sizeof(struct protocol_args),
		.help = "How backends are spoken to."),
	ARG(balancing_args, sending_queue, .type = ARG_BLOCK, .flags = ARG_NO_EFFECT,
		OTELCOL_QUEUE),
	ARG(balancing_args, retry_on_failure, .type = ARG_BLOCK, .flags = ARG_NO_EFFECT,
		OTELCOL_RETRY),
	ARG(balancing_args, debug_metrics, .type = ARG_BLOCK, OTELCOL_DEBUG_METRICS),
	ARGS_END,
};

static const struct metric_family count_family = {"otelcol_loadbalancer_num_backends",
	METRIC_GAUGE, "Backends in use.", NULL};
static const struct metric_family updates_family = {
	"otelcol_loadbalancer_num_backend_updates_total",
	METRIC_COUNTER, "Times that the list of backends changed.", NULL};

static bool otelcol_exporter_loadbalancing_check(const void *args, struct diags *d)
{
	const struct balancing_args *a = args;
	const struct otlp_protocol *o = a->protocol->otlp;
	bool ok = resolver_check(a->resolver, d);

	ok = otlp_exporter_client_check(o->client, d) && ok;
	ok = otelcol_retry_check(o->retry, d) && ok;
	if (o->queue->storage)
		ok = diag_error(d, o->queue->at,
			"a queue on disk is not supported here: what waits moves to other backends "
			"when one is gone");
	return otelcol_queue_check(o->queue, d) && ok;
}

/* ---- what comes ---- */

static enum consumed push(struct balancer *b, const struct telemetry *t)
{
	const struct route_piece *p;
	size_t n;

	if (b->backends.n == 0)
		return CONSUMER_FULL;
	p = router_cut(b->router, b->key, &b->ring, t, &n);
	for (size_t i = 0; i < n; i++)
		if (export_is_full(&b->backends.p[p[i].backend]->x, &p[i].data))
			return CONSUMER_FULL;
	for (size_t i = 0; i < n; i++) {
		struct consumer *to = &b->backends.p[p[i].backend]->x.input;

		to->consume(to, &p[i].data);
	}
	return CONSUMED;
}

static enum consumed balancer_consume(struct consumer *c, const struct telemetry *t)
{
	struct balancer *b = container_of(c, struct balancer, input);

	if (b->base.agent->dry_run != DRY_RUN_OFF) {
		otelcol_dry_run_print(b->base.agent->dry_run, t);
		return CONSUMED;
	}
	return push(b, t);
}

static enum consumed take_over(struct exporter *x, const struct telemetry *t)
{
	return push(container_of(x, struct backend, x)->owner, t);
}

/* ---- backends ---- */

static void end(struct balancer *b)
{
	resolver_free(b->resolver);
	b->resolver = NULL;
	router_free(b->router);
	b->router = NULL;
	ring_fini(&b->ring);
	free(b->backends.p);
	metric_free(b->count);
	metric_free(b->updates);
	b->count = b->updates = NULL;
}

static void backend_free(struct backend *k)
{
	list_remove(&k->link);
	free(k->endpoint);
	free(k->id);
	free(k);
}

static void on_stopped(struct exporter *x)
{
	struct backend *k = container_of(x, struct backend, x);
	struct balancer *b = k->owner;

	backend_free(k);
	if (b->is_stopping && list_is_empty(&b->gone)) {
		end(b);
		component_stopped(&b->base);
	}
}

static bool settings_of(struct backend *k, struct export_settings *set, struct err *e)
{
	const struct otlp_protocol *o = k->owner->args->protocol->otlp;

	k->client = *o->client;
	k->client.endpoint = str_from(k->endpoint);
	k->args = (struct otlp_exporter_args){
		.at = o->at,
		.timeout = o->timeout,
		.client = &k->client,
		.retry_on_failure = o->retry,
		.sending_queue = o->queue,
	};
	return otlp_grpc_settings(&k->args, set, e);
}

static struct backend *backend_new(struct balancer *b, const char *endpoint, struct err *e)
{
	struct backend *k = mem_new(struct backend, 1);
	struct export_settings set;
	struct buf id = {0};

	buf_printf(&id, "%s/%s%c", b->base.id, endpoint, 0);
	k->id = id.p;
	k->endpoint = mem_text(str_from(endpoint));
	k->owner = b;
	list_init(&k->link);
	k->x.base = b->base;
	k->x.base.id = k->id;
	k->x.stopped = on_stopped;
	k->x.take_over = take_over;
	if (settings_of(k, &set, e) && export_start(&k->x, &otlp_grpc_protocol, &set, e))
		return k;
	backend_free(k);
	return NULL;
}

static void backend_leave(struct balancer *b, struct backend *k)
{
	list_add_last(&b->gone, &k->link);
	export_leave(&k->x);
}

static struct backend *find(const struct balancer *b, const char *name)
{
	for (size_t i = 0; i < b->backends.n; i++)
		if (b->backends.p[i] && strcmp(b->backends.p[i]->endpoint, name) == 0)
			return b->backends.p[i];
	return NULL;
}

static bool is_same(const struct balancer *b, const char *const *names, size_t n)
{
	bool same = n == b->backends.n;

	for (size_t i = 0; same && i < n; i++)
		same = strcmp(b->backends.p[i]->endpoint, names[i]) == 0;
	return same;
}

static bool is_among(const struct backend *k, struct backend *const *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] == k)
			return true;
	return false;
}

/* Both lists are sorted by name. */
static void on_found(void *owner, const char *const *names, size_t n)
{
	struct balancer *b = owner;
	struct backend **old = b->backends.p;
	size_t n_old = b->backends.n;
	struct backend **now = mem_new(struct backend *, n);
	const char **used = mem_new(const char *, n);
	size_t k = 0;
	struct err e;

	if (is_same(b, names, n)) {
		free(now);
		free(used);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		now[k] = find(b, names[i]);
		if (!now[k])
			now[k] = backend_new(b, names[i], &e);
		if (now[k])
			used[k++] = names[i];
		else
			log_error(b->base.id, "a backend cannot be used", KV("backend", names[i]),
				KV("err", e.text), KV("hint", "see protocol > otlp > client"));
	}
	b->backends.p = now;
	b->backends.n = b->backends.cap = k;
	ring_make(&b->ring, used, k);
	metric_set(b->count, (double)k);
	metric_add(b->updates, 1);
	log_info(b->base.id, "the backends have changed", KV("backends", (int64_t)k));
	for (size_t i = 0; i < n_old; i++)
		if (!is_among(old[i], now, k))
			backend_leave(b, old[i]);
	free(old);
	free(used);
}

/* ---- the component ---- */

static void read_key(struct balancer *b)
{
	for (size_t i = 0; keys[i]; i++)
		if (str_is(b->args->routing_key, keys[i]))
			b->key = (enum routing_key)i;
}

static bool start_resolver(struct balancer *b, struct err *e)
{
	struct resolver *r;

	if (b->base.agent->dry_run != DRY_RUN_OFF)
		return true;
	r = resolver_new(
		&(struct resolver_settings){
			.args = b->args->resolver,
			.agent = b->base.agent,
			.id = b->base.id,
			.found = on_found,
			.owner = b,
		},
		e);
	if (!r)
		return false;
	resolver_free(b->resolver);
	b->resolver = r;
	return true;
}

static bool otelcol_exporter_loadbalancing_start(
	struct component *c, const void *args, struct err *e)
{
	struct balancer *b = container_of(c, struct balancer, base);
	const struct metric_label labels[] = {
		{"component_id", c->id}, {"component_path", "/"}, {NULL, NULL}};

	b->args = args;
	b->router = router_new();
	list_init(&b->gone);
	b->count = metric_new(&count_family, labels);
	b->updates = metric_new(&updates_family, labels);
	read_key(b);
	if (!start_resolver(b, e)) {
		end(b);
		return false;
	}
	b->input = (struct consumer){.consume = balancer_consume, .id = c->id};
	component_export(c, "input", value_capsule(&capsule_consumer, &b->input));
	return true;
}

/* If it cannot be (a file of a certificate is not there), it keeps its connection, and says so when
 * that is made anew. */
static void backend_update(struct backend *k)
{
	const struct otlp_protocol *o = k->owner->args->protocol->otlp;
	struct export_settings set;
	struct err e;

	if (settings_of(k, &set, &e) && export_update(&k->x, &set, &e))
		return;
	log_error(k->owner->base.id, "a backend keeps its connection of before",
		KV("backend", (const char *)k->endpoint), KV("err", e.text),
		KV("hint", "see protocol > otlp > client"));
	k->x.retry = o->retry;
	k->x.queue = o->queue;
	k->x.auth = o->client->auth;
}

static bool otelcol_exporter_loadbalancing_update(
	struct component *c, const void *args, struct err *e)
{
	struct balancer *b = container_of(c, struct balancer, base);
	const struct balancing_args *old = b->args;

	b->args = args;
	if (!start_resolver(b, e)) {
		b->args = old;
		return false;
	}
	read_key(b);
	for (size_t i = 0; i < b->backends.n; i++)
		backend_update(b->backends.p[i]);
	LIST_EACH (k, &b->gone, struct backend, link)
		backend_update(k);
	return true;
}

static void otelcol_exporter_loadbalancing_stop(struct component *c)
{
	struct balancer *b = container_of(c, struct balancer, base);

	b->is_stopping = true;
	resolver_free(b->resolver);
	b->resolver = NULL;
	for (size_t i = 0; i < b->backends.n; i++)
		list_add_last(&b->gone, &b->backends.p[i]->link);
	b->backends.n = 0;
	if (list_is_empty(&b->gone)) {
		end(b);
		component_stopped(c);
		return;
	}
	LIST_EACH (k, &b->gone, struct backend, link)
		export_stop(&k->x);
}

const struct component_type otelcol_exporter_loadbalancing = {
	.name = "otelcol.exporter.loadbalancing",
	.help = "Sends what belongs together to the same one of several OTLP servers.",
	.stability = STABILITY_GA,
	.args = balancing_args,
	.size = sizeof(struct balancer),
	.args_size = sizeof(struct balancing_args),
	.exports = export_fields,
	.check = otelcol_exporter_loadbalancing_check,
	.start = otelcol_exporter_loadbalancing_start,
	.update = otelcol_exporter_loadbalancing_update,
	.stop = otelcol_exporter_loadbalancing_stop,
};
