#pragma once

/* What otelcol.processor.tail_sampling counts: traces as the Collector does, and what became of
 * each span that came. */

#include "agent/component/otelcol.processor.tail_sampling/policy.h"

struct metric;

/* What became of a span. */
enum fate {
	FATE_NOT = DECIDED_NOT,
	FATE_SAMPLED = DECIDED_SAMPLED,
	FATE_DROPPED = DECIDED_DROPPED,
	FATE_TOO_LARGE, /* its trace was, or its request repeats too much */
	FATE_SHUTDOWN,  /* by drop_pending_traces_on_shutdown */
	FATES,
};

struct counters {
	struct metric *incoming;
	struct metric *outgoing;
	struct metric *spans[FATES];
	struct metric *traces[DECISIONS];
	struct metric *cached[2]; /* late spans; [1]: sampled */
	struct metric *new_ids;
	struct metric *on_memory;
	struct metric *bytes;
	struct metric *too_early;
	struct metric *too_large;
	struct metric *late_age;
	struct metric *run;
	struct metric *removal_age;
};

void counters_init(struct counters *c, const char *id);
void counters_fini(struct counters *c);
