#include "tests/processor.h"

extern const struct component_type otelcol_processor_transform;

static const char *const signals[SIGNAL_KINDS] = {"traces ", "logs ", "metrics "};

#define BLOCK(signal, context, ...) \
	signal "_statements {\ncontext = \"" context "\"\nstatements = [" __VA_ARGS__ "]\n}\n"

/* clang-format off */
static const struct processor_case cases[] = {
	/* blocks in their order; each is a pass, so a later one sees what an earlier one did */
	{SIGNAL_TRACES, BLOCK("trace", "resource", "`set(attributes[\"env\"], \"prod\")`")
		BLOCK("trace", "span", "`set(attributes[\"env\"], resource.attributes[\"env\"])`,"
			" `set(name, Concat([name, attributes[\"env\"]], \"@\"))`"),
		SPANS("{\"name\":\"a\"},{\"name\":\"b\"}"),
		SPANS_R(ATTRS(AS("env", "prod")), "{\"name\":\"a@prod\"," ATTRS(AS("env", "prod"))
			"},{\"name\":\"b@prod\"," ATTRS(AS("env", "prod")) "}")},
	/* as in Grafana's k8s-monitoring chart */
	{SIGNAL_LOGS, BLOCK("log", "log", "\"set(resource.attributes[\\\"app\\\"], attributes[\\"
		"\"app\\\"]) where resource.attributes[\\\"app\\\"] == nil and attributes[\\\"app"
		"\\\"] != nil\", \"delete_key(attributes, \\\"app\\\") where attributes[\\\"app\\"
		"\"] == resource.attributes[\\\"app\\\"]\""),
		LOGS("{" ATTRS(AS("app", "x")) "},{" ATTRS(AS("app", "y")) "}"),
		LOGS_R(ATTRS(AS("app", "x")), "{},{" ATTRS(AS("app", "y")) "}")},
	/* a cache of each item's own */
	{SIGNAL_LOGS, BLOCK("log", "log", "`merge_maps(cache, ParseJSON(body), \"upsert\") where "
		"IsMatch(body, \"^[{]\")`, `set(attributes[\"level\"], cache[\"level\"])`, `set(s"
		"everity_number, SEVERITY_NUMBER_WARN) where cache[\"level\"] == \"warn\"`"),
		LOGS("{\"body\":{\"stringValue\":\"{\\\"level\\\":\\\"warn\\\"}\"}},{\"body\":{\""
			"stringValue\":\"x\"}}"),
		LOGS("{\"severityNumber\":13,\"body\":{\"stringValue\":\"{\\\"level\\\":\\\"warn"
			"\\\"}\"}," ATTRS(AS("level", "warn"))
			"},{\"body\":{\"stringValue\":\"x\"}}")},
	/* conditions of a block */
	{SIGNAL_TRACES, "trace_statements {\ncontext = \"span\"\nconditions = [`name == \"b\"`, `"
		"kind == 3`]\nstatements = [`set(name, \"x\")`]\n}",
		SPANS("{\"name\":\"a\"},{\"name\":\"b\"},{\"name\":\"c\",\"kind\":3}"), SPANS(
			"{\"name\":\"a\"},{\"name\":\"x\"},{\"name\":\"x\",\"kind\":3}")},
	/* the paths say the context */
	{SIGNAL_METRICS, "statements {\nmetric = [`set(resource.attributes[\"r\"], 1)`, `set(metr"
		"ic.description, \"d\")`, `set(datapoint.attributes[\"m\"], metric.name) where re"
		"source.attributes[\"r\"] == 1`]\n}",
		METRICS("{\"name\":\"m\",\"gauge\":{\"dataPoints\":[{\"asInt\":\"1\"}]}}"),
		"{\"resourceMetrics\":[{\"resource\":{" ATTRS(AI("r", "1")) "},\"scopeMetrics\":["
			"{\"metrics\":[{\"name\":\"m\",\"description\":\"d\",\"gauge\":{\"dataPoi"
			"nts\":[{\"asInt\":\"1\"," ATTRS(AS("m", "m")) "}]}}]}]}]}"},
	{SIGNAL_TRACES, BLOCK("trace", "spanevent", "`set(attributes[\"span\"], span.name)`")
		BLOCK("trace", "scope", "`set(version, \"1\")`"),
		SPANS("{\"name\":\"a\",\"events\":[{\"name\":\"e\"}]}"),
		"{\"resourceSpans\":[{\"scopeSpans\":[{\"scope\":{\"version\":\"1\"},\"spans\":[{"
			"\"name\":\"a\",\"events\":[{\"name\":\"e\"," ATTRS(AS("span", "a"))
			"}]}]}]}]}"},
	/* a failure: on with the next, or away with the request */
	{SIGNAL_TRACES, BLOCK("trace", "span", "`set(name, 1)`, `set(kind, 2)`"), SPANS(
		"{\"name\":\"a\"}"), SPANS("{\"name\":\"a\",\"kind\":2}")},
	{SIGNAL_TRACES, "error_mode = \"propagate\"\n" BLOCK("trace", "span", "`set(name, 1)`"),
		SPANS("{\"name\":\"a\"}"), ""},
	/* what is refused, and where it is said to be */
	{SIGNAL_TRACES, BLOCK("trace", "span", "`set(name, nam)`"), NULL, "4:26: path \"nam\" is "
		"not known in context span, or not supported"},
	{SIGNAL_TRACES, BLOCK("trace", "span", "\"set(attributes[\\\"a\\\"], nam)\""), NULL,
		"4:39: path \"nam\" is not known in context span, or not supported"},
	{SIGNAL_TRACES, BLOCK("trace", "log", "`set(name, \"a\")`"), NULL, "3:12: there is no con"
		"text \"log\" for traces"},
	{SIGNAL_LOGS, "statements {\nlog = [`set(attributes[\"a\"], 1)`]\n}", NULL,
		"3:9: the context cannot be told: paths must begin with one, as resource.attribut"
		"es or span.name"},
	{SIGNAL_LOGS, "statements {\nlog = [`set(span.name, \"a\")`]\n}", NULL,
		"3:9: context span is not for logs"},
	{SIGNAL_TRACES, "error_mode = \"shrug\"", NULL, "2:14: unknown error_mode shrug"},
};
/* clang-format on */

static void test_cases(void **state)
{
	(void)state;
	processor_test(&otelcol_processor_transform, cases, sizeof(cases) / sizeof(*cases),
		signals);
}

/* A reload replaces the statements. */
static void test_reload(void **state)
{
	struct harness h;

	(void)state;
	otel_init(&h, &otelcol_processor_transform, NULL);
	assert_true(processor_load(&h, "otelcol.processor.transform",
		BLOCK("trace", "span", "`set(name, \"one\")`"), "traces "));
	processor_push(SIGNAL_TRACES, NULL, SPANS("{\"name\":\"s\"}"));
	otel_seen("traces 1 " SPANS("{\"name\":\"one\"}") "\n");
	assert_true(processor_load(&h, "otelcol.processor.transform",
		BLOCK("trace", "span", "`set(name, \"two\")`"), "traces "));
	processor_push(SIGNAL_TRACES, NULL, SPANS("{\"name\":\"s\"}"));
	otel_seen("traces 1 " SPANS("{\"name\":\"two\"}") "\n");
	harness_fini(&h);
}

TESTS_RUN(cmocka_unit_test(test_cases), cmocka_unit_test(test_reload))
