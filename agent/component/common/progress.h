#pragma once

/*
 * How far what a source read is delivered, for sources that are no files: a place in the source,
 * as its own text (a cursor, a version), up to which everything is. Entries of about a second
 * share an ack; the place moves over those that are settled, in the order in which they began.
 * What comes in no order (a list) is one step, which moves when all of it is delivered.
 */

#include "agent/base/buf.h"
#include "agent/base/list.h"
#include "agent/flow/ack.h"
#include "agent/loop/loop.h"

struct progress_step;

struct progress {
	void *owner;
	/* The place is another one; called with keeper. NULL: nobody asks. */
	void (*moved)(void *keeper);
	void *keeper;
	/* Something of what was pushed was given up, nothing of it is under way any more: bring
	 * again what is after the place. */
	void (*again)(void *owner);
	/* Nothing is under way. */
	void (*idle)(void *owner);
	struct buf place; /* empty: at the beginning */

	struct loop *loop;          /* this and what follows: its own */
	struct list steps;          /* oldest first */
	struct progress_step *open; /* the one that still takes entries */
	struct timer seal;
	bool is_listing; /* the open step stays open */
	bool is_broken;  /* a step was given up: the place stands still until again() */
};

struct progress *progress_new(struct loop *l, void *owner);
/* The owner ends: sealed, and freed when nothing is under way any more. */
void progress_leave(struct progress *p);
bool progress_is_idle(const struct progress *p);
void progress_start_at(struct progress *p, struct str place); /* copied */

/* What exists follows in any order, until progress_seal(). */
void progress_list(struct progress *p);

/* The ack for one more entry. */
struct ack *progress_add(struct progress *p);
/* After what was added last everything up to this place has been; copied. A step without a
 * place moves nothing. */
void progress_reach(struct progress *p, struct str place);
/* No more entries for the open step; timed otherwise. */
void progress_seal(struct progress *p);
