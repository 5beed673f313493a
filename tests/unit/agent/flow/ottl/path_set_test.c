#include "tests/ottl.h"

#define SUM \
	"\"name\":\"m\",\"unit\":\"s\",\"sum\":{\"dataPoints\":[{\"startTimeUnixNano\":\"1\"," \
	"\"timeUnixNano\":\"2\",\"asInt\":\"3\"}],\"aggregationTemporality\":2," \
	"\"isMonotonic\":true}"

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

TESTS_RUN(cmocka_unit_test(test_writes))
