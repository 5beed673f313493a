/*
 * loki.source.api: takes what others push by Loki's API (POST /loki/api/v1/push and /raw), and
 * forwards it.
 *
 * Differences from Alloy, on purpose: a push is taken only while there is room for it, and else
 * answered 503, which clients repeat; a stream without labels is forwarded, and a stream that a
 * rule drops does not end the request; there is no gRPC server (Alloy's serves nothing).
 * A port that is in use is no reason to end: it is tried again.
 */

#include "agent/base/container_of.h"
#include "agent/base/err.h"
#include "agent/base/log.h"
#include "agent/component/loki.source.api/api.h"
#include "agent/graph/context.h"

#include <inttypes.h>
#include <stdio.h>

#define LISTEN_PAUSE (INT64_C(2000) * 1000000)
#define STOP_PAUSE (INT64_C(25) * 1000000)
#define LINGER (INT64_C(500) * 1000000)

enum {
	MIN_ROOM = 4 << 20, /* for bodies, however small the budget is */
};

/* ---- arguments ---- */

struct api_http2 {
	bool enabled;
	int64_t max_handlers;
	int64_t max_concurrent_streams;
	int64_t max_decoder_header_table_size;
	int64_t max_encoder_header_table_size;
	int64_t max_read_frame_size;
	bool permit_prohibited_ciphers;
	int64_t idle_timeout;
	int64_t max_upload_buffer_per_connection;
	int64_t max_upload_buffer_per_stream;
	int64_t ping_timeout;
	int64_t read_idle_timeout;
	int64_t write_byte_timeout;
};

struct api_grpc {
	struct str listen_address;
	int64_t listen_port;
	int64_t conn_limit;
	struct str max_connection_age;
	struct str max_connection_age_grace;
	struct str max_connection_idle;
	int64_t server_max_recv_msg_size;
	int64_t server_max_send_msg_size;
	int64_t server_max_concurrent_streams;
	struct api_tls *tls;
};

struct api_blocks { /* with those that have no effect */
	struct api_args args;
	struct api_grpc *grpc;
};

struct api_http_blocks {
	struct api_http http;
	struct api_http2 *http2;
};

#define IGNORED(owner, field, kind, text) \
	ARG(owner, field, .type = kind, .flags = ARG_NO_EFFECT, .help = text)

static const struct arg tls_args[] = {
	TLS_SERVER_ARGS(api_tls, server),
	ARG(api_tls, client_ca, .type = ARG_STR, .help = "Another name of client_ca_pem."),
	ARGS_END,
};

static const struct arg http2_args[] = {
	IGNORED(api_http2, enabled, ARG_BOOL, "HTTP/2 is always spoken to who wants it."),
	IGNORED(api_http2, max_handlers, ARG_INT, "Handlers at once."),
	IGNORED(api_http2, max_concurrent_streams, ARG_INT, "Requests at once on a connection."),
	IGNORED(api_http2, max_decoder_header_table_size, ARG_INT, "Table of headers."),
	IGNORED(api_http2, max_encoder_header_table_size, ARG_INT, "Table of headers."),
	IGNORED(api_http2, max_read_frame_size, ARG_INT, "Longest frame."),
	IGNORED(api_http2, permit_prohibited_ciphers, ARG_BOOL, "Ciphers."),
	IGNORED(api_http2, idle_timeout, ARG_DURATION, "Time without a request."),
	IGNORED(api_http2, max_upload_buffer_per_connection, ARG_INT, "Window."),
	IGNORED(api_http2, max_upload_buffer_per_stream, ARG_INT, "Window."),
	IGNORED(api_http2, ping_timeout, ARG_DURATION, "Time for the answer to a ping."),
	IGNORED(api_http2, read_idle_timeout, ARG_DURATION, "Silence before a ping."),
	IGNORED(api_http2, write_byte_timeout, ARG_DURATION, "Time without progress."),
	ARGS_END,
};

static const struct arg http_args[] = {
	ARG_PLACE(api_http_blocks, http.at),
	ARG_NAMED(api_http_blocks, "listen_address", http.listen_address, .type = ARG_STR,
		.help = "Address to listen on. Empty: all of them."),
	ARG_NAMED(api_http_blocks, "listen_port", http.listen_port, .type = ARG_INT,
		.def = "8080", .help = "Port to listen on."),
	ARG_NAMED(api_http_blocks, "conn_limit", http.conn_limit, .type = ARG_INT, .def = "0",
		.help = "Connections at once. 0: as many as the agent takes (4096)."),
	ARG_NAMED(api_http_blocks, "server_idle_timeout", http.server_idle_timeout,
		.type = ARG_DURATION, .def = "120s",
		.help = "A connection without a request for so long is closed."),
	ARG_NAMED(api_http_blocks, "server_read_timeout", http.server_read_timeout,
		.type = ARG_DURATION, .def = "30s", .help = "Time for a request to come."),
	ARG_NAMED(api_http_blocks, "server_write_timeout", http.server_write_timeout,
		.type = ARG_DURATION, .def = "30s", .help = "Time for an answer to be taken."),
	ARG_NAMED(api_http_blocks, "tls", http.tls, .type = ARG_BLOCK, .block = tls_args,
		.size = sizeof(struct api_tls), .help = "TLS of the server."),
	ARG(api_http_blocks, http2, .type = ARG_BLOCK, .flags = ARG_NO_EFFECT,
		.block = http2_args, .size = sizeof(struct api_http2), .help = "HTTP/2."),
	ARGS_END,
};

static const struct arg grpc_args[] = {
	ARG(api_grpc, listen_address, .type = ARG_STR, .help = "Address."),
	ARG(api_grpc, listen_port, .type = ARG_INT, .help = "Port."),
	ARG(api_grpc, conn_limit, .type = ARG_INT, .help = "Connections at once."),
	ARG(api_grpc, max_connection_age, .type = ARG_STR, .help = "Age of a connection."),
	ARG(api_grpc, max_connection_age_grace, .type = ARG_STR, .help = "Time after that."),
	ARG(api_grpc, max_connection_idle, .type = ARG_STR, .help = "Time without a call."),
	ARG(api_grpc, server_max_recv_msg_size, .type = ARG_INT, .help = "Longest message."),
	ARG(api_grpc, server_max_send_msg_size, .type = ARG_INT, .help = "Longest answer."),
	ARG(api_grpc, server_max_concurrent_streams, .type = ARG_INT, .help = "Calls at once."),
	ARG(api_grpc, tls, .type = ARG_BLOCK, .block = tls_args, .size = sizeof(struct api_tls),
		.help = "TLS of the server."),
	ARGS_END,
};

static const struct arg api_args[] = {
	ARG_PLACE(api_blocks, args.at),
	ARG_NAMED(api_blocks, "forward_to", args.forward_to, .type = ARG_CAPSULES,
		.capsule = &capsule_logs_receiver, .flags = ARG_REQUIRED,
		.help = "Receivers of the entries."),
	ARG_NAMED(api_blocks, "labels", args.labels, .type = ARG_MAP,
		.help = "Labels of every entry; they win over those that come with it."),
	ARG_NAMED(api_blocks, "relabel_rules", args.relabel_rules, .type = ARG_CAPSULE,
		.capsule = &capsule_relabel_rules,
		.help = "Rules for the labels of each stream; then those that begin with __ go."),
	ARG_NAMED(api_blocks, "use_incoming_timestamp", args.use_incoming_timestamp,
		.type = ARG_BOOL, .def = "false",
		.help = "Whether an entry keeps the time it came with; else it is that of "
			"arrival."),
	ARG_NAMED(api_blocks, "max_send_message_size", args.max_send_message_size,
		.type = ARG_SIZE, .def = "100MiB",
		.help = "Bytes of a request, also when it is unpacked; a quarter of the memory "
			"budget, and 4 MiB at least, is the limit as well."),
	ARG_NAMED(api_blocks, "graceful_shutdown_timeout", args.graceful_shutdown_timeout,
		.type = ARG_DURATION, .def = "30s",
		.help = "Time for the requests under way to end when the agent stops."),
	ARG_NAMED(api_blocks, "http", args.http, .type = ARG_BLOCK, .flags = ARG_ALWAYS,
		.block = http_args, .size = sizeof(struct api_http_blocks),
		.help = "The HTTP server."),
	ARG(api_blocks, grpc, .type = ARG_BLOCK, .flags = ARG_NO_EFFECT, .block = grpc_args,
		.size = sizeof(struct api_grpc),
		.help = "A gRPC server, which would serve nothing."),
	ARGS_END,
};

static bool check_http(const struct api_http *h, struct diags *d)
{
	bool ok = true;

	if (h->listen_port < 0 || h->listen_port > 65535)
		ok = diag_error(d, h->at, "listen_port must be from 0 to 65535, not %" PRId64,
			h->listen_port);
	if (h->conn_limit < 0)
		ok = diag_error(d, h->at, "conn_limit must not be negative");
	if (h->server_idle_timeout < 0)
		ok = diag_error(d, h->at, "server_idle_timeout must not be negative");
	if (h->server_read_timeout < 0)
		ok = diag_error(d, h->at, "server_read_timeout must not be negative");
	if (h->server_write_timeout < 0)
		ok = diag_error(d, h->at, "server_write_timeout must not be negative");
	if (!tls_server_args_check(h->tls ? &h->tls->server : NULL, d))
		ok = false;
	if (h->tls && h->tls->client_ca.n > 0 &&
		(h->tls->server.client_ca_pem.n > 0 || h->tls->server.client_ca_file.n > 0))
		ok = diag_error(d, h->tls->server.at,
			"client_ca, client_ca_pem and client_ca_file are mutually exclusive");
	return ok;
}

static bool loki_source_api_check(const void *args, struct diags *d)
{
	const struct api_args *a = &((const struct api_blocks *)args)->args;
	bool ok = check_http(a->http, d);

	if (a->max_send_message_size <= 0)
		ok = diag_error(d, a->at, "max_send_message_size must be greater than 0");
	if (a->graceful_shutdown_timeout < 0)
		ok = diag_error(d, a->at, "graceful_shutdown_timeout must not be negative");
	for (size_t i = 0; i < a->labels.n; i++)
		if (!label_name_is_valid(a->labels.p[i].name))
			ok = diag_error(d, a->at,
				"labels: \"" STR_FMT "\" is not the name of a label",
				STR_ARG(a->labels.p[i].name));
	return ok;
}

/* ---- the server ---- */

static void read_settings(struct api_source *s)
{
	const struct api_http *h = s->args->http;
	struct str host = h->listen_address;
	bool is_ipv6 = host.n > 0 && host.p[0] != '[' && memchr(host.p, ':', host.n);
	size_t room = s->base.agent->budget->limit / 4;
	size_t max = (size_t)s->args->max_send_message_size;

	snprintf(s->address, sizeof(s->address), "%s" STR_FMT "%s:%d", is_ipv6 ? "[" : "",
		STR_ARG(str_head(host, 256)), is_ipv6 ? "]" : "", (int)h->listen_port);
	room = room > MIN_ROOM ? room : MIN_ROOM;
	s->settings = (struct http_server_settings){
		.address = str_from(s->address),
		.max_body = max < room ? max : room,
		.max_bodies = room,
		.max_connections = (size_t)h->conn_limit,
		.idle_timeout = h->server_idle_timeout,
		.header_timeout = h->server_read_timeout,
		.read_timeout = h->server_read_timeout,
		.write_timeout = h->server_write_timeout,
		.head = api_on_head,
		.request = api_on_request,
		.gone = api_on_gone,
		.too_large = api_on_too_large,
		.busy = api_on_busy,
	};
}

/* May the server that runs go on with the new settings? The address is compared by the caller. */
static bool is_same(const struct http_server_settings *a, const struct http_server_settings *b)
{
	return a->max_body == b->max_body && a->max_bodies == b->max_bodies &&
	       a->max_connections == b->max_connections && a->idle_timeout == b->idle_timeout &&
	       a->read_timeout == b->read_timeout && a->write_timeout == b->write_timeout;
}

static bool read_keys(struct api_source *s, struct arena *a, struct tls_server_pem *pem,
	struct err *e)
{
	struct tls_server_args tls;

	if (!s->args->http->tls)
		return tls_server_args_read(NULL, a, pem, e);
	tls = s->args->http->tls->server;
	if (s->args->http->tls->client_ca.n > 0)
		tls.client_ca_pem = s->args->http->tls->client_ca;
	return tls_server_args_read(&tls, a, pem, e);
}

static bool listen_on(struct api_source *s, struct err *e)
{
	static const struct http2_settings http2 = {0};
	struct http_server_settings set = s->settings;
	struct tls_server_pem pem;
	struct arena files;

	arena_init(&files, 0);
	if (read_keys(s, &files, &pem, e)) {
		set.http2 = &http2;
		set.tls_cert_pem = pem.cert;
		set.tls_key_pem = pem.key;
		set.tls_client_ca_pem = pem.client_ca;
		s->server = http_server_new(s->base.loop, &set, s, e);
	}
	arena_fini(&files);
	return s->server != NULL;
}

static void try_to_listen(struct api_source *s, bool is_first)
{
	struct err e;

	if (listen_on(s, &e)) {
		log_info(s->base.id, "Loki's push API is served",
			KV("address", s->settings.address),
			KV("port", http_server_port(s->server)));
		component_set_health(&s->base, HEALTH_HEALTHY, "started component");
		return;
	}
	if (is_first)
		log_error(s->base.id, "Loki's push API cannot be served; it is tried again",
			KV("err", (const char *)e.text), KV("address", s->settings.address));
	component_set_health(&s->base, HEALTH_UNHEALTHY, e.text);
	timer_set(&s->listen_timer, s->base.loop, LISTEN_PAUSE);
}

static void on_listen_timer(struct timer *t)
{
	try_to_listen(container_of(t, struct api_source, listen_timer), false);
}

/* After start() or update(), since what is said of health in them does not last. */
static void on_listen_task(struct task *t)
{
	try_to_listen(container_of(t, struct api_source, listen_task), true);
}

static void close_server(struct api_source *s)
{
	http_server_free(s->server);
	s->server = NULL;
}

/* Certificates that cannot be read now change nothing: they may just be written. */
static void renew_keys(struct api_source *s)
{
	struct tls_server_pem pem;
	struct arena files;
	struct err e;

	arena_init(&files, 0);
	if (!read_keys(s, &files, &pem, &e) ||
		!http_server_set_tls(s->server, pem.cert, pem.key, pem.client_ca, &e))
		log_warn(s->base.id, "certificates cannot be read again; the old ones stay",
			KV("err", (const char *)e.text));
	arena_fini(&files);
}

static void stop_listening(struct api_source *s)
{
	timer_clear(&s->listen_timer);
	task_cancel(&s->listen_task);
}

static size_t connections(const struct api_source *s)
{
	return s->server ? http_server_connections(s->server) : 0;
}

static double read_connections(void *owner)
{
	return (double)connections(owner);
}

/* ---- life ---- */

static bool loki_source_api_update(struct component *c, const void *args, struct err *e)
{
	struct api_source *s = container_of(c, struct api_source, base);
	bool had_tls = s->args && s->args->http->tls;
	struct http_server_settings old = s->settings;
	char address[sizeof(s->address)];

	(void)e;
	snprintf(address, sizeof(address), "%s", s->address);
	s->args = &((const struct api_blocks *)args)->args;
	rule_labels_set(&s->rules, s->args->relabel_rules);
	read_settings(s);
	if (s->server && (strcmp(address, s->address) != 0 || !is_same(&old, &s->settings) ||
				 had_tls != (s->args->http->tls != NULL)))
		close_server(s);
	else if (s->server && had_tls)
		renew_keys(s);
	timer_clear(&s->listen_timer);
	if (!s->server)
		task_defer(&s->listen_task, c->loop);
	return true;
}

/* A connection that is open may just be kept for later; for those it is not waited long. */
static bool is_busy(const struct api_source *s)
{
	int64_t now = loop_now(s->base.loop);

	if (!list_is_empty(&s->held) || (s->server && http_server_bodies(s->server) > 0))
		return now < s->stop_by;
	return connections(s) > 0 && now < s->stop_by && now < s->linger_by;
}

static void stop_when_idle(struct api_source *s)
{
	if (is_busy(s)) {
		timer_set(&s->timer, s->base.loop, STOP_PAUSE);
		return;
	}
	timer_clear(&s->timer);
	stop_listening(s);
	close_server(s);
	api_intake_fini(s);
	rule_labels_fini(&s->rules);
	api_counters_fini(&s->counters);
	component_stopped(&s->base);
}

static void on_timer(struct timer *t)
{
	struct api_source *s = container_of(t, struct api_source, timer);

	api_intake_expire(s);
	if (s->stop_by != 0)
		stop_when_idle(s);
}

static bool loki_source_api_start(struct component *c, const void *args, struct err *e)
{
	struct api_source *s = container_of(c, struct api_source, base);

	s->timer.fire = on_timer;
	s->listen_timer.fire = on_listen_timer;
	s->listen_task.run = on_listen_task;
	api_counters_init(&s->counters, c, read_connections, s);
	api_intake_init(s);
	return loki_source_api_update(c, args, e);
}

/* Requests that are under way are still taken, and their connections closed with the answer. */
static void loki_source_api_stop(struct component *c)
{
	struct api_source *s = container_of(c, struct api_source, base);

	stop_listening(s);
	if (s->server)
		http_server_quiesce(s->server);
	s->stop_by = loop_now(c->loop) + s->args->graceful_shutdown_timeout;
	s->linger_by = loop_now(c->loop) + LINGER;
	stop_when_idle(s);
}

const struct component_type loki_source_api = {
	.name = "loki.source.api",
	.help = "Takes log entries that are pushed by Loki's API.",
	.stability = STABILITY_GA,
	.args = api_args,
	.size = sizeof(struct api_source),
	.args_size = sizeof(struct api_blocks),
	.check = loki_source_api_check,
	.start = loki_source_api_start,
	.update = loki_source_api_update,
	.stop = loki_source_api_stop,
};
