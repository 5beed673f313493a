#pragma once

/* A span's trace_state (W3C Trace Context), of which the member `ot` is looked into: its rv and
 * th say how the span was sampled so far. */

#include "agent/base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct buf;

struct tracestate {
	struct str text;
	struct str ot; /* the value of the member ot */
	bool has_randomness;
	bool has_threshold;
	uint64_t randomness;
	uint64_t threshold;
};

/* False if it is not well formed, too long, or has a bad rv or th. */
bool tracestate_parse(struct str text, struct tracestate *out);

/* Appends it with the rv and th that it has now, ot first, all else as it was. */
void tracestate_print(struct buf *out, const struct tracestate *t);

/* The value of a member; p NULL: it is not there. For a text that need not be well formed. */
struct str tracestate_find(struct str text, struct str key);
