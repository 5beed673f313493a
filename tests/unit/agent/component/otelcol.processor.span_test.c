#include "tests/processor.h"

extern const struct component_type otelcol_processor_span;

static const char *const signals[SIGNAL_KINDS] = {"traces ", "logs ", "metrics "};

#define TO(...) "name {\nto_attributes {\n" __VA_ARGS__ "\n}\n}\n"

/* clang-format off */
static const struct processor_case cases[] = {
	{SIGNAL_TRACES, "name {\nfrom_attributes = [\"a\", \"b\", \"c\"]\nseparator = \"::\"\n}",
		SPANS("{\"name\":\"s\"," ATTRS(AS("a", "x") "," AI("b", "7") "," AB("c", "true"))
			"}"),
		SPANS("{\"name\":\"x::7::true\"," ATTRS(AS("a", "x") "," AI("b", "7") "," AB("c",
			"true")) "}")},
	{SIGNAL_TRACES, "name {\nfrom_attributes = [\"a\", \"b\"]\n}",
		SPANS("{\"name\":\"s\"," ATTRS(AS("a", "x")) "}"),
		SPANS("{\"name\":\"s\"," ATTRS(AS("a", "x")) "}")},
	{SIGNAL_TRACES, TO("rules = [\"^/api/v1/document/(?P<documentId>.*)/update$\"]"),
		SPANS("{\"name\":\"/api/v1/document/12345678/update\"}"),
		SPANS("{\"name\":\"/api/v1/document/{documentId}/update\"," ATTRS(AS("documentId",
			"12345678")) "}")},
	{SIGNAL_TRACES, TO("rules = [\"^/a/(?P<x>[^/]+)\", \"(?P<y>b.)\"]\nkeep_original_name = t"
			   "rue\nbreak_after_match = true"),
		SPANS("{\"name\":\"/a/b1\"}"), SPANS("{\"name\":\"/a/b1\"," ATTRS(AS("x", "b1"))
			"}")},
	{SIGNAL_TRACES, TO("rules = [\"^/a/(?P<x>[^/]+)\", \"(?P<y>c.)$\", \"none(?P<z>.)\"]"),
		SPANS("{\"name\":\"/a/b1/c2\"}"), SPANS("{\"name\":\"/a/{x}/{y}\"," ATTRS(AS("x",
			"b1") "," AS("y", "c2")) "}")},
	{SIGNAL_TRACES, "status {\ncode = \"Error\"\ndescription = \"bad\"\n}\ninclude {\nmatch_t"
			"ype = \"strict\"\nservices = [\"shop\"]\n}",
		SPANS_R(ATTRS(AS("service.name", "shop")), "{\"name\":\"s\",\"status\":{\"code\":"
							   "1}}"),
		SPANS_R(ATTRS(AS("service.name", "shop")), "{\"name\":\"s\",\"status\":{\"message"
							   "\":\"bad\",\"code\":2}}")},
	{SIGNAL_TRACES, "status {\ncode = \"Ok\"\n}\ninclude {\nmatch_type = \"strict\"\nservices"
			" = [\"shop\"]\n}",
		SPANS_R(ATTRS(AS("service.name", "web")), "{\"name\":\"s\"}"),
		SPANS_R(ATTRS(AS("service.name", "web")), "{\"name\":\"s\"}")},
	{SIGNAL_TRACES, "", NULL, "1:1: either name with from_attributes or to_attributes, or sta"
				  "tus is wanted"},
	{SIGNAL_TRACES, "status {\ncode = \"Fine\"\n}", NULL, "2:1: status code must be \"Ok\", "
							"\"Error\" or \"Unset\", not \"Fine\""},
	{SIGNAL_TRACES, "status {\ncode = \"Ok\"\ndescription = \"x\"\n}", NULL,
		"2:1: status description can only be set with the status code \"Error\""},
	{SIGNAL_TRACES, TO("rules = [\"[\"]"), NULL,
		"3:1: rules: error parsing regexp: missing closing ]: `[`"},
	{SIGNAL_LOGS, "status {\ncode = \"Ok\"\n}", NULL, "1:1: this processor is for traces only"},
	{SIGNAL_TRACES, "status {\ncode = \"Ok\"\n}\ninclude {\nmatch_type = \"strict\"\nlog_bodi"
			"es = [\"a\"]\n}",
		NULL,
		"5:1: log_bodies, log_severity_texts and log_severity are not for traces"},
};
/* clang-format on */

static void test_cases(void **state)
{
	(void)state;
	processor_test(&otelcol_processor_span, cases, sizeof(cases) / sizeof(*cases), signals);
}

TESTS_RUN(cmocka_unit_test(test_cases))
