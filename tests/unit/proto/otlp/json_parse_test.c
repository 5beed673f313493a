#include "proto/otlp/json_parse.h"

#include "agent/base/err.h"
#include "proto/otlp/json_print.h"
#include "proto/otlp/walk.h"
#include "tests/proto_text.h"
#include "tests/test.h"

#define SPAN(fields) "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{" fields "}]}]}]}"
#define P(fields) "1:{2:{2:{" fields "}}}"
#define ATTR(value) SPAN("\"attributes\":[{\"key\":\"k\",\"value\":{" value "}}]")
#define PATTR(value) P("9:{1:\"k\" 2:{" value "}}")
#define POINT(kind, fields) \
	"{\"resourceMetrics\":[{\"scopeMetrics\":[{\"metrics\":[{\"" kind \
	"\":{\"dataPoints\":[{" fields "}]}}]}]}]}"

static const struct {
	enum otlp_kind kind;
	const char *json;
	const char *want; /* as tests/proto_text.h has it, or "! " and the error */
} cases[] = {
	{OTLP_TRACES, "{}", ""},
	{OTLP_TRACES, " { \"resourceSpans\" : [ ] } ", ""},
	{OTLP_TRACES,
		SPAN("\"traceId\":\"000102030405060708090A0B0C0D0e0f\",\"spanId\":"
		     "\"0001020304050607\",\"parentSpanId\":\"\""),
		P("1:#000102030405060708090a0b0c0d0e0f 2:#0001020304050607")},
	{OTLP_TRACES,
		SPAN("\"startTimeUnixNano\":\"1763802000000000001\",\"endTimeUnixNano\":"
		     "1763802000000000002"),
		P("7:L1763802000000000001 8:L1763802000000000002")},
	{OTLP_TRACES, SPAN("\"kind\":2,\"flags\":257,\"droppedAttributesCount\":0,\"events\":[]"),
		P("6:2 16:W257")},
	{OTLP_TRACES,
		SPAN("\"kind\":\"SPAN_KIND_SERVER\",\"status\":{\"code\":\"STATUS_CODE_ERROR\","
		     "\"message\":\"m\"}"),
		P("6:2 15:{3:2 2:\"m\"}")},
	{OTLP_TRACES, SPAN("\"status\":null,\"links\":[null,{}],\"name\":null"), P("13:{}")},
	{OTLP_TRACES,
		SPAN("\"trace_id\":\"000102030405060708090a0b0c0d0e0f\",\"start_time_unix_nano\":"
		     "5"),
		P("1:#000102030405060708090a0b0c0d0e0f 7:L5")},
	{OTLP_TRACES,
		SPAN("\"x\":1,\"y\":{\"z\":[{}]},\"Name\":\"no\",\"name\":\"yes\",\"w\":null"),
		P("5:\"yes\"")},
	{OTLP_TRACES, ATTR("\"intValue\":\"9007199254740993\""), PATTR("3:9007199254740993")},
	{OTLP_TRACES, ATTR("\"intValue\":42"), PATTR("3:42")},
	{OTLP_TRACES, ATTR("\"intValue\":0"), PATTR("3:0")},
	{OTLP_TRACES, ATTR("\"intValue\":\"-1\""), PATTR("3:18446744073709551615")},
	{OTLP_TRACES, ATTR("\"intValue\":\"-9223372036854775808\""),
		PATTR("3:9223372036854775808")},
	{OTLP_TRACES, ATTR("\"intValue\":1e3"), PATTR("3:1000")},
	{OTLP_TRACES, ATTR("\"doubleValue\":1.5"), PATTR("4:L4609434218613702656")},
	{OTLP_TRACES, ATTR("\"doubleValue\":\"Infinity\""), PATTR("4:L9218868437227405312")},
	{OTLP_TRACES, ATTR("\"doubleValue\":\"-Infinity\""), PATTR("4:L18442240474082181120")},
	{OTLP_TRACES, ATTR("\"doubleValue\":\"NaN\""), PATTR("4:L9221120237041090560")},
	{OTLP_TRACES, ATTR("\"boolValue\":false"), PATTR("2:0")},
	{OTLP_TRACES, ATTR("\"stringValue\":\"\""), PATTR("1:\"\"")},
	{OTLP_TRACES, ATTR("\"stringValue\":\"gr\\u00fc\\u00df \\ud83d\\ude00\""),
		PATTR("1:\"gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80\"")},
	{OTLP_TRACES, ATTR("\"bytesValue\":\"AAH/\""), PATTR("7:#0001ff")},
	{OTLP_TRACES, ATTR("\"bytesValue\":\"AAE=\""), PATTR("7:#0001")},
	{OTLP_TRACES, ATTR("\"bytesValue\":\"_-8\""), PATTR("7:#ffef")},
	{OTLP_TRACES,
		ATTR("\"arrayValue\":{\"values\":[{},{\"stringValue\":\"a\"},{\"intValue\":1}]}"),
		PATTR("5:{1:{} 1:{1:\"a\"} 1:{3:1}}")},
	{OTLP_TRACES, ATTR("\"kvlistValue\":{\"values\":[{\"key\":\"a\",\"value\":{}}]}"),
		PATTR("6:{1:{1:\"a\" 2:{}}}")},
	{OTLP_TRACES, ATTR(""), PATTR("")},
	{OTLP_LOGS,
		"{\"resourceLogs\":[{\"resource\":{\"attributes\":[]},\"scopeLogs\":[{"
		"\"logRecords\":[{\"severityNumber\":9,\"severityText\":\"INFO\",\"body\":{"
		"\"stringValue\":\"hi\"}}]}],\"schemaUrl\":\"u\"}]}",
		"1:{1:{} 2:{2:{2:9 3:\"INFO\" 5:{1:\"hi\"}}} 3:\"u\"}"},
	{OTLP_METRICS, POINT("sum", "\"asInt\":\"-2\",\"timeUnixNano\":\"3\""),
		"1:{2:{2:{7:{1:{6:L18446744073709551614 3:L3}}}}}"},
	{OTLP_METRICS,
		POINT("histogram", "\"count\":3,\"sum\":0,\"bucketCounts\":[\"1\",2],"
				   "\"explicitBounds\":[1.5]"),
		"1:{2:{2:{9:{1:{4:L3 5:L0 6:#01000000000000000200000000000000 "
		"7:#000000000000f83f}}}}}"},
	{OTLP_METRICS,
		POINT("exponentialHistogram",
			"\"scale\":-3,\"positive\":{\"offset\":2,\"bucketCounts\":[300,0]}"),
		"1:{2:{2:{10:{1:{6:5 8:{1:4 2:#ac0200}}}}}}"},
	/* refused */
	{OTLP_TRACES, "", "! byte 0: want an object"},
	{OTLP_TRACES, "[]", "! byte 0: want an object"},
	{OTLP_TRACES, "{", "! byte 1: want a string"},
	{OTLP_TRACES, "{} x", "! byte 3: text after the end"},
	{OTLP_TRACES, "{\"resourceSpans\":{}}", "! byte 17: want an array"},
	{OTLP_TRACES, "{\"resourceSpans\":[7]}", "! byte 18: want an object"},
	{OTLP_TRACES, SPAN("\"traceId\":\"AAECAwQFBgcICQoLDA0ODw==\""),
		"! byte 80: Span.traceId: not hex"},
	{OTLP_TRACES, SPAN("\"kind\":\"SERVER\""),
		"! byte 59: Span.kind: not a whole number of its size"},
	{OTLP_TRACES, SPAN("\"kind\":1.5"), "! byte 54: Span.kind: not a whole number of its size"},
	{OTLP_TRACES, SPAN("\"flags\":4294967296"),
		"! byte 62: Span.flags: not a whole number of its size"},
	{OTLP_TRACES, SPAN("\"flags\":-1"),
		"! byte 54: Span.flags: not a whole number of its size"},
	{OTLP_TRACES, SPAN("\"startTimeUnixNano\":\"18446744073709551616\""),
		"! byte 86: Span.startTimeUnixNano: not a whole number of its size"},
	{OTLP_TRACES, SPAN("\"name\":7"), "! byte 51: want a string"},
	{OTLP_TRACES, ATTR("\"intValue\":\"9223372036854775808\""),
		"! byte 110: AnyValue.intValue: not a whole number of its size"},
	{OTLP_TRACES, ATTR("\"doubleValue\":\"0x10\""),
		"! byte 98: AnyValue.doubleValue: not a number"},
	{OTLP_TRACES, ATTR("\"boolValue\":1"), "! byte 90: want true or false"},
	{OTLP_TRACES, ATTR("\"bytesValue\":\"A\""), "! byte 94: AnyValue.bytesValue: not base64"},
};

static void print_hex(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		fprintf(stderr, "%02x", (uint8_t)s.p[i]);
	fputc('\n', stderr);
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf got = {0};
		struct buf want = {0};
		struct otlp_counts n;
		struct err e;

		buf_add_str(&got, STR("before"));
		if (!otlp_json_parse(
			    otlp_request(cases[i].kind), str_from(cases[i].json), &got, &e)) {
			assert_str(buf_str(&got), "before");
			buf_clear(&got);
			buf_printf(&got, "! %s", e.text);
			assert_str(buf_str(&got), cases[i].want);
		} else {
			struct str bytes = str_from_at(buf_str(&got), 6);

			assert_true(cases[i].want[0] != '!');
			proto_text(&want, cases[i].want);
			if (!str_eq(bytes, buf_str(&want))) {
				print_error("%s\n", cases[i].json);
				print_hex(bytes);
				print_hex(buf_str(&want));
				fail();
			}
			assert_true(otlp_walk(cases[i].kind, bytes, &n, &e));
		}
		buf_fini(&got);
		buf_fini(&want);
	}
}

static bool parse_nested(size_t depth)
{
	struct buf json = {0};
	struct buf out = {0};
	struct err e;
	bool ok;

	buf_add_str(&json, STR("{\"arrayValue\":{\"values\":["));
	for (size_t i = 0; i < depth; i++)
		buf_add_str(&json, STR("{\"arrayValue\":{\"values\":["));
	for (size_t i = 0; i < depth; i++)
		buf_add_str(&json, STR("]}}"));
	buf_add_str(&json, STR("]}}"));
	ok = otlp_json_parse(otlp_any_value(), buf_str(&json), &out, &e);
	buf_fini(&json);
	buf_fini(&out);
	return ok;
}

static void test_depth(void **state)
{
	(void)state;
	assert_true(parse_nested(49));
	assert_false(parse_nested(50));
	assert_false(parse_nested(100000));
}

TESTS_RUN(cmocka_unit_test(test_cases), cmocka_unit_test(test_depth))
