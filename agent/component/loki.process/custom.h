#pragma once

/*
 * The metrics that stage.metrics makes: a family, and a series for each label set that was seen
 * (without its labels that begin with __). Two stages of one loki.process that define the same
 * metric share it, so that no series is shown twice. A series that nothing was added to for
 * max_idle is not shown any more.
 */

#include "agent/base/metric.h"
#include "agent/flow/labels.h"

struct custom;
struct process;

#define CUSTOM_SERIES_MAX 10000 /* of a metric; the log says when there would be more */

struct custom_spec {
	enum metric_kind kind;
	struct str prefix;
	struct str name;
	struct str help;
	int64_t max_idle; /* ns */
	const double *buckets;
	size_t n_buckets; /* ascending */
};

struct custom *custom_hold(struct process *p, const struct custom_spec *spec);
void custom_release(struct custom *c); /* NULL is nothing */

/* NULL: there are too many. */
struct metric *custom_series(struct custom *c, const struct labels *labels);
