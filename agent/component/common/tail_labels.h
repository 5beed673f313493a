#pragma once

/* What the sources that tail files have in common: the label set of a target, and the troubles of
 * its files as the component's health. */

#include "agent/graph/arg.h"
#include "agent/tail/tailer.h"

struct component;

/* Labels of an entry: the target's that do not begin with __, and more, which lose against
 * those of the target. keeps_meta: those that begin with __meta_ stay. Two are always kept, which
 * discovery.kubernetes sets when pods may steer: __pod_tenant__ becomes __tenant_id__, and
 * __pod_multiline__ is for stage.multiline. The caller owns a reference. */
const struct labels *tail_labels(const struct arg_map *target, const struct label *more, size_t n,
	bool keeps_meta);

/* How many of a component's files are in trouble; embedded beside its tail_source. */
struct tail_health {
	struct component *component;
	size_t troubled;
};

/* For tail_source.trouble: what NULL says that one file is well again. */
void tail_health_report(struct tail_health *h, const char *what);
