#pragma once

/*
 * Senders that are no pod. Often the network has put an address of its own in the place of theirs
 * (a hostPort by the portmap plugin, a Service that goes to other nodes): then many programs seem
 * to be one, and the operator is told what to do about it.
 */

#include "agent/base/str.h"

#include <netinet/in.h>
#include <stdint.h>

struct component;
struct pod_store;

enum {
	STRANGERS_NAMES = 3, /* programs behind one address, for it to be taken for the network's */
};

struct strangers {
	int64_t warned_at; /* 0: never */
	struct in6_addr suspect;
	uint64_t names[STRANGERS_NAMES]; /* hashes of its service.names */
	size_t n_names;
};

/* Data of this service.name (n 0: it has none) came from this address. Says so in the log, at
 * most once a minute. */
void strangers_note(struct strangers *s, const struct component *c, struct pod_store *pods,
	const struct in6_addr *peer, struct str service);
