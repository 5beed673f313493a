#include "tests/otelcol.h"
#include "agent/base/metric.h"
#include "proto/grpc/message.h"
#include "proto/otlp/decode.h"
#include "proto/otlp/slice.h"
#include "tests/http_client_fake.h"

extern const struct component_type otelcol_auth_basic;
extern const struct component_type otelcol_exporter_otlp;

static bool load(struct harness *h, const char *args)
{
	struct buf text = {0};
	bool ok;

	buf_printf(&text,
		"otelcol.exporter.otlp \"x\" {\n %s\n}\n"
		"otelcol.auth.basic \"who\" {\n client_auth {\n username = \"u\"\n password = "
		"\"p\"\n }\n}\n"
		"otel.source \"s\" {\n output {\n traces = [otelcol.exporter.otlp.x.input]\n"
		" logs = [otelcol.exporter.otlp.x.input]\n metrics = "
		"[otelcol.exporter.otlp.x.input]\n }\n}\n%c",
		args, 0);
	ok = harness_load(h, text.p);
	buf_fini(&text);
	return ok;
}

static void begin(struct harness *h, const char *args)
{
	otel_init(h, &otelcol_exporter_otlp, &otelcol_auth_basic);
	loop_seed(h->loop, 7);
	if (!load(h, args))
		assert_str(buf_str(&h->errors), "");
}

static void end(struct harness *h)
{
	harness_fini(h);
	assert_int_equal(fake_calls_n, 0);
	assert_int_equal(fake_targets, 0);
}

/* How call i ends. */
static void answer(size_t i, const char *status, const char *message)
{
	fake_answer_headers[0] = status;
	fake_answer_headers[1] = message;
	fake_answer_headers[2] = NULL;
	fake_answer(i, 200, "application/grpc", (struct str){"\0\0\0\0\0", 5}, -1);
}

/* The request of call i, out of its frame. */
static void message_of(size_t i, const char *encoding, struct buf *out)
{
	struct decoder *d = decoder_new();
	struct grpc_message m;
	struct err e;

	assert_int_equal(
		grpc_message_read(buf_str(&fake_calls[i].body), &m), GRPC_BODY_ONE);
	assert_int_equal(m.is_compressed, *encoding != 0);
	assert_int_equal(
		decoder_run(d, str_from(encoding), m.bytes, (size_t)64 << 20, out, &e), DECODED);
	decoder_free(d);
}

#define TRACES "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
#define FIXED "Content-Type: application/grpc\nTE: trailers\ngrpc-accept-encoding: identity\n"

static const struct {
	const char *args;
	const char *url;
	const char *encoding;
	const char *headers;
	const char *target;
} calls[] = {
	{"client {\n endpoint = \"up:4317\"\n }", "https://up:4317" TRACES, "gzip",
		FIXED "grpc-encoding: gzip\n", "grpc-timeout: 5000m\nHTTP/2\n"},
	{"client {\n endpoint = \"up:4317\"\n compression = \"none\"\n tls {\n insecure = true\n "
	 "}\n }",
		"http://up:4317" TRACES, "", FIXED, "grpc-timeout: 5000m\nHTTP/2\n"},
	{"timeout = \"1m\"\nclient {\n endpoint = \"http://up:4317/\"\n compression = "
	 "\"snappy\"\n authority = \"other\"\n headers = { \"X-Scope-OrgID\" = \"1\" }\n tls {\n "
	 "insecure = true\n }\n }",
		"http://up:4317" TRACES, "snappy", FIXED "grpc-encoding: snappy\n",
		"X-Scope-OrgID: 1\nHost: other\ngrpc-timeout: 60000m\nHTTP/2\n"},
	{"client {\n endpoint = \"https://up/v1?x@y\"\n compression = \"zstd\"\n auth = "
	 "otelcol.auth.basic.who.handler\n tls {\n insecure = true\n insecure_skip_verify = "
	 "true\n }\n }",
		"https://up" TRACES, "zstd", FIXED "grpc-encoding: zstd\n",
		"grpc-timeout: 5000m\nbasic u:p\nHTTP/2\ninsecure\n"},
};

static void test_call(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		struct buf plain = {0};
		struct harness h;

		begin(&h, calls[i].args);
		assert_int_equal(otel_push_spans('a', 2), CONSUMED);
		assert_int_equal(fake_calls_n, 1);
		assert_string_equal(fake_calls[0].url, calls[i].url);
		assert_str(buf_str(&fake_calls[0].headers), calls[i].headers);
		assert_str(buf_str(&fake_calls[0].target->text), calls[i].target);
		message_of(0, calls[i].encoding, &plain);
		assert_int_equal(otlp_count(OTLP_TRACES, buf_str(&plain)), 2);
		answer(0, "0", NULL);
		assert_int_equal(h.budget.used, 0);
		buf_fini(&plain);
		end(&h);
	}
}

/* Duty 227: no request is larger than servers take; items are in order, none twice. */
static void test_duty_227_split(void **state)
{
	struct buf text = {0};
	struct harness h;
	uint32_t items = 0;
	int64_t next = 0;

	(void)state;
	begin(&h, "client {\n endpoint = \"up:4317\"\n compression = \"none\"\n }\n");
	buf_printf(&text, "1:{2:{");
	for (int i = 0; i < 1000; i++) /* of ten KiB each */
		buf_printf(&text, "2:{5:\"%010240d\"}", i);
	buf_printf(&text, "}}%c", 0);
	assert_int_equal(otel_push(SIGNAL_METRICS, NULL, "1:{2:{2:{5:{1:{}}}}}"), CONSUMED);
	assert_string_equal(fake_calls[0].url + 15,
		"/opentelemetry.proto.collector.metrics.v1.MetricsService/Export");
	answer(0, "0", NULL);
	assert_int_equal(otel_push(SIGNAL_TRACES, NULL, text.p), CONSUMED);
	assert_true(fake_calls_n >= 3);
	while (fake_calls_n > 0) {
		struct buf plain = {0};
		struct buf json = {0};

		message_of(0, "", &plain);
		assert_true(plain.n <= 4 << 20);
		items += otlp_count(OTLP_TRACES, buf_str(&plain));
		otlp_json_print(otlp_request(OTLP_TRACES), buf_str(&plain), &json);
		buf_add_char(&json, 0);
		for (const char *p = json.p; (p = strstr(p, "\"name\":\"")); p++)
			assert_int_equal(strtoll(p + 8, NULL, 10), next++);
		buf_fini(&plain);
		buf_fini(&json);
		answer(0, "0", NULL);
	}
	assert_int_equal(items, 1000);
	buf_fini(&text);
	end(&h);
}

/* What is refused as wrong is looked for in halves. */
static void test_isolation(void **state)
{
	struct harness h;
	struct buf plain = {0};

	(void)state;
	begin(&h, "client {\n endpoint = \"up:4317\"\n }\nretry_on_failure {\n initial_interval = "
		  "\"1s\"\n randomization_factor = 0\n }\nsending_queue {\n num_consumers = 1\n }");
	otel_push(SIGNAL_TRACES, NULL, "1:{2:{2:{5:\"a\"}}} 1:{2:{2:{5:\"b\"}}}");
	answer(0, "14", "later");
	assert_int_equal(fake_calls_n, 0);
	harness_advance(&h, INT64_C(1000000000));
	assert_int_equal(fake_calls_n, 1);
	answer(0, "3", "a is bad");
	assert_int_equal(fake_calls_n, 1);
	answer(0, "3", "a is bad");
	message_of(0, "gzip", &plain);
	assert_int_equal(otlp_count(OTLP_TRACES, buf_str(&plain)), 1);
	answer(0, "0", NULL);
	assert_int_equal(h.budget.used, 0);
	buf_fini(&plain);
	end(&h);
}

static const struct {
	const char *args;
	const char *want;
} checks[] = {
	{"client {\n endpoint = \"\"\n }", "2:2: endpoint must be \"host:port\", got \"\"\n"},
	{"client {\n endpoint = \"up/v1/traces\"\n }",
		"2:2: endpoint must be \"host:port\", got \"up/v1/traces\"\n"},
	{"client {\n endpoint = \"https:///v1/traces\"\n }",
		"2:2: endpoint must be \"host:port\", got \"https:///v1/traces\"\n"},
	{"client {\n endpoint = \"https://up:1/v1/traces\"\n }",
		"2:2: the path of endpoint \"https://up:1/v1/traces\" is not used: gRPC has "
		"none\n"},
	{"client {\n endpoint = \"up:1\"\n compression = \"deflate\"\n }",
		"2:2: compression: unsupported compression type \"deflate\"; gRPC has gzip, "
		"snappy, zstd and "
		"none\n"},
	{"client {\n endpoint = \"http://up:1\"\n }",
		"2:2: \"http://\" does not turn TLS off, as in Alloy: set tls { insecure = true "
		"}\n"},
};

static void test_checks(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(checks) / sizeof(*checks); i++) {
		struct harness h;

		otel_init(&h, &otelcol_exporter_otlp, &otelcol_auth_basic);
		load(&h, checks[i].args);
		assert_str(buf_str(&h.errors), checks[i].want);
		end(&h);
	}
}

TESTS_RUN(cmocka_unit_test(test_call), cmocka_unit_test(test_duty_227_split),
	cmocka_unit_test(test_isolation), cmocka_unit_test(test_checks))
