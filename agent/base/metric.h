#pragma once

/*
 * Counters, gauges and histograms, and their text for GET /metrics (Prometheus text format
 * 0.0.4). A family is a constant of the file that counts: name, kind, one sentence. A series
 * is one set of label values of a family; its owner makes it, adds to it directly and frees
 * it. Nothing is looked up by name when something is counted.
 */

#include "agent/base/str.h"

#include <stdint.h>

enum metric_kind {
	METRIC_COUNTER,
	METRIC_GAUGE,
	METRIC_HISTOGRAM,
};

struct metric_family {
	const char *name;
	enum metric_kind kind;
	const char *help;
	/* histograms: upper bounds, ascending; the first that is not above the one before it, or is
	 * NaN, ends them (0, nearly always). +Inf is added. */
	const double *buckets;
};

struct metric_label {
	const char *name;
	const char *value; /* copied */
};

struct metric;

/* A series, shown from now on with the labels of which name is not NULL. labels ends with
 * {NULL, NULL}; NULL for none. */
struct metric *metric_new(const struct metric_family *f, const struct metric_label *labels);
void metric_free(struct metric *m); /* not shown any more; NULL is nothing */

void metric_add(struct metric *m, double n);
void metric_set(struct metric *m, double v);
/* histograms; seconds or bytes */
void metric_observe(struct metric *m, double v);
/* the same value, times times */
void metric_observe_many(struct metric *m, double v, uint64_t times);
/* histograms: how many were observed */
double metric_value(const struct metric *m);

/* A gauge or counter whose value is asked for when it is shown. */
void metric_set_reader(struct metric *m, double (*read)(void *owner), void *owner);

/* All series, families sorted by name, series in the order they were made. */
struct buf;
void metric_print_all(struct buf *out);
