#pragma once

/*
 * The answers of otelcol.receiver.otlp: a response or a Status, in the encoding of the request,
 * with CORS headers where they are configured; or the end of a gRPC call. Refusals are counted
 * by their reason, which is what tells a call's status code too, and said once a minute.
 */

#include "agent/component/otelcol.receiver.otlp/args.h"
#include "agent/loop/http_server.h"
#include "proto/otlp/status.h"

struct metric;

enum refusal {
	REFUSED_MALFORMED,
	REFUSED_TOO_LARGE,
	REFUSED_NOT_TAKEN, /* path, method, media type or encoding */
	REFUSED_UNAUTHORIZED,
	REFUSED_FULL,
	REFUSALS,
};

enum transport {
	TRANSPORT_HTTP,
	TRANSPORT_GRPC,
	TRANSPORTS,
};
extern const char *const transport_names[TRANSPORTS];

struct replier {
	const char *id; /* the component's */
	struct loop *loop;
	const struct otlp_http *http; /* the block, or NULL */
	bool is_closing;              /* connections end with their answer */
	struct metric *refused[TRANSPORTS][REFUSALS];
	int64_t said_at[REFUSALS];
};

void reply_init(struct replier *y, const struct component *c);
void reply_fini(struct replier *y);

bool reply_is_grpc(const struct http_request *r);

/* JSON if the request is JSON, else protobuf. */
enum otlp_encoding reply_encoding(const struct http_request *r);
struct str reply_media_type(const struct http_request *r); /* without parameters */

/* 200. zero_ids: how many ids are empty or zero, which the sender is told. */
void reply_accepted(struct replier *y, struct http_request *r, enum otlp_kind kind,
	uint32_t zero_ids);

/* more: one more header, or NULL. */
void reply_error(struct replier *y, struct http_request *r, int status, enum refusal why,
	struct str message, const struct http_reply_header *more);

/* 503 and Retry-After, or UNAVAILABLE and RetryInfo. */
void reply_full(struct replier *y, struct http_request *r, struct str message);

/* 204, to the question that a browser asks before it sends. */
void reply_preflight(struct replier *y, struct http_request *r);
