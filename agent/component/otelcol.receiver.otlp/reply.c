/* The Collector answers some errors as plain text, which clients that expect a Status log as
 * errors of their own; here it is a Status always. */

#include "agent/component/otelcol.receiver.otlp/reply.h"

#include "agent/base/buf.h"
#include "agent/base/metric.h"
#include "agent/component/otelcol.receiver.otlp/cors.h"
#include "agent/loop/loop.h"

#include <stdio.h>

enum {
	MAX_HEADERS = CORS_HEADERS + 4,
};

static const struct metric_family refused_family = {"otelcol_receiver_refused_requests_total",
	METRIC_COUNTER, "Requests that were refused, by reason.", NULL};
static const char *const refusal_names[REFUSALS] = {
	[REFUSED_MALFORMED] = "malformed",
	[REFUSED_TOO_LARGE] = "too_large",
	[REFUSED_NOT_TAKEN] = "not_taken",
	[REFUSED_UNAUTHORIZED] = "unauthorized",
	[REFUSED_FULL] = "full",
};

void reply_init(struct replier *y, const struct component *c)
{
	*y = (struct replier){.loop = c->loop};
	for (size_t i = 0; i < REFUSALS; i++) {
		const struct metric_label labels[] = {
			{"component_id", c->id},
			{"component_path", "/"},
			{"receiver", "otlp"},
			{"transport", "http"},
			{"reason", refusal_names[i]},
			{NULL, NULL},
		};

		y->refused[i] = metric_new(&refused_family, labels);
	}
}

void reply_fini(struct replier *y)
{
	for (size_t i = 0; i < REFUSALS; i++)
		metric_free(y->refused[i]);
}

struct str reply_media_type(const struct http_request *r)
{
	struct str type = http_request_header(r, "Content-Type");
	struct str tail;

	str_cut(type, ';', &type, &tail);
	return str_trim(type);
}

enum otlp_encoding reply_encoding(const struct http_request *r)
{
	return str_eq_nocase(reply_media_type(r), STR("application/json")) ? OTLP_JSON : OTLP_PROTO;
}

static void answer(struct replier *y, struct http_request *r, int status, struct str body,
	const struct http_reply_header *more)
{
	struct http_reply_header headers[MAX_HEADERS + 1] = {{0}};
	bool json = reply_encoding(r) == OTLP_JSON;
	size_t n = 0;

	if (y->http && y->http->cors)
		n = cors_answer(y->http->cors, r, loop_scratch(y->loop), headers);
	if (more)
		headers[n++] = *more;
	http_reply(r, &(struct http_reply){
			      .status = status,
			      .content_type = json ? "application/json" : "application/x-protobuf",
			      .body = body,
			      .headers = headers,
			      .close = y->is_closing || (y->http && !y->http->keep_alives_enabled),
		      });
}

void reply_accepted(struct replier *y, struct http_request *r, enum otlp_kind kind,
	uint32_t zero_ids)
{
	struct buf body = {0};
	char text[128] = "";

	if (zero_ids > 0)
		snprintf(text, sizeof(text), "accepted, but %u trace or span ids are empty or zero",
			zero_ids);
	otlp_partial_encode(&body, reply_encoding(r), kind, 0, str_from(text));
	answer(y, r, 200, buf_str(&body), NULL);
	buf_fini(&body);
}

/* The code that gRPC would have for it (the Collector's table, the other way round). */
static enum otlp_code code_of(int status)
{
	switch (status) {
	case 401:
		return OTLP_UNAUTHENTICATED;
	case 404:
		return OTLP_NOT_FOUND;
	case 405:
		return OTLP_UNIMPLEMENTED;
	case 503:
		return OTLP_UNAVAILABLE;
	default:
		return OTLP_INVALID_ARGUMENT;
	}
}

void reply_error(struct replier *y, struct http_request *r, int status, enum refusal why,
	struct str message, const struct http_reply_header *more)
{
	struct buf body = {0};

	metric_add(y->refused[why], 1);
	otlp_status_encode(&body, reply_encoding(r), code_of(status), message);
	answer(y, r, status, buf_str(&body), more);
	buf_fini(&body);
}

void reply_preflight(struct replier *y, struct http_request *r)
{
	struct http_reply_header headers[CORS_HEADERS + 1] = {{0}};

	cors_preflight(y->http->cors, r, loop_scratch(y->loop), headers);
	http_reply(r, &(struct http_reply){.status = 204, .headers = headers});
}
