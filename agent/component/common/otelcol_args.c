/* Tables, and the checks of what tables cannot say, in Alloy's words. */

#include "agent/component/common/otelcol_args.h"

#include "agent/base/arena.h"
#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "agent/component/common/tls_files.h"
#include "agent/component/common/tls_server_args.h"
#include "agent/loop/http_client.h"
#include "agent/loop/http_server.h"

enum {
	MAX_CONSUMERS = 64,
};

const struct arg otelcol_output_args[] = {
	ARG_PLACE(otelcol_output, at),
	ARG(otelcol_output, logs, .type = ARG_CAPSULES, .capsule = &capsule_consumer,
		.help = "List of consumers to send logs to."),
	ARG(otelcol_output, metrics, .type = ARG_CAPSULES, .capsule = &capsule_consumer,
		.help = "List of consumers to send metrics to."),
	ARG(otelcol_output, traces, .type = ARG_CAPSULES, .capsule = &capsule_consumer,
		.help = "List of consumers to send traces to."),
	ARGS_END,
};

static struct consumers consumers_of(const struct arg_capsules *c)
{
	return (struct consumers){(struct consumer *const *)c->p, c->n};
}

void otelcol_output_consumers(const struct otelcol_output *o, struct consumers to[SIGNAL_KINDS])
{
	to[SIGNAL_LOGS] = consumers_of(&o->logs);
	to[SIGNAL_METRICS] = consumers_of(&o->metrics);
	to[SIGNAL_TRACES] = consumers_of(&o->traces);
}

bool otelcol_output_check(const struct otelcol_output *o, struct diags *d)
{
	if (o->logs.n > MAX_CONSUMERS || o->metrics.n > MAX_CONSUMERS ||
		o->traces.n > MAX_CONSUMERS)
		return diag_error(d, o->at, "at most %d consumers of one signal are supported",
			MAX_CONSUMERS);
	return true;
}

const struct arg otelcol_debug_metrics_args[] = {
	ARG(otelcol_debug_metrics, disable_high_cardinality_metrics, .type = ARG_BOOL,
		.def = "true", .help = "There are no metrics of high cardinality here; accepted."),
	ARG(otelcol_debug_metrics, level, .type = ARG_STR, .flags = ARG_NO_EFFECT,
		.help = "How detailed the metrics are."),
	ARGS_END,
};

struct otelcol_tpm {
	bool enabled;
	struct str path;
	struct str owner_auth;
	struct str auth;
};

static const struct arg tpm_args[] = {
	ARG(otelcol_tpm, enabled, .type = ARG_BOOL, .flags = ARG_NOT_YET,
		.help = "Keys in a TPM are not supported."),
	ARG(otelcol_tpm, path, .type = ARG_STR, .flags = ARG_NO_EFFECT, .help = "Path of the TPM."),
	ARG(otelcol_tpm, owner_auth, .type = ARG_STR, .flags = ARG_NO_EFFECT,
		.help = "Owner authorization."),
	ARG(otelcol_tpm, auth, .type = ARG_STR, .flags = ARG_NO_EFFECT, .help = "Authorization."),
	ARGS_END,
};

/* clang-format off */
#define TLS_ARGS(owner) \
	ARG_PLACE(owner, at), \
	TLS_FILES_ARGS(owner), \
	ARG(owner, min_version, .type = ARG_STR, .def = "TLS 1.2", \
		.help = "Minimum acceptable TLS version."), \
	ARG(owner, max_version, .type = ARG_STR, .flags = ARG_NO_EFFECT, .def = "TLS 1.3", \
		.help = "Maximum acceptable TLS version."), \
	ARG(owner, include_system_ca_certs_pool, .type = ARG_BOOL, .flags = ARG_NO_EFFECT, \
		.help = "Whether the system's certificate authorities are good, too."), \
	ARG(owner, include_insecure_cipher_suites, .type = ARG_BOOL, .flags = ARG_NO_EFFECT, \
		.help = "Whether weak ciphers may be chosen."), \
	ARG(owner, cipher_suites, .type = ARG_STRS, .flags = ARG_NO_EFFECT, \
		.help = "TLS cipher suites."), \
	ARG(owner, curve_preferences, .type = ARG_STRS, .flags = ARG_NO_EFFECT, \
		.help = "Elliptic curves to use in a handshake."), \
	ARG(owner, reload_interval, .type = ARG_DURATION, .def = "0s", \
		.help = "Servers read files again so often; clients do for each connection."), \
	ARG(owner, tpm, .type = ARG_BLOCK, .block = tpm_args, .size = sizeof(struct otelcol_tpm), \
		.help = "Keys in a TPM are not supported.")

const struct arg otelcol_tls_client_args[] = {
	TLS_ARGS(otelcol_tls_client),
	ARG(otelcol_tls_client, server_name, .type = ARG_STR,
		.help = "Name that the server's certificate is verified against."),
	ARG(otelcol_tls_client, insecure, .type = ARG_BOOL,
		.help = "Disables TLS; for HTTP the URL's scheme says whether there is any."),
	ARG(otelcol_tls_client, insecure_skip_verify, .type = ARG_BOOL,
		.help = "Ignores insecure server certificates."),
	ARGS_END,
};

const struct arg otelcol_tls_server_args[] = {
	TLS_ARGS(otelcol_tls_server),
	ARG(otelcol_tls_server, client_ca_file, .type = ARG_STR,
		.help = "Path to the CA that clients' certificates must come from."),
	ARGS_END,
};
/* clang-format on */

/* "TLS 1.2", "1.2" and "TLS12" as http_settings has it; p NULL: none of them. */
static struct str tls_version(struct str s)
{
	static const struct {
		const char *names[3];
		struct str as;
	} versions[] = {
		{{"TLS 1.0", "1.0", "TLS10"}, {"TLS10", 5}},
		{{"TLS 1.1", "1.1", "TLS11"}, {"TLS11", 5}},
		{{"TLS 1.2", "1.2", "TLS12"}, {"TLS12", 5}},
		{{"TLS 1.3", "1.3", "TLS13"}, {"TLS13", 5}},
		{{"", "", ""}, {"", 0}},
	};

	for (size_t i = 0; i < sizeof(versions) / sizeof(*versions); i++)
		for (size_t k = 0; k < 3; k++)
			if (str_is(s, versions[i].names[k]))
				return versions[i].as;
	return (struct str){0};
}

bool otelcol_tls_client_check(const struct otelcol_tls_client *t, struct diags *d)
{
	if (!t)
		return true;
	if (t->ca_file.n && t->ca_pem.n)
		return diag_error(d, t->at,
			"provide either a CA file or the PEM-encoded string, but not both: ca_file "
			"and ca_pem");
	if ((t->cert_file.n && t->cert_pem.n) || (t->key_file.n && t->key_pem.n))
		return diag_error(
			d, t->at, "for auth via TLS, provide both certificate and key, or neither");
	if ((t->cert_file.n || t->cert_pem.n) != (t->key_file.n || t->key_pem.n))
		return diag_error(
			d, t->at, "for auth via TLS, provide both certificate and key, or neither");
	if (!tls_version(t->min_version).p)
		return diag_error(d, t->at, "min_version: unsupported TLS version: \"" STR_FMT "\"",
			STR_ARG(t->min_version));
	return true;
}

void otelcol_tls_client_apply(const struct otelcol_tls_client *t, struct http_settings *s)
{
	if (!t)
		return;
	s->ca_file = t->ca_file;
	s->ca_pem = t->ca_pem;
	s->cert_file = t->cert_file;
	s->cert_pem = t->cert_pem;
	s->key_file = t->key_file;
	s->key_pem = t->key_pem;
	s->server_name = t->server_name;
	s->insecure_skip_verify = t->insecure_skip_verify;
	s->min_version = tls_version(t->min_version);
}

bool otelcol_tls_server_apply(const struct otelcol_tls_server *t, struct arena *a,
	struct http_server_settings *s, struct err *e)
{
	if (!t)
		return true;
	if (!tls_read_pem(a, t->cert_pem, t->cert_file, &s->tls_cert_pem, e) ||
		!tls_read_pem(a, t->key_pem, t->key_file, &s->tls_key_pem, e) ||
		!tls_read_pem(a, (struct str){0}, t->client_ca_file, &s->tls_client_ca_pem, e))
		return false;
	if (s->tls_cert_pem.n == 0 || s->tls_key_pem.n == 0)
		return err_set(e, "for a server with TLS, provide both a certificate and a key");
	return true;
}

const struct arg otelcol_retry_args[] = {
	ARG_PLACE(otelcol_retry, at),
	ARG(otelcol_retry, enabled, .type = ARG_BOOL, .def = "true",
		.help = "Whether failed requests are sent again."),
	ARG(otelcol_retry, initial_interval, .type = ARG_DURATION, .def = "5s",
		.help = "Time to wait before the first retry."),
	ARG(otelcol_retry, randomization_factor, .type = ARG_FLOAT, .def = "0.5",
		.help = "The wait is this part longer or shorter, at random."),
	ARG(otelcol_retry, multiplier, .type = ARG_FLOAT, .def = "1.5",
		.help = "Each wait is so much longer than the one before."),
	ARG(otelcol_retry, max_interval, .type = ARG_DURATION, .def = "30s",
		.help = "Longest time to wait between retries."),
	ARG(otelcol_retry, max_elapsed_time, .type = ARG_DURATION, .def = "5m",
		.help = "Data older than this is dropped; 0: never."),
	ARGS_END,
};

bool otelcol_retry_check(const struct otelcol_retry *r, struct diags *d)
{
	bool ok = true;

	if (!r->enabled)
		return true;
	if (r->multiplier <= 1)
		ok = diag_error(d, r->at, "multiplier must be greater than 1.0");
	if (r->randomization_factor < 0 || r->randomization_factor > 1)
		ok = diag_error(d, r->at, "randomization_factor must be within [0, 1]");
	if (r->initial_interval <= 0)
		ok = diag_error(d, r->at, "initial_interval must be greater than 0");
	if (r->max_interval <= 0)
		ok = diag_error(d, r->at, "max_interval must be greater than 0");
	if (r->max_elapsed_time < 0)
		ok = diag_error(d, r->at, "max_elapsed_time must not be negative");
	return ok;
}

static const char *const sizers[] = {"requests", "items", "bytes", NULL};
static const char *const batch_sizers[] = {"items", "bytes", NULL};

static const struct arg queue_batch_args[] = {
	ARG_PLACE(otelcol_queue_batch, at),
	ARG(otelcol_queue_batch, flush_timeout, .type = ARG_DURATION, .def = "200ms",
		.help = "A batch is sent when it is this old."),
	ARG(otelcol_queue_batch, min_size, .type = ARG_INT, .def = "2000",
		.help = "A batch is sent when it is this large."),
	ARG(otelcol_queue_batch, max_size, .type = ARG_INT, .def = "3000",
		.help = "No batch is larger; 0: no limit."),
	ARG(otelcol_queue_batch, sizer, .type = ARG_STR, .def = "items", .one_of = batch_sizers,
		.help = "What min_size and max_size count."),
	ARGS_END,
};

const struct arg otelcol_queue_args[] = {
	ARG_PLACE(otelcol_queue, at),
	ARG(otelcol_queue, enabled, .type = ARG_BOOL, .def = "true",
		.help = "Without it only what is being sent is kept: num_consumers requests."),
	ARG(otelcol_queue, num_consumers, .type = ARG_INT, .def = "10",
		.help = "How many requests are under way at once."),
	ARG(otelcol_queue, queue_size, .type = ARG_INT, .def = "1000",
		.help = "How much may wait, in units of sizer."),
	ARG(otelcol_queue, sizer, .type = ARG_STR, .def = "requests", .one_of = sizers,
		.help = "What queue_size counts."),
	ARG(otelcol_queue, block_on_overflow, .type = ARG_BOOL,
		.help = "A full queue always holds the sender for a moment before it is refused."),
	ARG(otelcol_queue, wait_for_result, .type = ARG_BOOL, .flags = ARG_NO_EFFECT,
		.help = "Whether senders wait until their data has been delivered."),
	ARG(otelcol_queue, storage, .type = ARG_CAPSULE, .capsule = &capsule_handler,
		.help = "The handler of an otelcol.storage.file: keeps the queue on disk."),
	ARG(otelcol_queue, batch, .type = ARG_BLOCK, .block = queue_batch_args,
		.size = sizeof(struct otelcol_queue_batch),
		.help = "Gathers requests to larger ones."),
	ARGS_END,
};

bool otelcol_queue_check(const struct otelcol_queue *q, struct diags *d)
{
	bool ok = true;

	if (!q->enabled)
		return true;
	if (q->queue_size <= 0)
		ok = diag_error(d, q->at, "queue_size must be greater than zero");
	if (q->num_consumers <= 0 || q->num_consumers > 10000)
		ok = diag_error(
			d, q->at, "num_consumers must be greater than zero, and at most 10000");
	if (!q->batch)
		return ok;
	if (q->storage)
		diag_warning(d, q->batch->at,
			"batch has no effect with a storage: requests are on disk before they are "
			"acknowledged, and are sent as they came");
	if (q->batch->flush_timeout <= 0 || q->batch->min_size < 0 || q->batch->max_size < 0)
		ok = diag_error(d, q->batch->at,
			"flush_timeout must be positive, min_size and max_size must not be "
			"negative");
	if (q->batch->max_size > 0 && q->batch->max_size < q->batch->min_size)
		ok = diag_error(
			d, q->batch->at, "max_size must be greater than or equal to min_size");
	return ok;
}
