/*
 * Accepting. SO_RCVLOWAT makes a socket readable only when there are enough bytes to tell the
 * protocols apart: without it, a client that sends one byte and waits would wake us for ever, as
 * looking does not take the byte away.
 */

#include "agent/loop/acceptor.h"

#include "agent/base/log.h"
#include "agent/base/mem.h"
#include "agent/base/must.h"
#include "agent/base/timestamp.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define ACCEPTS_A_TURN 64
#define RETRY (100 * NS_PER_MS)

struct waiting {
	struct list link;
	struct acceptor *acceptor;
	struct fd_watch ready;
	struct timer timer;
	int fd;
	struct sockaddr_storage from;
	socklen_t size;
};

static void set_low_water(int fd, int bytes)
{
	setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &bytes, sizeof(bytes));
}

static void forget(struct waiting *w)
{
	fd_stop(&w->ready);
	timer_clear(&w->timer);
	list_remove(&w->link);
	w->acceptor->n_waiting--;
	free(w);
}

static void give_up(struct waiting *w)
{
	close(w->fd);
	forget(w);
}

static enum first_bytes kind_of(const char first[3])
{
	if (memcmp(first, "PRI", 3) == 0)
		return FIRST_HTTP2;
	if (first[0] == 0x16 && first[1] == 0x03)
		return FIRST_TLS;
	return FIRST_OTHER;
}

/* False: the bytes are not there yet. */
static bool look(struct waiting *w)
{
	char first[3];
	ssize_t n = recv(w->fd, first, sizeof(first), MSG_PEEK | MSG_DONTWAIT);
	struct acceptor *a = w->acceptor;
	struct waiting copy = *w;

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n < (ssize_t)sizeof(first)) {
		if (n > 0 && !w->ready.handle)
			return false; /* more may come */
		give_up(w);           /* it ended, or failed */
		return true;
	}
	forget(w);
	set_low_water(copy.fd, 1);
	a->accepted(a, copy.fd, &copy.from, copy.size, kind_of(first));
	return true;
}

static void on_first_bytes(struct fd_watch *ready, unsigned events)
{
	(void)events;
	look(container_of(ready, struct waiting, ready));
}

static void on_silence(struct timer *t)
{
	give_up(container_of(t, struct waiting, timer));
}

/* Mostly the request is there already, and nothing has to be waited for. */
static void wait_for(struct acceptor *a, int fd, const struct sockaddr_storage *from,
	socklen_t size)
{
	struct waiting *w = mem_new(struct waiting, 1);

	w->acceptor = a;
	w->fd = fd;
	w->from = *from;
	w->size = size;
	w->ready.ready = on_first_bytes;
	w->timer.fire = on_silence;
	list_add_last(&a->waiting, &w->link);
	a->n_waiting++;
	if (look(w))
		return;
	set_low_water(fd, 3);
	fd_start(&w->ready, a->loop, fd, FD_READ);
	timer_set(&w->timer, a->loop, a->patience);
}

static void watch(struct acceptor *a)
{
	fd_start(&a->ready, a->loop, a->fd,
		a->is_paused || timer_is_set(&a->retry) ? 0 : FD_READ);
}

static void on_retry(struct timer *t)
{
	watch(container_of(t, struct acceptor, retry));
}

/* No descriptor is left: the connection stays in the kernel's queue, and we are told of it
 * again at once; so look away for a while. */
static void out_of_descriptors(struct acceptor *a)
{
	log_warn(NULL, "a connection cannot be accepted", KV("error", strerror(errno)),
		KV("hint", "raise the limit of open files (ulimit -n)"));
	timer_set(&a->retry, a->loop, RETRY);
	watch(a);
}

static void on_ready(struct fd_watch *ready, unsigned events)
{
	struct acceptor *a = container_of(ready, struct acceptor, ready);

	(void)events;
	for (int i = 0; i < ACCEPTS_A_TURN && a->fd != -1 && !a->is_paused; i++) {
		struct sockaddr_storage from = {0};
		socklen_t size = sizeof(from);
		int fd = accept4(a->fd, (struct sockaddr *)&from, &size,
			SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd != -1)
			wait_for(a, fd, &from, size);
		else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			return out_of_descriptors(a);
		else if (errno != ECONNABORTED && errno != EINTR)
			return;
	}
}

void acceptor_start(struct acceptor *a, struct loop *l, int fd)
{
	must(a->accepted && a->patience > 0);
	a->loop = l;
	a->fd = fd;
	a->ready.ready = on_ready;
	a->retry.fire = on_retry;
	list_init(&a->waiting);
	watch(a);
}

void acceptor_stop(struct acceptor *a)
{
	if (!a->loop || a->fd == -1)
		return;
	fd_stop(&a->ready);
	timer_clear(&a->retry);
	LIST_EACH (w, &a->waiting, struct waiting, link)
		give_up(w);
	close(a->fd);
	a->fd = -1;
}

void acceptor_set_paused(struct acceptor *a, bool paused)
{
	if (a->fd == -1 || a->is_paused == paused)
		return;
	a->is_paused = paused;
	watch(a);
}
