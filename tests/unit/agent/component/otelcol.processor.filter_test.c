#include "tests/processor.h"

extern const struct component_type otelcol_processor_filter;

static const char *const signals[SIGNAL_KINDS] = {"traces ", "logs ", "metrics "};

#define GAUGE(name, ...) "{\"name\":\"" name "\",\"gauge\":{\"dataPoints\":[" __VA_ARGS__ "]}}"

/* clang-format off */
static const struct processor_case cases[] = {
	{SIGNAL_TRACES, "", SPANS("{\"name\":\"a\"}"), SPANS("{\"name\":\"a\"}")},
	{SIGNAL_TRACES, "traces {\nspan = [`name == \"a\"`, `attributes[\"http.target\"] == \"/he"
		"alth\"`]\n}",
		SPANS("{\"name\":\"a\"},{\"name\":\"b\"},{\"name\":\"c\"," ATTRS(AS("http.target",
		"/health")) "}"), SPANS("{\"name\":\"b\"}")},
	{SIGNAL_TRACES, "traces {\nspan = [`resource.attributes[\"service.name\"] == \"x\"`]\n}",
		SPANS_R(ATTRS(AS("service.name", "x")), "{\"name\":\"a\"}"), ""},
	{SIGNAL_TRACES, "traces {\nspanevent = [`name == \"e\" and span.name == \"a\"`]\n}",
		SPANS("{\"name\":\"a\",\"events\":[{\"name\":\"e\"},{\"name\":\"f\"}]},{\"name\":"
		"\"b\",\"events\":[{\"name\":\"e\"}]}"),
		SPANS("{\"name\":\"a\",\"events\":[{\"name\":\"f\"}]},{\"name\":\"b\",\"events\":"
		"[{\"name\":\"e\"}]}")},
	{SIGNAL_LOGS, "logs {\nlog_record = [`severity_number < SEVERITY_NUMBER_INFO`, `IsMatch(b"
		"ody, \"GET /healthz\")`]\n}",
		LOGS("{\"severityNumber\":5},{\"severityNumber\":9},{\"severityNumber\":9,\"body"
		"\":{\"stringValue\":\"GET /healthz 200\"}}"), LOGS(
		"{\"severityNumber\":9}")},
	{SIGNAL_METRICS, "metrics {\nmetric = [`name == \"a\"`]\ndatapoint = [`attributes[\"x\"] "
		"== \"1\" and metric.name == \"b\"`]\n}",
		METRICS(GAUGE("a", "{}") "," GAUGE("b", "{" ATTRS(AS("x", "1"))
		"},{\"asInt\":\"1\"}") "," GAUGE("c", "{" ATTRS(AS("x", "1")) "}")),
		METRICS(GAUGE("b", "{\"asInt\":\"1\"}") ","
			GAUGE("c", "{" ATTRS(AS("x", "1")) "}"))},
	/* the newer form */
	{SIGNAL_TRACES, "trace_conditions {\ncontext = \"resource\"\nconditions = [`attributes[\""
		"a\"] == \"1\"`]\n}\ntrace_conditions {\nconditions = [`span.name == \"x\"`, `sco"
		"pe.name == \"lib\"`]\n}",
		SPANS_R(ATTRS(AS("a", "2")), "{\"name\":\"x\"},{\"name\":\"y\"}"), SPANS_R(ATTRS(AS(
		"a", "2")), "{\"name\":\"y\"}")},
	/* a condition that fails does not hold; or the request is dropped */
	{SIGNAL_TRACES, "traces {\nspan = [`1 / 0 == 1`, `name == \"b\"`]\n}", SPANS(
		"{\"name\":\"a\"},{\"name\":\"b\"}"), SPANS("{\"name\":\"a\"}")},
	{SIGNAL_TRACES, "error_mode = \"propagate\"\ntraces {\nspan = [`1 / 0 == 1`]\n}", SPANS(
		"{\"name\":\"a\"}"), ""},
	{SIGNAL_TRACES, "traces {\nspan = [`name = \"a\"`]\n}", NULL, "3:15: want a comparison: ="
		"=, !=, <, <=, > or >="},
	{SIGNAL_LOGS, "log_conditions {\nconditions = [`body == \"x\"`]\n}", NULL,
		"3:16: the context cannot be told: paths must begin with one, as resource.attribu"
		"tes or span.name"},
};
/* clang-format on */

static void test_cases(void **state)
{
	(void)state;
	processor_test(&otelcol_processor_filter, cases, sizeof(cases) / sizeof(*cases), signals);
}

TESTS_RUN(cmocka_unit_test(test_cases))
