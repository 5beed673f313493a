#pragma once

/* A PodLogs object (monitoring.grafana.com/v1alpha2), as far as it says what is wanted. */

#include "agent/flow/relabel.h"
#include "k8s/label_selector.h"
#include "k8s/objects.h"

struct podlogs_spec {
	struct arena arena;
	struct label_selector pods;
	struct label_selector namespaces; /* of these pods; empty: all */
	struct relabel_rules *rules;
	bool reads_namespaces; /* the rules look at labels that a namespace lends to its pods */
};

/* struct object.extra is the spec; its one target has the labels __meta_kubernetes_podlogs_*. */
extern const struct object_reader podlogs_reader;
