#pragma once

/* What loki.write does instead of sending when the agent runs with --dry-run: entries are
 * printed on the standard output, for people or as one JSON object a line. */

#include "agent/base/buf.h"
#include "agent/flow/entry.h"
#include "agent/graph/context.h"
#include "agent/loop/loop.h"

struct loki_dry_run {
	struct loop *loop;
	const char *id;
	enum dry_run mode;
	bool colour;
	int fd;
	const struct labels *last; /* held */
	const struct labels *sent; /* what last is sent as */
	struct buf labels;         /* sent, printed */
	struct buf out;
	struct task flush; /* at the end of the turn */
	struct arena scratch;
};

void loki_dry_run_init(struct loki_dry_run *d, struct loop *l, const char *id, enum dry_run mode,
	int fd);
void loki_dry_run_fini(struct loki_dry_run *d);
void loki_dry_run_change(struct loki_dry_run *d); /* the external labels are others now */
void loki_dry_run_print(struct loki_dry_run *d, const struct entry *e,
	const struct label *external, size_t n_external);
