#pragma once

/*
 * A text that many others are searched for. Its rarest byte is found once; a search then goes
 * from one of these to the next, which the C library does many bytes at a time, while memmem()
 * makes a table for each search that costs as much as a line is long.
 */

#include "agent/base/str.h"

struct needle {
	struct str text; /* borrowed */
	size_t rare;     /* where in it */
};

void needle_init(struct needle *n, struct str text);
bool needle_is_in(const struct needle *n, struct str text);
