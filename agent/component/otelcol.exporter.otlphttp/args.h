#pragma once

/* What otelcol.exporter.otlphttp accepts. */

#include "agent/component/common/otelcol_args.h"

struct auth_handler;

struct otlphttp_compression {
	int64_t level;
};

struct otlphttp_cookies {
	bool enabled;
};

struct otlphttp_client {
	struct range at;
	struct str endpoint;
	struct str proxy_url;
	struct otelcol_tls_client *tls;
	struct auth_handler *auth;
	struct arg_map headers;
	struct str compression;
	struct otlphttp_compression *compression_params;
	struct otlphttp_cookies *cookies;
	int64_t timeout;
	int64_t read_buffer_size;
	int64_t write_buffer_size;
	int64_t max_idle_conns;
	int64_t max_idle_conns_per_host;
	int64_t max_conns_per_host;
	int64_t idle_conn_timeout;
	int64_t http2_read_idle_timeout;
	int64_t http2_ping_timeout;
	bool disable_keep_alives;
	bool force_attempt_http2;
};

struct otlphttp_args {
	struct range at;
	struct str encoding; /* "proto", "json" */
	struct str traces_endpoint;
	struct str metrics_endpoint;
	struct str logs_endpoint;
	struct otlphttp_client *client;
	struct otelcol_retry *retry_on_failure;
	struct otelcol_queue *sending_queue;
	struct otelcol_debug_metrics *debug_metrics;
};

extern const struct arg otlphttp_args[];

bool otlphttp_check(const void *args, struct diags *d);

/* Where requests of this signal go: what is given for it, else the endpoint and "/v1/SIGNAL". */
struct arena;
struct str otlphttp_url(const struct otlphttp_args *a, enum signal_kind kind, struct arena *arena);
