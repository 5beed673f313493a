#pragma once

/*
 * What Prometheus' discovery makes of nodes and services (discovery/kubernetes/{node,service}.go),
 * and the labels that nodes and namespaces lend to pods (attach_metadata).
 */

#include "k8s/objects.h"

struct object_role {
	const char *name; /* as the argument role has it */
	const char *prefix;
	const char *plural;
	bool is_namespaced;
	struct object_reader reader;
};

const struct object_role *object_role_find(struct str name); /* NULL: none of these */

/* Each object has one target, which has the labels to attach. */
extern const struct object_role object_role_namespace_labels;
extern const struct object_role object_role_node_labels;
/* Two targets: a namespace's own labels as they are, for selectors, and those that it lends to its
 * pods. Either may have no labels. */
extern const struct object_reader object_namespace;
