#pragma once

/*
 * The logs of containers, from this node's files: loki.source.kubernetes, loki.source.podlogs. A
 * target says which container by the labels __meta_kubernetes_* of discovery.kubernetes, or by
 * __pod_namespace__, __pod_name__, __pod_container_name__ and __pod_uid__ in their place.
 */

#include "agent/component/common/path_targets.h"
#include "agent/component/common/tail_labels.h"

struct component;
struct metric_family;
struct pod_container_tail;

/* Embedded in its owner, zeroed; from_end and keeps_meta may be changed before each set. */
struct pod_tail {
	bool from_end;   /* of files that have no position yet */
	bool keeps_meta; /* entries keep the labels __meta_* */

	/* its own */
	struct component *component;
	struct tail_source tail;
	struct tail_health health;
	struct path_targets files;
	struct arena life; /* of what follows; made anew by each set */
	struct pod_container_tail *containers;
	size_t n;
	struct arg_map *patterns;
};

/* lines: series per file; active: how many there are. */
void pod_tail_start(struct pod_tail *p, struct component *c, const struct metric_family *lines,
	const struct metric_family *active);
/* These containers and no others, each with the labels of its target, `job` (the component's id)
 * and `instance` unless they are among them. targets need not outlive the call. */
void pod_tail_set(struct pod_tail *p, const struct arg_targets *targets, struct receivers to);
/* Calls component_stopped() when it has. */
void pod_tail_stop(struct pod_tail *p);
