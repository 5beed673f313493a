#pragma once

/*
 * Remembers what became of label sets: a set that went in, the set that came out (or none).
 * Sets are interned, so a look-up is a comparison of pointers. It holds a reference on both;
 * when it is full the oldest entry goes.
 */

#include "agent/flow/labels.h"

#include <stdbool.h>

struct label_cache_entry {
	const struct labels *in;
	const struct labels *out; /* NULL: dropped */
};

struct label_cache {
	size_t max;
	size_t n;
	struct label_cache_entry *ring; /* n of them; when n is max, oldest is the next to go */
	size_t ring_cap;
	size_t oldest;
	uint32_t *slots; /* place in ring + 1; 0: free */
	size_t cap;      /* of slots: 0 or a power of two */
	size_t last;     /* in ring: found last */
};

void label_cache_init(struct label_cache *c, size_t max); /* 1 at least */
void label_cache_clear(struct label_cache *c);            /* gives everything back */

/* NULL: not known. Good until the next call on c that changes it. */
const struct label_cache_entry *label_cache_find(struct label_cache *c, const struct labels *in);

/* in is not there yet. Takes over the reference on out. */
const struct label_cache_entry *label_cache_add(struct label_cache *c, const struct labels *in,
	const struct labels *out);
