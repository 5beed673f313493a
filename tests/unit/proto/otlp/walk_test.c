#include "proto/otlp/walk.h"

#include "agent/base/err.h"
#include "agent/base/mem.h"
#include "tests/proto_text.h"
#include "tests/test.h"

#define ID16 "#000102030405060708090a0b0c0d0e0f"
#define SPAN(fields) "1:{2:{2:{" fields "}}}"

static const struct {
	enum otlp_kind kind;
	const char *text;
	const char *want; /* "items resources zero_ids", or "! " and the error */
} cases[] = {
	{OTLP_TRACES, "", "0 0 0"},
	{OTLP_TRACES, "1:{}", "0 1 0"},
	{OTLP_TRACES,
		SPAN("1:" ID16 " 2:#0001020304050607 5:\"GET /\" 6:2 7:L5 8:L6 15:{3:1} 16:W257"),
		"1 1 0"},
	{OTLP_TRACES, SPAN("1:#00000000000000000000000000000000 2:#"), "1 1 2"},
	{OTLP_TRACES, "1:{2:{2:{} 2:{}} 1:{1:{1:\"a\" 2:{1:\"b\"}}}} 1:{2:{2:{}}}", "3 2 0"},
	{OTLP_LOGS, "1:{2:{2:{5:{1:\"hi\"} 9:" ID16 " 10:#0001020304050607} 2:{9:#}}}", "2 1 0"},
	{OTLP_METRICS,
		"1:{2:{2:{1:\"m\" 7:{1:{6:L3} 1:{4:L0}}}"
		" 2:{9:{1:{6:#0100000000000000 7:#0000000000000000 11:L1}}} "
		"2:{10:{1:{8:{2:#01ac02}}}}"
		" 2:{11:{1:{6:{1:L0}}}}}}",
		"5 1 0"},
	/* what a decoder takes, too */
	{OTLP_TRACES, SPAN("900:7 99:<1:7 2:<3:\"x\"> 4:W5 5:L6> 100:\"text\""), "1 1 0"},
	{OTLP_TRACES, "7:<> 1:~{2:~{2:{5:~\"padded\"}}}", "1 1 0"},
	{OTLP_TRACES, "1:{1000:{1:\"\"} 1:{} 1:{}}", "0 1 0"},
	{OTLP_TRACES, SPAN("5:\"gr\xc3\xbc\xc3\x9f\xe2\x82\xac\""), "1 1 0"},
	{OTLP_METRICS, "1:{2:{2:{9:{1:{6:L1 6:L2 7:L3}}}}}", "1 1 0"}, /* not packed */
	/* what is refused */
	{OTLP_TRACES, "!ff", "! byte 0: ExportTraceServiceRequest: not a field"},
	{OTLP_TRACES, "!00", "! byte 0: ExportTraceServiceRequest: not a field"},
	{OTLP_TRACES, "!0a05",
		"! byte 0: ExportTraceServiceRequest.resource_spans: runs past the end of its "
		"message"},
	{OTLP_TRACES, "!0a",
		"! byte 0: ExportTraceServiceRequest.resource_spans: the length is not a varint"},
	{OTLP_TRACES, "!0affffffffffffffffffff01",
		"! byte 0: ExportTraceServiceRequest.resource_spans: the length is not a varint"},
	{OTLP_TRACES, "!3f", "! byte 0: ExportTraceServiceRequest: field 7: no such wire type"},
	{OTLP_TRACES, "1:7", "! byte 0: ExportTraceServiceRequest.resource_spans: wrong wire type"},
	{OTLP_TRACES, SPAN("6:\"x\""), "! byte 6: Span.kind: wrong wire type"},
	{OTLP_TRACES, SPAN("7:7"), "! byte 6: Span.start_time_unix_nano: wrong wire type"},
	{OTLP_TRACES, SPAN("!3900"),
		"! byte 6: Span.start_time_unix_nano: runs past the end of its message"},
	{OTLP_TRACES, SPAN("1:#000102030405060708090a0b0c0d0e"),
		"! byte 6: Span.trace_id: an id has 16 bytes, or none"},
	{OTLP_TRACES, SPAN("13:{2:#0001}"), "! byte 8: Link.span_id: an id has 8 bytes, or none"},
	{OTLP_TRACES, SPAN("4:#00010203040506070809"),
		"! byte 6: Span.parent_span_id: an id has 8 bytes, or none"},
	{OTLP_LOGS, SPAN("9:#00"), "! byte 6: LogRecord.trace_id: an id has 16 bytes, or none"},
	{OTLP_TRACES, SPAN("5:#ff"), "! byte 6: Span.name: not UTF-8"},
	{OTLP_TRACES, SPAN("5:#61616161616161616161c0af61"), "! byte 6: Span.name: not UTF-8"},
	{OTLP_TRACES, "!3c",
		"! byte 0: ExportTraceServiceRequest: field 7: a group ends here that did not "
		"begin"},
	{OTLP_TRACES, "!3b", "! byte 1: unknown group: field 7: a group that does not end"},
	{OTLP_TRACES, "!3b44",
		"! byte 1: unknown group: field 8: a group ends here that did not begin"},
	{OTLP_TRACES, "1:{!3b} !3c", "! byte 3: unknown group: field 7: a group that does not end"},
	{OTLP_METRICS, "1:{2:{2:{9:{1:{6:#01}}}}}",
		"! byte 10: HistogramDataPoint.bucket_counts: the length is no multiple of the "
		"elements' size"},
	{OTLP_METRICS, "1:{2:{2:{10:{1:{8:{2:#80}}}}}}",
		"! byte 14: Buckets.bucket_counts: not a varint"},
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct otlp_counts n = {77, 77, 77};
		struct buf in = {0};
		struct buf got = {0};
		struct err e;

		proto_text(&in, cases[i].text);
		if (otlp_walk(cases[i].kind, buf_str(&in), &n, &e)) {
			buf_printf(&got, "%u %u %u", n.items, n.resources, n.zero_ids);
		} else {
			buf_printf(&got, "! %s", e.text);
			assert_int_equal(n.items, 77);
		}
		assert_str(buf_str(&got), cases[i].want);
		buf_fini(&in);
		buf_fini(&got);
	}
}

/* AnyValue inside ArrayValue inside AnyValue …, or group inside group, depth times. */
static bool nested(size_t depth, bool groups)
{
	struct buf inner = {0};
	struct buf outer = {0};
	struct otlp_counts n;
	struct err e;
	bool ok;

	for (size_t i = 0; i < depth && groups; i++)
		wire_put_tag(&inner, 50, WIRE_GROUP);
	for (size_t i = 0; i < depth && groups; i++)
		wire_put_tag(&inner, 50, WIRE_GROUP_END);
	for (size_t i = 0; i < depth && !groups; i++) {
		/* from the inside: values(1), array_value(5), …, body(5), log_records(2), … */
		uint32_t number;

		if (depth - i > 4)
			number = (depth - i) % 2 ? 5 : 1;
		else if (depth - i == 4)
			number = 5;
		else
			number = depth - i == 1 ? 1 : 2;
		buf_clear(&outer);
		wire_put_bytes(&outer, number, buf_str(&inner));
		buf_clear(&inner);
		buf_add_str(&inner, buf_str(&outer));
	}
	ok = otlp_walk(OTLP_LOGS, buf_str(&inner), &n, &e);
	buf_fini(&inner);
	buf_fini(&outer);
	return ok;
}

static void test_depth(void **state)
{
	(void)state;
	assert_true(nested(OTLP_DEPTH, false));
	assert_false(nested(OTLP_DEPTH + 1, false));
	assert_false(nested(3000, false));
	assert_true(nested(OTLP_DEPTH, true));
	assert_false(nested(OTLP_DEPTH + 1, true));
	assert_false(nested(200000, true));
}

/* Every beginning of a good request is refused, or good itself; never read beyond. */
static void test_cut(void **state)
{
	struct buf in = {0};

	(void)state;
	proto_text(&in, SPAN("1:" ID16 " 5:\"name\" 9:{1:\"k\" 2:{3:300}} 99:<1:7> 7:L5 16:W3"));
	for (size_t n = 0; n < in.n; n++) {
		char *copy = mem_alloc(1, n + 1);
		struct otlp_counts c;
		struct err e;

		memcpy(copy, in.p, n);
		copy = mem_resize(copy, n ? n : 1);
		assert_int_equal(otlp_walk(OTLP_TRACES, (struct str){copy, n}, &c, &e), n == 0);
		free(copy);
	}
	buf_fini(&in);
}

TESTS_RUN(cmocka_unit_test(test_cases), cmocka_unit_test(test_depth), cmocka_unit_test(test_cut))
