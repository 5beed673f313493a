#include "tests/processor.h"

extern const struct component_type otelcol_exporter_loki;

#define TIME "\"timeUnixNano\":\"5\""
#define BODY(text) "\"body\":{\"stringValue\":\"" text "\"}"
#define LIST(key, ...) \
	"{\"key\":\"" key "\",\"value\":{\"arrayValue\":{\"values\":[" __VA_ARGS__ "]}}}"

/* clang-format off */
static const struct {
	const char *in;
	const char *want; /* as tests/component.h shows entries */
} cases[] = {
	{LOGS("{" TIME "," BODY("hi") "}"), "5 {exporter=\"OTLP\"} {\"body\":\"hi\"}\n"},
	{LOGS("{" BODY("hi") "}"), "1000000000000 {exporter=\"OTLP\"} {\"body\":\"hi\"}\n"},
	{LOGS("{\"observedTimeUnixNano\":\"6\"}"), "6 {exporter=\"OTLP\"} {}\n"},
	/* all fields, in Alloy's order; attributes sorted; HTML escaped as Go does */
	{LOGS_R(ATTRS(AS("service.name", "shop") "," AS("service.namespace", "ns") "," AS(
		"service.instance.id", "i1")),
		"{" TIME ",\"severityNumber\":13,\"severityText\":\"WARN\"," BODY("<a>") "," ATTRS(
			AI("b", "2") "," AS("a", "1")) ",\"traceId\":\"000102030405060708090a0b0c"
			"0d0e0f\",\"spanId\":\"0001020304050607\",\"flags\":1}"),
		"5 {exporter=\"OTLP\", instance=\"i1\", job=\"ns/shop\", level=\"WARN\"} {\"body"
			"\":\"\\u003ca\\u003e\",\"traceid\":\"000102030405060708090a0b0c0d0e0f\","
			"\"spanid\":\"0001020304050607\",\"severity\":\"WARN\",\"flags\":1,\"attr"
			"ibutes\":{\"a\":\"1\",\"b\":2},\"resources\":{\"service.instance.id\":\""
			"i1\",\"service.name\":\"shop\",\"service.namespace\":\"ns\"}}\n"},
	/* hints: labels from the resource and the record, as text or list, names made good */
	{LOGS_R(ATTRS(AS("loki.resource.labels", "k8s.pod.name, none") "," AS("k8s.pod.name",
		"web") "," AS("x", "y")),
		"{" TIME "," ATTRS(LIST("loki.attribute.labels", "{\"stringValue\":\"a\"},{\"stri"
			"ngValue\":\"0b\"}") "," AS("a", "1") "," AI("0b", "2")) "}"),
		"5 {a=\"1\", exporter=\"OTLP\", k8s_pod_name=\"web\", key_0b=\"2\"} {\"resources"
			"\":{\"x\":\"y\"}}\n"},
	{LOGS("{" TIME "," ATTRS(AS("loki.attribute.labels", "m.a") "," "{\"key\":\"m\",\"value\""
		":{\"kvlistValue\":{\"values\":[" AS("a", "1") "]}}}") "}"),
		"5 {exporter=\"OTLP\", m_a=\"1\"} {\"attributes\":{\"m\":{\"a\":\"1\"}}}\n"},
	{LOGS("{" TIME "," ATTRS(AS("loki.tenant", "team") "," AS("team", "t1") "," AS(
		"loki.format", "raw")) "," BODY("line") "}"),
		"5 {exporter=\"OTLP\", team=\"t1\"} line\n"},
	/* the other formats */
	{LOGS_R(ATTRS(AS("loki.format", "logfmt") "," AS("r", "x y")), "{" TIME "," BODY(
		"hello world") "," ATTRS(AI("n", "1")) "}"),
		"5 {exporter=\"OTLP\"} msg=\"hello world\" attribute_n=1 resource_r=\"x y\"\n"},
	{LOGS_R(ATTRS(AS("loki.format", "logfmt")), "{" TIME "," BODY("a=1 b=2") "}"),
		"5 {exporter=\"OTLP\"} a=1 b=2\n"},
	{LOGS("{" TIME "," ATTRS(AS("loki.format", "raw")) ",\"body\":{\"kvlistValue\":{\"values"
		"\":[" AS("a", "1") "]}}}"), "5 {exporter=\"OTLP\"} {\"a\":\"1\"}\n"},
};
/* clang-format on */

static void load(struct harness *h)
{
	otel_init(h, &otelcol_exporter_loki, &harness_sink);
	assert_true(harness_load(h,
		"otelcol.exporter.loki \"l\" {\n forward_to = [test.sink.x.receiver]\n}\n"
		"test.sink \"x\" {}\notel.source \"s\" {\n output {\n logs = "
		"[otelcol.exporter.loki.l.input]\n}\n}\n"));
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct harness h;

		load(&h);
		assert_int_equal(processor_push(SIGNAL_LOGS, NULL, cases[i].in), CONSUMED);
		assert_str(buf_str(&harness_seen), cases[i].want);
		harness_fini(&h);
	}
}

/* No room in the process: the sender is to come again. */
static void test_full(void **state)
{
	struct harness h;

	(void)state;
	load(&h);
	budget_charge(&h.budget, h.budget.limit);
	assert_int_equal(processor_push(SIGNAL_LOGS, NULL, LOGS("{}")), CONSUMER_FULL);
	budget_return(&h.budget, h.budget.limit);
	assert_int_equal(processor_push(SIGNAL_LOGS, NULL, LOGS("{}")), CONSUMED);

	harness_fini(&h);
}

TESTS_RUN(cmocka_unit_test(test_cases), cmocka_unit_test(test_full))
