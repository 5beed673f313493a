#pragma once

/*
 * Lines that came in pieces, one open line a label set, joined for stage.cri and
 * stage.docker. A line that nothing was added to for five seconds is passed on as it is,
 * so that the last words of a process which wrote no newline are not kept back for ever
 * (Alloy keeps them until it stops). While its file has more to read, which waits for room or for
 * its turn, it is not given up, unless such lines take half of the budget.
 */

#include "agent/base/list.h"
#include "agent/base/map.h"
#include "agent/component/loki.process/stage.h"
#include "agent/loop/loop.h"

#define PARTIALS_IDLE_NS (INT64_C(5) * 1000000000)
#define PARTIALS_MAX 1000                   /* both streams of all containers of a full node */
#define PARTIALS_LINE_MAX ((size_t)2 << 20) /* longer ones are passed on in parts */

struct partials {
	struct stage *stage;
	struct timer idle;
	struct map open;   /* by the pointer of the label set; struct partial */
	struct list order; /* the same, the one that has waited longest first */
	size_t held;       /* bytes */
	size_t max;        /* open lines; one more, and the one that waited longest is passed on */
	size_t max_size;   /* bytes of a joined line, what is above is cut; 0: no limit */
	/* The map of extracted values for a line that is passed on unfinished. */
	void (*extract)(struct work *w);
	int64_t warned_at;
};

void partials_init(struct partials *p, struct stage *s);
void partials_fini(struct partials *p);

/* w->e is a piece that is not the last of its line. */
void partials_add(struct partials *p, struct work *w);

/* w->e may be the last piece of a line: then it is joined and pushed on, and the result is
 * false. True: it is a line of its own. */
bool partials_end(struct partials *p, struct work *w);

/* What from has open is p's now, and has waited for as long as before. */
void partials_take_over(struct partials *p, struct partials *from);

/* The stage ends: an open line is given back, and its file read again from it. What cannot
 * be read again is passed on as it is. */
void partials_leave(struct partials *p);
