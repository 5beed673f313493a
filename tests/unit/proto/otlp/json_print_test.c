#include "proto/otlp/json_print.h"

#include "agent/base/err.h"
#include "proto/otlp/json_parse.h"
#include "tests/proto_text.h"
#include "tests/test.h"

static const struct {
	enum otlp_kind kind;
	const char *text;
	const char *want;
	bool is_lossy; /* the JSON does not lead back to the same bytes */
} cases[] = {
	{OTLP_TRACES, "", "{}", false},
	{OTLP_TRACES,
		"1:{1:{1:{1:\"a\" 2:{1:\"b\"}}} 2:{2:{1:#000102030405060708090a0b0c0d0e0f "
		"5:\"GET\" 6:2 7:L1763802000000000001 15:{3:2} 16:W257}}}",
		"{\"resourceSpans\":[{\"resource\":{\"attributes\":[{\"key\":\"a\",\"value\":{"
		"\"stringValue\":\"b\"}}]},\"scopeSpans\":[{\"spans\":[{\"traceId\":"
		"\"000102030405060708090a0b0c0d0e0f\",\"name\":\"GET\",\"kind\":2,"
		"\"startTimeUnixNano\":\"1763802000000000001\",\"status\":{\"code\":2},\"flags\":"
		"257}]}]}]}",
		false},
	{OTLP_LOGS,
		"1:{2:{2:{5:{5:{1:{} 1:{2:0} 1:{3:18446744073709551615} 1:{4:L4609434218613702656} "
		"1:{4:L9221120237041090560} 1:{7:#0001} 1:{7:#}}}}}}",
		"{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{\"body\":{\"arrayValue\":{"
		"\"values\":[{},{\"boolValue\":false},{\"intValue\":\"-1\"},{\"doubleValue\":1.5},{"
		"\"doubleValue\":\"NaN\"},{\"bytesValue\":\"AAE=\"},{\"bytesValue\":\"\"}]}}}]}]}]"
		"}",
		false},
	{OTLP_METRICS, "1:{2:{2:{10:{1:{6:5 8:{1:4 2:#ac0200}}}}}}",
		"{\"resourceMetrics\":[{\"scopeMetrics\":[{\"metrics\":[{\"exponentialHistogram\":{"
		"\"dataPoints\":[{\"scale\":-3,\"positive\":{\"offset\":2,\"bucketCounts\":["
		"\"300\",\"0\"]}}]}}]}]}]}",
		false},
	{OTLP_METRICS, "1:{2:{2:{9:{1:{6:L1 6:L2 7:#000000000000f83f0000000000000040}}}}}",
		"{\"resourceMetrics\":[{\"scopeMetrics\":[{\"metrics\":[{\"histogram\":{"
		"\"dataPoints\":[{\"bucketCounts\":[\"1\",\"2\"],\"explicitBounds\":[1.5,2]}]}}]}]}"
		"]}",
		true},
	/* order, duplicates, unknown fields, oneof twice, a text to escape */
	{OTLP_TRACES,
		"1:{2:{} 1:{2:1} 99:<1:2> 2:{3:\"u\"} 1:{1:{1:\"\xc3\xbc\\\" 2:{1:\"x\" 3:7}}}}",
		"{\"resourceSpans\":[{\"resource\":{\"attributes\":[{\"key\":\"\xc3\xbc\\\\\","
		"\"value\":{\"intValue\":\"7\"}}],\"droppedAttributesCount\":1},\"scopeSpans\":[{},"
		"{\"schemaUrl\":\"u\"}]}]}",
		true},
	{OTLP_TRACES, "1:{2:{2:{5:\"one\" 5:\"two\" 6:0}}}",
		"{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"name\":\"two\"}]}]}]}", true},
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf in = {0};
		struct buf got = {0};
		struct buf back = {0};
		struct err e;

		proto_text(&in, cases[i].text);
		otlp_json_print(otlp_request(cases[i].kind), buf_str(&in), &got);
		assert_str(buf_str(&got), cases[i].want);
		assert_true(otlp_json_parse(otlp_request(cases[i].kind), buf_str(&got), &back, &e));
		if (!cases[i].is_lossy)
			assert_true(str_eq(buf_str(&back), buf_str(&in)));
		buf_fini(&in);
		buf_fini(&got);
		buf_fini(&back);
	}
}

TESTS_RUN(cmocka_unit_test(test_cases))
