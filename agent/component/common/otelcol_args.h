#pragma once

/*
 * The blocks that the otelcol.* components share, with their tables (reference: Alloy's docs,
 * shared/reference/components/otelcol-*). In a component's table:
 *
 *	ARG(owner, output, .type = ARG_BLOCK, .flags = ARG_REQUIRED, OTELCOL_OUTPUT),
 */

#include "agent/flow/telemetry.h"
#include "agent/graph/arg.h"
#include "agent/graph/component.h"

struct arena;
struct auth_handler;
struct http_settings;
struct http_server_settings;

/* output: where data goes, by signal. */
struct otelcol_output {
	struct arg_capsules logs;
	struct arg_capsules metrics;
	struct arg_capsules traces;
	struct range at;
};
extern const struct arg otelcol_output_args[];
#define OTELCOL_OUTPUT \
	.block = otelcol_output_args, .size = sizeof(struct otelcol_output), \
	.help = "Where to send received telemetry data."

/* By enum signal_kind. They point into the arguments. */
void otelcol_output_consumers(const struct otelcol_output *o, struct consumers to[SIGNAL_KINDS]);
bool otelcol_output_check(const struct otelcol_output *o, struct diags *d);

/* debug_metrics: how many series there are is fixed here. */
struct otelcol_debug_metrics {
	bool disable_high_cardinality_metrics;
	struct str level;
};
extern const struct arg otelcol_debug_metrics_args[];
#define OTELCOL_DEBUG_METRICS \
	.block = otelcol_debug_metrics_args, .size = sizeof(struct otelcol_debug_metrics), \
	.help = "Configures the metrics that this component has about itself."

/* tls of a client. */
struct otelcol_tls_client {
	struct range at;
	struct str ca_file;
	struct str ca_pem;
	struct str cert_file;
	struct str cert_pem;
	struct str key_file;
	struct str key_pem;
	struct str server_name;
	struct str min_version;
	struct str max_version;
	bool insecure;
	bool insecure_skip_verify;
	bool include_system_ca_certs_pool;
	bool include_insecure_cipher_suites;
	struct arg_strs cipher_suites;
	struct arg_strs curve_preferences;
	int64_t reload_interval;
	struct otelcol_tpm *tpm;
};
extern const struct arg otelcol_tls_client_args[];
#define OTELCOL_TLS_CLIENT \
	.block = otelcol_tls_client_args, .size = sizeof(struct otelcol_tls_client), \
	.help = "TLS settings of the connection."

bool otelcol_tls_client_check(
	const struct otelcol_tls_client *t, struct diags *d); /* t NULL is fine */
void otelcol_tls_client_apply(const struct otelcol_tls_client *t, struct http_settings *s);

/* tls of a server. */
struct otelcol_tls_server {
	struct range at;
	struct str ca_file;
	struct str ca_pem;
	struct str cert_file;
	struct str cert_pem;
	struct str key_file;
	struct str key_pem;
	struct str client_ca_file;
	struct str min_version;
	struct str max_version;
	bool include_system_ca_certs_pool;
	bool include_insecure_cipher_suites;
	struct arg_strs cipher_suites;
	struct arg_strs curve_preferences;
	int64_t reload_interval;
	struct otelcol_tpm *tpm;
};
extern const struct arg otelcol_tls_server_args[];
#define OTELCOL_TLS_SERVER \
	.block = otelcol_tls_server_args, .size = sizeof(struct otelcol_tls_server), \
	.help = "TLS settings of the server."

/* Reads the files into a. False, with e filled, if one cannot be read, or one is missing. */
bool otelcol_tls_server_apply(const struct otelcol_tls_server *t, struct arena *a,
	struct http_server_settings *s, struct err *e);

/* retry_on_failure */
struct otelcol_retry {
	struct range at;
	bool enabled;
	int64_t initial_interval;
	double randomization_factor;
	double multiplier;
	int64_t max_interval;
	int64_t max_elapsed_time; /* 0: for ever */
};
extern const struct arg otelcol_retry_args[];
#define OTELCOL_RETRY \
	.block = otelcol_retry_args, .size = sizeof(struct otelcol_retry), \
	.help = "Retry mechanism to use when retrying failed requests."

bool otelcol_retry_check(const struct otelcol_retry *r, struct diags *d);

/* sending_queue */
struct otelcol_queue_batch {
	struct range at;
	int64_t flush_timeout;
	int64_t min_size;
	int64_t max_size;
	struct str sizer;
};
struct otelcol_queue {
	struct range at;
	bool enabled;
	int64_t num_consumers;
	int64_t queue_size;
	bool block_on_overflow;
	bool wait_for_result;
	struct str sizer;
	struct auth_handler *storage; /* NULL: in memory */
	struct otelcol_queue_batch *batch;
};
extern const struct arg otelcol_queue_args[];
#define OTELCOL_QUEUE \
	.block = otelcol_queue_args, .size = sizeof(struct otelcol_queue), \
	.help = "Batches of data wait here before they are sent."

bool otelcol_queue_check(const struct otelcol_queue *q, struct diags *d);
