#pragma once

/*
 * What the API server says of pods, and what their log folders say, as one list of targets. A line
 * must not wait for its metadata for long, and its labels should not change after its first:
 *
 * - a pod of the API server gives the targets that Prometheus' discovery gives; of one that
 *   has not been started, a container is held back until its id is known, or its folder is old
 * enough that somebody may have lines to read;
 * - a pod that the API server has deleted keeps its targets until its folder is gone;
 * - a pod that has only a folder gets targets from that, when the folder is old enough; at once
 *   while the API server cannot be reached: it may be gone before the server is back.
 */

#include "agent/base/map.h"
#include "k8s/pod_dirs.h"
#include "k8s/pod_store.h"
#include "k8s/pod_targets.h"

#include <stdbool.h>

#define POD_MIX_WAIT (INT64_C(2) * 1000 * 1000 * 1000) /* for the API server, from the folder on */
#define POD_MIX_NEW (INT64_C(10) * 1000 * 1000 * 1000) /* so long is a folder news */

struct pod_mix {
	struct pod_store *pods;       /* NULL: there is no API server to ask */
	bool is_cut_off;              /* it cannot be reached: nobody waits for its word */
	struct pod_dirs *dirs;        /* NULL: the pods are of another node */
	bool has_others;              /* folders of pods that the API server does not know count */
	const struct str *namespaces; /* of which folders count; n 0: all */
	size_t n_namespaces;
	struct str node;
	bool has_news;   /* out: a pod has come of which only its folder tells */
	struct map kept; /* by the folder's uid: struct pod, held as long as the folder is there */
};

/* Adds all targets, in a. Returns when something is held back that may come by waiting alone:
 * nanoseconds from now; 0: nothing is. */
int64_t pod_mix_targets(struct pod_mix *m, struct arena *a, int64_t now, struct pod_targets *out);
void pod_mix_fini(struct pod_mix *m);
