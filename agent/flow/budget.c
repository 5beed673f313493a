#include "agent/flow/budget.h"

#include "agent/base/must.h"

void budget_init(struct budget *b, size_t limit)
{
	*b = (struct budget){.limit = limit};
	list_init(&b->waiters);
}

void budget_charge(struct budget *b, size_t bytes)
{
	b->used += bytes;
}

/* The waiters of this moment are called, each once; one that waits again inside its
 * callback is called next time. */
void budget_return(struct budget *b, size_t bytes)
{
	struct list now;

	must(b->used >= bytes);
	b->used -= bytes;
	if (b->used >= b->limit / 8 * 7 || list_is_empty(&b->waiters))
		return;
	now = b->waiters;
	now.next->prev = &now;
	now.prev->next = &now;
	list_init(&b->waiters);
	while (!list_is_empty(&now)) {
		struct budget_waiter *w = container_of(now.next, struct budget_waiter, link);

		list_remove(&w->link);
		w->room(w);
	}
}

void budget_wait(struct budget *b, struct budget_waiter *w)
{
	if (!w->link.next)
		list_init(&w->link);
	if (list_is_empty(&w->link))
		list_add_last(&b->waiters, &w->link);
}

void budget_unwait(struct budget_waiter *w)
{
	if (w->link.next)
		list_remove(&w->link);
}
