/* Tasks: what is to be done once, later in this turn, however often it was asked for. */

#include "agent/base/must.h"
#include "agent/loop/loop.h"
#include "agent/loop/private.h"

static bool is_deferred(const struct task *t)
{
	return t->link.next && t->link.next != &t->link;
}

void task_defer(struct task *t, struct loop *l)
{
	must(t->run);
	if (!is_deferred(t))
		list_add_last(&l->tasks, &t->link);
}

void task_cancel(struct task *t)
{
	if (is_deferred(t))
		list_remove(&t->link);
}

/* Those deferred meanwhile wait for the next turn, which does not wait for anything. */
void task_run_all(struct loop *l)
{
	must(list_is_empty(&l->running));
	if (list_is_empty(&l->tasks))
		return;
	list_add_first(&l->tasks, &l->running); /* the whole ring moves to the other head */
	list_remove(&l->tasks);
	while (!list_is_empty(&l->running)) {
		struct task *t = container_of(l->running.next, struct task, link);

		list_remove(&t->link);
		t->run(t);
	}
}
