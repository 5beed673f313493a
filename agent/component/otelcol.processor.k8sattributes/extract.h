#pragma once

/*
 * What is said of a pod, as resource attributes (OpenTelemetry semantic conventions, k8s.* and
 * container.*; rules as in the Collector's k8sattributesprocessor).
 */

#include "agent/base/arena.h"
#include "agent/component/otelcol.processor.k8sattributes/args.h"
#include "k8s/pod.h"
#include "proto/otlp/resource.h"

enum {
	EXTRACT_MAX = 64, /* attributes of one pod */
};

enum extract_known {
	EXTRACT_UNKNOWN,
	EXTRACT_NEVER, /* Alloy knows it; here it would need more than pods */
	EXTRACT_YES,
};
enum extract_known extract_knows(struct str metadata);

struct extract {
	const struct k8s_extract_args *args;
	struct extract_rule *rules; /* labels, then annotations */
	size_t n_rules;
	struct arena arena;
};

bool extract_init(struct extract *x, const struct k8s_extract_args *args, struct err *e);
void extract_fini(struct extract *x);

/* Fills out (room for EXTRACT_MAX), no key twice; returns how many. Texts are in a, or the pod's.
 * part says what the sender knows of its container. */
size_t extract_run(struct extract *x, const struct pod *p, const struct otlp_part *part,
	struct arena *a, struct otlp_attr *out);

/* One field by its name, as far as it does not need the container; n 0: it has none. */
struct str extract_field(const struct pod *p, struct str name, struct arena *a);
