#pragma once

/*
 * Targets with a pattern in __path__, and the files that match them now: what
 * local.file_match exports and loki.source.file tails when its file_match is on.
 */

#include "agent/base/map.h"
#include "agent/graph/arg.h"
#include "agent/loop/loop.h"

struct notify;

/* One file of one target. Both live until the next change. */
struct path_target {
	const struct arg_map *labels; /* the target's own, __path__ still the pattern */
	struct str path;              /* NUL after it */
};

struct path_targets {
	void (*changed)(struct path_targets *p); /* set by the owner: p->v is another one now */

	struct path_target *v; /* in the order of the targets, a target's by path */
	size_t n;

	/* own */
	const char *id;
	struct loop *loop;
	struct notify *notify;
	struct arg_targets targets; /* borrowed from the arguments */
	int64_t ignore_older;
	int64_t period;
	struct map patterns;
	unsigned round;
	struct arena scratch;
	struct task rebuild;
	struct timer again; /* with ignore_older: files grow old without an event */
};

void path_targets_start(struct path_targets *p, const char *id, struct loop *l, struct notify *n);
/* targets are borrowed until the next set. ignore_older (ns, 0: never) leaves out files that
 * were not written for so long; looked at every period. p->v is valid after it. */
void path_targets_set(struct path_targets *p, struct arg_targets targets, int64_t ignore_older,
	int64_t period);
void path_targets_stop(struct path_targets *p);

/* A label of a target; p NULL: it has none of that name. */
struct str target_label(const struct arg_map *target, const char *name);
