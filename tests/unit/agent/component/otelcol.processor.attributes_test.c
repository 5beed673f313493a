#include "tests/processor.h"

extern const struct component_type otelcol_processor_attributes;

#define ACTION(...) "action {\n" __VA_ARGS__ "\n}\n"
#define SPAN(...) "{\"name\":\"s\"," ATTRS(__VA_ARGS__) "}"
#define SHA_A "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"
#define SHA_1 "7c9fa136d4413fa6173637e883b6998d32e1d675f88cddff9dcbcf331820f4b8"

static const char *const signals[SIGNAL_KINDS] = {"traces ", "logs ", "metrics "};

/* clang-format off */
static const struct processor_case cases[] = {
	/* insert, update, upsert */
	{SIGNAL_TRACES, ACTION("key = \"a\"\naction = \"insert\"\nvalue = 1") ACTION(
		"key = \"b\"\naction = \"insert\"\nvalue = true"),
		SPANS(SPAN(AS("a", "x"))), SPANS(SPAN(AS("a", "x") "," AB("b", "true")))},
	{SIGNAL_TRACES, ACTION("key = \"a\"\naction = \"update\"\nvalue = \"y\"") ACTION(
		"key = \"b\"\naction = \"update\"\nvalue = 1"),
		SPANS(SPAN(AS("a", "x"))), SPANS(SPAN(AS("a", "y")))},
	{SIGNAL_TRACES, ACTION("key = \"a\"\naction = \"UPSERT\"\nvalue = 1.5") ACTION(
		"key = \"b\"\naction = \"upsert\"\nfrom_attribute = \"a\"") ACTION(
		"key = \"c\"\naction = \"upsert\"\nfrom_attribute = \"none\""),
		SPANS(SPAN(AS("a", "x"))), SPANS(SPAN(AD("a", "1.5") "," AD("b", "1.5")))},
	{SIGNAL_TRACES, ACTION("key = \"a\"\naction = \"insert\"\nvalue = [1, {b = \"c\"}]"),
		SPANS(SPAN("")), SPANS("{\"name\":\"s\",\"attributes\":[{\"key\":\"a\",\"value\":"
		"{\"arrayValue\":{\"values\":[{\"intValue\":\"1\"},{\"kvlistValue"
		"\":{\"va"
		       "lues\":[" AS("b", "c") "]}}]}}}]}")},
	/* delete and hash: by key, by pattern */
	{SIGNAL_TRACES, ACTION("key = \"a\"\naction = \"delete\"") ACTION("pattern = \"^x\\\\.\""
		  "\naction = \"delete\""),
		SPANS(SPAN(AS("a", "1") "," AS("x.y", "2") "," AS("b", "3"))), SPANS(SPAN(AS("b",
			"3")))},
	{SIGNAL_TRACES, ACTION("key = \"a\"\naction = \"hash\"") ACTION(
		"pattern = \"n\"\naction = \"hash\""),
		SPANS(SPAN(AS("a", "a") "," AI("n", "1") "," AS("b", "3"))), SPANS(SPAN(AS("a",
			SHA_A) "," AS("n", SHA_1) "," AS("b", "3")))},
	/* extract */
	{SIGNAL_TRACES, ACTION("key = \"url\"\npattern = \"^(?P<proto>[a-z]+)://(?P<host>[^/]+)\""
			       "\naction = \"extract\""),
		SPANS(SPAN(AS("url", "http://shop/x") "," AS("host", "old"))), SPANS(SPAN(AS("url",
			"http://shop/x") "," AS("host", "shop") "," AS("proto", "http")))},
	/* convert */
	{SIGNAL_TRACES, ACTION("key = \"a\"\nconverted_type = \"int\"\naction = \"convert\"")
		ACTION("key = \"b\"\nconverted_type = \"string\"\naction = \"convert\"") ACTION(
		"key = \"c\"\nconverted_type = \"double\"\naction = \"convert\"") ACTION(
		"key = \"d\"\nconverted_type = \"int\"\naction = \"convert\""),
		SPANS(SPAN(AS("a", "42") "," AD("b", "1.5") "," AB("c", "true") "," AS("d",
			"no number"))),
		SPANS(SPAN(AI("a", "42") "," AS("b", "1.5") "," AD("c",
			"1") "," AS("d", "no number")))},
	/* logs, and the points of metrics */
	{SIGNAL_LOGS, ACTION("key = \"a\"\naction = \"insert\"\nvalue = \"b\""), LOGS(
		"{\"severityText\":\"INFO\"}"),
		LOGS("{\"severityText\":\"INFO\"," ATTRS(AS("a", "b")) "}")},
	{SIGNAL_METRICS, ACTION("key = \"a\"\naction = \"insert\"\nvalue = \"b\"")
		"exclude {\nmatch_type = \"regexp\"\nmetric_names = [\"^n\"]\n}",
		METRICS("{\"name\":\"m\",\"gauge\":{\"dataPoints\":[{\"asInt\":\"1\"}]}},{\"name"
			"\":\"n\",\"sum\":{\"dataPoints\":[{\"asInt\":\"2\"}]}}"),
		METRICS("{\"name\":\"m\",\"gauge\":{\"dataPoints\":[{\"asInt\":\"1\"," ATTRS(AS(
			"a", "b")) "}]}},{\"name\":\"n\",\"sum\":{\"dataPoints\":[{\"asInt\":\"2"
		   "\"}]}}")},
	/* include and exclude */
	{SIGNAL_TRACES, ACTION("key = \"z\"\naction = \"insert\"\nvalue = 1")
		"include {\nmatch_type = \"strict\"\nspan_names = [\"b\", \"c\"]\nattribute {\nke"
		"y = \"k\"\nvalue = 7\n}"
		"\n}\nexclude {\nmatch_type = \"regexp\"\nspan_names = [\""
		      "^c\"]\n}",
		SPANS("{\"name\":\"a\"," ATTRS(AI("k", "7")) "},{\"name\":\"b\"," ATTRS(AI("k",
			"7")) "},{\"name\":\"b\"," ATTRS(AS("k", "7")) "},{\"name\":\"c\"," ATTRS(AI
		("k", "7")) "}"),
		SPANS("{\"name\":\"a\"," ATTRS(AI("k", "7")) "},{\"name\":\"b\"," ATTRS(AI("k",
			"7") "," AI("z", "1")) "},{\"name\":\"b\"," ATTRS(AS("k", "7"))
		"},{\"name\":\"c\"," ATTRS(AI("k", "7")) "}")},
	/* without an action, as k8s-monitoring writes it */
	{SIGNAL_TRACES, "", SPANS("{\"name\":\"a\"," ATTRS(AI("k", "7")) "}"),
		SPANS("{\"name\":\"a\"," ATTRS(AI("k", "7")) "}")},
	/* what is refused */
	{SIGNAL_TRACES, ACTION("key = \"a\"\naction = \"twist\""), NULL,
		"2:1: unsupported action \"twist\""},
	{SIGNAL_TRACES, ACTION("key = \"a\"\naction = \"insert\""), NULL, "2:1: action \"insert\""
		" wants exactly one of va"
		"lue, from_attribute and from_context"},
	{SIGNAL_TRACES, ACTION("key = \"a\"\naction = \"insert\"\nvalue = 1\nfrom_attribute = \"b"
			       "\""),
		NULL, "2:1: action \"insert\" wants exactly one of value, from_attribute a"
		      "nd from_context"},
	{SIGNAL_TRACES, ACTION("key = \"a\"\naction = \"extract\"\npattern = \"(a)\""), NULL,
		"2:1: the pattern of action \"extract\" wants groups, and each with a name: (?P<n"
		"ame>...)"},
	{SIGNAL_TRACES, ACTION("pattern = \"(\"\naction = \"delete\""), NULL,
		"2:1: pattern: could not compile regular expression: error parsing regexp: "
		"missing closing ): `(`"},
	{SIGNAL_TRACES, ACTION("key = \"a\"\naction = \"convert\"\nconverted_type = \"map\""),
		NULL, "2:1: action \"convert\" wants a converted_type of string, int or double, a"
		      "nd no pattern"},
	{SIGNAL_TRACES, ACTION("action = \"upsert\"\nvalue = 1"), NULL,
		"2:1: action \"upsert\" wants a key"},
};
/* clang-format on */

static void test_cases(void **state)
{
	(void)state;
	processor_test(&otelcol_processor_attributes, cases, sizeof(cases) / sizeof(*cases),
		signals);
}

static void test_client_address(void **state)
{
	struct harness h;

	(void)state;
	otel_init(&h, &otelcol_processor_attributes, NULL);
	assert_true(processor_load(&h, "otelcol.processor.attributes",
		ACTION("key = \"net.peer.ip\"\naction = \"insert\"\nfrom_context = \"client.addre"
		       "ss\""),
		"traces "));
	processor_push(SIGNAL_TRACES, "::ffff:10.1.2.3", SPANS("{\"name\":\"s\"}"));
	otel_seen("traces 1 <- 10.1.2.3 " SPANS(SPAN(AS("net.peer.ip", "10.1.2.3"))) "\n");
	processor_push(SIGNAL_TRACES, NULL, SPANS("{\"name\":\"s\"}"));
	otel_seen("traces 1 " SPANS("{\"name\":\"s\"}") "\n");
	harness_fini(&h);
}

/* What a receiver with include_metadata, or one with credentials, knows of the sender. */
static void test_context(void **state)
{
	static const struct {
		const char *from;
		const char *want; /* NULL: there is none, and nothing is inserted */
	} contexts[] = {
		{"metadata.x-tenant", "one;two"},
		{"metadata.X-Tenant", "one;two"},
		{"X-Tenant", "one;two"},
		{"metadata.x-empty", ""},
		{"metadata.x", NULL},
		{"metadata.username", NULL},
		{"auth.username", "me"},
		{"auth.x-tenant", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(contexts) / sizeof(*contexts); i++) {
		struct harness h;
		struct buf text = {0};

		otel_init(&h, &otelcol_processor_attributes, NULL);
		buf_printf(&text,
			ACTION("key = \"a\"\naction = \"insert\"\nfrom_context = \"%s\"") "%c",
			contexts[i].from, 0);
		assert_true(processor_load(&h, "otelcol.processor.attributes", text.p, "traces "));
		otel_set_client("X-Tenant=one x-empty= x-tenant=two @username=me");
		processor_push(SIGNAL_TRACES, NULL, SPANS("{\"name\":\"s\"}"));
		buf_clear(&text);
		buf_add_str(&text, STR("traces 1 (x-tenant=one x-empty= x-tenant=two @username=me) "
				       "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"name\""
				       ":\"s\""));
		if (contexts[i].want)
			buf_printf(&text,
				",\"attributes\":[{\"key\":\"a\",\"value\":"
				"{\"stringValue\":\"%s\"}}]",
				contexts[i].want);
		buf_add_str(&text, STR("}]}]}]}\n"));
		buf_add_char(&text, 0);
		otel_seen(text.p);
		otel_set_client(NULL);
		buf_fini(&text);
		harness_fini(&h);
	}
}

/* What follows is full: nothing is kept, and the same may come again. */
static void test_full(void **state)
{
	struct harness h;

	(void)state;
	otel_init(&h, &otelcol_processor_attributes, NULL);
	assert_true(processor_load(&h, "otelcol.processor.attributes",
		ACTION("key = \"a\"\naction = \"insert\"\nvalue = \"b\""), "traces "));
	otel_sink_full[0] = true;
	assert_int_equal(
		processor_push(SIGNAL_TRACES, NULL, SPANS("{\"name\":\"s\"}")), CONSUMER_FULL);
	otel_sink_full[0] = false;
	assert_int_equal(processor_push(SIGNAL_TRACES, NULL, SPANS("{\"name\":\"s\"}")), CONSUMED);
	otel_seen("traces 1 " SPANS(SPAN(AS("a", "b"))) "\n");
	assert_int_equal(processor_push(SIGNAL_LOGS, NULL, LOGS("{}")), CONSUMER_NONE);
	harness_fini(&h);
}

TESTS_RUN(cmocka_unit_test(test_cases), cmocka_unit_test(test_client_address),
	cmocka_unit_test(test_context), cmocka_unit_test(test_full))
