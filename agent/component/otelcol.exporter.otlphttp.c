/*
 * otelcol.exporter.otlphttp: sends traces, logs and metrics to an OTLP server over HTTP.
 *
 * Queue, retries and the rest are those of all exporters (common/otelcol_export); here is what a
 * request looks like.
 */

#include "agent/base/arena.h"
#include "agent/base/err.h"
#include "agent/component/otelcol.exporter.otlphttp/answer.h"
#include "agent/component/otelcol.exporter.otlphttp/args.h"
#include "proto/otlp/decode.h"
#include "proto/otlp/encode.h"
#include "proto/otlp/json_parse.h"
#include "proto/otlp/json_print.h"

enum {
	MAX_REQUEST = 64 << 20, /* the largest that OTLP recommends receivers to take */
	KEEP_BUFFER = 1 << 20,
};

static const struct otlphttp_args *args_of(const struct exporter *x)
{
	return x->args;
}

static bool is_json(const struct exporter *x)
{
	return str_is(args_of(x)->encoding, "json");
}

static struct str url_of(const struct exporter *x, enum signal_kind kind, struct arena *a)
{
	return otlphttp_url(x->args, kind, a);
}

static void pack(struct exporter *x, enum otlp_kind kind, struct str request, struct buf *out)
{
	if (is_json(x)) {
		buf_clear(&x->work2);
		otlp_json_print(otlp_request(kind), request, &x->work2);
		request = buf_str(&x->work2);
	}
	encoder_run(x->encoder, request, out);
	buf_clear(&x->work2);
	buf_shrink(&x->work2, KEEP_BUFFER);
}

static const char *format_of(const struct exporter *x)
{
	return export_format(is_json(x) ? "json" : "proto", encoder_name(x->encoder));
}

static bool unpack(struct exporter *x, const char *format, enum otlp_kind kind, struct str body,
	struct buf *out)
{
	struct str proto = export_format_encoding(format, "proto");
	struct str encoding = proto.p ? proto : export_format_encoding(format, "json");
	struct buf json = {0};
	struct err e;
	bool ok;

	if (!encoding.p ||
		decoder_run(x->decoder, encoding, body,
			proto.p ? MAX_REQUEST : MAX_REQUEST * 4, out, &e) != DECODED)
		return false;
	if (proto.p)
		return true;
	json = *out;
	*out = (struct buf){0};
	ok = otlp_json_parse(otlp_request(kind), buf_str(&json), out, &e);
	buf_fini(&json);
	return ok;
}

static size_t headers_of(const struct exporter *x, struct http_header headers[EXPORT_HEADERS])
{
	const char *encoding = encoder_name(x->encoder);

	headers[0] = (struct http_header){STR("Content-Type"),
		is_json(x) ? STR("application/json") : STR("application/x-protobuf")};
	headers[1] = (struct http_header){STR("Content-Encoding"), str_from(encoding)};
	return encoding ? 2 : 1;
}

static bool set_settings(
	const struct exporter *x, struct arena *a, struct http_settings *s, struct err *e)
{
	const struct otlphttp_client *c = args_of(x)->client;
	struct http_header *headers = arena_new(a, struct http_header, c->headers.n + 2);

	(void)e;
	for (size_t i = 0; i < c->headers.n; i++)
		headers[i] = (struct http_header){c->headers.p[i].name, c->headers.p[i].value};
	*s = (struct http_settings){
		.headers = headers,
		.n_headers = c->headers.n,
		.proxy_url = c->proxy_url,
		.proxy_from_environment = c->proxy_url.n == 0,
		.follow_redirects = true,
		.enable_http2 = c->force_attempt_http2,
		.timeout = c->timeout,
	};
	if (c->disable_keep_alives)
		headers[s->n_headers++] = (struct http_header){STR("Connection"), STR("close")};
	otelcol_tls_client_apply(c->tls, s);
	return true;
}

static const struct export_protocol protocol = {
	.name = "otlphttp",
	.max_request = MAX_REQUEST,
	.url = url_of,
	.format = format_of,
	.pack = pack,
	.unpack = unpack,
	.headers = headers_of,
	.judge = otlphttp_judge,
	.partial = otlphttp_partial,
	.settings = set_settings,
};

static bool read_args(const struct otlphttp_args *a, struct export_settings *set, struct err *e)
{
	const struct otlphttp_client *c = a->client;

	*set = (struct export_settings){
		.args = a,
		.retry = a->retry_on_failure,
		.queue = a->sending_queue,
		.auth = c->auth,
		.encoder = encoder_new(c->compression,
			c->compression_params ? (int)c->compression_params->level : 0, e),
	};
	return set->encoder;
}

static bool otelcol_exporter_otlphttp_start(struct component *c, const void *args, struct err *e)
{
	struct export_settings set;

	return read_args(args, &set, e) &&
	       export_start(container_of(c, struct exporter, base), &protocol, &set, e);
}

static bool otelcol_exporter_otlphttp_update(struct component *c, const void *args, struct err *e)
{
	struct export_settings set;

	return read_args(args, &set, e) &&
	       export_update(container_of(c, struct exporter, base), &set, e);
}

static void otelcol_exporter_otlphttp_stop(struct component *c)
{
	export_stop(container_of(c, struct exporter, base));
}

const struct component_type otelcol_exporter_otlphttp = {
	.name = "otelcol.exporter.otlphttp",
	.help = "Sends telemetry data to an OTLP server over HTTP.",
	.stability = STABILITY_GA,
	.args = otlphttp_args,
	.size = sizeof(struct exporter),
	.args_size = sizeof(struct otlphttp_args),
	.exports = export_fields,
	.check = otlphttp_check,
	.start = otelcol_exporter_otlphttp_start,
	.update = otelcol_exporter_otlphttp_update,
	.stop = otelcol_exporter_otlphttp_stop,
};
