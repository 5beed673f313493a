/* The Collector answers some errors as plain text, which clients that expect a Status log as
 * errors of their own; here it is a Status always. */

#include "agent/component/otelcol.receiver.otlp/reply.h"

#include "agent/base/address.h"
#include "agent/base/buf.h"
#include "agent/base/log.h"
#include "agent/base/metric.h"
#include "agent/component/otelcol.receiver.otlp/cors.h"
#include "agent/loop/loop.h"
#include "proto/grpc/message.h"
#include "proto/grpc/status.h"

#include <stdio.h>

#define COME_AGAIN (INT64_C(1000) * 1000000) /* ns */

const char *const transport_names[TRANSPORTS] = {"http", "grpc"};

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

static const char *const hints[REFUSALS] = {
	[REFUSED_MALFORMED] = "what this sender sends is no OTLP, or is damaged on its way",
	[REFUSED_TOO_LARGE] = "lower the sender's batches, or raise max_request_body_size "
			      "(http) or max_recv_msg_size (grpc)",
	[REFUSED_NOT_TAKEN] = "see the sender's endpoint, path and protocol, and which signals "
			      "have an output here",
	[REFUSED_UNAUTHORIZED] = "give the sender the credentials that auth wants",
	[REFUSED_FULL] = "its senders are to come again; the destination is away or too slow, or "
			 "the queue or --memory.budget is small",
};

static struct metric *new_refused(const struct component *c, size_t transport, size_t why)
{
	const struct metric_label labels[] = {
		{"component_id", c->id},
		{"component_path", "/"},
		{"receiver", "otlp"},
		{"transport", transport_names[transport]},
		{"reason", refusal_names[why]},
		{NULL, NULL},
	};

	return metric_new(&refused_family, labels);
}

void reply_init(struct replier *y, const struct component *c)
{
	*y = (struct replier){.id = c->id, .loop = c->loop};
	for (size_t t = 0; t < TRANSPORTS; t++)
		for (size_t i = 0; i < REFUSALS; i++)
			y->refused[t][i] = new_refused(c, t, i);
}

void reply_fini(struct replier *y)
{
	for (size_t t = 0; t < TRANSPORTS; t++)
		for (size_t i = 0; i < REFUSALS; i++)
			metric_free(y->refused[t][i]);
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

bool reply_is_grpc(const struct http_request *r)
{
	struct str type = reply_media_type(r);

	if (!http_request_is_http2(r))
		return false;
	return str_eq_nocase(type, STR("application/grpc")) ||
	       str_eq_nocase(type, STR("application/grpc+proto"));
}

/* ---- HTTP ---- */

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

static void accept_http(struct replier *y, struct http_request *r, enum otlp_kind kind,
	struct str message)
{
	struct buf body = {0};

	otlp_partial_encode(&body, reply_encoding(r), kind, 0, message);
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

static void refuse_http(struct replier *y, struct http_request *r, int status, struct str message,
	const struct http_reply_header *more)
{
	struct buf body = {0};

	otlp_status_encode(&body, reply_encoding(r), code_of(status), message);
	answer(y, r, status, buf_str(&body), more);
	buf_fini(&body);
}

/* ---- gRPC ---- */

static const enum grpc_code grpc_codes[REFUSALS] = {
	[REFUSED_MALFORMED] = GRPC_INVALID_ARGUMENT,
	[REFUSED_TOO_LARGE] = GRPC_RESOURCE_EXHAUSTED,
	[REFUSED_NOT_TAKEN] = GRPC_UNIMPLEMENTED,
	[REFUSED_UNAUTHORIZED] = GRPC_UNAUTHENTICATED,
	[REFUSED_FULL] = GRPC_UNAVAILABLE,
};

static void accept_grpc(struct http_request *r, enum otlp_kind kind, struct str message)
{
	static const struct http_reply_header trailers[] = {{"grpc-status", "0"}, {NULL, NULL}};
	struct buf response = {0};
	struct buf body = {0};

	otlp_partial_encode(&response, OTLP_PROTO, kind, 0, message);
	grpc_prefix_put(&body, false, (uint32_t)response.n);
	if (response.n > 0)
		buf_add_str(&body, buf_str(&response));
	http_reply(r, &(struct http_reply){
			      .status = 200,
			      .content_type = "application/grpc",
			      .body = buf_str(&body),
			      .trailers = trailers,
		      });
	buf_fini(&response);
	buf_fini(&body);
}

/* The whole answer is one block of headers ("Trailers-Only"). A call that may come again is told
 * when, no other is: that is what makes a client send it again (duties 109 and 124). */
static void refuse_grpc(struct replier *y, struct http_request *r, enum refusal why,
	struct str message, const struct http_reply_header *more)
{
	struct http_reply_header headers[5] = {{"grpc-status", NULL}, {"grpc-message", NULL}};
	struct arena *a = loop_scratch(y->loop);
	struct buf text = {0};
	size_t n = 2;

	headers[0].value = arena_printf(a, "%d", grpc_codes[why]).p;
	grpc_text_encode(&text, message);
	headers[1].value = arena_str(a, buf_str(&text)).p;
	if (why == REFUSED_FULL) {
		buf_clear(&text);
		grpc_details_encode(&text, grpc_codes[why], message, COME_AGAIN);
		headers[n].name = "grpc-status-details-bin";
		headers[n++].value = arena_str(a, buf_str(&text)).p;
	}
	if (more)
		headers[n++] = *more;
	http_reply(r, &(struct http_reply){
			      .status = 200,
			      .content_type = "application/grpc",
			      .headers = headers,
		      });
	buf_fini(&text);
}

/* ---- both ---- */

void reply_accepted(struct replier *y, struct http_request *r, enum otlp_kind kind,
	uint32_t zero_ids)
{
	char text[128] = "";

	if (zero_ids > 0)
		snprintf(text, sizeof(text), "accepted, but %u trace or span ids are empty or zero",
			zero_ids);
	if (reply_is_grpc(r))
		accept_grpc(r, kind, str_from(text));
	else
		accept_http(y, r, kind, str_from(text));
}

static void say(const struct replier *y, const struct http_request *r, enum refusal why,
	struct str message)
{
	char from[INET6_ADDRSTRLEN];
	const char *transport = transport_names[reply_is_grpc(r) ? TRANSPORT_GRPC : TRANSPORT_HTTP];

	log_warn(y->id, "a request was refused", KV("reason", refusal_names[why]),
		KV("transport", transport),
		KV("from", address_print(from, http_request_peer(r))), KV("err", message),
		KV("hint", hints[why]));
}

void reply_error(struct replier *y, struct http_request *r, int status, enum refusal why,
	struct str message, const struct http_reply_header *more)
{
	bool grpc = reply_is_grpc(r);

	metric_add(y->refused[grpc ? TRANSPORT_GRPC : TRANSPORT_HTTP][why], 1);
	if (log_is_due(&y->said_at[why], loop_now(y->loop)))
		say(y, r, why, message);
	if (grpc)
		refuse_grpc(y, r, why, message, more);
	else
		refuse_http(y, r, status, message, more);
}

void reply_full(struct replier *y, struct http_request *r, struct str message)
{
	static const struct http_reply_header retry_after = {"Retry-After", "1"};

	reply_error(y, r, 503, REFUSED_FULL, message, reply_is_grpc(r) ? NULL : &retry_after);
}

void reply_preflight(struct replier *y, struct http_request *r)
{
	struct http_reply_header headers[CORS_HEADERS + 1] = {{0}};

	cors_preflight(y->http->cors, r, loop_scratch(y->loop), headers);
	http_reply(r, &(struct http_reply){.status = 204, .headers = headers});
}
