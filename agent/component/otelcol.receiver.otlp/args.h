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

struct otlp_receiver_args {
	struct otlp_grpc *grpc;
	struct otlp_http *http;
	struct otelcol_output *output;
	struct otelcol_debug_metrics *debug_metrics;
};

extern const struct arg otlp_receiver_args[];

bool otlp_receiver_check(const void *args, struct diags *d);
