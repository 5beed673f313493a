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

#define SHARE 8 /* of the budget has a failing endpoint in memory, while others go on */

static struct list peers = {&peers, &peers}; /* of the process */
static unsigned groups;

static size_t held(const struct loki_endpoint *ep)
{
	return ep->batches.bytes + ep->sender.bytes + ep->behind_bytes;
}

static bool is_failing(const struct loki_endpoint *ep)
{
	return ep->sender.tries > 0 || ep->draining;
}

static bool holds_much(const struct loki_endpoint *ep)
{
	return held(ep) > ep->budget->limit / SHARE;
}

static bool others_go_on(const struct loki_endpoint *ep)
{
	LIST_EACH (other, &peers, const struct loki_endpoint, peers) {
		if (other != ep && other->group == ep->group && !is_failing(other))
			return true;
	}
	return false;
}

/* What it holds is to go to disk. Behind a backlog it may be well itself: the backlog is sent
 * first. */
static bool overflows(const struct loki_endpoint *ep)
{
	return ep->backlog.storage && holds_much(ep) && !ep->draining &&
	       (is_failing(ep) || !loki_backlog_is_empty(&ep->backlog)) && others_go_on(ep);
}

static void account(struct loki_endpoint *ep)
{
	size_t now = held(ep);

	if (now > ep->charged) {
		budget_charge(ep->budget, now - ep->charged);
		ep->charged = now;
	} else if (now < ep->charged) {
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

/* ---- the backlog ---- */

/* What is on disk needs no acks. */
static bool write_down(struct loki_endpoint *ep, struct loki_request *r)
{
	if (r->place.segment)
		return true;
	if (!loki_backlog_write(&ep->backlog, r))
		return false;
	for (size_t i = 0; i < r->acks.n; i++)
		ack_set_add(&ep->kept, r->acks.p[i]);
	ack_set_release(&r->acks);
	return true;
}

/* The first request stays in memory, too. It may be in parts: if the whole is on disk, they are. */
static bool write_down_first(struct loki_endpoint *ep)
{
	const struct loki_request *whole = loki_sender_whole(&ep->sender);

	if (!whole || whole->place.segment)
		return true;
	LIST_EACH (r, &ep->sender.queue, struct loki_request, link) {
		if (!write_down(ep, r))
			return false;
		if (r == whole)
			break;
	}
	return true;
}

static struct loki_request *first_behind(struct loki_endpoint *ep)
{
	return container_of(ep->behind.next, struct loki_request, link);
}

/* All that is complete goes to disk. When that does not take one, it and what follows wait in
 * memory. */
static void put_away(struct loki_endpoint *ep)
{
	size_t before = ep->sender.bytes;

	if (!write_down_first(ep))
		return;
	loki_sender_keep_first(&ep->sender, &ep->behind);
	ep->behind_bytes += before - ep->sender.bytes;
	while (!list_is_empty(&ep->behind) && write_down(ep, first_behind(ep))) {
		struct loki_request *r = first_behind(ep);

		list_remove(&r->link);
		ep->behind_bytes -= r->body.n;
		loki_backlog_add(&ep->backlog, r);
	}
}

/* The sender gets what is next: from disk when it has nothing, from behind when that is empty. */
static void refill(struct loki_endpoint *ep)
{
	struct loki_batch_settings *set = &ep->set->batch;
	struct loki_request *r = NULL;

	if (ep->sender.state == SENDER_IDLE && (!ep->draining || ep->settle || ep->patient))
		r = loki_backlog_take(&ep->backlog, set->tenants, set->host);
	if (r)
		loki_sender_add(&ep->sender, r);
	if (!loki_backlog_is_empty(&ep->backlog))
		return;
	loki_backlog_rest(&ep->backlog);
	while (!list_is_empty(&ep->behind)) {
		r = first_behind(ep);
		list_remove(&r->link);
		ep->behind_bytes -= r->body.n;
		loki_sender_add(&ep->sender, r);
	}
}

/* ---- at rest ---- */

static bool is_drained(const struct loki_endpoint *ep)
{
	bool all = ep->settle || ep->patient;

	return ep->draining && ep->sender.state == SENDER_IDLE && held(ep) == 0 &&
	       (!all || loki_backlog_is_empty(&ep->backlog));
}

static void on_tidy(struct task *t)
{
	struct loki_endpoint *ep = container_of(t, struct loki_endpoint, tidy);
	struct ack_set kept;
	size_t now;
	size_t back;
	bool drained;

	if (is_stuck(ep))
		loki_batches_flush(&ep->batches);
	if (overflows(ep))
		put_away(ep);
	refill(ep);
	account(ep);
	now = held(ep);
	must(ep->charged >= now);
	back = ep->charged - now;
	drained = is_drained(ep);
	if (ep->old && ep->sender.flying != &ep->old->send) {
		loki_settings_free(ep->old);
		ep->old = NULL;
	}
	ep->charged = now;
	kept = ep->kept;
	ep->kept = (struct ack_set){0};
	budget_return(ep->budget, back);
	ack_set_release(&kept);
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
	struct loki_request *r = loki_batch_take(b);

	if (loki_backlog_is_empty(&ep->backlog) && list_is_empty(&ep->behind)) {
		loki_sender_add(&ep->sender, r);
	} else {
		loki_request_pack(r);
		list_add_last(&ep->behind, &r->link);
		ep->behind_bytes += r->body.n;
	}
	account(ep);
	if (overflows(ep))
		task_defer(&ep->tidy, ep->loop);
}

static void on_drain_timeout(struct timer *t)
{
	struct loki_endpoint *ep = container_of(t, struct loki_endpoint, drain);

	log_warn(ep->set->send.id,
		ep->settle ? "endpoint removed before the server took its last batches"
			   : "stopped before the server took the last batches",
		KV("endpoint", ep->set->send.name), KV("host", ep->set->send.host),
		KV("bytes", ep->sender.bytes + ep->behind_bytes),
		KV("batches_on_disk", (int64_t)ep->backlog.n),
		KV("hint", ep->settle ? "the entries are counted as dropped"
				      : "they stay on disk, or their files are read "
					"again from there"));
	if (ep->settle)
		loki_backlog_drop(&ep->backlog, ep->set->batch.tenants, ep->set->batch.host);
	else if (ep->has_company && ep->backlog.storage)
		put_away(ep);
	loki_sender_abandon(&ep->sender, &ep->behind, ep->settle);
	ep->behind_bytes = 0;
	ep->patient = false;
	on_sender_changed(&ep->sender);
}

struct loki_endpoint *loki_endpoint_new(struct loop *l, struct budget *b, struct loki_settings *set,
	struct storage *storage, void (*changed)(struct loki_endpoint *ep, bool drained),
	void *owner)
{
	struct loki_endpoint *ep = mem_new(struct loki_endpoint, 1);

	*ep = (struct loki_endpoint){.set = set, .changed = changed, .owner = owner};
	ep->loop = l;
	ep->budget = b;
	ep->tidy.run = on_tidy;
	ep->drain.fire = on_drain_timeout;
	list_init(&ep->link);
	list_init(&ep->behind);
	ep->group = ++groups;
	LIST_EACH (other, &peers, struct loki_endpoint, peers) {
		if (other->owner != owner)
			continue;
		ep->group = other->group;
		ep->has_company = other->has_company = true;
	}
	list_add_last(&peers, &ep->peers);
	loki_batches_init(&ep->batches, l, &set->batch, on_ready);
	loki_sender_init(&ep->sender, l, &set->send, on_sender_changed);
	loki_backlog_init(&ep->backlog, l, set->send.id, storage, set->folder);
	if (!loki_backlog_is_empty(&ep->backlog))
		task_defer(&ep->tidy, l);
	return ep;
}

void loki_endpoint_free(struct loki_endpoint *ep)
{
	must(ep->sender.state == SENDER_IDLE && ep->charged == 0 && list_is_empty(&ep->behind));
	list_remove(&ep->link);
	list_remove(&ep->peers);
	task_cancel(&ep->tidy);
	timer_clear(&ep->drain);
	loki_batches_fini(&ep->batches);
	loki_backlog_fini(&ep->backlog);
	loki_settings_free(ep->old);
	loki_settings_free(ep->set);
	free(ep);
}

/* Two that have had entries of one chunk have a source in common. */
static void find_group(struct loki_endpoint *ep)
{
	LIST_EACH (other, &peers, struct loki_endpoint, peers) {
		if (other == ep || other->last != ep->last)
			continue;
		if (other->group < ep->group)
			ep->group = other->group;
		other->group = ep->group;
		ep->has_company = other->has_company = true;
	}
}

void loki_endpoint_push(struct loki_endpoint *ep, const struct entry *e)
{
	loki_batches_add(&ep->batches, e);
	account(ep);
	if (e->ack && ep->last != e->ack) {
		ep->last = e->ack;
		find_group(ep);
	}
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
	loki_backlog_move(&ep->backlog, set->folder);
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
	if (!settle && !patient && !loki_backlog_is_empty(&ep->backlog))
		put_away(ep);
	account(ep);
	task_defer(&ep->tidy, ep->loop);
}
