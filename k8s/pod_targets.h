#pragma once

/*
 * Targets of a pod: one a declared port of each container, one for a container without ports,
 * with the labels __meta_kubernetes_* of Prometheus' discovery (discovery/kubernetes/pod.go).
 * Two differences: a pod without an address has targets too, without __address__, because its
 * lines are on this node all the same; and __meta_kubernetes_pod_uid of a static pod is its config
 * hash, as in its log folder's name, so that the usual rule for __path__ finds its files.
 */

#include "agent/base/str.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct pod;
struct pod_container;
struct pod_dir;

struct pod_label {
	struct str name;
	struct str value;
};

struct pod_target {
	struct pod_label *v; /* sorted by name, a name once; a value may be empty */
	size_t n;
};

/* Zeroed before the first is added. */
struct pod_targets {
	struct pod_target *p;
	size_t n;
	size_t cap;
	bool heeds_wishes;      /* set by the caller: annotations may steer (k8s/pod_wishes.h) */
	const struct pod *last; /* whose own labels are in base */
	struct pod_target base;
};

/* Adds those of one container (not an ephemeral one); none if its pod wishes so. What else it
 * wishes is in __pod_tenant__ and __pod_multiline__. Everything is in a. */
void pod_targets_add(struct arena *a, struct pod_targets *out, const struct pod *p,
	const struct pod_container *c);

/* Adds the one of a container that is known from its folder only. */
void pod_targets_add_dir(struct arena *a, struct pod_targets *out, const struct pod_dir *d,
	struct str container, struct str node);

/* A label's name as Prometheus makes it: what is not [a-zA-Z0-9_] becomes _. */
struct str pod_targets_label_name(struct arena *a, const char *prefix, struct str name);
