#pragma once

/*
 * Objects that are not pods, for discovery.kubernetes: those of the roles node and service, and the
 * namespaces and nodes of which labels are attached to the targets of pods.
 */

#include "k8s/objects.h"

#include <stdbool.h>

struct err;
struct http_client;
struct k8s_config;
struct loop;
struct object_role;

struct others {
	void (*changed)(struct others *o); /* set by the owner */

	/* its own */
	struct http_target *target;
	struct objects **of_role; /* one a namespace */
	size_t n;
	struct objects *namespaces; /* NULL: their labels are not wanted */
	struct objects *nodes;
};

struct others_wish {
	const struct object_role *role; /* NULL: none */
	struct str field, label;        /* selectors of the role */
	const struct str *namespaces;   /* n 0: all */
	size_t n_namespaces;
	bool attach_namespace;
	bool attach_node;
	struct str node; /* only this one's labels; empty: all nodes' */
};

/* Ends what was and begins anew. False, with e filled, and nothing left, if the settings cannot be
 * used. */
bool others_start(struct others *o, struct loop *l, struct http_client *h,
	const struct k8s_config *config, const struct others_wish *w, struct err *e);
void others_stop(struct others *o); /* twice is fine */

bool others_is_synced(const struct others *o);
const char *others_problem(const struct others *o); /* NULL: none */

/* Adds the targets of the role; in a, but texts are borrowed for the turn. */
void others_targets(const struct others *o, struct arena *a, struct pod_targets *out);
/* Adds the labels of their namespaces and nodes to targets of pods. */
void others_attach(const struct others *o, struct arena *a, struct pod_targets *t);
