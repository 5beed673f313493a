/* Duty 230, and the table of codes of the specification. */

#include "agent/base/timestamp.h"
#include "agent/component/common/otelcol_grpc/answer.h"
#include "proto/grpc/message.h"
#include "proto/grpc/status.h"
#include "tests/test.h"

static const struct {
	int status; /* of HTTP; 0: no answer */
	const char *code;
	const char *message;
	int64_t delay; /* of RetryInfo, ns; -1: none */
	enum answer want;
	const char *why;
} cases[] = {
	{200, "0", NULL, -1, ANSWER_DELIVERED, ""},
	{0, NULL, "connection refused", -1, ANSWER_RETRY, "connection refused"},
	{200, "1", NULL, -1, ANSWER_RETRY, "the destination answered CANCELLED"},
	{200, "2", NULL, -1, ANSWER_REFUSED, "the destination answered UNKNOWN"},
	{200, "3", "bad%20span", -1, ANSWER_REFUSED,
		"the destination answered INVALID_ARGUMENT: bad span"},
	{200, "4", NULL, -1, ANSWER_RETRY, "the destination answered DEADLINE_EXCEEDED"},
	{200, "5", NULL, -1, ANSWER_REFUSED, "the destination answered NOT_FOUND"},
	{200, "6", NULL, -1, ANSWER_REFUSED, "the destination answered ALREADY_EXISTS"},
	{200, "7", NULL, -1, ANSWER_REFUSED, "the destination answered PERMISSION_DENIED"},
	{200, "8", "too much", -1, ANSWER_REFUSED,
		"the destination answered RESOURCE_EXHAUSTED: too much"},
	{200, "8", NULL, 0, ANSWER_RETRY, "the destination answered RESOURCE_EXHAUSTED"},
	{200, "8", NULL, 3 * NS_PER_SEC, ANSWER_RETRY,
		"the destination answered RESOURCE_EXHAUSTED"},
	{200, "9", NULL, -1, ANSWER_REFUSED, "the destination answered FAILED_PRECONDITION"},
	{200, "10", NULL, -1, ANSWER_RETRY, "the destination answered ABORTED"},
	{200, "11", NULL, -1, ANSWER_RETRY, "the destination answered OUT_OF_RANGE"},
	{200, "12", NULL, -1, ANSWER_REFUSED, "the destination answered UNIMPLEMENTED"},
	{200, "13", NULL, -1, ANSWER_REFUSED, "the destination answered INTERNAL"},
	{200, "14", "\xff", NS_PER_SEC, ANSWER_RETRY, "the destination answered UNAVAILABLE"},
	{200, "15", NULL, -1, ANSWER_RETRY, "the destination answered DATA_LOSS"},
	{200, "16", NULL, -1, ANSWER_REFUSED, "the destination answered UNAUTHENTICATED"},
	{200, "99", NULL, -1, ANSWER_REFUSED, "the destination answered a code unknown"},
	{200, NULL, NULL, -1, ANSWER_REFUSED,
		"the destination answered HTTP status 200 without grpc-status"},
	{404, NULL, NULL, -1, ANSWER_REFUSED,
		"the destination answered HTTP status 404 without grpc-status"},
	{503, NULL, NULL, -1, ANSWER_RETRY,
		"the destination answered HTTP status 503 without grpc-status"},
	{401, "x", NULL, -1, ANSWER_REFUSED,
		"the destination answered HTTP status 401 without grpc-status"},
};

static void test_duty_230_judge(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct http_answer_header headers[] = {
			{"grpc-status", str_from(cases[i].code)},
			{"grpc-message", str_from(cases[i].message)},
			{"grpc-status-details-bin", {NULL, 0}},
		};
		struct http_call call = {.status = cases[i].status,
			.answer_headers = headers,
			.n_answer_headers = 3};
		struct buf details = {0};
		struct buf why = {0};
		struct verdict v;

		if (cases[i].delay >= 0) {
			grpc_details_encode(&details, GRPC_UNAVAILABLE, STR(""), cases[i].delay);
			headers[2].value = buf_str(&details);
		}
		if (call.status == 0)
			snprintf(call.error, sizeof(call.error), "%s", cases[i].message);
		otlp_call_judge(&call, call.status ? HTTP_ANSWERED : HTTP_FAILED, &v, &why);
		assert_str(why.n ? buf_str(&why) : STR(""), cases[i].why);
		assert_int_equal(v.answer, cases[i].want);
		assert_int_equal(v.retry_after, cases[i].delay);
		assert_false(v.answer == ANSWER_REFUSED && !(v.hint && v.hint[0]));
		assert_int_equal(v.is_malformed, cases[i].code && strcmp(cases[i].code, "3") == 0);
		buf_fini(&details);
		buf_fini(&why);
	}
}

/* Duty 222: a partial success is a success. */
static void test_duty_222_partial(void **state)
{
	static const struct {
		const char *body;
		size_t n;
		uint32_t want;
		const char *message;
	} partials[] = {
		{"\0\0\0\0\0", 5, 0, ""},
		{"\0\0\0\0\4\x0a\2\x08\3", 9, 3, ""},
		{"\0\0\0\0\6\x0a\4\x12\2no", 11, 0, "no"},
		{"\0\0\0\0\5\x0a\3\x08\xac\2", 10, 10, ""},
		{"\1\0\0\0\4\x0a\2\x08\3", 9, 0, ""},
		{"\0\0\0\0\7\x0a\2\x08\3", 9, 0, ""},
		{"", 0, 0, ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(partials) / sizeof(*partials); i++) {
		struct http_call call = {
			.status = 200, .answer = {partials[i].body, partials[i].n}};
		struct buf message = {0};

		assert_int_equal(
			otlp_call_partial(&call, OTLP_TRACES, 10, &message), partials[i].want);
		assert_str(message.n ? buf_str(&message) : STR(""), partials[i].message);
		buf_fini(&message);
	}
}

TESTS_RUN(cmocka_unit_test(test_duty_230_judge), cmocka_unit_test(test_duty_222_partial))
