/* The table, and what an endpoint means. */

#include "agent/component/common/otelcol_grpc/args.h"

static const struct arg keepalive_args[] = {
	ARG(otlp_client_keepalive, ping_wait, .type = ARG_DURATION, .flags = ARG_NO_EFFECT,
		.help = "How often to ping an idle server; the kernel probes instead."),
	ARG(otlp_client_keepalive, ping_response_timeout, .type = ARG_DURATION,
		.flags = ARG_NO_EFFECT, .help = "Time to wait for the answer to a ping."),
	ARG(otlp_client_keepalive, ping_without_stream, .type = ARG_BOOL, .flags = ARG_NO_EFFECT,
		.help = "Send pings even without a call."),
	ARGS_END,
};

/* clang-format off */
#define CLIENT_ARGS \
	ARG_PLACE(otlp_client, at), \
	ARG(otlp_client, compression, .type = ARG_STR, .def = "gzip", \
		.help = "Compression of requests: gzip, snappy, zstd or none."), \
	ARG(otlp_client, balancer_name, .type = ARG_STR, .flags = ARG_NO_EFFECT, \
		.def = "round_robin", .help = "One address of the name is used at a time."), \
	ARG(otlp_client, authority, .type = ARG_STR, \
		.help = "Overrides the :authority header of requests."), \
	ARG(otlp_client, tls, .type = ARG_BLOCK, OTELCOL_TLS_CLIENT), \
	ARG(otlp_client, auth, .type = ARG_CAPSULE, .capsule = &capsule_handler, \
		.help = "Handler that adds credentials to requests."), \
	ARG(otlp_client, headers, .type = ARG_MAP, \
		.help = "Additional headers to send with the request."), \
	ARG(otlp_client, keepalive, .type = ARG_BLOCK, .block = keepalive_args, \
		.size = sizeof(struct otlp_client_keepalive), .help = "Keepalive settings."), \
	ARG(otlp_client, read_buffer_size, .type = ARG_SIZE, .flags = ARG_NO_EFFECT, \
		.help = "Size of the read buffer."), \
	ARG(otlp_client, write_buffer_size, .type = ARG_SIZE, .flags = ARG_NO_EFFECT, \
		.def = "512KiB", .help = "Size of the write buffer."), \
	ARG(otlp_client, wait_for_ready, .type = ARG_BOOL, .flags = ARG_NO_EFFECT, \
		.help = "The queue waits for the server in any case.")

static const struct arg client_args[] = {
	ARG(otlp_client, endpoint, .type = ARG_STR, .flags = ARG_REQUIRED,
		.help = "host:port to send telemetry data to."),
	CLIENT_ARGS,
	ARGS_END,
};

const struct arg otlp_exporter_backend_args[] = {
	CLIENT_ARGS,
	ARGS_END,
};
/* clang-format on */

const struct arg otlp_exporter_args[] = {
	ARG_PLACE(otlp_exporter_args, at),
	ARG(otlp_exporter_args, timeout, .type = ARG_DURATION, .def = "5s",
		.help = "Time to wait before marking a request as failed."),
	ARG(otlp_exporter_args, client, .type = ARG_BLOCK, .flags = ARG_REQUIRED,
		.block = client_args, .size = sizeof(struct otlp_client),
		.help = "The gRPC client."),
	ARG(otlp_exporter_args, retry_on_failure, .type = ARG_BLOCK, .flags = ARG_ALWAYS,
		OTELCOL_RETRY),
	ARG(otlp_exporter_args, sending_queue, .type = ARG_BLOCK, .flags = ARG_ALWAYS,
		OTELCOL_QUEUE),
	ARG(otlp_exporter_args, debug_metrics, .type = ARG_BLOCK, OTELCOL_DEBUG_METRICS),
	ARGS_END,
};

struct str otlp_exporter_encoding(struct str compression)
{
	if (str_is(compression, "snappy")) /* gRPC's is a stream */
		return STR("x-snappy-framed");
	if (str_is(compression, "none") || str_is(compression, "gzip") ||
		str_is(compression, "zstd") || compression.n == 0)
		return compression.n ? compression : STR("none");
	return (struct str){NULL, 0};
}

static bool strip(struct str *s, const char *prefix)
{
	if (!str_starts(*s, prefix))
		return false;
	*s = str_from_at(*s, strlen(prefix));
	return true;
}

/* People write the URL of another protocol here: its host is meant, gRPC has no path. */
static struct str path_of(const struct otlp_client *c)
{
	struct str rest = c->endpoint;
	size_t n = 0;

	if (!strip(&rest, "http://") && !strip(&rest, "https://"))
		return (struct str){0};
	while (n < rest.n && rest.p[n] != '/')
		n++;
	return str_from_at(rest, n);
}

struct str otlp_exporter_host(const struct otlp_client *c, bool *is_tls)
{
	struct str host = c->endpoint;
	bool is_https = false;

	host.n -= path_of(c).n;
	if (!strip(&host, "http://") && !strip(&host, "dns:///") &&
		!strip(&host, "passthrough:///"))
		is_https = strip(&host, "https://");
	while (host.n > 0 && host.p[host.n - 1] == '/')
		host.n--;
	*is_tls = is_https || !c->tls || !c->tls->insecure;
	return host;
}

bool otlp_exporter_client_check(const struct otlp_client *c, struct diags *d)
{
	bool ok = true;

	if (!otlp_exporter_encoding(c->compression).p)
		ok = diag_error(d, c->at,
			"compression: unsupported compression type \"" STR_FMT
			"\"; gRPC has gzip, snappy, zstd and none",
			STR_ARG(c->compression));
	return otelcol_tls_client_check(c->tls, d) && ok;
}

static bool check_endpoint(const struct otlp_client *c, struct diags *d)
{
	bool is_tls;
	struct str host = otlp_exporter_host(c, &is_tls);

	for (size_t i = 0; i < host.n; i++)
		if (host.p[i] == '/' || host.p[i] == ' ' || host.p[i] == '@' || host.p[i] == '?')
			host.n = 0;
	if (host.n == 0) {
		diag_error(d, c->at, "endpoint must be \"host:port\", got \"" STR_FMT "\"",
			STR_ARG(c->endpoint));
		diag_hint(d, "for example tempo.monitoring.svc:4317; an environment variable may "
			     "be empty");
		return false;
	}
	if (path_of(c).n > 1)
		diag_warning(d, c->at,
			"the path of endpoint \"" STR_FMT "\" is not used: gRPC has none",
			STR_ARG(c->endpoint));
	if (is_tls && str_starts(c->endpoint, "http://"))
		diag_warning(d, c->at,
			"\"http://\" does not turn TLS off, as in Alloy: set tls { insecure = "
			"true }");
	return true;
}

bool otlp_exporter_check(const void *args, struct diags *d)
{
	const struct otlp_exporter_args *a = args;
	const struct otlp_client *c = a->client;
	bool ok = check_endpoint(c, d);

	ok = otlp_exporter_client_check(c, d) && ok;
	ok = otelcol_retry_check(a->retry_on_failure, d) && ok;
	return otelcol_queue_check(a->sending_queue, d) && ok;
}
