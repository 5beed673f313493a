/*
 * Timers: a binary heap of pointers, ordered by time and then by the order of setting. Those that
 * are due leave the heap together before the first one fires, so that a timer set by a
 * callback waits for the next turn.
 */

#include "agent/base/must.h"
#include "agent/base/vec.h"
#include "agent/loop/loop.h"
#include "agent/loop/private.h"

static bool is_before(const struct timer *a, const struct timer *b)
{
	return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void put(struct loop *l, size_t i, struct timer *t)
{
	l->timers.p[i] = t;
	t->index = i;
}

static void sift_up(struct loop *l, size_t i, struct timer *t)
{
	for (; i > 1 && is_before(t, l->timers.p[i / 2]); i /= 2)
		put(l, i, l->timers.p[i / 2]);
	put(l, i, t);
}

static void sift_down(struct loop *l, size_t i, struct timer *t)
{
	size_t last = l->timers.n - 1;

	for (size_t child; (child = i * 2) <= last; i = child) {
		if (child < last && is_before(l->timers.p[child + 1], l->timers.p[child]))
			child++;
		if (is_before(t, l->timers.p[child]))
			break;
		put(l, i, l->timers.p[child]);
	}
	put(l, i, t);
}

static void heap_add(struct loop *l, struct timer *t)
{
	if (l->timers.n == 0)
		(void)vec_add(&l->timers); /* p[0]; so that index 0 means "not in the heap" */
	(void)vec_add(&l->timers);
	sift_up(l, l->timers.n - 1, t);
}

static void heap_remove(struct loop *l, struct timer *t)
{
	size_t i = t->index;
	struct timer *last = l->timers.p[l->timers.n - 1];

	must(i > 0 && i < l->timers.n && l->timers.p[i] == t);
	t->index = 0;
	l->timers.n--;
	if (l->timers.n == 1)
		l->timers.n = 0;
	if (last == t)
		return;
	if (i > 1 && is_before(last, l->timers.p[i / 2]))
		sift_up(l, i, last);
	else
		sift_down(l, i, last);
}

struct timer *timer_first(const struct loop *l)
{
	return l->timers.n ? l->timers.p[1] : NULL;
}

void timer_set(struct timer *t, struct loop *l, int64_t in_ns)
{
	int64_t now = loop_now(l);

	must(t->fire);
	timer_clear(t);
	t->loop = l;
	t->at = in_ns > INT64_MAX - now ? INT64_MAX - 1 : now + (in_ns > 0 ? in_ns : 0);
	if (t->at <= 0)
		t->at = 1; /* only a fake clock is that early */
	t->order = ++l->timer_order;
	heap_add(l, t);
}

void timer_clear(struct timer *t)
{
	if (t->at == 0)
		return;
	if (t->index)
		heap_remove(t->loop, t);
	else
		list_remove(&t->link); /* about to fire in this turn */
	t->at = 0;
}

void timer_run_due(struct loop *l)
{
	struct timer *t;

	must(list_is_empty(&l->due));
	while ((t = timer_first(l)) && t->at <= loop_now(l)) {
		heap_remove(l, t);
		list_add_last(&l->due, &t->link);
	}
	while (!list_is_empty(&l->due)) {
		t = container_of(l->due.next, struct timer, link);
		list_remove(&t->link);
		t->at = 0;
		t->fire(t);
	}
}
