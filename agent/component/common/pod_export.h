#pragma once

/* Targets of pods (k8s/pod_targets.h) as the value that a component exports. */

#include "agent/config/value.h"
#include "k8s/pod_targets.h"

struct arena;

/* list(map(string)) in a; the texts are borrowed, as component_export() copies them. */
struct value pod_export(struct arena *a, const struct pod_targets *t);
