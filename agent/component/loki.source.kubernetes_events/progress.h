#pragma once

/*
 * How far the events of one watch are delivered, as a resourceVersion: everything up to it has
 * been. Entries of about a second share an ack; the progress moves over those that are settled, in
 * the order of their beginning. What exists when a watch begins comes in no order, so it is
 * one step, taken when all of it is delivered.
 */

#include "agent/base/list.h"
#include "agent/flow/ack.h"
#include "agent/loop/loop.h"

struct progress_step;

struct progress {
	struct loop *loop;
	/* Something of what was pushed was given up, nothing of it is under way any more: bring
	 * again what is after version. */
	void (*again)(struct progress *p);
	/* Nothing is under way. */
	void (*idle)(struct progress *p);
	uint64_t version;
	int64_t time; /* of the newest event up to there; Unix ns */

	struct list steps;          /* oldest first */
	struct progress_step *open; /* the one that still takes entries */
	struct timer seal;
	bool is_listing; /* the open step stays open */
	bool is_broken;  /* a step was given up: no progress until again() */
};

void progress_init(struct progress *p, struct loop *l);
void progress_fini(struct progress *p); /* nothing is under way */
bool progress_is_idle(const struct progress *p);

/* What exists follows, until progress_listed(). */
void progress_listing(struct progress *p);
void progress_listed(struct progress *p);

/* What exists was not read to its end: the open step moves nothing. */
void progress_forget(struct progress *p);

/* The ack for one more entry. */
struct ack *progress_add(struct progress *p, uint64_t version, int64_t time);
void progress_seal(struct progress *p); /* no more entries for the open step */
