#pragma once

/*
 * Snappy's framing format (google/snappy, framing_format.txt): what gRPC's "snappy" is in the
 * Collector, and HTTP's "x-snappy-framed". A block of plain snappy never begins as a stream does.
 */

#include "agent/base/buf.h"
#include "agent/base/str.h"

#include <stdbool.h>

bool snappy_framed_is(struct str body);

/* Appends the whole stream. */
void snappy_framed_encode(struct str body, struct buf *out);

/* Appends at most max bytes. False: it is broken, cut, or (*is_too_large) too large; out is then as
 * before, or longer. */
bool snappy_framed_decode(struct str body, size_t max, struct buf *out, bool *is_too_large);
