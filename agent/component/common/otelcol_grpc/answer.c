/*
 * The specification's table of codes. A server or a proxy that speaks no gRPC says no grpc-status;
 * its HTTP status is then taken for a code, as gRPC has it (http-grpc-status-mapping.md).
 */

#include "agent/component/common/otelcol_grpc/answer.h"

#include "agent/base/utf8.h"
#include "proto/grpc/message.h"
#include "proto/grpc/status.h"
#include "proto/otlp/status.h"

enum {
	MAX_TEXT = 200,
};

static bool is_retryable(int64_t code, int64_t delay)
{
	switch (code) {
	case GRPC_CANCELLED:
	case GRPC_DEADLINE_EXCEEDED:
	case GRPC_ABORTED:
	case GRPC_OUT_OF_RANGE:
	case GRPC_UNAVAILABLE:
	case GRPC_DATA_LOSS:
		return true;
	case GRPC_RESOURCE_EXHAUSTED: /* a limit, or too much at once: that one says when */
		return delay >= 0;
	}
	return false;
}

static enum grpc_code code_of_http(int status)
{
	switch (status) {
	case 400:
		return GRPC_INTERNAL;
	case 401:
		return GRPC_UNAUTHENTICATED;
	case 403:
		return GRPC_PERMISSION_DENIED;
	case 404:
		return GRPC_UNIMPLEMENTED;
	case 429:
	case 502:
	case 503:
	case 504:
		return GRPC_UNAVAILABLE;
	default:
		return GRPC_UNKNOWN;
	}
}

static const char *hint_for(int64_t code, bool is_grpc)
{
	if (!is_grpc && code != GRPC_UNAUTHENTICATED)
		return "the endpoint speaks no gRPC; is it the one for OTLP over HTTP?";
	switch (code) {
	case GRPC_UNAUTHENTICATED:
	case GRPC_PERMISSION_DENIED:
		return "check the credentials of the exporter, and that they are for this endpoint";
	case GRPC_UNIMPLEMENTED:
		return "the destination does not take this signal";
	case GRPC_RESOURCE_EXHAUSTED:
		return "make send_batch_max_size smaller, or max_recv_msg_size of the destination "
		       "larger";
	default:
		return "what was sent is said to be wrong; the destination's log may say more";
	}
}

static void add_message(const struct http_call *call, struct buf *why)
{
	struct buf text = {0};
	struct str message;

	grpc_text_decode(&text, str_head(export_answer_header(call, "grpc-message"), 3 * MAX_TEXT));
	message = str_head(buf_str(&text), MAX_TEXT);
	while (message.n > 0 && !utf8_is_valid(message))
		message.n--;
	if (message.n > 0)
		buf_printf(why, ": " STR_FMT, STR_ARG(message));
	buf_fini(&text);
}

/* True: it is a success. */
static bool judge_status(const struct http_call *call, struct verdict *v, struct buf *why)
{
	struct str status = export_answer_header(call, "grpc-status");
	struct buf work = {0};
	int64_t code;
	bool is_grpc = status.n > 0 && str_to_int(status, &code);

	if (!is_grpc)
		code = code_of_http(call->status);
	if (is_grpc && code == GRPC_OK)
		return true;
	v->retry_after = grpc_details_retry(
		export_answer_header(call, "grpc-status-details-bin"), &work);
	buf_fini(&work);
	v->answer = is_retryable(code, v->retry_after) ? ANSWER_RETRY : ANSWER_REFUSED;
	v->is_malformed = is_grpc && code == GRPC_INVALID_ARGUMENT;
	v->is_unauthorized = code == GRPC_UNAUTHENTICATED;
	v->hint = hint_for(code, is_grpc);
	if (is_grpc)
		buf_printf(why, "the destination answered %s", grpc_code_name(code));
	else
		buf_printf(why, "the destination answered HTTP status %d without grpc-status",
			call->status);
	add_message(call, why);
	return false;
}

void otlp_call_judge(const struct http_call *call, enum http_outcome outcome, struct verdict *v,
	struct buf *why)
{
	*v = (struct verdict){.answer = ANSWER_DELIVERED, .retry_after = -1};
	if (outcome == HTTP_FAILED) {
		buf_printf(why, "%s", call->error);
		v->answer = ANSWER_RETRY;
	} else if (judge_status(call, v, why)) {
		return;
	}
	buf_add_char(why, 0);
	why->n--;
}

uint32_t otlp_call_partial(
	const struct http_call *call, enum otlp_kind kind, uint32_t items, struct buf *message)
{
	struct grpc_message m;
	int64_t rejected = 0;
	struct str text = {0};

	(void)kind;
	/* Not compressed: we say that we take nothing else. */
	if (grpc_message_read(call->answer, &m) != GRPC_BODY_ONE || m.is_compressed ||
		!otlp_partial_read(m.bytes, &rejected, &text))
		return 0;
	buf_add_str(message, str_head(text, MAX_TEXT));
	if (rejected < 0)
		return 0;
	return rejected > (int64_t)items ? items : (uint32_t)rejected;
}
