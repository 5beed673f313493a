#pragma once

/*
 * The files that match a pattern, now and as they come and go. Each directory in which a
 * match could appear is watched; a change there that concerns the pattern is followed by a
 * new walk at the end of the turn, so that a container's log is known within milliseconds.
 */

#include "agent/base/arena.h"
#include "agent/base/map.h"
#include "agent/loop/loop.h"

struct notify;

/* Embedded in its owner, zeroed. */
struct match {
	void (*changed)(struct match *m); /* set by the owner: paths are others now */

	struct str *paths; /* sorted; NUL after each */
	size_t n;

	/* own */
	struct loop *loop;
	struct notify *notify;
	struct arena life; /* the pattern's parts */
	struct arena found;
	struct str pattern; /* absolute */
	struct str *parts;
	size_t n_parts;
	struct map dirs;
	struct task walk;
	struct timer retry;
	unsigned round;
	int error;     /* of the last walk, which has not seen all; 0: it has */
	bool again;    /* to be walked again without an event */
	bool troubled; /* it was said */
	bool too_many;
	bool unwatched;
};

/* Walks at once: m->paths is valid after it. pattern has no braces (see glob.h). */
void match_start(struct match *m, struct loop *l, struct notify *n, struct str pattern);
void match_stop(struct match *m); /* twice is fine */
