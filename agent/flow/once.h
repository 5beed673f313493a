#pragma once

/*
 * What `--once` waits for. A part that still has something to read or to fetch (a file that
 * has not been read to its end, a first list of pods that has not come) says that it is
 * busy, and idle when there is no more for now. When nobody is busy and the budget holds
 * nothing, all there was has been delivered, and the agent ends. Data on its way is known by the
 * budget; sinks need not say anything here.
 *
 * Every function takes a NULL once (the agent runs without --once) as nothing to do.
 */

#include "agent/base/must.h"

#include <stdbool.h>
#include <stddef.h>

struct once {
	size_t busy;
	void (*changed)(struct once *o); /* the last busy one became idle; NULL: nobody asks */
};

/* Embedded in whoever may be busy; zeroed before its first use. */
struct once_part {
	struct once *once; /* NULL: idle */
};

/* A source says it in its start(), before it returns; twice is fine. */
static inline void once_busy(struct once *o, struct once_part *p)
{
	if (!o || p->once)
		return;
	p->once = o;
	o->busy++;
}

/* Twice is fine. Also when the part goes away. */
static inline void once_idle(struct once_part *p)
{
	struct once *o = p->once;

	if (!o)
		return;
	must(o->busy > 0);
	p->once = NULL;
	if (--o->busy == 0 && o->changed)
		o->changed(o);
}
