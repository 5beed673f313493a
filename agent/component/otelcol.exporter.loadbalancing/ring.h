#pragma once

/*
 * Which of several backends a key belongs to, by a ring on which each backend has a hundred places:
 * when one comes or goes only its share of the keys moves. Places and hashes are the Collector's
 * (exporter/loadbalancingexporter/consistent_hashing.go), so that agents and Collectors which have
 * the same backends send a trace to the same one.
 */

#include "agent/base/str.h"

#include <stddef.h>
#include <stdint.h>

struct ring {
	struct ring_place *p;
	size_t n;
};

/* names are sorted. The indexes that ring_find() gives are theirs. */
void ring_make(struct ring *r, const char *const *names, size_t n);
void ring_fini(struct ring *r);
size_t ring_find(const struct ring *r, struct str key); /* there is at least one backend */
