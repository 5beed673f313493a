/* A ring in the order of coming, and open addressing over it. */
#include "agent/flow/label_cache.h"

#include "agent/base/mem.h"
#include "agent/base/must.h"

#include <stdlib.h>
#include <string.h>

static size_t home_of(const struct label_cache *c, const struct labels *in)
{
	uint64_t h = (uint64_t)(uintptr_t)in * UINT64_C(0x9e3779b97f4a7c15);

	return (size_t)(h >> 32) & (c->cap - 1);
}

void label_cache_init(struct label_cache *c, size_t max)
{
	must(max > 0 && max < UINT32_MAX);
	*c = (struct label_cache){.max = max};
}

void label_cache_clear(struct label_cache *c)
{
	for (size_t i = 0; i < c->n; i++) {
		labels_release(c->ring[i].in);
		labels_release(c->ring[i].out);
	}
	free(c->ring);
	free(c->slots);
	label_cache_init(c, c->max);
}

const struct label_cache_entry *label_cache_find(struct label_cache *c, const struct labels *in)
{
	if (c->n == 0)
		return NULL;
	if (c->ring[c->last].in == in)
		return &c->ring[c->last];
	for (size_t at = home_of(c, in); c->slots[at]; at = (at + 1) & (c->cap - 1)) {
		if (c->ring[c->slots[at] - 1].in != in)
			continue;
		c->last = c->slots[at] - 1;
		return &c->ring[c->last];
	}
	return NULL;
}

static void put_slot(struct label_cache *c, size_t place)
{
	size_t at = home_of(c, c->ring[place].in);

	while (c->slots[at])
		at = (at + 1) & (c->cap - 1);
	c->slots[at] = (uint32_t)place + 1;
}

/* Closes the hole, so that no search ends before its goal. */
static void take_slot(struct label_cache *c, size_t place)
{
	size_t hole = home_of(c, c->ring[place].in);

	while (c->slots[hole] != place + 1)
		hole = (hole + 1) & (c->cap - 1);
	c->slots[hole] = 0;
	for (size_t i = (hole + 1) & (c->cap - 1); c->slots[i]; i = (i + 1) & (c->cap - 1)) {
		size_t home = home_of(c, c->ring[c->slots[i] - 1].in);

		if (((i - home) & (c->cap - 1)) >= ((i - hole) & (c->cap - 1))) {
			c->slots[hole] = c->slots[i];
			c->slots[i] = 0;
			hole = i;
		}
	}
}

static void grow(struct label_cache *c)
{
	free(c->slots);
	c->cap = c->cap ? c->cap * 2 : 32;
	c->slots = mem_new(uint32_t, c->cap);
	for (size_t i = 0; i < c->n; i++)
		put_slot(c, i);
}

/* The place for one more. */
static size_t make_room(struct label_cache *c)
{
	size_t place;

	if (c->n < c->max) {
		if (c->n == c->ring_cap) {
			c->ring_cap = c->ring_cap ? c->ring_cap * 2 : 8;
			c->ring = mem_resize(c->ring, c->ring_cap * sizeof(*c->ring));
		}
		return c->n++;
	}
	must(c->max > 0);
	place = c->oldest;
	c->oldest = (c->oldest + 1) % c->max;
	take_slot(c, place);
	labels_release(c->ring[place].in);
	labels_release(c->ring[place].out);
	return place;
}

const struct label_cache_entry *label_cache_add(struct label_cache *c, const struct labels *in,
	const struct labels *out)
{
	size_t place;

	if ((c->n + 1) * 2 > c->cap)
		grow(c);
	place = make_room(c);
	c->ring[place] = (struct label_cache_entry){labels_hold(in), out};
	put_slot(c, place);
	c->last = place;
	return &c->ring[place];
}
