/*
 * OTLP over gRPC as the exporters' machinery wants it. A unary call is a POST over HTTP/2 whose
 * answer ends in trailers, so libcurl makes it. Requests are kept below the four MiB that servers
 * take.
 */

#include "agent/component/common/otelcol_grpc/protocol.h"

#include "agent/base/arena.h"
#include "agent/base/err.h"
#include "agent/component/common/otelcol_grpc/answer.h"
#include "proto/grpc/message.h"
#include "proto/otlp/decode.h"
#include "proto/otlp/encode.h"

enum {
	MAX_MESSAGE = 4 << 20,   /* the default of servers, before compression */
	MAX_UNPACKED = 64 << 20, /* a request of one item is sent whatever its size is */
};

static const char *const methods[SIGNAL_KINDS] = {
	[SIGNAL_TRACES] = "trace.v1.TraceService",
	[SIGNAL_LOGS] = "logs.v1.LogsService",
	[SIGNAL_METRICS] = "metrics.v1.MetricsService",
};

static const struct otlp_exporter_args *args_of(const struct exporter *x)
{
	return x->args;
}

static struct str url_of(const struct exporter *x, enum signal_kind kind, struct arena *a)
{
	bool is_tls;
	struct str host = otlp_exporter_host(args_of(x)->client, &is_tls);

	return arena_printf(a, "%s://" STR_FMT "/opentelemetry.proto.collector.%s/Export",
		is_tls ? "https" : "http", STR_ARG(host), methods[kind]);
}

static void pack(struct exporter *x, enum otlp_kind kind, struct str request, struct buf *out)
{
	size_t at = out->n;
	struct buf prefix = {0};

	(void)kind;
	grpc_prefix_put(out, false, 0);
	encoder_run(x->encoder, request, out);
	grpc_prefix_put(&prefix, encoder_name(x->encoder), (uint32_t)(out->n - at - GRPC_PREFIX));
	memcpy(out->p + at, prefix.p, GRPC_PREFIX);
	buf_fini(&prefix);
}

static const char *format_of(const struct exporter *x)
{
	return export_format("grpc", encoder_name(x->encoder));
}

static bool unpack(struct exporter *x, const char *format, enum otlp_kind kind, struct str body,
	struct buf *out)
{
	struct str encoding = export_format_encoding(format, "grpc");
	struct grpc_message m;
	struct err e;

	(void)kind;
	return encoding.p && grpc_message_read(body, &m) == GRPC_BODY_ONE &&
	       m.is_compressed == (encoding.n > 0) &&
	       decoder_run(x->decoder, encoding, m.bytes, MAX_UNPACKED, out, &e) == DECODED;
}

static size_t headers_of(const struct exporter *x, struct http_header headers[EXPORT_HEADERS])
{
	const char *name = encoder_name(x->encoder);
	size_t n = 0;

	headers[n++] = (struct http_header){STR("Content-Type"), STR("application/grpc")};
	headers[n++] = (struct http_header){STR("TE"), STR("trailers")};
	headers[n++] = (struct http_header){STR("grpc-accept-encoding"), STR("identity")};
	if (name)
		headers[n++] = (struct http_header){STR("grpc-encoding"),
			str_is(str_from(name), "x-snappy-framed") ? STR("snappy") : str_from(name)};
	return n;
}

static bool set_settings(
	const struct exporter *x, struct arena *a, struct http_settings *s, struct err *e)
{
	const struct otlp_client *c = args_of(x)->client;
	struct http_header *headers = arena_new(a, struct http_header, c->headers.n + 2);
	int64_t ms = args_of(x)->timeout / 1000000;

	(void)e;
	*s = (struct http_settings){
		.headers = headers,
		.proxy_from_environment = true,
		.only_http2 = true,
		.timeout = args_of(x)->timeout,
	};
	for (size_t i = 0; i < c->headers.n; i++)
		headers[s->n_headers++] =
			(struct http_header){c->headers.p[i].name, c->headers.p[i].value};
	if (c->authority.n)
		headers[s->n_headers++] = (struct http_header){STR("Host"), c->authority};
	if (ms > 0 && ms < 100000000) /* eight digits, as gRPC has it */
		headers[s->n_headers++] = (struct http_header){
			STR("grpc-timeout"), arena_printf(a, "%lldm", (long long)ms)};
	otelcol_tls_client_apply(c->tls, s);
	return true;
}

const struct export_protocol otlp_grpc_protocol = {
	.name = "otlp",
	.max_request = MAX_MESSAGE,
	.answer_headers = {ANSWER_HEADERS, NULL},
	.url = url_of,
	.format = format_of,
	.pack = pack,
	.unpack = unpack,
	.headers = headers_of,
	.judge = otlp_call_judge,
	.partial = otlp_call_partial,
	.settings = set_settings,
};

bool otlp_grpc_settings(
	const struct otlp_exporter_args *a, struct export_settings *set, struct err *e)
{
	*set = (struct export_settings){
		.args = a,
		.retry = a->retry_on_failure,
		.queue = a->sending_queue,
		.auth = a->client->auth,
		.encoder = encoder_new(otlp_exporter_encoding(a->client->compression), 0, e),
	};
	return set->encoder;
}
