#include "tests/ottl.h"

#define SPAN_ALL \
	"\"traceId\":\"000102030405060708090a0b0c0d0e0f\",\"spanId\":\"0001020304050607\"," \
	"\"traceState\":\"a=1,b=2\",\"parentSpanId\":\"0001020304050608\",\"name\":\"n\"," \
	"\"kind\":3,\"startTimeUnixNano\":\"5\",\"endTimeUnixNano\":\"7\"," \
	"\"droppedAttributesCount\":1,\"events\":[{\"timeUnixNano\":\"6\",\"name\":\"e\"}]," \
	"\"status\":{\"message\":\"bad\",\"code\":2},\"flags\":257"
#define LOG_ALL \
	"\"timeUnixNano\":\"5\",\"severityNumber\":9,\"severityText\":\"INFO\"," \
	"\"body\":{\"kvlistValue\":{\"values\":[{\"key\":\"a\"," \
	"\"value\":{\"intValue\":\"1\"}}]}}," \
	"\"observedTimeUnixNano\":\"6\",\"eventName\":\"ev\""
#define SUM \
	"\"name\":\"m\",\"unit\":\"s\",\"sum\":{\"dataPoints\":[{\"startTimeUnixNano\":\"1\"," \
	"\"timeUnixNano\":\"2\",\"asInt\":\"3\"}],\"aggregationTemporality\":2," \
	"\"isMonotonic\":true}"
#define HISTOGRAM \
	"\"name\":\"h\",\"histogram\":{\"dataPoints\":[{\"count\":\"4\",\"sum\":1.5,\"min\":0.5," \
	"\"flags\":1}]}"

/* Reading: conditions that hold. */
/* clang-format off */
static const struct {
	enum ottl_context context;
	const char *in;
	const char *condition;
} reads[] = {
	{OTTL_SPAN, OTTL_SPAN_IN(SPAN_ALL), "trace_id == TraceID(0x000102030405060708090a0b0c0d0e"
		"0f)"},
	{OTTL_SPAN, OTTL_SPAN_IN(SPAN_ALL), "trace_id.string == \"000102030405060708090a0b0c0d0e0"
		"f\""},
	{OTTL_SPAN, OTTL_SPAN_IN(SPAN_ALL), "span_id == SpanID(0x0001020304050607) and parent_spa"
		"n_id.string == \"0001020304050608\""},
	{OTTL_SPAN, OTTL_SPAN_IN(SPAN_ALL), "trace_state == \"a=1,b=2\" and trace_state[\"b\"] =="
		" \"2\" and trace_state[\"c\"] == \"\""},
	{OTTL_SPAN, OTTL_SPAN_IN(SPAN_ALL), "kind == SPAN_KIND_CLIENT and kind.string == \"Client"
		"\""},
	{OTTL_SPAN, OTTL_SPAN_IN(SPAN_ALL), "start_time_unix_nano == 5 and end_time - start_time "
		"== Duration(\"2ns\")"},
	{OTTL_SPAN, OTTL_SPAN_IN(SPAN_ALL), "status.code == STATUS_CODE_ERROR and status.message "
		"== \"bad\""},
	{OTTL_SPAN, OTTL_SPAN_IN(SPAN_ALL), "flags == 257 and dropped_attributes_count == 1 and n"
		"ot IsRootSpan()"},
	{OTTL_SPANEVENT, OTTL_SPAN_IN(SPAN_ALL), "name == \"e\" and span.name == \"n\" and spanev"
		"ent.time_unix_nano == 6"},
	{OTTL_SPAN, OTTL_SPAN_IN("\"name\":\"\""), "name == \"\" and trace_state == \"\" and stat"
		"us.code == 0 and resource.attributes[\"a\"] == nil"},
	{OTTL_LOG, OTTL_LOG_IN(LOG_ALL), "body[\"a\"] == 1 and body.string == \"{\\\"a\\\":1}\" a"
		"nd severity_number >= SEVERITY_NUMBER_INFO"},
	{OTTL_LOG, OTTL_LOG_IN(LOG_ALL), "severity_text == \"INFO\" and UnixNano(observed_time) ="
		"= 6 and event_name == \"ev\" and time_unix_nano == 5"},
	{OTTL_LOG, OTTL_LOG_IN("\"body\":{\"stringValue\":\"hi\"}"), "log.body == \"hi\" and scop"
		"e.name == \"\""},
	{OTTL_METRIC, OTTL_METRIC_IN(SUM), "name == \"m\" and unit == \"s\" and description == \""
		"\" and type == METRIC_DATA_TYPE_SUM"},
	{OTTL_METRIC, OTTL_METRIC_IN(SUM), "aggregation_temporality == AGGREGATION_TEMPORALITY_CU"
		"MULATIVE and is_monotonic == true"},
	{OTTL_DATAPOINT, OTTL_METRIC_IN(SUM), "value_int == 3 and value_double == nil and start_t"
		"ime_unix_nano == 1 and metric.name == \"m\" and count == nil"},
	{OTTL_DATAPOINT, OTTL_METRIC_IN(HISTOGRAM), "count == 4 and sum == 1.5 and min == 0.5 and"
		" flags == 1 and value_int == nil and zero_count == nil"},
};
/* clang-format on */

static void test_reads(void **state)
{
	struct buf out = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(reads) / sizeof(*reads); i++) {
		buf_clear(&out);
		ottl_test_run(reads[i].context, reads[i].condition, true, reads[i].in, &out);
		assert_str(buf_str(&out), "true");
	}
	buf_fini(&out);
}

/* Writing: what the request is then. */
/* clang-format off */
static const struct {
	enum ottl_context context;
	const char *in;
	const char *statement;
	const char *want;
} writes[] = {
	{OTTL_SPAN, OTTL_SPAN_IN("\"name\":\"n\""), "set(name, \"x\")", OTTL_SPAN_IN(
		"\"name\":\"x\"")},
	{OTTL_SPAN, OTTL_SPAN_IN("\"name\":\"n\""), "set(name, nil)", OTTL_SPAN_IN(
		"\"name\":\"n\"")},
	{OTTL_SPAN, OTTL_SPAN_IN("\"name\":\"n\""), "set(name, 1)", "! want string, got int"},
	{OTTL_SPAN, OTTL_SPAN_IN("\"name\":\"n\""), "set(kind, SPAN_KIND_SERVER)", OTTL_SPAN_IN(
		"\"name\":\"n\",\"kind\":2")},
	{OTTL_SPAN, OTTL_SPAN_IN("\"name\":\"n\""), "set(kind.string, \"Server\")",
		"! path \"kind.string\" cannot be set"},
	{OTTL_SPAN, OTTL_SPAN_IN("\"name\":\"n\""), "set(trace_id, TraceID(0x00010203040506070809"
		"0a0b0c0d0e0f))", OTTL_SPAN_IN("\"traceId\":\"000102030405060708090a0b0c0d0e0f\","
		"\"name\":\"n\"")},
	{OTTL_SPAN, OTTL_SPAN_IN("\"name\":\"n\""), "set(span_id.string, \"0001020304050607\")",
		OTTL_SPAN_IN("\"spanId\":\"0001020304050607\",\"name\":\"n\"")},
	{OTTL_SPAN, OTTL_SPAN_IN("\"name\":\"n\""), "set(span_id.string, \"00\")",
		"! an id has 16 hex digits"},
	{OTTL_SPAN, OTTL_SPAN_IN("\"name\":\"n\""), "set(trace_id, 0x00)",
		"! an id has 16 bytes, not 1"},
	{OTTL_SPAN, OTTL_SPAN_IN("\"traceState\":\"a=1,b=2\""), "set(trace_state[\"b\"], \"3\")",
		OTTL_SPAN_IN("\"traceState\":\"b=3,a=1\"")},
	{OTTL_SPAN, OTTL_SPAN_IN("\"status\":{\"message\":\"m\"}"), "set(status.code, 2)",
		OTTL_SPAN_IN("\"status\":{\"message\":\"m\",\"code\":2}")},
	{OTTL_SPAN, OTTL_SPAN_IN("\"name\":\"n\""), "set(status.message, \"m\")", OTTL_SPAN_IN(
		"\"name\":\"n\",\"status\":{\"message\":\"m\"}")},
	{OTTL_SPAN, OTTL_SPAN_IN("\"name\":\"n\""), "set(end_time, Unix(1))", OTTL_SPAN_IN(
		"\"name\":\"n\",\"endTimeUnixNano\":\"1000000000\"")},
	{OTTL_SPAN, OTTL_SPAN_IN("\"kind\":2,\"name\":\"n\""), "set(kind, 0)", OTTL_SPAN_IN(
		"\"name\":\"n\"")},
	{OTTL_SPAN, OTTL_SPAN_IN("\"name\":\"n\""), "set(resource.attributes[\"a\"], name)",
		"{\"resourceSpans\":[{\"resource\":{\"attributes\":[{\"key\":\"a\",\"value\":{\"s"
		"tringValue\":\"n\"}}]},\"scopeSpans\":[{\"spans\":[{\"name\":\"n\"}]}]}]}"},
	{OTTL_SPAN, OTTL_SPAN_IN("\"name\":\"n\""), "set(attributes[\"a\"][\"b\"][\"c\"], 1)",
		OTTL_SPAN_IN("\"name\":\"n\",\"attributes\":[{\"key\":\"a\",\"value\":{\"kvlistVa"
		"lue\":{\"values\":[{\"key\":\"b\",\"value\":{\"kvlistValue\":{\"values\":[{\"key"
		"\":\"c\",\"value\":{\"intValue\":\"1\"}}]}}}]}}}]")},
	{OTTL_SPAN, OTTL_SPAN_IN("\"attributes\":[{\"key\":\"l\",\"value\":{\"arrayValue\":{\"val"
		"ues\":[{\"intValue\":\"1\"},{\"intValue\":\"2\"}]}}}]"),
		"set(attributes[\"l\"][1], \"x\")", OTTL_SPAN_IN("\"attributes\":[{\"key\":\"l\","
		"\"value\":{\"arrayValue\":{\"values\":[{\"intValue\":\"1\"},{\"stringValue\":\"x"
		"\"}]}}}]")},
	{OTTL_SPAN, OTTL_SPAN_IN("\"attributes\":[{\"key\":\"l\",\"value\":{\"arrayValue\":{}}}]"),
		"set(attributes[\"l\"][0], 1)", "! index 0 is out of bounds"},
	{OTTL_SPAN, OTTL_SPAN_IN("\"attributes\":[{\"key\":\"s\",\"value\":{\"stringValue\":\"x\""
		"}}]"), "set(attributes[\"s\"][\"k\"], 1)", "! there is no map or list that has a"
		" string as key"},
	{OTTL_SPAN, OTTL_SPAN_IN("\"attributes\":[{\"key\":\"s\",\"value\":{\"stringValue\":\"x\""
		"}}]"), "set(attributes, {\"k\": true})", OTTL_SPAN_IN("\"attributes\":[{\"key\":"
		"\"k\",\"value\":{\"boolValue\":true}}]")},
	{OTTL_SPAN, OTTL_SPAN_IN("\"name\":\"n\""), "set(attributes, \"x\")",
		"! want a map, got string"},
	{OTTL_SPANEVENT, OTTL_SPAN_IN("\"name\":\"n\",\"events\":[{\"name\":\"e\"}]"),
		"set(attributes[\"s\"], span.name)", OTTL_SPAN_IN("\"name\":\"n\",\"events\":[{\""
		"name\":\"e\",\"attributes\":[{\"key\":\"s\",\"value\":{\"stringValue\":\"n\"}}]}"
		"]")},
	{OTTL_SCOPE, OTTL_SPAN_IN("\"name\":\"n\""), "set(name, \"lib\")", "{\"resourceSpans\":[{"
		"\"scopeSpans\":[{\"scope\":{\"name\":\"lib\"},\"spans\":[{\"name\":\"n\"}]}]}]}"},
	{OTTL_RESOURCE, OTTL_SPAN_IN("\"name\":\"n\""), "set(dropped_attributes_count, 3)",
		"{\"resourceSpans\":[{\"resource\":{\"droppedAttributesCount\":3},\"scopeSpans\":"
		"[{\"spans\":[{\"name\":\"n\"}]}]}]}"},
	{OTTL_LOG, OTTL_LOG_IN("\"body\":{\"stringValue\":\"{\\\"a\\\":\\\"b\\\"}\"}"),
		"set(body, ParseJSON(body))", OTTL_LOG_IN("\"body\":{\"kvlistValue\":{\"values\":"
		"[{\"key\":\"a\",\"value\":{\"stringValue\":\"b\"}}]}}")},
	{OTTL_LOG, OTTL_LOG_IN("\"severityText\":\"x\""), "set(severity_number, SEVERITY_NUMBER_E"
		"RROR)", OTTL_LOG_IN("\"severityNumber\":17,\"severityText\":\"x\"")},
	{OTTL_LOG, OTTL_LOG_IN("\"severityText\":\"x\""), "set(body[\"k\"], 1)", OTTL_LOG_IN(
		"\"severityText\":\"x\",\"body\":{\"kvlistValue\":{\"values\":[{\"key\":\"k\",\"v"
		"alue\":{\"intValue\":\"1\"}}]}}")},
	{OTTL_LOG, OTTL_LOG_IN("\"severityText\":\"x\""), "set(body.string, \"t\")", OTTL_LOG_IN(
		"\"severityText\":\"x\",\"body\":{\"stringValue\":\"t\"}")},
	{OTTL_METRIC, OTTL_METRIC_IN(SUM), "set(is_monotonic, false)", OTTL_METRIC_IN(
		"\"name\":\"m\",\"unit\":\"s\",\"sum\":{\"dataPoints\":[{\"startTimeUnixNano\":\""
		"1\",\"timeUnixNano\":\"2\",\"asInt\":\"3\"}],\"aggregationTemporality\":2}")},
	{OTTL_METRIC, OTTL_METRIC_IN("\"name\":\"m\",\"gauge\":{\"dataPoints\":[{}]}"),
		"set(metric.description, \"d\")", OTTL_METRIC_IN("\"name\":\"m\",\"description\":"
		"\"d\",\"gauge\":{\"dataPoints\":[{}]}")},
	{OTTL_DATAPOINT, OTTL_METRIC_IN("\"gauge\":{\"dataPoints\":[{\"asInt\":\"3\"}]}"),
		"set(value_double, 1.5)", OTTL_METRIC_IN("\"gauge\":{\"dataPoints\":[{\"asDouble"
		"\":1.5}]}")},
	{OTTL_DATAPOINT, OTTL_METRIC_IN("\"gauge\":{\"dataPoints\":[{\"asInt\":\"3\"}]}"),
		"set(count, 1)", OTTL_METRIC_IN("\"gauge\":{\"dataPoints\":[{\"asInt\":\"3\"}]}")},
	{OTTL_DATAPOINT, OTTL_METRIC_IN("\"exponentialHistogram\":{\"dataPoints\":[{\"scale\":3}]"
		"}"), "set(scale, -2)", OTTL_METRIC_IN("\"exponentialHistogram\":{\"dataPoints\":"
		"[{\"scale\":-2}]}")},
	{OTTL_DATAPOINT, OTTL_METRIC_IN("\"name\":\"m\",\"summary\":{\"dataPoints\":[{\"count\":"
		"\"1\"}]}"), "set(attributes[\"n\"], metric.name)", OTTL_METRIC_IN(
		"\"name\":\"m\",\"summary\":{\"dataPoints\":[{\"count\":\"1\",\"attributes\":[{\""
		"key\":\"n\",\"value\":{\"stringValue\":\"m\"}}]}]}")},
};
/* clang-format on */

static void test_writes(void **state)
{
	struct buf out = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(writes) / sizeof(*writes); i++) {
		buf_clear(&out);
		ottl_test_run(writes[i].context, writes[i].statement, false, writes[i].in, &out);
		assert_str(buf_str(&out), writes[i].want);
	}
	buf_fini(&out);
}

static void test_infer(void **state)
{
	/* clang-format off */
	static const struct {
		const char *text;
		int want; /* -1: none */
	} cases[] = {
		{"set(span.name, resource.attributes[\"a\"])", OTTL_SPAN},
		{"set(resource.attributes[\"span.x\"], \"log.body\")", OTTL_RESOURCE},
		{"set(spanevent.name, span.name)", OTTL_SPANEVENT},
		{"set(attributes[\"a\"], 1)", -1},
		{"set(resource.attributes[\"a\\\"span.\"], instrumentation_scope.name)",
			OTTL_SCOPE},
		{"datapoint.attributes[\"x\"] == metric.name", OTTL_DATAPOINT},
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		enum ottl_context c = OTTL_RESOURCE;
		bool found = ottl_infer(str_from(cases[i].text), &c);

		assert_int_equal(found ? (int)c : -1, cases[i].want);
	}
}

TESTS_RUN(cmocka_unit_test(test_reads), cmocka_unit_test(test_writes), cmocka_unit_test(test_infer))
