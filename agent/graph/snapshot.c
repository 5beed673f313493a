#include "agent/graph/snapshot.h"

#include "agent/base/mem.h"
#include "agent/base/must.h"
#include "agent/base/vec.h"

#include <stdlib.h>

struct snapshot *snapshot_new(const struct value *v)
{
	struct snapshot *s = mem_new(struct snapshot, 1);

	s->holders = 1;
	arena_init(&s->arena, 0);
	s->value = value_copy(&s->arena, v);
	return s;
}

void snapshot_release(struct snapshot *s)
{
	if (!s)
		return;
	must(s->holders > 0);
	if (--s->holders > 0)
		return;
	arena_fini(&s->arena);
	free(s);
}

void snapshots_add(struct snapshots *all, struct snapshot *s)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->p[i] == s)
			return;
	s->holders++;
	*vec_add(all) = s; /* NOLINT: its elements are pointers */
}

bool snapshots_have(const struct snapshots *all, const void *p)
{
	for (size_t i = 0; i < all->n; i++)
		if (arena_has(&all->p[i]->arena, p))
			return true;
	return false;
}

void snapshots_release(struct snapshots *all)
{
	for (size_t i = 0; i < all->n; i++)
		snapshot_release(all->p[i]);
	free(all->p);
	*all = (struct snapshots){0};
}
