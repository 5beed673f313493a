#include "agent/flow/budget.h"

#include "agent/base/metric.h"
#include "agent/base/must.h"

static const struct metric_family used_family = {"invar_memory_budget_used_bytes", METRIC_GAUGE,
	"Memory for data that waits to be delivered.", NULL};
static const struct metric_family limit_family = {"invar_memory_budget_bytes", METRIC_GAUGE,
	"What may be used of it: by one account while the other uses nothing.", NULL};

void budget_init(struct budget *b, size_t limit)
{
	*b = (struct budget){.limit = limit};
	list_init(&b->waiters);
}

void budget_pair(struct budget *a, struct budget *b)
{
	must(a->limit == b->limit && !a->peer && !b->peer);
	a->peer = b;
	b->peer = a;
}

static double read_used(void *owner)
{
	return (double)((const struct budget *)owner)->used;
}

static double read_limit(void *owner)
{
	const struct budget *b = owner;

	return (double)(b->peer && b->bridges == 0 ? b->limit - b->limit / 4 : b->limit);
}

void budget_show(struct budget *b, const char *account)
{
	const struct metric_label labels[] = {{"account", account}, {NULL, NULL}};

	b->used_metric = metric_new(&used_family, labels);
	b->limit_metric = metric_new(&limit_family, labels);
	metric_set_reader(b->used_metric, read_used, b);
	metric_set_reader(b->limit_metric, read_limit, b);
}

void budget_hide(struct budget *b)
{
	metric_free(b->used_metric);
	metric_free(b->limit_metric);
	b->used_metric = b->limit_metric = NULL;
}

void budget_charge(struct budget *b, size_t bytes)
{
	b->used += bytes;
}

/* The waiters of this moment are called, each once; one that waits again inside its
 * callback is called next time. */
static void wake(struct budget *b)
{
	struct list now;

	if (b->used + budget_taken(b) >= b->limit / 8 * 7 || list_is_empty(&b->waiters))
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

static void wake_both(struct budget *b)
{
	wake(b);
	if (b->peer)
		wake(b->peer);
}

void budget_return(struct budget *b, size_t bytes)
{
	must(b->used >= bytes);
	b->used -= bytes;
	wake_both(b);
}

void budget_bridge(struct budget *b, bool there_is)
{
	b->bridges += there_is ? 1U : -1U;
	if (b->peer)
		b->peer->bridges = b->bridges;
	wake_both(b);
}

void budget_wait(struct budget *b, struct budget_waiter *w)
{
	if (!w->link.next)
		list_init(&w->link);
	if (!list_is_empty(&w->link))
		return;
	list_add_last(&b->waiters, &w->link);
}

void budget_unwait(struct budget_waiter *w)
{
	if (w->link.next)
		list_remove(&w->link);
}
