#include "agent/base/arena.h"
#include "agent/base/err.h"
#include "agent/component/common/otelcol_grpc/protocol.h"
#include "proto/grpc/message.h"
#include "proto/otlp/decode.h"
#include "proto/otlp/encode.h"
#include "tests/test.h"

#define SECOND INT64_C(1000000000)

struct world {
	struct exporter x;
	struct otelcol_tls_client tls;
	struct otlp_client client;
	struct otlp_exporter_args args;
	struct arena a;
};

static void begin(struct world *w, const char *compression)
{
	struct export_settings set;
	struct err e = {""};

	*w = (struct world){.tls = {.insecure = true}};
	arena_init(&w->a, 0);
	w->client = (struct otlp_client){.endpoint = STR("up:4317"),
		.compression = str_from(compression),
		.tls = &w->tls};
	w->args = (struct otlp_exporter_args){.client = &w->client, .timeout = 5 * SECOND};
	if (!otlp_grpc_settings(&w->args, &set, &e))
		assert_string_equal(e.text, "");
	w->x.args = set.args;
	w->x.encoder = set.encoder;
	w->x.decoder = decoder_new();
}

static void end(struct world *w)
{
	encoder_free(w->x.encoder);
	decoder_free(w->x.decoder);
	arena_fini(&w->a);
}

static void test_url(void **state)
{
	struct world w;

	(void)state;
	begin(&w, "none");
	assert_str(otlp_grpc_protocol.url(&w.x, SIGNAL_TRACES, &w.a),
		"http://up:4317/opentelemetry.proto.collector.trace.v1.TraceService/Export");
	assert_str(otlp_grpc_protocol.url(&w.x, SIGNAL_LOGS, &w.a),
		"http://up:4317/opentelemetry.proto.collector.logs.v1.LogsService/Export");
	w.tls.insecure = false;
	assert_str(otlp_grpc_protocol.url(&w.x, SIGNAL_METRICS, &w.a),
		"https://up:4317/opentelemetry.proto.collector.metrics.v1.MetricsService/Export");
	end(&w);
}

/* Each compression, what the call says of it, and back again. */
static void test_pack(void **state)
{
	static const struct {
		const char *compression;
		const char *format;
		const char *header; /* NULL: none is sent */
	} cases[] = {
		{"none", "grpc/", NULL},
		{"gzip", "grpc/gzip", "gzip"},
		{"zstd", "grpc/zstd", "zstd"},
		{"snappy", "grpc/x-snappy-framed", "snappy"},
	};
	const struct str request = STR("a request, a request, a request, a request");
	struct http_header headers[EXPORT_HEADERS];
	struct buf packed = {0}, back = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct world w;
		const char *format;
		size_t n;

		begin(&w, cases[i].compression);
		format = otlp_grpc_protocol.format(&w.x);
		assert_string_equal(format, cases[i].format);
		buf_clear(&packed);
		buf_add_str(&packed, STR("before"));
		otlp_grpc_protocol.pack(&w.x, OTLP_LOGS, request, &packed);
		assert_memory_equal(packed.p, "before", 6);
		assert_int_equal(packed.p[6], cases[i].header != NULL);
		buf_clear(&back);
		assert_true(otlp_grpc_protocol.unpack(&w.x, format, OTLP_LOGS,
			str_from_at(buf_str(&packed), 6), &back));
		assert_str(buf_str(&back), request.p);
		n = otlp_grpc_protocol.headers(&w.x, headers);
		assert_int_equal(n, cases[i].header ? 4 : 3);
		assert_str(headers[0].value, "application/grpc");
		if (cases[i].header)
			assert_str(headers[3].value, cases[i].header);
		end(&w);
	}
	buf_fini(&packed);
	buf_fini(&back);
}

/* From a disk comes anything. */
static void test_unpack_refuses(void **state)
{
	static const struct {
		const char *format;
		struct str body;
	} cases[] = {
		{"proto/gzip", {"\0\0\0\0\1x", 6}}, /* of another protocol */
		{"grpc", {"\0\0\0\0\1x", 6}},
		{"grpc/gzip", {"\0\0\0\0\1x", 6}}, /* says that it is not compressed */
		{"grpc/", {"\1\0\0\0\1x", 6}},     /* … that it is */
		{"grpc/", {"\0\0\0\0\2x", 6}},     /* cut */
		{"grpc/", {"\0\0\0\0\1xy", 7}},    /* more behind it */
		{"grpc/", {"\2\0\0\0\1x", 6}},
		{"grpc/", {"\0\0\0\0", 4}},
		{"grpc/", {"", 0}},
		{"grpc/gzip", {"\1\0\0\0\1x", 6}}, /* not gzip */
		{"grpc/brotli", {"\1\0\0\0\1x", 6}},
	};
	struct buf out = {0};
	struct world w;

	(void)state;
	begin(&w, "gzip");
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (otlp_grpc_protocol.unpack(
			    &w.x, cases[i].format, OTLP_TRACES, cases[i].body, &out))
			fail_msg("case %zu", i);
	assert_true(otlp_grpc_protocol.unpack(
		&w.x, "grpc/", OTLP_TRACES, (struct str){"\0\0\0\0\1x", 6}, &out));
	buf_fini(&out);
	end(&w);
}

static void test_settings(void **state)
{
	static const struct arg_pair pairs[] = {{STR("X-Team"), STR("shop")}};
	struct http_settings s;
	struct buf text = {0};
	struct world w;
	struct err e;

	(void)state;
	begin(&w, "gzip");
	w.client.headers = (struct arg_map){pairs, 1};
	w.client.authority = STR("other");
	assert_true(otlp_grpc_protocol.settings(&w.x, &w.a, &s, &e));
	assert_true(s.only_http2);
	assert_true(s.timeout == 5 * SECOND);
	for (size_t i = 0; i < s.n_headers; i++)
		buf_printf(&text, STR_FMT ": " STR_FMT "\n", STR_ARG(s.headers[i].name),
			STR_ARG(s.headers[i].value));
	assert_str(buf_str(&text), "X-Team: shop\nHost: other\ngrpc-timeout: 5000m\n");
	w.client.headers.n = 0;
	w.client.authority = STR("");
	for (int i = 0; i < 2; i++) {
		w.args.timeout = i ? 100000 * SECOND : 0; /* more than eight digits: none */
		assert_true(otlp_grpc_protocol.settings(&w.x, &w.a, &s, &e));
		assert_int_equal(s.n_headers, 0);
	}
	buf_fini(&text);
	end(&w);
}

TESTS_RUN(cmocka_unit_test(test_url), cmocka_unit_test(test_pack),
	cmocka_unit_test(test_unpack_refuses), cmocka_unit_test(test_settings))
