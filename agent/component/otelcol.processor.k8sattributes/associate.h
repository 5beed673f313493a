#pragma once

/*
 * Whose data it is. Associations are tried in order; the first of which every source is there
 * decides, even if no pod is then found (Collector: k8sattributesprocessor/pod_association.go).
 */

#include "agent/component/otelcol.processor.k8sattributes/args.h"
#include "proto/otlp/resource.h"

#include <netinet/in.h>

struct arena;
struct pod;
struct pod_store;

struct association {
	const struct pod *pod; /* NULL: none found */
	bool is_known;         /* some association had all its sources */
	bool by_connection;    /* the sender's address was one of them */
	bool is_only_peer;     /* … and there was no other */
};

/* peer: all zero when it is not known. */
struct association associate(const struct k8sattributes_args *args, struct pod_store *pods,
	const struct otlp_part *part, const struct in6_addr *peer, struct arena *scratch);
