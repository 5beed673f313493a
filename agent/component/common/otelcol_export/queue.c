/* In memory: each request is one piece of it, with its body behind its head. */

#include "agent/component/common/otelcol_export/queue.h"

#include "agent/base/mem.h"
#include "agent/base/must.h"
#include "agent/flow/budget.h"

#include <stdlib.h>

void export_queue_init(struct export_queue *q, struct budget *b)
{
	*q = (struct export_queue){.budget = b};
	list_init(&q->waiting);
}

void export_queue_add(struct export_queue *q, struct str body, uint32_t items, bool is_first)
{
	struct queued *r = mem_alloc(1, sizeof(*r) + body.n);

	r->items = items;
	r->n = body.n;
	if (body.n > 0)
		memcpy(r->body, body.p, body.n);
	list_init(&r->link);
	if (is_first)
		list_add_first(&q->waiting, &r->link);
	else
		list_add_last(&q->waiting, &r->link);
	q->requests++;
	q->queued++;
	q->items += items;
	q->bytes += body.n;
	budget_charge(q->budget, r->n + sizeof(*r));
}

struct queued *export_queue_take(struct export_queue *q)
{
	struct queued *r;

	if (list_is_empty(&q->waiting))
		return NULL;
	r = container_of(q->waiting.next, struct queued, link);
	list_remove(&r->link);
	must(q->queued > 0 && q->items >= r->items && q->bytes >= r->n);
	q->queued--;
	q->items -= r->items;
	q->bytes -= r->n;
	return r;
}

void export_queue_done(struct export_queue *q, struct queued *r)
{
	must(q->requests > 0);
	q->requests--;
	budget_return(q->budget, r->n + sizeof(*r));
	free(r);
}
