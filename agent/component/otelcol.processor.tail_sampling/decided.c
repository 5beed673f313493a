/* Entries are numbered, from 1 on, so that links take four bytes; 0 is none. */

#include "agent/component/otelcol.processor.tail_sampling/decided.h"

#include "agent/base/mem.h"
#include "agent/base/must.h"
#include "agent/component/otelcol.processor.tail_sampling/traces.h"

#include <stdlib.h>
#include <string.h>

struct decided_entry {
	uint8_t id[TRACE_ID];
	int64_t at;
	uint32_t chain; /* of the same hash */
	uint32_t newer;
	uint32_t older;
};

enum {
	FIRST_ENTRIES = 64,
};

void decided_init(struct decided *d, uint64_t seed)
{
	*d = (struct decided){.seed = seed};
}

void decided_fini(struct decided *d)
{
	free(d->p);
	free(d->slots);
	*d = (struct decided){.seed = d->seed};
}

void decided_set_max(struct decided *d, uint32_t max)
{
	if (d->n > max || d->cap > max)
		decided_fini(d);
	d->max = max;
}

static uint32_t *slot_of(const struct decided *d, const uint8_t id[TRACE_ID])
{
	return &d->slots[trace_hash(id, d->seed) & (d->n_slots - 1)];
}

static struct decided_entry *entry(const struct decided *d, uint32_t number)
{
	must(number > 0 && number <= d->n);
	return &d->p[number - 1];
}

static void grow(struct decided *d)
{
	d->cap = d->cap ? d->cap * 2 : FIRST_ENTRIES;
	d->cap = d->cap > d->max ? d->max : d->cap;
	d->p = mem_resize(d->p, d->cap * sizeof(*d->p));
	if (d->n_slots >= d->cap)
		return;
	d->n_slots = d->n_slots ? d->n_slots * 2 : FIRST_ENTRIES;
	free(d->slots);
	d->slots = mem_new(uint32_t, d->n_slots);
	for (uint32_t i = 1; i <= d->n; i++) {
		uint32_t *slot = slot_of(d, entry(d, i)->id);

		entry(d, i)->chain = *slot;
		*slot = i;
	}
}

static void unlink_age(struct decided *d, struct decided_entry *e)
{
	*(e->newer ? &entry(d, e->newer)->older : &d->newest) = e->older;
	*(e->older ? &entry(d, e->older)->newer : &d->oldest) = e->newer;
}

static void link_newest(struct decided *d, uint32_t number)
{
	struct decided_entry *e = entry(d, number);

	e->older = d->newest;
	e->newer = 0;
	*(d->newest ? &entry(d, d->newest)->newer : &d->oldest) = number;
	d->newest = number;
}

static uint32_t find(const struct decided *d, const uint8_t id[TRACE_ID])
{
	uint32_t i = d->n > 0 ? *slot_of(d, id) : 0;

	while (i > 0 && memcmp(entry(d, i)->id, id, TRACE_ID) != 0)
		i = entry(d, i)->chain;
	return i;
}

bool decided_find(struct decided *d, const uint8_t id[TRACE_ID], int64_t *at)
{
	uint32_t i = find(d, id);

	if (i == 0)
		return false;
	*at = entry(d, i)->at;
	unlink_age(d, entry(d, i));
	link_newest(d, i);
	return true;
}

/* The oldest one's place, taken out of the table. */
static uint32_t take_oldest(struct decided *d)
{
	uint32_t number = d->oldest;
	struct decided_entry *e = entry(d, number);
	uint32_t *at = slot_of(d, e->id);

	while (*at != number)
		at = &entry(d, *at)->chain;
	*at = e->chain;
	unlink_age(d, e);
	return number;
}

void decided_put(struct decided *d, const uint8_t id[TRACE_ID], int64_t now)
{
	uint32_t number = find(d, id);
	struct decided_entry *e;
	uint32_t *slot;

	if (d->max == 0 || number > 0)
		return;
	if (d->n == d->max) {
		number = take_oldest(d);
	} else {
		if (d->n == d->cap)
			grow(d);
		number = ++d->n;
	}
	e = entry(d, number);
	memcpy(e->id, id, TRACE_ID);
	e->at = now;
	slot = slot_of(d, id);
	e->chain = *slot;
	*slot = number;
	link_newest(d, number);
}
