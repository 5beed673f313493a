#pragma once

/* What an upstream's answer means (OTLP specification, "OTLP/HTTP Response" and "Failures"). */

#include "agent/component/common/otelcol_args.h"
#include "agent/loop/http_client.h"
#include "proto/otlp/types.h"

struct buf;

enum answer {
	ANSWER_DELIVERED,
	ANSWER_RETRY,   /* 429, 502, 503, 504, or no answer at all */
	ANSWER_REFUSED, /* for good */
};

/* Appends to why, NUL at its end, what the operator should read if it was not delivered. */
enum answer answer_judge(const struct http_call *call, enum http_outcome outcome, struct buf *why);

/* What to do about a refusal. */
const char *answer_hint(int status);

/* Of an answer that is a success: how many of items were rejected, and what was said. An answer
 * that cannot be read is full success, for it is one. */
uint32_t answer_partial(
	const struct http_call *call, enum otlp_kind kind, uint32_t items, struct buf *message);

/* The wait before the next try. *interval is the state, 0 before the first; random is below 2^20.
 */
int64_t answer_backoff(const struct otelcol_retry *r, int64_t *interval, uint64_t random);
