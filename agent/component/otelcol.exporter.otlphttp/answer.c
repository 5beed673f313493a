/* The table of answers, and the words for them. */

#include "agent/component/otelcol.exporter.otlphttp/answer.h"

#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "agent/base/utf8.h"
#include "proto/otlp/json_parse.h"
#include "proto/otlp/status.h"

enum {
	MAX_TEXT = 200,
};

static bool is_type(const struct http_call *call, const char *type)
{
	struct str s = call->content_type;
	struct str tail;

	str_cut(s, ';', &s, &tail);
	return str_eq_nocase(str_trim(s), str_from(type));
}

/* The answer's body as protobuf, in *out (a view of it, or of *made). */
static bool body_as_proto(
	const struct http_call *call, const struct otlp_type *t, struct buf *made, struct str *out)
{
	struct err e;

	*out = call->answer;
	if (is_type(call, "application/x-protobuf"))
		return true;
	if (!is_type(call, "application/json") || !otlp_json_parse(t, call->answer, made, &e))
		return false;
	*out = buf_str(made);
	return true;
}

static bool is_retryable(int status)
{
	return status == 429 || status == 502 || status == 503 || status == 504;
}

/* What the body says: a Status, or the beginning of a text. */
static void add_message(const struct http_call *call, struct buf *why)
{
	struct buf made = {0};
	struct str body;
	struct str message;
	int64_t code;

	if (body_as_proto(call, otlp_status(), &made, &body) &&
		otlp_status_read(body, &code, &message) && message.n > 0) {
		buf_printf(why, ": " STR_FMT, STR_ARG(str_head(message, MAX_TEXT)));
	} else if (call->answer.n > 0 && !is_type(call, "application/x-protobuf")) {
		struct str text = str_trim(str_head(call->answer, MAX_TEXT));

		if (text.n > 0 && utf8_is_valid(text))
			buf_printf(why, ": " STR_FMT, STR_ARG(text));
	}
	buf_fini(&made);
}

static const char *hint_for(int status)
{
	switch (status) {
	case 401:
	case 403:
		return "check the credentials of the exporter, and that they are for this endpoint";
	case 404:
		return "check the endpoint: /v1/traces and so on are added to it";
	case 413:
		return "make send_batch_max_size smaller";
	default:
		return "what was sent is said to be wrong; the destination's log may say more";
	}
}

void otlphttp_judge(const struct http_call *call, enum http_outcome outcome, struct verdict *v,
	struct buf *why)
{
	int status = call->status;

	*v = (struct verdict){.answer = ANSWER_REFUSED, .retry_after = -1};
	if (outcome == HTTP_FAILED) {
		buf_printf(why, "%s", call->error);
		v->answer = ANSWER_RETRY;
	} else if (status >= 200 && status < 300) {
		v->answer = ANSWER_DELIVERED;
		return;
	} else {
		buf_printf(why, "the destination answered HTTP status %d", status);
		add_message(call, why);
		if (is_retryable(status)) {
			v->answer = ANSWER_RETRY;
			v->retry_after = call->retry_after;
		}
		v->is_malformed = status == 400;
		v->is_unauthorized = status == 401;
		v->hint = hint_for(status);
	}
	buf_add_char(why, 0);
	why->n--;
}

uint32_t otlphttp_partial(
	const struct http_call *call, enum otlp_kind kind, uint32_t items, struct buf *message)
{
	struct buf made = {0};
	int64_t rejected = 0;
	struct str body;
	struct str text = {0};

	if (call->answer.n > 0 && body_as_proto(call, otlp_response(kind), &made, &body) &&
		otlp_partial_read(body, &rejected, &text))
		buf_add_str(message, str_head(text, MAX_TEXT));
	buf_fini(&made);
	if (rejected < 0)
		return 0;
	return rejected > (int64_t)items ? items : (uint32_t)rejected;
}
