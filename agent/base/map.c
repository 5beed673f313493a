#include "agent/base/map.h"

#include "agent/base/mem.h"
#include "agent/base/must.h"

#include <stdlib.h>
#include <string.h>

void map_fini(struct map *m)
{
	for (size_t i = 0; i < m->cap; i++)
		free((void *)(uintptr_t)m->slots[i].key.p);
	free(m->slots);
	*m = (struct map){0};
}

/* Where key is, or the free slot where it would go. */
static struct map_slot *slot_of(const struct map *m, struct str key, uint64_t hash)
{
	size_t i = hash & (m->cap - 1);

	while (m->slots[i].key.p) {
		if (m->slots[i].hash == hash && str_eq(m->slots[i].key, key))
			break;
		i = (i + 1) & (m->cap - 1);
	}
	return &m->slots[i];
}

void *map_find(const struct map *m, struct str key)
{
	struct map_slot *s;

	if (m->cap == 0)
		return NULL;
	s = slot_of(m, key, str_hash(key));
	return s->key.p ? s->value : NULL;
}

static void grow(struct map *m)
{
	struct map old = *m;

	m->cap = old.cap ? old.cap * 2 : 16;
	m->slots = mem_new(struct map_slot, m->cap);
	for (size_t i = 0; i < old.cap; i++) {
		if (old.slots[i].key.p)
			*slot_of(m, old.slots[i].key, old.slots[i].hash) = old.slots[i];
	}
	free(old.slots);
}

void map_set(struct map *m, struct str key, void *value)
{
	uint64_t hash = str_hash(key);
	struct map_slot *s;
	char *copy;

	must(value);
	if (m->n + 1 > m->cap / 4 * 3)
		grow(m);
	s = slot_of(m, key, hash);
	if (!s->key.p) {
		copy = mem_new(char, key.n + 1);
		if (key.n)
			memcpy(copy, key.p, key.n);
		*s = (struct map_slot){{copy, key.n}, hash, NULL};
		m->n++;
	}
	s->value = value;
}

void *map_remove(struct map *m, struct str key)
{
	struct map_slot *s;
	void *value;
	size_t hole;
	size_t i;

	if (m->cap == 0)
		return NULL;
	s = slot_of(m, key, str_hash(key));
	if (!s->key.p)
		return NULL;
	value = s->value;
	free((void *)(uintptr_t)s->key.p);
	s->key.p = NULL;
	m->n--;
	/* What follows in the same run moves back, so that no search ends at the hole. */
	hole = (size_t)(s - m->slots);
	for (i = (hole + 1) & (m->cap - 1); m->slots[i].key.p; i = (i + 1) & (m->cap - 1)) {
		size_t home = m->slots[i].hash & (m->cap - 1);

		if (((i - home) & (m->cap - 1)) >= ((i - hole) & (m->cap - 1))) {
			m->slots[hole] = m->slots[i];
			m->slots[i].key.p = NULL;
			hole = i;
		}
	}
	return value;
}
