#pragma once

/*
 * Hands data on to every consumer of an `output` block, so that the whole is either taken or not:
 * when some took it and another was full, the fanout keeps a copy for that one and brings it again
 * by a timer. Until it is gone the fanout itself is full for that signal. What is kept is charged
 * to the process' budget.
 */

#include "agent/base/buf.h"
#include "agent/component/common/otelcol_args.h"
#include "agent/flow/telemetry.h"
#include "agent/loop/loop.h"

struct budget;

#define OTELCOL_RETRY_PAUSE \
	(INT64_C(25) * 1000000) /* ns; how often a full consumer is asked again */

struct fanout_kept {
	struct buf bytes;
	struct telemetry t; /* bytes are in .bytes above */
	uint64_t done;
};

struct fanout {
	struct loop *loop;
	struct budget *budget;
	struct consumers to[SIGNAL_KINDS];
	struct fanout_kept kept[SIGNAL_KINDS];
	struct timer timer;
	/* Called when nothing is kept any more. NULL: nobody asks. */
	void (*drained)(struct fanout *f);
};

void fanout_init(struct fanout *f, struct loop *l, struct budget *b);
/* What is kept is given up: see fanout_is_empty(). */
void fanout_fini(struct fanout *f);
/* The output is borrowed: arguments live on. */
void fanout_set(struct fanout *f, const struct otelcol_output *o);

enum consumed fanout_push(struct fanout *f, const struct telemetry *t);
bool fanout_takes(const struct fanout *f, enum signal_kind kind);
bool fanout_is_empty(const struct fanout *f);
