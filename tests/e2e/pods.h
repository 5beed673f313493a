#pragma once

/* Which pods the generator makes: the verifier and the benchmarks compute the same names. */

#include <stdint.h>
#include <stdio.h>

enum {
	NAMESPACES = 8,
	MAX_CONTAINERS = 2048,
};

/* Containers are numbered through; two of three share a pod: 50 pods have 75 containers. */
struct container_name {
	char namespace[32];
	char pod[64];
	char uid[40];
	char container[32];
};

static inline void container_name(unsigned c, struct container_name *out)
{
	static const char *const apps[] = {"shop", "nginx", "billing", "mastodon", "search",
		"kube"};
	unsigned pod = c / 3 * 2 + (c % 3 == 2);

	snprintf(out->namespace, sizeof(out->namespace), "team-%u", pod % NAMESPACES);
	snprintf(out->pod, sizeof(out->pod), "%s-%u-7d9c%04x-x%03u", apps[pod % 6], pod,
		pod * 2654435761U & 0xffff,
		pod);
	snprintf(out->uid, sizeof(out->uid), "%08x-5eed-4bad-8a11-%012x", pod * 2654435761U, pod);
	snprintf(out->container, sizeof(out->container), c % 3 == 1 ? "sidecar" : "app");
}
