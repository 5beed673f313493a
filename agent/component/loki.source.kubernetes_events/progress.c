#include "agent/component/loki.source.kubernetes_events/progress.h"

#include "agent/base/container_of.h"
#include "agent/base/mem.h"
#include "agent/base/must.h"

#include <stdlib.h>

#define STEP (INT64_C(1) * 1000 * 1000 * 1000)

struct progress_step {
	struct ack ack;
	struct progress *p;
	struct list link;
	uint64_t version;
	int64_t time;
	bool is_settled;
};

static void on_seal(struct timer *t)
{
	progress_seal(container_of(t, struct progress, seal));
}

void progress_init(struct progress *p, struct loop *l)
{
	p->loop = l;
	list_init(&p->steps);
	p->seal.fire = on_seal;
}

void progress_fini(struct progress *p)
{
	must(progress_is_idle(p));
	timer_clear(&p->seal);
}

bool progress_is_idle(const struct progress *p)
{
	return list_is_empty(&p->steps);
}

static void pop_settled(struct progress *p)
{
	while (!list_is_empty(&p->steps)) {
		struct progress_step *s = container_of(p->steps.next, struct progress_step, link);

		if (!s->is_settled)
			return;
		p->is_broken |= s->ack.failed;
		if (!p->is_broken && s->version > p->version)
			p->version = s->version;
		if (!p->is_broken && s->time > p->time)
			p->time = s->time;
		list_remove(&s->link);
		free(s);
	}
}

static void on_settled(struct ack *a)
{
	struct progress_step *s = container_of(a, struct progress_step, ack);
	struct progress *p = s->p;
	bool was_broken;

	s->is_settled = true;
	pop_settled(p);
	if (!progress_is_idle(p))
		return;
	was_broken = p->is_broken;
	p->is_broken = false;
	if (was_broken)
		p->again(p);
	else
		p->idle(p);
}

void progress_seal(struct progress *p)
{
	struct progress_step *s = p->open;

	timer_clear(&p->seal);
	p->open = NULL;
	if (s)
		ack_release(&s->ack);
}

void progress_listing(struct progress *p)
{
	progress_seal(p);
	p->is_listing = true;
}

void progress_listed(struct progress *p)
{
	p->is_listing = false;
	progress_seal(p);
}

void progress_forget(struct progress *p)
{
	if (!p->open)
		return;
	p->open->version = 0;
	p->open->time = 0;
}

struct ack *progress_add(struct progress *p, uint64_t version, int64_t time)
{
	struct progress_step *s = p->open;

	if (!s) {
		s = mem_new(struct progress_step, 1);
		s->p = p;
		ack_init(&s->ack, on_settled);
		list_add_last(&p->steps, &s->link);
		p->open = s;
		if (!p->is_listing)
			timer_set(&p->seal, p->loop, STEP);
	}
	s->version = version > s->version ? version : s->version;
	s->time = time > s->time ? time : s->time;
	return &s->ack;
}
