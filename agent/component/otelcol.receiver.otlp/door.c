/*
 * The ports. One that is in use, or a certificate that is not there yet, is no reason to end: the
 * one who has the port is often our own predecessor on this node. It is tried again until it
 * succeeds.
 */

#include "agent/base/arena.h"
#include "agent/base/err.h"
#include "agent/base/log.h"
#include "agent/component/otelcol.receiver.otlp/receiver.h"
#include "agent/flow/budget.h"
#include "agent/graph/context.h"
#include "proto/grpc/message.h"

#include <stdio.h>

#define LISTEN_PAUSE (INT64_C(2000) * 1000000)

static const char *const started[DOORS] = {
	[DOOR_GRPC] = "OTLP over gRPC is received",
	[DOOR_HTTP] = "OTLP over HTTP is received",
};

static void on_request(struct http_server *s, struct http_request *r)
{
	intake_take(http_server_owner(s), r);
}

static bool on_head(struct http_server *s, struct http_request *r)
{
	return head_admits(http_server_owner(s), r);
}

static void on_gone(struct http_server *s, struct http_request *r)
{
	intake_forget(http_server_owner(s), r);
}

static void on_too_large(struct http_server *s, struct http_request *r)
{
	struct door *d = http_server_owner(s);

	reply_error(&d->receiver->reply, r, 413, REFUSED_TOO_LARGE,
		d->kind == DOOR_HTTP ? STR("the body is larger than max_request_body_size")
				     : STR("the message is larger than max_recv_msg_size"),
		NULL);
}

static void on_busy(struct http_server *s, struct http_request *r)
{
	struct door *d = http_server_owner(s);

	reply_full(&d->receiver->reply, r,
		STR("too many requests are coming in; send it again later"));
}

/* ---- settings ---- */

static void set_keepalive(struct http2_settings *set, const struct otlp_keepalive *k)
{
	const struct otlp_server_parameters *p = k ? k->server_parameters : NULL;
	const struct otlp_enforcement *e = k ? k->enforcement_policy : NULL;

	set->ping_after = p ? p->time : INT64_C(2) * 3600 * 1000000000;
	set->ping_timeout = p ? p->timeout : INT64_C(20) * 1000000000;
	set->max_age = p ? p->max_connection_age : 0;
	set->max_age_grace = p ? p->max_connection_age_grace : 0;
	set->max_idle = p ? p->max_connection_idle : 0;
	set->ping_min_time = e ? e->min_time : INT64_C(300) * 1000000000;
	set->ping_without_stream = e && e->permit_without_stream;
}

static void read_grpc(struct door *d, const struct otlp_grpc *g)
{
	uint64_t streams = g->max_concurrent_streams;

	d->endpoint = g->endpoint;
	d->max_message = (size_t)g->max_recv_msg_size;
	d->include_metadata = g->include_metadata;
	d->auth = g->auth;
	d->tls = g->tls;
	set_keepalive(&d->http2, g->keepalive);
	d->http2.max_streams = streams < INT32_MAX ? (uint32_t)streams : INT32_MAX;
}

static void read_http(struct door *d, const struct otlp_http *h)
{
	d->endpoint = h->endpoint;
	d->max_message = (size_t)h->max_request_body_size;
	d->include_metadata = h->include_metadata;
	d->auth = h->auth;
	d->tls = h->tls;
	d->settings.idle_timeout = h->idle_timeout;
	d->settings.header_timeout = h->read_header_timeout;
	d->settings.read_timeout = h->read_timeout;
	d->settings.write_timeout = h->write_timeout;
	d->http2.max_idle = h->idle_timeout;
}

static void read_args(struct door *d)
{
	const struct otlp_receiver_args *a = d->receiver->args;
	size_t share = d->receiver->base.agent->otlp_budget->limit / 2;

	d->settings = (struct http_server_settings){
		.request = on_request,
		.head = on_head,
		.gone = on_gone,
		.too_large = on_too_large,
		.busy = on_busy,
	};
	d->http2 = (struct http2_settings){0};
	d->is_wanted = d->kind == DOOR_GRPC ? a->grpc != NULL : a->http != NULL;
	if (!d->is_wanted)
		return;
	if (d->kind == DOOR_GRPC)
		read_grpc(d, a->grpc);
	else
		read_http(d, a->http);
	d->settings.max_body = d->max_message + GRPC_PREFIX;
	d->settings.max_bodies = share > 2 * d->max_message ? share : 2 * d->max_message;
}

/* May the server that runs go on with the new settings? */
static bool is_same(const struct door *old, const struct door *new)
{
	const struct http2_settings *a = &old->http2;
	const struct http2_settings *b = &new->http2;

	return new->is_wanted && !old->tls == !new->tls &&str_eq(old->endpoint, new->endpoint) &&
	       old->settings.max_body == new->settings.max_body &&
	       old->settings.max_bodies == new->settings.max_bodies &&
	       old->settings.idle_timeout == new->settings.idle_timeout &&
	       old->settings.header_timeout == new->settings.header_timeout &&
	       old->settings.read_timeout == new->settings.read_timeout &&
	       old->settings.write_timeout == new->settings.write_timeout &&
	       a->max_streams == b->max_streams && a->max_idle == b->max_idle &&
	       a->max_age == b->max_age && a->max_age_grace == b->max_age_grace &&
	       a->ping_after == b->ping_after && a->ping_timeout == b->ping_timeout &&
	       a->ping_min_time == b->ping_min_time &&
	       a->ping_without_stream == b->ping_without_stream;
}

/* ---- keys ---- */

static void reload_later(struct door *d)
{
	if (d->tls && d->tls->reload_interval > 0)
		timer_set(&d->reload_timer, d->receiver->base.loop, d->tls->reload_interval);
	else
		timer_clear(&d->reload_timer);
}

/* Files that cannot be used now change nothing: they may be in the middle of being written. */
static void load_keys(struct door *d)
{
	struct http_server_settings set = {0};
	struct arena scratch;
	struct err e;

	arena_init(&scratch, 0);
	if (!otelcol_tls_server_apply(d->tls, &scratch, &set, &e) ||
		!http_server_set_tls(d->server, set.tls_cert_pem, set.tls_key_pem,
			set.tls_client_ca_pem, &e))
		log_warn(d->receiver->base.id,
			"certificates cannot be read again; the old ones stay",
			KV("err", (const char *)e.text));
	arena_fini(&scratch);
	reload_later(d);
}

static void on_reload(struct timer *t)
{
	struct door *d = container_of(t, struct door, reload_timer);

	if (d->server)
		load_keys(d);
}

/* ---- listening ---- */

static bool listen_on(struct door *d, struct err *e)
{
	struct otlp_receiver *o = d->receiver;
	struct http_server_settings set = d->settings;
	struct arena scratch;

	arena_init(&scratch, 0);
	set.address = d->endpoint;
	set.http2 = &d->http2;
	if (otelcol_tls_server_apply(d->tls, &scratch, &set, e))
		d->server = http_server_new(o->base.loop, &set, d, e);
	arena_fini(&scratch);
	if (!d->server)
		return false;
	reload_later(d);
	log_info(o->base.id, started[d->kind], KV("endpoint", d->endpoint),
		KV("port", http_server_port(d->server)));
	return true;
}

static void set_health(struct otlp_receiver *o)
{
	for (size_t i = 0; i < DOORS; i++) {
		if (o->doors[i].problem[0]) {
			component_set_health(&o->base, HEALTH_UNHEALTHY, o->doors[i].problem);
			return;
		}
	}
	component_set_health(&o->base, HEALTH_HEALTHY, "started component");
}

static void try_to_listen(struct door *d, bool is_first)
{
	struct otlp_receiver *o = d->receiver;
	struct err e;

	d->problem[0] = 0;
	if (!listen_on(d, &e)) {
		snprintf(d->problem, sizeof(d->problem), "%.255s", e.text);
		if (is_first)
			log_error(o->base.id, "OTLP cannot be received; it is tried again",
				KV("err", (const char *)e.text), KV("endpoint", d->endpoint));
		timer_set(&d->listen_timer, o->base.loop, LISTEN_PAUSE);
	}
	set_health(o);
}

static void on_listen_timer(struct timer *t)
{
	try_to_listen(container_of(t, struct door, listen_timer), false);
}

/* After start() or update(), since what is said of health in them does not last. */
static void on_listen_task(struct task *t)
{
	try_to_listen(container_of(t, struct door, listen_task), true);
}

void door_init(struct door *d, struct otlp_receiver *o, enum door_kind kind)
{
	*d = (struct door){.receiver = o, .kind = kind};
	d->listen_timer.fire = on_listen_timer;
	d->listen_task.run = on_listen_task;
	d->reload_timer.fire = on_reload;
}

static void close_server(struct door *d)
{
	http_server_free(d->server);
	d->server = NULL;
}

void door_update(struct door *d)
{
	struct door old = *d;

	read_args(d);
	if (d->server && !is_same(&old, d))
		close_server(d);
	else if (d->server && d->tls)
		load_keys(d);
	timer_clear(&d->listen_timer);
	d->problem[0] = 0;
	if (d->is_wanted && !d->server)
		task_defer(&d->listen_task, d->receiver->base.loop);
}

static void stop_listening(struct door *d)
{
	timer_clear(&d->listen_timer);
	timer_clear(&d->reload_timer);
	task_cancel(&d->listen_task);
}

void door_stop(struct door *d)
{
	stop_listening(d);
	if (d->server)
		http_server_quiesce(d->server);
}

void door_fini(struct door *d)
{
	stop_listening(d);
	close_server(d);
}

size_t door_connections(const struct door *d)
{
	return d->server ? http_server_connections(d->server) : 0;
}
