#pragma once

/*
 * What a pod's annotations ask of the agent, with --kubernetes.pod-annotations: to leave its logs
 * alone, to send them as a tenant, to join lines. The names of other agents are known too, where
 * they mean the same. Off by default, because who may write a pod could hide its logs so.
 */

#include "agent/base/str.h"

#include <stdbool.h>

struct pod;
struct pod_container;

struct pod_wishes {
	bool excluded;
	struct str tenant;    /* empty: none */
	struct str firstline; /* a regular expression as it is written; empty: none */
};

/* Of one container; the texts are the pod's. */
struct pod_wishes pod_wishes_find(const struct pod *p, const struct pod_container *c);
