#pragma once

/*
 * A map from text to a pointer: open addressing, grows at 3/4, keys copied (each lives
 * until it is removed). For tables that are looked up by a name; the per-line path holds
 * pointers instead.
 */

#include "agent/base/str.h"

struct map_slot {
	struct str key; /* p is NULL: free; n bytes, NUL after them */
	uint64_t hash;
	void *value;
};

struct map {
	struct map_slot *slots;
	size_t cap; /* 0 or a power of two */
	size_t n;
};

/* frees the keys; the values are the caller's */
void map_fini(struct map *m);
void *map_find(const struct map *m, struct str key);      /* NULL: not there */
void map_set(struct map *m, struct str key, void *value); /* value is not NULL */
void *map_remove(struct map *m, struct str key);          /* what was there, or NULL */

/* Any order; the map is not to be changed meanwhile. */
#define MAP_EACH(slot, m) \
	for (struct map_slot *slot = (m)->slots; slot && slot < (m)->slots + (m)->cap; slot++) \
		if (slot->key.p)
