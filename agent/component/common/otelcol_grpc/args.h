#pragma once

/* What otelcol.exporter.otlp accepts, and what others that speak OTLP over gRPC have of it. */

#include "agent/component/common/otelcol_args.h"

struct auth_handler;

struct otlp_client_keepalive {
	int64_t ping_wait;
	int64_t ping_response_timeout;
	bool ping_without_stream;
};

struct otlp_client {
	struct range at;
	struct str endpoint;
	struct str compression;
	struct str balancer_name;
	struct str authority;
	struct otelcol_tls_client *tls;
	struct auth_handler *auth;
	struct arg_map headers;
	struct otlp_client_keepalive *keepalive;
	int64_t read_buffer_size;
	int64_t write_buffer_size;
	bool wait_for_ready;
};

struct otlp_exporter_args {
	struct range at;
	int64_t timeout;
	struct otlp_client *client;
	struct otelcol_retry *retry_on_failure;
	struct otelcol_queue *sending_queue;
	struct otelcol_debug_metrics *debug_metrics;
};

extern const struct arg otlp_exporter_args[];

/* struct otlp_client without its endpoint, which the owner knows; and what is wrong with it. */
extern const struct arg otlp_exporter_backend_args[];
bool otlp_exporter_client_check(const struct otlp_client *c, struct diags *d);

bool otlp_exporter_check(const void *args, struct diags *d);

/* The encoder's name for `compression`: p NULL: there is none like it. */
struct str otlp_exporter_encoding(struct str compression);

/* "host:port" of the endpoint, and whether it is spoken to over TLS. */
struct str otlp_exporter_host(const struct otlp_client *c, bool *is_tls);
