/* Signals by uv_signal: the handler only writes to a pipe, the callback is an ordinary one. */

#include "agent/base/mem.h"
#include "agent/base/must.h"
#include "agent/loop/loop.h"
#include "agent/loop/private.h"

#include <stdlib.h>

struct signal_handle {
	uv_signal_t signal;
	struct signal_watch *watch;
};

static void on_signal(uv_signal_t *s, int number)
{
	struct signal_handle *h = container_of(s, struct signal_handle, signal);

	(void)number;
	if (h->watch)
		h->watch->caught(h->watch);
}

static void on_closed(uv_handle_t *h)
{
	free(container_of(h, struct signal_handle, signal));
}

void signal_start(struct signal_watch *w, struct loop *l, int number)
{
	struct signal_handle *h;

	must(w->caught && !w->handle);
	h = mem_new(struct signal_handle, 1);
	h->watch = w;
	w->number = number;
	w->handle = h;
	must(uv_signal_init(&l->uv, &h->signal) == 0);
	must(uv_signal_start(&h->signal, on_signal, number) == 0);
}

void signal_stop(struct signal_watch *w)
{
	struct signal_handle *h = w->handle;

	if (!h)
		return;
	w->handle = NULL;
	h->watch = NULL;
	uv_signal_stop(&h->signal);
	uv_close((uv_handle_t *)&h->signal, on_closed);
}
