#pragma once

/*
 * A piece of a request, cut at the borders of its items (spans, log records, data points)
 * and nowhere inside one, so that a batch can have a largest size.
 */

#include "proto/otlp/types.h"

struct buf;

/* How many items there are; the same as otlp_walk() counts, without looking inside them. */
uint32_t otlp_count(enum otlp_kind kind, struct str request);

/*
 * Appends a request with the items from (0-based) to from + n - 1, in their resources and
 * scopes (and metrics), which are repeated in each piece. What holds no item of the piece is left
 * out; unknown fields of the request itself are in the piece that begins with item 0. The request
 * is one that otlp_walk() has passed.
 */
void otlp_slice(
	enum otlp_kind kind, struct str request, uint32_t from, uint32_t n, struct buf *out);
