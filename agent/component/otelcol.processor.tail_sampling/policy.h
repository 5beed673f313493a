#pragma once

/*
 * Which traces otelcol.processor.tail_sampling keeps: the policies of its configuration, compiled.
 * They decide as the Collector's do (processor/tailsamplingprocessor, v0.157): one that says drop
 * wins, then one that takes the trace; a trace that nobody takes is not kept.
 */

#include "agent/base/str.h"
#include "agent/component/otelcol.processor.tail_sampling/args.h"

struct component;
struct policies;

enum {
	TRACE_ID = 16,
};

enum decision {
	DECIDED_NOT, /* nobody took it */
	DECIDED_SAMPLED,
	DECIDED_DROPPED, /* a policy of type drop did */
	DECISIONS,
};

/* What is judged. */
struct subject {
	uint8_t id[TRACE_ID];
	struct str bytes; /* all its spans, as one request */
	uint32_t spans;
	int64_t now; /* on the loop's clock */
};

bool policies_check(const struct tail_sampling_args *a, struct diags *d);

/* a is checked, and lives as long. old: its counters of policies that have the same names are
 * taken over, and it is freed; NULL: there was none. */
struct policies *policies_new(
	struct component *owner, const struct tail_sampling_args *a, struct policies *old);
void policies_free(struct policies *s); /* NULL is nothing */

enum decision policies_decide(struct policies *s, const struct subject *what);
