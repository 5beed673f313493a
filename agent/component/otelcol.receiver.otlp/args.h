#pragma once

/* What otelcol.receiver.otlp accepts. */

#include "agent/component/common/otelcol_args.h"

struct auth_handler;

struct otlp_cors {
	struct arg_strs allowed_origins;
	struct arg_strs allowed_headers;
	struct arg_strs exposed_headers;
	int64_t max_age; /* seconds */
};

struct otlp_http {
	struct range at;
	struct str endpoint;
	struct otelcol_tls_server *tls;
	struct otlp_cors *cors;
	struct auth_handler *auth;
	int64_t max_request_body_size;
	bool include_metadata;
	struct arg_strs compression_algorithms;
	bool keep_alives_enabled;
	int64_t idle_timeout;
	int64_t read_header_timeout;
	int64_t read_timeout;
	int64_t write_timeout;
	struct str traces_url_path;
	struct str metrics_url_path;
	struct str logs_url_path;
};

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
	struct auth_handler *auth;
	struct otlp_keepalive *keepalive;
	struct otelcol_tls_server *tls;
};

struct otlp_receiver_args {
	struct otlp_grpc *grpc;
	struct otlp_http *http;
	struct otelcol_output *output;
	struct otelcol_debug_metrics *debug_metrics;
};

extern const struct arg otlp_receiver_args[];

bool otlp_receiver_check(const void *args, struct diags *d);
