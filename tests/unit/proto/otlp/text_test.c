#include "proto/otlp/text.h"

#include "tests/proto_text.h"
#include "tests/test.h"

#define RES "1:{1:{1:\"service.name\" 2:{1:\"web\"}} 1:{1:\"n\" 2:{3:5}} 1:{1:\"t\" 2:{1:\"a b\"}}}"

static const struct {
	enum otlp_kind kind;
	enum otlp_text how;
	const char *text;
	const char *want;
} cases[] = {
	{OTLP_TRACES, OTLP_TEXT_SHORT, "", ""},
	{OTLP_TRACES, OTLP_TEXT_SHORT,
		"1:{" RES " 2:{2:{1:#000102030405060708090a0b0c0d0e0f 2:#0001020304050607 5:\"GET "
		"/\" 6:2 7:L1000000000 8:L1012500000 15:{3:2 2:\"no\"}} 2:{}}} 9:1",
		"resource service.name=web n={\"intValue\":\"5\"} t=\"a b\"\n"
		"  span 000102030405060708090a0b0c0d0e0f/0001020304050607 \"GET /\" server 12.5ms "
		"error \"no\" service.name=web\n"
		"  span -/- \"\" - 0s unset service.name=web\n"},
	{OTLP_LOGS, OTLP_TEXT_SHORT,
		"1:{2:{2:{1:L1763802067000000000 2:9 5:{1:\"two words\"}} 2:{3:\"warning\" 5:{3:7} "
		"9:#000102030405060708090a0b0c0d0e0f}}}",
		"resource\n"
		"  log 2025-11-22T09:01:07Z INFO \"two words\"\n"
		"  log - warning {\"intValue\":\"7\"} trace_id=000102030405060708090a0b0c0d0e0f\n"},
	{OTLP_METRICS, OTLP_TEXT_SHORT, "1:{2:{2:{1:\"m\" 7:{1:{} 1:{}}} 2:{1:\"h\" 9:{1:{}}}}}",
		"resource\n  metric m sum 2 points\n  metric h histogram 1 point\n"},
	{OTLP_TRACES, OTLP_TEXT_DETAILED, "1:{2:{2:{5:\"x\" 6:3 9:{1:\"k\" 2:{1:\"v\"}}}}}",
		"resource\n  span -/- \"x\" client 0s unset\n"
		"    "
		"{\"name\":\"x\",\"kind\":3,\"attributes\":[{\"key\":\"k\",\"value\":{"
		"\"stringValue\":\"v\"}}]}\n"},
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf in = {0};
		struct buf got = {0};

		proto_text(&in, cases[i].text);
		otlp_text_print(cases[i].kind, buf_str(&in), cases[i].how, &got);
		assert_str(buf_str(&got), cases[i].want);
		buf_fini(&in);
		buf_fini(&got);
	}
}

TESTS_RUN(cmocka_unit_test(test_cases))
