#pragma once

/*
 * One pass over a request from outside that says whether it may be merged with others, kept
 * and sent on as bytes: every length inside its message, tags and groups well formed, at
 * most OTLP_DEPTH messages deep, known fields with their own wire types, ids of the right size,
 * strings in UTF-8. Unknown fields and groups are fine and are kept. Nothing is allocated.
 */

#include "proto/otlp/types.h"

struct err;

struct otlp_counts {
	uint32_t items;     /* spans, log records or data points */
	uint32_t resources; /* ResourceSpans, ResourceLogs or ResourceMetrics */
	uint32_t zero_ids;  /* spans' trace_id or span_id that are there, but empty or all zero */
};

/* False, with e saying which field at which byte; *out is then untouched. */
bool otlp_walk(enum otlp_kind kind, struct str request, struct otlp_counts *out, struct err *e);
