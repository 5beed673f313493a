#include "agent/component/common/otelcol_match.h"

#include "tests/processor.h"

/* By the processor attributes, which marks what matches with m=1. */
extern const struct component_type otelcol_processor_attributes;

#define MARK "action {\nkey = \"m\"\naction = \"insert\"\nvalue = 1\n}\n"
#define INCLUDE(...) MARK "include {\n" __VA_ARGS__ "\n}"
#define M "\"attributes\":[{\"key\":\"m\",\"value\":{\"intValue\":\"1\"}}]"

static const char *const signals[SIGNAL_KINDS] = {"traces ", "logs ", "metrics "};

/* clang-format off */
static const struct processor_case cases[] = {
	{SIGNAL_TRACES, INCLUDE("match_type = \"strict\"\nspan_kinds = [\"SPAN_KIND_CLIENT\"]"),
		SPANS("{\"kind\":3},{\"kind\":2}"), SPANS("{\"kind\":3," M "},{\"kind\":2}")},
	{SIGNAL_TRACES, INCLUDE("match_type = \"regexp\"\nservices = [\"^sh\"]"),
		SPANS_R(ATTRS(AS("service.name", "shop")), "{\"name\":\"a\"}"),
		SPANS_R(ATTRS(AS("service.name", "shop")), "{\"name\":\"a\"," M "}")},
	{SIGNAL_TRACES, INCLUDE("match_type = \"strict\"\nlibrary {\nname = \"rack\"\nversion = "
				"\"\"\n}"),
		"{\"resourceSpans\":[{\"scopeSpans\":[{\"scope\":{\"name\":\"rack\"},\"spans\":[{"
		"\"name\":\"a\"}]},{\"scope\":{\"name\":\"rack\",\"version\":\"1\"},\"spa"
		"ns\":[{\"name\":\"b\"}]}]}]}",
		"{\"resourceSpans\":[{\"scopeSpans\":[{\"scope\":{\"name\":\"rack\"},\"spans\":[{"
		"\"name\":\"a\"," M "}]},{\"scope\":{\"name\":\"rack\",\"version\":\"1\"}"
		",\"spans\":[{\"name\":\"b\"}]}]}]}"},
	{SIGNAL_TRACES, INCLUDE("match_type = \"regexp\"\nattribute {\nkey = \"k\"\nvalue = \"^1"
				"\"\n}"),
		SPANS("{" ATTRS(AI("k", "12")) "},{" ATTRS(AB("k", "true")) "}"),
		SPANS("{" ATTRS(AI("k", "12") "," AI("m", "1")) "},{" ATTRS(AB("k", "true")) "}")},
	{SIGNAL_TRACES, INCLUDE("match_type = \"strict\"\nattribute {\nkey = \"k\"\n}\nresource {"
				"\nkey = \"host\"\nvalue = \"h\"\n}"),
		SPANS_R(ATTRS(AS("host", "h")), "{" ATTRS(AI("k", "1")) "},{\"name\":\"b\"}"),
		SPANS_R(ATTRS(AS("host", "h")), "{" ATTRS(AI("k", "1") "," AI("m", "1"))
			"},{\"name\":\"b\"}")},
	{SIGNAL_LOGS, INCLUDE("match_type = \"regexp\"\nlog_bodies = [\"^hel\"]\nlog_severity {\n"
			      "min = \"WARN\"\nmatch_undefined = true\n}"),
		LOGS("{\"body\":{\"stringValue\":\"hello\"}},{\"severityNumber\":13,\"body\":{\"s"
		     "tringValue\":\"hello\"}},{\"severityNumber\":12,\"body\":{\"stringValue"
		     "\":\"hello\"}},{\"body\":{\"intValue\":\"1\"}}"),
		LOGS("{\"body\":{\"stringValue\":\"hello\"}," M "},{\"severityNumber\":13,\"body"
		     "\":{\"stringValue\":\"hello\"}," M "},{\"severityNumber\":12,\"body\":{"
		     "\"stringValue\":\"hello\"}},{\"body\":{\"intValue\":\"1\"}}")},
	{SIGNAL_LOGS, INCLUDE("match_type = \"strict\"\nlog_severity_texts = [\"INFO\"]"),
		LOGS("{\"severityText\":\"INFO\"},{\"severityText\":\"info\"}"),
		LOGS("{\"severityText\":\"INFO\"," M "},{\"severityText\":\"info\"}")},
	{SIGNAL_LOGS, INCLUDE("match_type = \"strict\"\nspan_names = [\"a\"]"), NULL,
		"7:1: services, span_names and span_kinds are not for logs"},
	{SIGNAL_LOGS, INCLUDE("match_type = \"strict\""), NULL,
		"7:1: for logs at least one of log_bodies, log_severity_texts, log_severity, attr"
		"ibute, library or resource is wanted"},
	{SIGNAL_LOGS, INCLUDE("match_type = \"strict\"\nlog_severity {\nmin = \"LOUD\"\nmatch_und"
			      "efined = true\n}"),
		NULL,
		"9:1: there is no severity \"LOUD\""},
	{SIGNAL_TRACES, INCLUDE("match_type = \"regexp\"\nspan_names = [\"(\"]"), NULL,
		"7:1: error parsing regexp: missing closing ): `(`"},
	{SIGNAL_TRACES, INCLUDE("match_type = \"regexp\"\nattribute {\nkey = \"a\"\nvalue = 1\n}"),
		NULL,
		"9:1: match_type \"regexp\" wants a string as the attribute's value"},
};
/* clang-format on */

static void test_cases(void **state)
{
	(void)state;
	processor_test(&otelcol_processor_attributes, cases, sizeof(cases) / sizeof(*cases),
		signals);
}

TESTS_RUN(cmocka_unit_test(test_cases))
