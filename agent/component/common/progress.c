#include "agent/component/common/progress.h"

#include "agent/base/container_of.h"
#include "agent/base/mem.h"

#include <stdlib.h>

#define STEP (INT64_C(1) * 1000 * 1000 * 1000)

struct progress_step {
	struct ack ack;
	struct progress *p;
	struct list link;
	struct buf place;
	bool is_settled;
};

static void on_seal(struct timer *t)
{
	progress_seal(container_of(t, struct progress, seal));
}

struct progress *progress_new(struct loop *l, void *owner)
{
	struct progress *p = mem_new(struct progress, 1);

	p->loop = l;
	p->owner = owner;
	list_init(&p->steps);
	p->seal.fire = on_seal;
	return p;
}

static void destroy(struct progress *p)
{
	buf_fini(&p->place);
	free(p);
}

void progress_leave(struct progress *p)
{
	p->moved = p->again = p->idle = NULL;
	progress_seal(p);
	p->owner = NULL;
	if (progress_is_idle(p))
		destroy(p);
}

bool progress_is_idle(const struct progress *p)
{
	return list_is_empty(&p->steps);
}

void progress_start_at(struct progress *p, struct str place)
{
	buf_clear(&p->place);
	buf_add_str(&p->place, place);
}

static void pop_settled(struct progress *p)
{
	bool has_moved = false;

	while (!list_is_empty(&p->steps)) {
		struct progress_step *s = container_of(p->steps.next, struct progress_step, link);

		if (!s->is_settled) /* NOLINT: the freed one is out of the list */
			break;
		p->is_broken |= s->ack.failed;
		if (!p->is_broken && s->place.n) {
			progress_start_at(p, buf_str(&s->place));
			has_moved = true;
		}
		list_remove(&s->link);
		buf_fini(&s->place);
		free(s);
	}
	if (has_moved && p->moved)
		p->moved(p->keeper);
}

static void on_settled(struct ack *a)
{
	struct progress_step *s = container_of(a, struct progress_step, ack);
	struct progress *p = s->p;
	void (*tell)(void *owner);

	s->is_settled = true;
	pop_settled(p);
	if (!progress_is_idle(p))
		return;
	tell = p->is_broken ? p->again : p->idle;
	p->is_broken = false;
	if (!p->owner)
		destroy(p);
	else if (tell)
		tell(p->owner);
}

void progress_seal(struct progress *p)
{
	struct progress_step *s = p->open;

	timer_clear(&p->seal);
	p->open = NULL;
	p->is_listing = false;
	if (s)
		ack_release(&s->ack);
}

void progress_list(struct progress *p)
{
	progress_seal(p);
	p->is_listing = true;
}

static struct progress_step *open_step(struct progress *p)
{
	struct progress_step *s = p->open;

	if (s)
		return s;
	s = mem_new(struct progress_step, 1);
	s->p = p;
	ack_init(&s->ack, on_settled);
	list_add_last(&p->steps, &s->link);
	p->open = s;
	if (!p->is_listing)
		timer_set(&p->seal, p->loop, STEP);
	return s;
}

struct ack *progress_add(struct progress *p)
{
	return &open_step(p)->ack;
}

void progress_reach(struct progress *p, struct str place)
{
	struct progress_step *s = open_step(p);

	buf_clear(&s->place);
	buf_add_str(&s->place, place);
}
