/*
 * Tarjan's strongly connected components, without recursion, begun in the order of the
 * blocks. They come out with what is referred to first, so the same walk gives the order
 * of evaluation and finds the cycles.
 */

#include "agent/config/ast.h"
#include "agent/graph/plan_private.h"

#include <stdlib.h>

struct mark {
	size_t index; /* 1-based; 0: not seen */
	size_t low;
	size_t next_dep;
	bool on_stack;
};

struct walk {
	struct plan *p;
	struct vertex *const *v;
	size_t n;
	struct vertex **sorted;
	struct mark *marks; /* by vertex.rank, which is the block's number meanwhile */
	size_t seen;
	struct vertex **path; /* those being walked */
	size_t n_path;
	struct vertex **stack; /* those of which the component is not complete */
	size_t n_stack;
	size_t n_sorted;
};

static struct range head_range(const struct stmt *b)
{
	struct range at = b->at;

	at.end = b->body_start;
	return at;
}

static int cmp_ids(const void *a, const void *b)
{
	const struct vertex *const *x = a, *const *y = b;

	return str_cmp((*x)->id, (*y)->id);
}

static void report_cycle(struct plan *p, struct vertex **c, size_t n, struct diags *d)
{
	struct str names = {"", 0};

	qsort(c, n, sizeof(struct vertex *), cmp_ids); /* NOLINT: pointers are sorted */
	for (size_t i = 0; i < n; i++)
		names = arena_printf(p->arena, STR_FMT "%s" STR_FMT, STR_ARG(names), i ? ", " : "",
			STR_ARG(c[i]->id));
	for (size_t i = 0; i < n; i++)
		diag_error(d, head_range(c[i]->block), "cycle detected: " STR_FMT, STR_ARG(names));
}

static void enter(struct walk *w, struct vertex *v)
{
	struct mark *m = &w->marks[v->rank];

	m->index = m->low = ++w->seen;
	m->on_stack = true;
	w->stack[w->n_stack++] = v;
	w->path[w->n_path++] = v;
}

/* All of v's references are walked. */
static void leave(struct walk *w, struct vertex *v, struct diags *d)
{
	struct mark *m = &w->marks[v->rank];
	size_t from;

	w->n_path--;
	if (w->n_path > 0) {
		struct mark *parent = &w->marks[w->path[w->n_path - 1]->rank];

		if (m->low < parent->low)
			parent->low = m->low;
	}
	if (m->low != m->index)
		return;
	for (from = w->n_stack; w->stack[from - 1] != v; from--)
		;
	from--;
	if (w->n_stack - from > 1)
		report_cycle(w->p, w->stack + from, w->n_stack - from, d);
	while (w->n_stack > from) {
		struct vertex *done = w->stack[--w->n_stack];

		w->marks[done->rank].on_stack = false;
		w->sorted[w->n_sorted++] = done;
	}
}

/* Not of a module around the one that is sorted. */
static bool is_here(const struct walk *w, const struct vertex *v)
{
	return v->rank < w->n && w->v[v->rank] == v;
}

static void step(struct walk *w, struct diags *d)
{
	struct vertex *v = w->path[w->n_path - 1];
	struct mark *m = &w->marks[v->rank];
	struct vertex *next;
	const struct mark *to;

	if (m->next_dep == v->n_deps) {
		leave(w, v, d);
		return;
	}
	next = v->deps[m->next_dep++];
	if (!is_here(w, next))
		return;
	to = &w->marks[next->rank];
	if (to->index == 0)
		enter(w, next);
	else if (to->on_stack && to->index < m->low)
		m->low = to->index;
}

static void find_order(struct walk *w, struct diags *d)
{
	w->marks = arena_new(w->p->arena, struct mark, w->n + 1);
	w->path = arena_new(w->p->arena, struct vertex *, w->n + 1);
	w->stack = arena_new(w->p->arena, struct vertex *, w->n + 1);
	for (size_t i = 0; i < w->n; i++)
		w->v[i]->rank = i;
	for (size_t i = 0; i < w->n; i++) {
		if (w->marks[i].index > 0)
			continue;
		enter(w, w->v[i]);
		while (w->n_path > 0)
			step(w, d);
	}
}

void plan_sort(struct plan *p, struct vertex *const *v, size_t n, struct vertex **sorted,
	struct diags *d)
{
	struct walk w = {.p = p, .v = v, .n = n, .sorted = sorted};

	find_order(&w, d);
	for (size_t i = 0; i < n; i++)
		if (v[i]->refers_to_self)
			diag_error(d, head_range(v[i]->block), "cannot reference self");
	for (size_t i = 0; i < n; i++)
		sorted[i]->rank = i;
}
