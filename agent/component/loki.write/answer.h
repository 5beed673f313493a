#pragma once

/* What an answer of a Loki means for the batch, and what is said about it (measured on
 * grafana/loki 3.7; a 400 for a line or a stream is partial: all else was stored). */

#include "agent/base/str.h"
#include "agent/loop/http_client.h"

enum loki_verdict {
	LOKI_DELIVERED,
	LOKI_RETRY,   /* the server's trouble, or the way to it: the same again, later */
	LOKI_HOLD,    /* our settings' fault: the same again, later, and somebody must see it */
	LOKI_SPLIT,   /* nothing was stored; half of it may be */
	LOKI_REFUSED, /* for good: what was not stored never will be */
};

enum loki_verdict loki_answer_judge(enum http_outcome outcome, int status, struct str text,
	bool retry_429);

/* The first line of the answer, as much as a log line bears. */
struct str loki_answer_line(struct str text);

/* What a person may do about it; empty: nothing. */
const char *loki_answer_hint(int status, struct str text);

/* Equal for texts that differ only in numbers and in what is quoted: one stream, one time. */
uint64_t loki_answer_kind(int status, struct str text);
