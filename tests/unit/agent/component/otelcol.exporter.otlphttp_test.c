#include "tests/otelcol.h"
#include "agent/base/metric.h"
#include "proto/otlp/decode.h"
#include "proto/otlp/status.h"
#include "tests/http_client_fake.h"

extern const struct component_type otelcol_auth_basic;
extern const struct component_type otelcol_exporter_otlphttp;

#define SEC INT64_C(1000000000)

static bool load(struct harness *h, const char *args)
{
	struct buf text = {0};
	bool ok;

	buf_printf(&text,
		"otelcol.exporter.otlphttp \"x\" {\n %s\n}\n"
		"otelcol.auth.basic \"who\" {\n client_auth {\n username = \"u\"\n password = "
		"\"p\"\n }\n}\n"
		"otel.source \"s\" {\n output {\n traces = [otelcol.exporter.otlphttp.x.input]\n"
		" logs = [otelcol.exporter.otlphttp.x.input]\n metrics = "
		"[otelcol.exporter.otlphttp.x.input]\n }\n}\n%c",
		args, 0);
	ok = harness_load(h, text.p);
	buf_fini(&text);
	return ok;
}

static void begin(struct harness *h, const char *args)
{
	otel_init(h, &otelcol_exporter_otlphttp, &otelcol_auth_basic);
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

/* The span names in the body of call i. */
static void check_body(size_t i, const char *want)
{
	struct decoder *d = decoder_new();
	struct buf plain = {0};
	struct buf json = {0};
	struct buf names = {0};
	struct err e;
	bool gzip = str_find(buf_str(&fake_calls[i].headers), STR("Content-Encoding: gzip\n")) >= 0;

	assert_int_equal(decoder_run(d, gzip ? STR("gzip") : STR(""), buf_str(&fake_calls[i].body),
				 1 << 20, &plain, &e),
		DECODED);
	if (plain.p[0] == '{')
		buf_add_str(&json, buf_str(&plain));
	else
		otlp_json_print(otlp_request(OTLP_TRACES), buf_str(&plain), &json);
	for (size_t k = 8; k < json.n; k++)
		if (memcmp(json.p + k - 8, "\"name\":\"", 8) == 0)
			buf_add_char(&names, json.p[k]);
	assert_str(buf_str(&names), want);
	decoder_free(d);
	buf_fini(&plain);
	buf_fini(&json);
	buf_fini(&names);
}

/* The value of a counter of the exporter, for traces. */
static double counted(const char *name)
{
	struct buf text = {0};
	char line[256];
	const char *at;
	double v = -1;

	metric_print_all(&text);
	buf_add_char(&text, 0);
	snprintf(line, sizeof(line), "\n%s{component_id=\"otelcol.exporter.otlphttp.x\"", name);
	at = strstr(text.p, line);
	if (at)
		v = strtod(strchr(at, '}') + 1, NULL);
	buf_fini(&text);
	return v;
}

static void ok(size_t i)
{
	fake_answer(i, 200, "application/x-protobuf", (struct str){0}, -1);
}

#define PLAIN "client {\n endpoint = \"http://up:4318/\"\n compression = \"none\"\n }\n"

static const struct {
	const char *args;
	const char *url;
	const char *headers;
	const char *target;
} requests[] = {
	{"client {\n endpoint = \"http://up:4318/\"\n }", "http://up:4318/v1/traces",
		"Content-Type: application/x-protobuf\nContent-Encoding: gzip\n", ""},
	{"client {\n endpoint = \"http://up/otlp\"\n compression = \"none\"\n headers = {\n "
	 "\"X-Scope-OrgID\" = \"1\",\n }\n }",
		"http://up/otlp/v1/traces", "Content-Type: application/x-protobuf\n",
		"X-Scope-OrgID: 1\n"},
	{"traces_endpoint = \"http://other/x/\"\nclient {\n endpoint = \"https://up\"\n auth = "
	 "otelcol.auth.basic.who.handler\n tls {\n insecure_skip_verify = true\n }\n }",
		"http://other/x/", "Content-Type: application/x-protobuf\nContent-Encoding: gzip\n",
		"basic u:p\ninsecure\n"},
	{"encoding = \"json\"\nclient {\n endpoint = \"http://up\"\n disable_keep_alives = true\n "
	 "}",
		"http://up/v1/traces", "Content-Type: application/json\nContent-Encoding: gzip\n",
		"Connection: close\n"},
};

/* Duties 201 and 229. */
static void test_request(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++) {
		struct harness h;

		begin(&h, requests[i].args);
		assert_int_equal(otel_push_spans('a', 2), CONSUMED);
		assert_int_equal(fake_calls_n, 1);
		assert_string_equal(fake_calls[0].url, requests[i].url);
		assert_str(buf_str(&fake_calls[0].headers), requests[i].headers);
		assert_str(buf_str(&fake_calls[0].target->text), requests[i].target);
		check_body(0, "aa");
		ok(0);
		assert_true(counted("otelcol_exporter_sent_spans_total") == 2);
		assert_int_equal(h.budget.used, 0);
		end(&h);
	}
}

/* Duties 202 to 207, 210 to 218, 220, 221, 223 and 225. The table of answers: what is sent again,
 * and when; what is dropped. */
static const struct {
	int status;
	int64_t retry_after;
	int64_t again_after; /* ns, at least; 0: never */
} answers[] = {
	{429, -1, 2500000000},
	{502, -1, 2500000000},
	{503, -1, 2500000000},
	{504, -1, 2500000000},
	{429, 20 * SEC, 20 * SEC},
	{503, 1 * SEC, 2500000000},
	{0, -1, 2500000000},
	{503, 600 * SEC, 0}, /* beyond max_elapsed_time */
	{400, -1, 0},
	{401, -1, 0},
	{403, -1, 0},
	{404, -1, 0},
	{405, -1, 0},
	{408, -1, 0},
	{413, -1, 0},
	{500, -1, 0},
	{501, -1, 0},
	{301, -1, 0},
};

static void test_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
		struct harness h;

		begin(&h, PLAIN);
		otel_push_spans('a', 3);
		fake_answer(
			0, answers[i].status, "text/plain", STR("because"), answers[i].retry_after);
		assert_int_equal(fake_calls_n, 0);
		if (answers[i].again_after == 0) {
			harness_advance(&h, 3600 * SEC);
			assert_int_equal(fake_calls_n, 0);
			assert_true(counted("otelcol_exporter_send_failed_spans_total") == 3);
		} else {
			harness_advance(&h, answers[i].again_after - 1);
			assert_int_equal(fake_calls_n, 0);
			harness_advance(&h, 5 * SEC + 1);
			assert_int_equal(fake_calls_n, 1);
			check_body(0, "aaa");
			ok(0);
			assert_true(counted("otelcol_exporter_sent_spans_total") == 3);
			assert_true(counted("otelcol_exporter_send_failed_spans_total") == 0);
		}
		end(&h);
	}
}

/* Growing waits up to max_interval, and an end. */
/* Duty 208. */
static void test_backoff(void **state)
{
	struct harness h;
	size_t tries = 0;

	(void)state;
	begin(&h, PLAIN
		"retry_on_failure {\n randomization_factor = 0\n max_elapsed_time = \"60s\"\n }");
	otel_push_spans('a', 1);
	for (int second = 0; second < 120; second++) {
		while (fake_calls_n > 0) {
			buf_printf(&harness_seen, "%d ", second);
			fake_answer(0, 503, "", (struct str){0}, -1);
			tries++;
		}
		harness_advance(&h, SEC);
	}
	otel_seen(
		"0 5 13 25 42 "); /* 5, 7.5, 11.25, 16.9; the next would be 25.3 later, beyond 60 */
	assert_int_equal(tries, 5);
	assert_true(counted("otelcol_exporter_send_failed_spans_total") == 1);
	end(&h);
}

static void test_queue(void **state)
{
	struct harness h;

	(void)state;
	begin(&h, PLAIN "sending_queue {\n queue_size = 2\n num_consumers = 1\n }");
	assert_int_equal(otel_push_spans('a', 1), CONSUMED); /* under way */
	assert_int_equal(otel_push_spans('b', 1), CONSUMED);
	assert_int_equal(otel_push_spans('c', 1), CONSUMED);
	assert_int_equal(otel_push_spans('d', 1), CONSUMER_FULL);
	assert_int_equal(
		otel_push(SIGNAL_LOGS, NULL, "1:{2:{2:{}}}"), CONSUMED); /* its own queue */
	assert_true(counted("otelcol_exporter_queue_size") == 2);
	assert_int_equal(fake_calls_n, 2);
	ok(0);
	assert_int_equal(otel_push_spans('d', 1), CONSUMED);
	check_body(1, "b");
	ok(1);
	check_body(1, "c");
	ok(1);
	check_body(1, "d");
	ok(1);
	ok(0);
	assert_int_equal(h.budget.used, 0);
	end(&h);
}

static void test_queue_batch(void **state)
{
	struct harness h;

	(void)state;
	begin(&h, PLAIN "sending_queue {\n batch {\n min_size = 3\n max_size = 4\n }\n }");
	otel_push_spans('a', 2);
	assert_int_equal(fake_calls_n, 0);
	otel_push_spans('b', 4);
	assert_int_equal(fake_calls_n, 2);
	check_body(0, "aabb");
	check_body(1, "bb");
	ok(1);
	ok(0);
	otel_push_spans('c', 1);
	harness_advance(&h, SEC / 5);
	check_body(0, "c");
	ok(0);
	end(&h);
}

/* A merged request that is refused with 400 is halved until only what is bad is dropped. */
static void test_poison(void **state)
{
	for (int json = 0; json < 2; json++) {
		struct harness h;
		size_t sent = 0;
		struct buf good = {0};

		(void)state;
		begin(&h, json ? "encoding = \"json\"\nclient {\n endpoint = \"http://up\"\n }"
			       : "client {\n endpoint = \"http://up\"\n }");
		otel_push(SIGNAL_TRACES, NULL,
			"1:{2:{2:{5:\"a\"}}} 1:{2:{2:{5:\"b\"}}} 1:{2:{2:{5:\"X\"}}} "
			"1:{2:{2:{5:\"c\"} 2:{5:\"d\"}}} 1:{}");
		while (fake_calls_n > 0) {
			struct decoder *d = decoder_new();
			struct buf plain = {0};
			struct err e;
			bool bad;

			decoder_run(
				d, STR("gzip"), buf_str(&fake_calls[0].body), 1 << 20, &plain, &e);
			bad = memchr(plain.p, 'X', plain.n) != NULL;
			sent++;
			if (bad)
				fake_answer(0, 400, "text/plain", STR("bad span"), -1);
			else
				ok(0);
			decoder_free(d);
			buf_fini(&plain);
		}
		assert_true(sent <= 7);
		assert_true(counted("otelcol_exporter_sent_spans_total") == 4);
		assert_true(counted("otelcol_exporter_send_failed_spans_total") == 1);
		buf_fini(&good);
		end(&h);
	}
}

/* Duty 222. */
static void test_partial_success(void **state)
{
	struct harness h;
	struct buf body = {0};

	(void)state;
	begin(&h, PLAIN);
	otlp_partial_encode(&body, OTLP_PROTO, OTLP_TRACES, 2, STR("two were bad"));
	otel_push_spans('a', 5);
	fake_answer(0, 200, "application/x-protobuf", buf_str(&body), -1);
	assert_true(counted("otelcol_exporter_sent_spans_total") == 3);
	assert_true(counted("otelcol_exporter_send_failed_spans_total") == 2);
	otel_push_spans('a', 5); /* an answer that cannot be read is a success */
	fake_answer(0, 200, "application/x-protobuf", STR("\xff\xff"), -1);
	assert_true(counted("otelcol_exporter_sent_spans_total") == 8);
	assert_int_equal(fake_calls_n, 0);
	buf_fini(&body);
	end(&h);
}

/* New settings: what is under way ends with the old ones, the next request has the new. */
static void test_reload(void **state)
{
	struct harness h;

	(void)state;
	begin(&h, PLAIN "sending_queue {\n num_consumers = 1\n }");
	otel_push_spans('a', 1);
	otel_push_spans('b', 1);
	assert_true(load(&h, "client {\n endpoint = \"http://new\"\n compression = \"none\"\n "
			     "}\nsending_queue {\n num_consumers = 2\n }"));
	assert_int_equal(fake_calls_n, 2);
	assert_string_equal(fake_calls[0].url, "http://up:4318/v1/traces");
	assert_string_equal(fake_calls[1].url, "http://new/v1/traces");
	assert_int_equal(fake_targets, 2);
	ok(0);
	loop_turn(h.loop, 0);
	assert_int_equal(fake_targets, 1);
	ok(0);
	fake_target_error = "cannot read ca.pem";
	assert_false(load(&h, "client {\n endpoint = \"http://bad\"\n }"));
	fake_target_error = NULL;
	otel_push_spans('c', 1);
	assert_string_equal(fake_calls[0].url, "http://new/v1/traces");
	ok(0);
	end(&h);
}

/* At the end the queue is still sent, with short waits; then it is given up. */
static void test_stop(void **state)
{
	struct harness h;

	(void)state;
	begin(&h, PLAIN "sending_queue {\n num_consumers = 1\n }");
	otel_push_spans('a', 1);
	otel_push_spans('b', 1);
	fake_answer(0, 503, "", (struct str){0}, -1);
	graph_stop(h.graph, harness_stopped, &h.stopped);
	harness_advance(&h, 0);
	assert_int_equal(fake_calls_n, 1); /* at once */
	fake_answer(0, 503, "", (struct str){0}, -1);
	harness_advance(&h, SEC);
	ok(0);
	check_body(0, "b");
	assert_false(h.stopped);
	harness_advance(&h, 10 * SEC); /* hangs */
	assert_true(h.stopped);
	assert_int_equal(fake_calls_n, 0);
	assert_int_equal(fake_targets, 0);
	graph_free(h.graph);
	loop_free(h.loop);
	assert_int_equal(h.budget.used, 0);
	buf_fini(&h.errors);
}

static const struct {
	const char *args;
	const char *want;
} checks[] = {
	{"client {\n endpoint = \"up:4318\"\n }", "2:2: endpoint must be a URL that begins with "
						  "http:// or https://, got \"up:4318\"\n"},
	{"client {\n endpoint = \"http://up\"\n compression = \"lz4\"\n }",
		"2:2: unsupported compression type \"lz4\"; known are gzip, zlib, deflate, zstd, "
		"snappy and none\n"},
	{"client {\n endpoint = \"http://up\"\n }\nretry_on_failure {\n multiplier = 1\n }",
		"5:1: multiplier must be greater than 1.0\n"},
	{"client {\n endpoint = \"http://up\"\n }\nsending_queue {\n queue_size = 0\n }",
		"5:1: queue_size must be greater than zero\n"},
	{"client {\n endpoint = \"http://up\"\n tls {\n cert_pem = \"x\"\n }\n }",
		"4:2: for auth via TLS, provide both certificate and key, or neither\n"},
};

static void test_checks(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(checks) / sizeof(*checks); i++) {
		struct harness h;

		otel_init(&h, &otelcol_exporter_otlphttp, &otelcol_auth_basic);
		assert_false(load(&h, checks[i].args));
		assert_str(buf_str(&h.errors), checks[i].want);
		end(&h);
	}
}

TESTS_RUN(cmocka_unit_test(test_request), cmocka_unit_test(test_answers),
	cmocka_unit_test(test_backoff), cmocka_unit_test(test_queue),
	cmocka_unit_test(test_queue_batch), cmocka_unit_test(test_poison),
	cmocka_unit_test(test_partial_success), cmocka_unit_test(test_reload),
	cmocka_unit_test(test_stop), cmocka_unit_test(test_checks))
