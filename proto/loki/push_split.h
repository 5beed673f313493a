#pragma once

/* Cuts a push request in two, for a server that says that it is too large. */

#include "agent/base/str.h"

#include <stdbool.h>

struct buf;

/*
 * Appends the first part of the request's entries, about half of its bytes, to first and the
 * others to second; each gets one entry at least. A stream that is cut is in both, its
 * earlier entries in first: sent one after the other, the two keep the order. False, and
 * nothing appended, if there are fewer than two entries or the request is malformed.
 */
bool push_split(struct str request, struct buf *first, struct buf *second);
