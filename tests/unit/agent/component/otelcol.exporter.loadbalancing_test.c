#include "tests/otelcol.h"
#include "proto/grpc/message.h"
#include "proto/otlp/decode.h"
#include "tests/http_client_fake.h"

extern const struct component_type otelcol_exporter_loadbalancing;

static bool load(struct harness *h, const char *args, const char *hosts, const char *queue)
{
	struct buf text = {0};
	bool ok;

	buf_printf(&text,
		"otelcol.exporter.loadbalancing \"x\" {\n %s\n resolver {\n %s\n }\n"
		" protocol {\n otlp {\n client {\n compression = \"none\"\n"
		" tls {\n insecure = true\n "
		"}\n }\n queue {\n num_consumers = 1\n %s\n }\n"
		" retry {\n max_elapsed_time = \"0s\"\n }\n }\n }\n}\n"
		"otel.source \"s\" {\n output {\n"
		" traces = [otelcol.exporter.loadbalancing.x.input]\n"
		" logs = [otelcol.exporter.loadbalancing.x.input]\n metrics = "
		"[otelcol.exporter.loadbalancing.x.input]\n }\n}\n%c",
		args, hosts, queue, 0);
	ok = harness_load(h, text.p);
	buf_fini(&text);
	return ok;
}

#define TWO "static {\n hostnames = [\"two:4317\", \"one\"]\n }"
#define ONE "static {\n hostnames = [\"one:4317\"]\n }"
#define SPAN(id, name) "2:{1:\"" id "\" 5:\"" name "\"} "

static void begin(struct harness *h, const char *args, const char *hosts, const char *queue)
{
	otel_init(h, &otelcol_exporter_loadbalancing, NULL);
	loop_seed(h->loop, 7);
	if (!load(h, args, hosts, queue))
		assert_str(buf_str(&h->errors), "");
}

static void end(struct harness *h)
{
	harness_fini(h);
	assert_int_equal(fake_calls_n, 0);
	assert_int_equal(fake_targets, 0);
}

static void answer(size_t i, const char *status)
{
	fake_answer_headers[0] = status;
	fake_answer_headers[1] = "";
	fake_answer_headers[2] = NULL;
	fake_answer(i, 200, "application/grpc", (struct str){"\0\0\0\0\0", 5}, -1);
}

/* The call to that host, and the names in it as JSON; SIZE_MAX: there is none. */
static size_t call_to(const char *host, struct buf *json)
{
	for (size_t i = 0; i < fake_calls_n; i++) {
		struct grpc_message m;

		if (strncmp(fake_calls[i].url + strlen("http://"), host, strlen(host)) != 0)
			continue;
		assert_int_equal(
			grpc_message_read(buf_str(&fake_calls[i].body), &m), GRPC_BODY_ONE);
		buf_clear(json);
		otlp_json_print(otlp_request(OTLP_TRACES), m.bytes, json);
		buf_add_char(json, 0);
		return i;
	}
	return SIZE_MAX;
}

/* Traces 0 to 15, a span each in two resources: a trace's spans are together, whatever the
 * resource, and none is lost. */
static void test_traces_stay_together(void **state)
{
	struct buf text = {0}, one = {0}, two = {0};
	struct harness h;
	size_t ones = 0, twos = 0;

	(void)state;
	begin(&h, "", TWO, "");
	for (int r = 0; r < 2; r++) {
		buf_add_str(&text, STR("1:{1:{} 2:{"));
		for (int i = 0; i < 16; i++)
			buf_printf(&text, "2:{1:\"aaaaaaaaaaaaaaa%c\" 5:\"span-%c\"} ", 'a' + i,
				'a' + i);
		buf_add_str(&text, STR("}} "));
	}
	buf_add_char(&text, 0);
	assert_int_equal(otel_push(SIGNAL_TRACES, NULL, text.p), CONSUMED);
	assert_int_equal(fake_calls_n, 2);
	assert_true(call_to("one:4317", &one) != SIZE_MAX);
	assert_true(call_to("two:4317", &two) != SIZE_MAX);
	for (int i = 0; i < 16; i++) {
		char name[] = "\"span-?\"";
		const char *in_one, *in_two;

		name[6] = (char)('a' + i);
		in_one = strstr(one.p, name);
		in_two = strstr(two.p, name);
		assert_true(!in_one != !in_two);
		assert_non_null(strstr((in_one ? in_one : in_two) + 1, name)); /* both of them */
		ones += in_one != NULL;
		twos += in_two != NULL;
	}
	assert_true(ones > 0 && twos > 0);
	answer(0, "0");
	answer(0, "0");
	buf_fini(&text);
	buf_fini(&one);
	buf_fini(&two);
	end(&h);
}

/* One trace: the same bytes go on. */
static void test_one_trace(void **state)
{
	struct harness h;

	(void)state;
	begin(&h, "", TWO, "");
	otel_push(SIGNAL_TRACES, NULL, "1:{2:{" SPAN("aaaaaaaaaaaaaaaa", "x") "}} 99:7");
	assert_int_equal(fake_calls_n, 1);
	/* unknown fields, too */
	assert_non_null(
		memmem(fake_calls[0].body.p, fake_calls[0].body.n, "\x98\x06\x07", 3));
	answer(0, "0");
	end(&h);
}

/* What waits for a backend that goes is sent to those that stay, and what was under way, too. */
static void test_one_goes(void **state)
{
	struct buf json = {0};
	struct harness h;
	size_t spans = 0, at;

	(void)state;
	begin(&h, "", TWO, "");
	for (int i = 0; i < 16; i++) {
		char text[64];

		snprintf(text, sizeof(text), "1:{2:{2:{1:\"aaaaaaaaaaaaaaa%c\" 5:\"x\"}}}",
			'a' + i);
		assert_int_equal(otel_push(SIGNAL_TRACES, NULL, text), CONSUMED);
	}
	assert_int_equal(fake_calls_n, 2); /* one each */
	assert_true(load(&h, "", ONE, ""));
	at = call_to("two:4317", &json);
	assert_true(at != SIZE_MAX);
	answer(at, "14"); /* UNAVAILABLE: it has ended */
	loop_turn(h.loop, 0);
	while (fake_calls_n > 0) {
		assert_int_equal(call_to("two:4317", &json), SIZE_MAX);
		spans++;
		answer(0, "0");
	}
	assert_int_equal(spans, 16);
	loop_turn(h.loop, 0);
	loop_turn(h.loop, 0);
	assert_int_equal(fake_targets, 1);
	buf_fini(&json);
	end(&h);
}

/* One of the two has no room: neither gets anything, and the same request may come again. */
static void test_full(void **state)
{
	static const char both[] = "1:{2:{2:{1:\"aaaaaaaaaaaaaaaa\"} 2:{1:\"aaaaaaaaaaaaaaab\"} "
				   "2:{1:\"aaaaaaaaaaaaaaac\"} 2:{1:\"aaaaaaaaaaaaaaad\"}}}";
	struct harness h;

	(void)state;
	begin(&h, "", TWO, "queue_size = 1");
	assert_int_equal(otel_push(SIGNAL_TRACES, NULL, both), CONSUMED); /* under way */
	assert_int_equal(otel_push(SIGNAL_TRACES, NULL, both), CONSUMED); /* waits */
	assert_int_equal(otel_push(SIGNAL_TRACES, NULL, both), CONSUMER_FULL);
	while (fake_calls_n > 0)
		answer(0, "0");
	end(&h);
}

static void test_refused(void **state)
{
	static const struct {
		const char *args;
		const char *hosts;
		const char *want;
	} cases[] = {
		{"", "", "one of static, dns and kubernetes is wanted"},
		{"", "static {\n hostnames = []\n }", "hostnames must not be empty"},
		{"", "static {\n hostnames = [\"a/b\"]\n }", "hostnames must be host:port"},
		{"", "dns {\n hostname = \"x\"\n port = \"grpc\"\n }",
			"port must be a number, got \"grpc\""},
		{"", "kubernetes {\n service = \"x\"\n ports = [\"a\"]\n }",
			"ports must be a list of up to 16 ports"},
		{"", "kubernetes {\n service = \"x/y\"\n }",
			"service must be NAME or NAME.NAMESPACE, got \"x/y\""},
		{"routing_key = \"attributes\"", ONE, "routing_key"},
	};
	struct harness h;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		otel_init(&h, &otelcol_exporter_loadbalancing, NULL);
		assert_false(load(&h, cases[i].args, cases[i].hosts, ""));
		buf_add_char(&h.errors, 0);
		if (!strstr(h.errors.p, cases[i].want))
			assert_string_equal(h.errors.p, cases[i].want);
		end(&h);
	}
}

TESTS_RUN(cmocka_unit_test(test_traces_stay_together), cmocka_unit_test(test_one_trace),
	cmocka_unit_test(test_one_goes), cmocka_unit_test(test_full),
	cmocka_unit_test(test_refused))
