/* The tables, and where each signal goes. */

#include "agent/component/otelcol.exporter.otlphttp/args.h"

#include "agent/base/arena.h"
#include "agent/base/err.h"
#include "proto/otlp/encode.h"

static const struct arg compression_args[] = {
	ARG(otlphttp_compression, level, .type = ARG_INT, .flags = ARG_REQUIRED,
		.help = "Compression level."),
	ARGS_END,
};

static const struct arg cookies_args[] = {
	ARG(otlphttp_cookies, enabled, .type = ARG_BOOL, .flags = ARG_NO_EFFECT,
		.help = "Whether cookies of answers are kept."),
	ARGS_END,
};

static const struct arg client_args[] = {
	ARG_PLACE(otlphttp_client, at),
	ARG(otlphttp_client, endpoint, .type = ARG_STR, .flags = ARG_REQUIRED,
		.help = "The target URL to send telemetry data to."),
	ARG(otlphttp_client, proxy_url, .type = ARG_STR,
		.help = "HTTP proxy to send requests through."),
	ARG(otlphttp_client, tls, .type = ARG_BLOCK, OTELCOL_TLS_CLIENT),
	ARG(otlphttp_client, auth, .type = ARG_CAPSULE, .capsule = &capsule_handler,
		.help = "Handler that adds credentials to requests."),
	ARG(otlphttp_client, headers, .type = ARG_MAP,
		.help = "Additional headers to send with the request."),
	ARG(otlphttp_client, compression, .type = ARG_STR, .def = "gzip",
		.help = "Compression of requests: gzip, zlib, deflate, snappy, zstd or none."),
	ARG(otlphttp_client, compression_params, .type = ARG_BLOCK, .block = compression_args,
		.size = sizeof(struct otlphttp_compression),
		.help = "Advanced compression options."),
	ARG(otlphttp_client, cookies, .type = ARG_BLOCK, .block = cookies_args,
		.size = sizeof(struct otlphttp_cookies), .help = "Store cookies from the server."),
	ARG(otlphttp_client, timeout, .type = ARG_DURATION, .def = "30s",
		.help = "Time to wait for an answer."),
	ARG(otlphttp_client, read_buffer_size, .type = ARG_SIZE, .flags = ARG_NO_EFFECT,
		.help = "Size of the read buffer."),
	ARG(otlphttp_client, write_buffer_size, .type = ARG_SIZE, .flags = ARG_NO_EFFECT,
		.def = "512KiB", .help = "Size of the write buffer."),
	ARG(otlphttp_client, max_idle_conns, .type = ARG_INT, .flags = ARG_NO_EFFECT, .def = "100",
		.help = "Limits idle connections."),
	ARG(otlphttp_client, max_idle_conns_per_host, .type = ARG_INT, .flags = ARG_NO_EFFECT,
		.help = "Limits idle connections of a host."),
	ARG(otlphttp_client, max_conns_per_host, .type = ARG_INT, .flags = ARG_NO_EFFECT,
		.help = "Limits connections to a host; sending_queue's num_consumers does."),
	ARG(otlphttp_client, idle_conn_timeout, .type = ARG_DURATION, .flags = ARG_NO_EFFECT,
		.def = "90s", .help = "Idle connections are closed after it."),
	ARG(otlphttp_client, http2_read_idle_timeout, .type = ARG_DURATION, .flags = ARG_NO_EFFECT,
		.def = "0s", .help = "HTTP/2 pings after it."),
	ARG(otlphttp_client, http2_ping_timeout, .type = ARG_DURATION, .flags = ARG_NO_EFFECT,
		.def = "15s", .help = "Time to wait for a ping's answer."),
	ARG(otlphttp_client, disable_keep_alives, .type = ARG_BOOL,
		.help = "A connection for each request."),
	ARG(otlphttp_client, force_attempt_http2, .type = ARG_BOOL, .def = "true",
		.help = "Use HTTP/2 over TLS if the server has it."),
	ARGS_END,
};

static const char *const encodings[] = {"proto", "json", NULL};

const struct arg otlphttp_args[] = {
	ARG_PLACE(otlphttp_args, at),
	ARG(otlphttp_args, encoding, .type = ARG_STR, .def = "proto", .one_of = encodings,
		.help = "Encoding of messages: proto or json."),
	ARG(otlphttp_args, traces_endpoint, .type = ARG_STR,
		.help = "URL for traces; the endpoint and /v1/traces if not given."),
	ARG(otlphttp_args, metrics_endpoint, .type = ARG_STR,
		.help = "URL for metrics; the endpoint and /v1/metrics if not given."),
	ARG(otlphttp_args, logs_endpoint, .type = ARG_STR,
		.help = "URL for logs; the endpoint and /v1/logs if not given."),
	ARG(otlphttp_args, client, .type = ARG_BLOCK, .flags = ARG_REQUIRED, .block = client_args,
		.size = sizeof(struct otlphttp_client), .help = "The HTTP client."),
	ARG(otlphttp_args, retry_on_failure, .type = ARG_BLOCK, .flags = ARG_ALWAYS, OTELCOL_RETRY),
	ARG(otlphttp_args, sending_queue, .type = ARG_BLOCK, .flags = ARG_ALWAYS, OTELCOL_QUEUE),
	ARG(otlphttp_args, debug_metrics, .type = ARG_BLOCK, OTELCOL_DEBUG_METRICS),
	ARGS_END,
};

static bool check_url(struct str url, const char *name, struct range at, struct diags *d)
{
	if (str_starts(url, "http://") || str_starts(url, "https://"))
		return true;
	diag_error(d, at,
		"%s must be a URL that begins with http:// or https://, got \"" STR_FMT "\"", name,
		STR_ARG(url));
	diag_hint(d, "for example http://tempo.monitoring.svc:4318; an environment variable may be "
		     "empty");
	return false;
}

bool otlphttp_check(const void *args, struct diags *d)
{
	const struct otlphttp_args *a = args;
	const struct otlphttp_client *c = a->client;
	struct encoder *encoder;
	bool ok = check_url(c->endpoint, "endpoint", c->at, d);
	struct err e;

	ok = (!a->traces_endpoint.n ||
		     check_url(a->traces_endpoint, "traces_endpoint", a->at, d)) &&
	     ok;
	ok = (!a->metrics_endpoint.n ||
		     check_url(a->metrics_endpoint, "metrics_endpoint", a->at, d)) &&
	     ok;
	ok = (!a->logs_endpoint.n || check_url(a->logs_endpoint, "logs_endpoint", a->at, d)) && ok;
	ok = otelcol_tls_client_check(c->tls, d) && ok;
	ok = otelcol_retry_check(a->retry_on_failure, d) && ok;
	ok = otelcol_queue_check(a->sending_queue, d) && ok;
	encoder = encoder_new(
		c->compression, c->compression_params ? (int)c->compression_params->level : 0, &e);
	if (!encoder)
		return diag_error(d, c->at, "%s", e.text);
	encoder_free(encoder);
	return ok;
}

struct str otlphttp_url(const struct otlphttp_args *a, enum signal_kind kind, struct arena *arena)
{
	const struct str given[SIGNAL_KINDS] = {
		[SIGNAL_TRACES] = a->traces_endpoint,
		[SIGNAL_LOGS] = a->logs_endpoint,
		[SIGNAL_METRICS] = a->metrics_endpoint,
	};
	struct str base = a->client->endpoint;

	if (given[kind].n > 0)
		return given[kind];
	while (base.n > 0 && base.p[base.n - 1] == '/')
		base.n--;
	return arena_printf(arena, STR_FMT "/v1/%s", STR_ARG(base), signal_names[kind]);
}
