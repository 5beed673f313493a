#pragma once

/*
 * What otelcol.storage.file exports, and what a loki.write has: a folder in which exporters keep
 * their queues, each in a folder of its own below it. It is counted, for a queue on disk outlives
 * the component's instance by what is still to be sent from it.
 */

#include "agent/base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct metric;
struct metric_family;

/* What is counted, in the names of who owns the folder. */
struct storage_metrics {
	const struct metric_family *used;
	const struct metric_family *limit;
	const struct metric_family *damaged; /* by reason: "damaged" or "cut" */
};

struct storage {
	char *id;          /* of the component */
	char *directory;   /* it exists */
	unsigned mode;     /* of folders that are made below it */
	bool fsync;        /* a request is on the disk itself before it is acknowledged */
	uint64_t max_size; /* bytes, of all queues together */
	const char *full;  /* what a person should do when nothing can be kept */
	uint64_t used;
	size_t refs;
	struct metric *used_metric;
	struct metric *limit_metric;
	struct metric *damaged; /* records that cannot be read */
	struct metric *cut;     /* those whose writing was cut short */
};

/* With one reference. Texts are copied. */
struct storage *storage_new(
	const char *id, const char *directory, const struct storage_metrics *m);
/* Makes a folder with those above it. path is changed meanwhile. */
bool storage_make_folders(char *path, unsigned mode, struct err *e);
struct storage *storage_hold(struct storage *s);
void storage_release(struct storage *s); /* NULL is nothing */
void storage_retire(struct storage *s);  /* its metrics are not shown any more */
