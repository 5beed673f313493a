/* The tables. The grpc block is decoded whole, so that its mistakes are found, and reported once.
 */

#include "agent/component/otelcol.receiver.otlp/args.h"

#include "proto/otlp/decode.h"

struct otlp_enforcement {
	int64_t min_time;
	bool permit_without_stream;
};

struct otlp_server_parameters {
	int64_t max_connection_age;
	int64_t max_connection_age_grace;
	int64_t max_connection_idle;
	int64_t time;
	int64_t timeout;
};

struct otlp_keepalive {
	struct otlp_enforcement *enforcement_policy;
	struct otlp_server_parameters *server_parameters;
};

struct otlp_grpc {
	struct range at;
	struct str endpoint;
	struct str transport;
	int64_t max_recv_msg_size;
	uint64_t max_concurrent_streams;
	int64_t read_buffer_size;
	int64_t write_buffer_size;
	bool include_metadata;
	void *auth;
	struct otlp_keepalive *keepalive;
	struct otelcol_tls_server *tls;
};

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

static const struct arg grpc_args[] = {
	ARG_PLACE(otlp_grpc, at),
	ARG(otlp_grpc, endpoint, .type = ARG_STR, .def = "0.0.0.0:4317",
		.help = "host:port to listen on."),
	ARG(otlp_grpc, transport, .type = ARG_STR, .def = "tcp", .help = "Transport to use."),
	ARG(otlp_grpc, max_recv_msg_size, .type = ARG_SIZE, .def = "4MiB",
		.help = "Largest message."),
	ARG(otlp_grpc, max_concurrent_streams, .type = ARG_UINT,
		.help = "Concurrent calls of a connection."),
	ARG(otlp_grpc, read_buffer_size, .type = ARG_SIZE, .def = "512KiB",
		.help = "Size of the read buffer."),
	ARG(otlp_grpc, write_buffer_size, .type = ARG_SIZE, .help = "Size of the write buffer."),
	ARG(otlp_grpc, include_metadata, .type = ARG_BOOL,
		.help = "Propagate the client's metadata."),
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
	ARG(otlp_http, include_metadata, .type = ARG_BOOL, .flags = ARG_NO_EFFECT,
		.help = "Propagate the client's headers; nothing here reads them."),
	ARG(otlp_http, compression_algorithms, .type = ARG_STRS,
		.def = "[\"\", \"gzip\", \"zstd\", \"zlib\", \"snappy\", \"deflate\", \"lz4\"]",
		.help = "Content encodings that are taken; lz4 is not."),
	ARG(otlp_http, keep_alives_enabled, .type = ARG_BOOL, .def = "true",
		.help = "Connections are used again."),
	ARG(otlp_http, idle_timeout, .type = ARG_DURATION, .def = "1m",
		.help = "A connection without traffic is closed."),
	ARG(otlp_http, read_header_timeout, .type = ARG_DURATION, .flags = ARG_NO_EFFECT,
		.def = "1m", .help = "idle_timeout is what counts."),
	ARG(otlp_http, read_timeout, .type = ARG_DURATION, .flags = ARG_NO_EFFECT,
		.help = "idle_timeout is what counts."),
	ARG(otlp_http, write_timeout, .type = ARG_DURATION, .flags = ARG_NO_EFFECT, .def = "30s",
		.help = "idle_timeout is what counts."),
	ARG(otlp_http, traces_url_path, .type = ARG_STR, .def = "/v1/traces",
		.help = "Path for traces."),
	ARG(otlp_http, metrics_url_path, .type = ARG_STR, .def = "/v1/metrics",
		.help = "Path for metrics."),
	ARG(otlp_http, logs_url_path, .type = ARG_STR, .def = "/v1/logs", .help = "Path for logs."),
	ARGS_END,
};

const struct arg otlp_receiver_args[] = {
	ARG(otlp_receiver_args, grpc, .type = ARG_BLOCK, .block = grpc_args,
		.size = sizeof(struct otlp_grpc), .help = "The gRPC server; it is not served yet."),
	ARG(otlp_receiver_args, http, .type = ARG_BLOCK, .block = http_args,
		.size = sizeof(struct otlp_http),
		.help = "The HTTP server; without this block there is none."),
	ARG(otlp_receiver_args, output, .type = ARG_BLOCK, .flags = ARG_REQUIRED, OTELCOL_OUTPUT),
	ARG(otlp_receiver_args, debug_metrics, .type = ARG_BLOCK, OTELCOL_DEBUG_METRICS),
	ARGS_END,
};

static bool check_http(const struct otlp_http *h, struct diags *d)
{
	if (h->max_request_body_size <= 0)
		return diag_error(d, h->at, "max_request_body_size must be positive");
	if (h->traces_url_path.n == 0 || h->metrics_url_path.n == 0 || h->logs_url_path.n == 0 ||
		h->traces_url_path.p[0] != '/' || h->metrics_url_path.p[0] != '/' ||
		h->logs_url_path.p[0] != '/')
		return diag_error(d, h->at, "the paths of signals must begin with \"/\"");
	for (size_t i = 0; i < h->compression_algorithms.n; i++)
		if (!decoder_knows(h->compression_algorithms.p[i]) &&
			!str_is(h->compression_algorithms.p[i], "lz4"))
			return diag_error(d, h->at,
				"unsupported compression algorithm \"" STR_FMT "\"",
				STR_ARG(h->compression_algorithms.p[i]));
	return true;
}

bool otlp_receiver_check(const void *args, struct diags *d)
{
	const struct otlp_receiver_args *a = args;
	bool ok = otelcol_output_check(a->output, d);

	if (a->grpc) {
		diag_warning(d, a->grpc->at,
			"gRPC is not served yet: set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf and "
			"port 4318");
	}
	return (!a->http || check_http(a->http, d)) && ok;
}
