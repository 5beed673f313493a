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

TESTS_RUN(cmocka_unit_test(test_reads))
