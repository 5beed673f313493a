/* Descriptors of others (curl's sockets, libmicrohttpd's epoll, inotify) by uv_poll. */

#include "agent/base/mem.h"
#include "agent/base/must.h"
#include "agent/loop/loop.h"
#include "agent/loop/private.h"

#include <stdlib.h>

struct fd_handle {
	uv_poll_t poll;
	struct fd_watch *watch; /* NULL: stopped, waits to be freed by the loop */
	int fd;
	unsigned events;
};

static void on_poll(uv_poll_t *p, int status, int events);

static void poll_for(struct fd_handle *h)
{
	int events = 0;

	if (h->events & FD_READ)
		events |= UV_READABLE;
	if (h->events & FD_WRITE)
		events |= UV_WRITABLE;
	if (h->events & FD_HANGUP)
		events |= UV_DISCONNECT;
	must(uv_poll_start(&h->poll, events, on_poll) == 0);
}

/* libuv stops a handle whose descriptor has an error. The owner's next read or write tells it
 * which, so it is told that it can do both, and the handle goes on. */
static void on_poll(uv_poll_t *p, int status, int events)
{
	struct fd_handle *h = container_of(p, struct fd_handle, poll);
	unsigned ready = 0;

	if (status < 0) {
		poll_for(h);
		ready = h->events;
	}
	if (events & UV_READABLE)
		ready |= FD_READ;
	if (events & UV_WRITABLE)
		ready |= FD_WRITE;
	if (events & UV_DISCONNECT)
		ready |= FD_HANGUP;
	if (ready && h->watch)
		h->watch->ready(h->watch, ready);
}

static void on_closed(uv_handle_t *h)
{
	free(container_of(h, struct fd_handle, poll));
}

void fd_start(struct fd_watch *w, struct loop *l, int fd, unsigned events)
{
	struct fd_handle *h = w->handle;

	must(w->ready && fd >= 0);
	if (h && h->fd != fd) {
		fd_stop(w);
		h = NULL;
	}
	if (h && h->events == events)
		return;
	if (!h) {
		h = mem_new(struct fd_handle, 1);
		must(uv_poll_init(&l->uv, &h->poll, fd) == 0);
		h->watch = w;
		h->fd = fd;
		w->handle = h;
	}
	h->events = events;
	poll_for(h);
}

void fd_stop(struct fd_watch *w)
{
	struct fd_handle *h = w->handle;

	if (!h)
		return;
	w->handle = NULL;
	h->watch = NULL;
	uv_poll_stop(&h->poll);
	uv_close((uv_handle_t *)&h->poll, on_closed);
}
