/* The tables, and the checks of what tables cannot say. */

#include "agent/component/otelcol.receiver.otlp/args.h"

#include "proto/otlp/decode.h"

static const struct arg enforcement_args[] = {
	ARG(otlp_enforcement, min_time, .type = ARG_DURATION, .def = "5m",
		.help = "Minimum time between pings."),
	ARG(otlp_enforcement, permit_without_stream, .type = ARG_BOOL,
		.help = "Pings without a call are fine."),
	ARGS_END,
};

static const struct arg server_parameters_args[] = {
	ARG(otlp_server_parameters, max_connection_age, .type = ARG_DURATION,
		.help = "Longest life of a connection."),
	ARG(otlp_server_parameters, max_connection_age_grace, .type = ARG_DURATION,
		.help = "Time to close it."),
	ARG(otlp_server_parameters, max_connection_idle, .type = ARG_DURATION,
		.help = "Longest idle time."),
	ARG(otlp_server_parameters, time, .type = ARG_DURATION, .def = "2h",
		.help = "Idle clients are pinged after it."),
	ARG(otlp_server_parameters, timeout, .type = ARG_DURATION, .def = "20s",
		.help = "Time to wait for the answer."),
	ARGS_END,
};

static const struct arg keepalive_args[] = {
	ARG(otlp_keepalive, enforcement_policy, .type = ARG_BLOCK, .block = enforcement_args,
		.size = sizeof(struct otlp_enforcement), .help = "What clients may do."),
	ARG(otlp_keepalive, server_parameters, .type = ARG_BLOCK, .block = server_parameters_args,
		.size = sizeof(struct otlp_server_parameters), .help = "What the server does."),
	ARGS_END,
};

static const char *const transports[] = {"tcp", NULL};

static const struct arg grpc_args[] = {
	ARG_PLACE(otlp_grpc, at),
	ARG(otlp_grpc, endpoint, .type = ARG_STR, .def = "0.0.0.0:4317",
		.help = "host:port to listen on."),
	ARG(otlp_grpc, transport, .type = ARG_STR, .def = "tcp", .one_of = transports,
		.help = "Transport to use: tcp."),
	ARG(otlp_grpc, max_recv_msg_size, .type = ARG_SIZE, .def = "4MiB",
		.help = "Largest message."),
	ARG(otlp_grpc, max_concurrent_streams, .type = ARG_UINT,
		.help = "Concurrent calls of a connection; 0: 256."),
	ARG(otlp_grpc, read_buffer_size, .type = ARG_SIZE, .flags = ARG_NO_EFFECT,
		.def = "512KiB", .help = "All connections share one buffer of 64 KiB."),
	ARG(otlp_grpc, write_buffer_size, .type = ARG_SIZE, .flags = ARG_NO_EFFECT,
		.help = "Answers are small; there is no such buffer."),
	ARG(otlp_grpc, include_metadata, .type = ARG_BOOL,
		.help = "Data carries the metadata of its call, for those components that ask."),
	ARG(otlp_grpc, auth, .type = ARG_CAPSULE, .capsule = &capsule_handler,
		.help = "Who may come in."),
	ARG(otlp_grpc, keepalive, .type = ARG_BLOCK, .block = keepalive_args,
		.size = sizeof(struct otlp_keepalive), .help = "Keepalive settings of the server."),
	ARG(otlp_grpc, tls, .type = ARG_BLOCK, OTELCOL_TLS_SERVER),
	ARGS_END,
};

static const struct arg cors_args[] = {
	ARG(otlp_cors, allowed_origins, .type = ARG_STRS,
		.help = "Origins that may send; * is any, or any part of one."),
	ARG(otlp_cors, allowed_headers, .type = ARG_STRS, .def = "[\"X-Requested-With\"]",
		.help = "Headers that a request may have."),
	ARG(otlp_cors, exposed_headers, .type = ARG_STRS,
		.help = "Headers that a script may read."),
	ARG(otlp_cors, max_age, .type = ARG_INT,
		.help = "Seconds for which a browser may keep the answer."),
	ARGS_END,
};

static const struct arg http_args[] = {
	ARG_PLACE(otlp_http, at),
	ARG(otlp_http, endpoint, .type = ARG_STR, .def = "0.0.0.0:4318",
		.help = "host:port to listen on."),
	ARG(otlp_http, tls, .type = ARG_BLOCK, OTELCOL_TLS_SERVER),
	ARG(otlp_http, cors, .type = ARG_BLOCK, .block = cors_args,
		.size = sizeof(struct otlp_cors),
		.help = "Requests from other origins, by browsers."),
	ARG(otlp_http, auth, .type = ARG_CAPSULE, .capsule = &capsule_handler,
		.help = "Who may come in."),
	ARG(otlp_http, max_request_body_size, .type = ARG_SIZE, .def = "20MiB",
		.help = "Largest body, before and after it is decompressed."),
	ARG(otlp_http, include_metadata, .type = ARG_BOOL,
		.help = "Data carries the headers of its request, for those components that ask."),
	ARG(otlp_http, compression_algorithms, .type = ARG_STRS,
		.def = "[\"\", \"gzip\", \"zstd\", \"zlib\", \"snappy\", \"deflate\", \"lz4\"]",
		.help = "Content encodings that are taken."),
	ARG(otlp_http, keep_alives_enabled, .type = ARG_BOOL, .def = "true",
		.help = "Connections are used again."),
	ARG(otlp_http, idle_timeout, .type = ARG_DURATION, .def = "1m",
		.help = "A connection without traffic is closed."),
	ARG(otlp_http, read_header_timeout, .type = ARG_DURATION, .def = "1m",
		.help = "Time for the head of a request."),
	ARG(otlp_http, read_timeout, .type = ARG_DURATION,
		.help = "Time for a request with its body; 0: ten times idle_timeout."),
	ARG(otlp_http, write_timeout, .type = ARG_DURATION, .def = "30s",
		.help = "Time for an answer to be taken."),
	ARG(otlp_http, traces_url_path, .type = ARG_STR, .def = "/v1/traces",
		.help = "Path for traces."),
	ARG(otlp_http, metrics_url_path, .type = ARG_STR, .def = "/v1/metrics",
		.help = "Path for metrics."),
	ARG(otlp_http, logs_url_path, .type = ARG_STR, .def = "/v1/logs", .help = "Path for logs."),
	ARGS_END,
};

const struct arg otlp_receiver_args[] = {
	ARG(otlp_receiver_args, grpc, .type = ARG_BLOCK, .block = grpc_args,
		.size = sizeof(struct otlp_grpc),
		.help = "The gRPC server; without this block there is none."),
	ARG(otlp_receiver_args, http, .type = ARG_BLOCK, .block = http_args,
		.size = sizeof(struct otlp_http),
		.help = "The HTTP server; without this block there is none."),
	ARG(otlp_receiver_args, output, .type = ARG_BLOCK, .flags = ARG_REQUIRED, OTELCOL_OUTPUT),
	ARG(otlp_receiver_args, debug_metrics, .type = ARG_BLOCK, OTELCOL_DEBUG_METRICS),
	ARGS_END,
};

static bool check_path(const char *name, struct str path, struct range at, struct diags *d)
{
	return str_starts(path, "/") ||
	       diag_error(d, at, "%s \"" STR_FMT "\" must begin with \"/\"", name, STR_ARG(path));
}

static bool check_http(const struct otlp_http *h, struct diags *d)
{
	bool ok = check_path("traces_url_path", h->traces_url_path, h->at, d);

	ok = check_path("metrics_url_path", h->metrics_url_path, h->at, d) && ok;
	ok = check_path("logs_url_path", h->logs_url_path, h->at, d) && ok;
	if (h->max_request_body_size <= 0)
		ok = diag_error(d, h->at, "max_request_body_size must be positive");
	for (size_t i = 0; i < h->compression_algorithms.n; i++)
		if (!decoder_knows(h->compression_algorithms.p[i]))
			ok = diag_error(d, h->at,
				"compression_algorithms: unsupported compression algorithm "
				"\"" STR_FMT "\"",
				STR_ARG(h->compression_algorithms.p[i]));
	return ok;
}

static bool check_grpc(const struct otlp_grpc *g, struct diags *d)
{
	if (g->max_recv_msg_size <= 0 || g->max_recv_msg_size >= INT32_MAX)
		return diag_error(d, g->at, "max_recv_msg_size must be positive, and below 2 GiB");
	return true;
}

/* Port 0 is another one each time. */
static bool is_same(struct str a, struct str b)
{
	return str_eq(a, b) && !str_ends(a, ":0");
}

bool otlp_receiver_check(const void *args, struct diags *d)
{
	const struct otlp_receiver_args *a = args;
	bool ok = otelcol_output_check(a->output, d);

	if (a->grpc && a->http && is_same(a->grpc->endpoint, a->http->endpoint))
		ok = diag_error(d, a->grpc->at,
			"the grpc and the http block have the same endpoint; one of the blocks is "
			"enough, for each port serves both protocols");
	ok = (!a->grpc || check_grpc(a->grpc, d)) && ok;
	return (!a->http || check_http(a->http, d)) && ok;
}
