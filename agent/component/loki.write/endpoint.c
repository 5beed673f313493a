/*
 * Nothing is given back to the budget inside a push or an answer: those who wait for room may
 * push at once, into whatever is in the middle of changing. The task does it, at the end of the
 * turn, when everything is at rest; it also frees what the loop's callbacks may still touch.
 */

#include "agent/component/loki.write/endpoint.h"

#include "agent/base/log.h"
#include "agent/base/mem.h"
#include "agent/base/must.h"

#include <stdlib.h>

static void account(struct loki_endpoint *ep)
{
	size_t held = ep->batches.bytes + ep->sender.bytes;

	if (held > ep->charged) {
		budget_charge(ep->budget, held - ep->charged);
		ep->charged = held;
	} else if (held < ep->charged) {
		task_defer(&ep->tidy, ep->loop);
	}
}

/* The sources wait for room, and there will be none before something is sent: what would wait for
 * batch_wait, or to fill, goes now. */
static bool is_stuck(const struct loki_endpoint *ep)
{
	return budget_is_full(ep->budget) && ep->sender.state == SENDER_IDLE &&
	       ep->batches.bytes > 0;
}

static void on_tidy(struct task *t)
{
	struct loki_endpoint *ep = container_of(t, struct loki_endpoint, tidy);
	size_t held;
	size_t back;
	bool drained;

	if (is_stuck(ep))
		loki_batches_flush(&ep->batches);
	held = ep->batches.bytes + ep->sender.bytes;
	must(ep->charged >= held);
	back = ep->charged - held;
	drained = ep->draining && ep->sender.state == SENDER_IDLE && held == 0;
	if (ep->old && ep->sender.flying != &ep->old->send) {
		loki_settings_free(ep->old);
		ep->old = NULL;
	}
	ep->charged = held;
	budget_return(ep->budget, back);
	ep->changed(ep, drained); /* ep may be gone after this */
}

static void on_sender_changed(struct loki_sender *s)
{
	struct loki_endpoint *ep = container_of(s, struct loki_endpoint, sender);

	if (ep->draining && ep->patient && s->delivered)
		timer_set(&ep->drain, ep->loop, ep->set->drain_timeout);
	if (ep->draining && s->fault[0]) /* nobody will mend the settings now */
		timer_set(&ep->drain, ep->loop, 0);
	s->delivered = false;
	account(ep);
	task_defer(&ep->tidy, ep->loop);
}

static void on_ready(struct loki_batches *all, struct loki_batch *b)
{
	struct loki_endpoint *ep = container_of(all, struct loki_endpoint, batches);

	loki_sender_add(&ep->sender, loki_batch_take(b));
	account(ep);
}

static void on_drain_timeout(struct timer *t)
{
	struct loki_endpoint *ep = container_of(t, struct loki_endpoint, drain);

	log_warn(ep->set->send.id,
		ep->settle ? "endpoint removed before the server took its last batches"
			   : "stopped before the server took the last batches",
		KV("endpoint", ep->set->send.name), KV("host", ep->set->send.host),
		KV("bytes", ep->sender.bytes),
		KV("hint", ep->settle ? "the entries are counted as dropped"
				      : "their files are read again from there"));
	loki_sender_abandon(&ep->sender, ep->settle);
	on_sender_changed(&ep->sender);
}

struct loki_endpoint *loki_endpoint_new(struct loop *l, struct budget *b, struct loki_settings *set,
	void (*changed)(struct loki_endpoint *ep, bool drained), void *owner)
{
	struct loki_endpoint *ep = mem_new(struct loki_endpoint, 1);

	*ep = (struct loki_endpoint){.set = set, .changed = changed, .owner = owner};
	ep->loop = l;
	ep->budget = b;
	ep->tidy.run = on_tidy;
	ep->drain.fire = on_drain_timeout;
	list_init(&ep->link);
	loki_batches_init(&ep->batches, l, &set->batch, on_ready);
	loki_sender_init(&ep->sender, l, &set->send, on_sender_changed);
	return ep;
}

void loki_endpoint_free(struct loki_endpoint *ep)
{
	must(ep->sender.state == SENDER_IDLE && ep->charged == 0);
	list_remove(&ep->link);
	task_cancel(&ep->tidy);
	timer_clear(&ep->drain);
	loki_batches_fini(&ep->batches);
	loki_settings_free(ep->old);
	loki_settings_free(ep->set);
	free(ep);
}

void loki_endpoint_push(struct loki_endpoint *ep, const struct entry *e)
{
	loki_batches_add(&ep->batches, e);
	account(ep);
	if (is_stuck(ep))
		task_defer(&ep->tidy, ep->loop);
}

/* The tenant is held meanwhile, so that its counters do not begin anew. */
void loki_endpoint_change(struct loki_endpoint *ep, struct loki_settings *set)
{
	struct loki_settings *before = ep->set;
	struct loki_tenant *keep = loki_tenant_get(before->batch.tenants, before->batch.host,
		before->batch.tenant);

	loki_batches_flush(&ep->batches);
	loki_batches_fini(&ep->batches);
	loki_batches_init(&ep->batches, ep->loop, &set->batch, on_ready);
	loki_tenant_release(keep);
	ep->set = set;
	loki_sender_change(&ep->sender, &set->send);
	if (ep->sender.flying == &before->send)
		ep->old = before;
	else
		loki_settings_free(before);
	account(ep);
	task_defer(&ep->tidy, ep->loop);
}

void loki_endpoint_drain(struct loki_endpoint *ep, bool settle, bool patient)
{
	loki_batches_flush(&ep->batches);
	loki_sender_change(&ep->sender, ep->sender.set); /* if it waits: now */
	ep->draining = true;
	ep->settle = settle;
	ep->patient = patient;
	timer_set(&ep->drain, ep->loop, ep->set->drain_timeout);
	account(ep);
	task_defer(&ep->tidy, ep->loop);
}
