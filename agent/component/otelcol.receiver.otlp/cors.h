#pragma once

/* Cross-origin requests (Fetch standard), as rs/cors answers them for the Collector. */

#include "agent/component/otelcol.receiver.otlp/args.h"
#include "agent/loop/http_server.h"

struct arena;

enum {
	CORS_HEADERS = 6,
};

/* Fills headers (room for CORS_HEADERS) for the answer to r; returns how many. Texts are in a. */
size_t cors_answer(const struct otlp_cors *c, const struct http_request *r, struct arena *a,
	struct http_reply_header *headers);

/* Is r the question that a browser asks before it sends? */
bool cors_is_preflight(const struct otlp_cors *c, const struct http_request *r);
size_t cors_preflight(const struct otlp_cors *c, const struct http_request *r, struct arena *a,
	struct http_reply_header *headers);
