/* Timers for the libraries that keep time themselves: a uv_timer each, see private.h. */

#include "agent/base/mem.h"
#include "agent/base/must.h"
#include "agent/loop/private.h"

#include <stdlib.h>

struct real_handle {
	uv_timer_t timer;
	struct loop *loop;
	struct real_timer *owner;
};

static void on_task(struct task *task)
{
	struct real_timer *t = container_of(task, struct real_timer, task);

	t->fire(t);
}

static void on_timer(uv_timer_t *u)
{
	struct real_handle *h = container_of(u, struct real_handle, timer);

	uv_stop(u->loop); /* see on_wake() in loop.c */
	task_defer(&h->owner->task, h->loop);
}

static void on_closed(uv_handle_t *h)
{
	free(container_of(h, struct real_handle, timer));
}

void real_timer_set(struct real_timer *t, struct loop *l, uint64_t ms)
{
	must(t->fire);
	if (!t->handle) {
		t->task.run = on_task;
		t->handle = mem_new(struct real_handle, 1);
		t->handle->loop = l;
		t->handle->owner = t;
		must(uv_timer_init(&l->uv, &t->handle->timer) == 0);
	}
	task_cancel(&t->task);
	uv_update_time(&l->uv);
	must(uv_timer_start(&t->handle->timer, on_timer, ms, 0) == 0);
}

void real_timer_clear(struct real_timer *t)
{
	if (!t->handle)
		return;
	task_cancel(&t->task);
	uv_timer_stop(&t->handle->timer);
}

void real_timer_close(struct real_timer *t)
{
	if (!t->handle)
		return;
	real_timer_clear(t);
	uv_close((uv_handle_t *)&t->handle->timer, on_closed);
	t->handle = NULL;
}
