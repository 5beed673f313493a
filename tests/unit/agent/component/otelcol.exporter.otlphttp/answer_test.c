#include "agent/component/otelcol.exporter.otlphttp/answer.h"

#include "agent/base/buf.h"
#include "proto/otlp/status.h"
#include "tests/test.h"

static const struct {
	int status; /* 0: no answer */
	const char *type;
	const char *body; /* "@TEXT": a Status in protobuf */
	enum answer want;
	const char *why;
} cases[] = {
	{200, "", "", ANSWER_DELIVERED, ""},
	{202, "text/html", "<p>", ANSWER_DELIVERED, ""},
	{0, "", "connection refused", ANSWER_RETRY, "connection refused"},
	{503, "", "", ANSWER_RETRY, "the destination answered HTTP status 503"},
	{429, "application/json", "{\"code\":8,\"message\":\"slow down\"}", ANSWER_RETRY,
		"the destination answered HTTP status 429: slow down"},
	{400, "Application/X-Protobuf; a=b", "@bad span", ANSWER_REFUSED,
		"the destination answered HTTP status 400: bad span"},
	{400, "text/plain", " bad text\n", ANSWER_REFUSED,
		"the destination answered HTTP status 400: bad text"},
	{400, "text/plain", "\xff", ANSWER_REFUSED, "the destination answered HTTP status 400"},
	{400, "application/json", "{nonsense", ANSWER_REFUSED,
		"the destination answered HTTP status 400: {nonsense"},
	{301, "", "", ANSWER_REFUSED, "the destination answered HTTP status 301"},
};

static void test_judge(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct http_call call = {
			.status = cases[i].status, .content_type = str_from(cases[i].type)};
		struct buf status = {0};
		struct buf why = {0};
		struct verdict v;

		if (cases[i].body[0] == '@')
			otlp_status_encode(&status, OTLP_PROTO, OTLP_INVALID_ARGUMENT,
				str_from(cases[i].body + 1));
		call.answer = cases[i].body[0] == '@' ? buf_str(&status) : str_from(cases[i].body);
		if (call.status == 0)
			snprintf(call.error, sizeof(call.error), "%s", cases[i].body);
		otlphttp_judge(&call, call.status ? HTTP_ANSWERED : HTTP_FAILED, &v, &why);
		assert_int_equal(v.answer, cases[i].want);
		assert_str(buf_str(&why), cases[i].why);
		assert_int_equal(v.answer == ANSWER_REFUSED && !(v.hint && v.hint[0]), false);
		assert_int_equal(v.is_malformed, call.status == 400);
		buf_fini(&status);
		buf_fini(&why);
	}
}

static const struct {
	const char *type;
	const char *body;
	uint32_t want;
	const char *message;
} partials[] = {
	{"application/json", "{}", 0, ""},
	{"application/json",
		"{\"partialSuccess\":{\"rejectedSpans\":\"3\",\"errorMessage\":\"no\"}}", 3, "no"},
	{"application/json", "{\"partialSuccess\":{\"rejectedSpans\":300}}", 10, ""},
	{"application/json", "{\"partialSuccess\":{\"rejectedSpans\":-3,\"errorMessage\":\"hm\"}}",
		0, "hm"},
	{"application/json", "nonsense", 0, ""},
	{"text/plain", "\x0a\x02\x08\x03", 0, ""},
	{"application/x-protobuf", "\x0a\x02\x08\x03", 3, ""},
	{"application/x-protobuf", "\x0a\x7f\x08\x03", 0, ""},
};

static void test_partial(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(partials) / sizeof(*partials); i++) {
		struct http_call call = {.status = 200,
			.content_type = str_from(partials[i].type),
			.answer = str_from(partials[i].body)};
		struct buf message = {0};

		assert_int_equal(
			otlphttp_partial(&call, OTLP_TRACES, 10, &message), partials[i].want);
		assert_str(buf_str(&message), partials[i].message);
		buf_fini(&message);
	}
}

TESTS_RUN(cmocka_unit_test(test_judge), cmocka_unit_test(test_partial))
