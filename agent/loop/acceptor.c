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
#include "agent/loop/tls_hello.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	FIRST = 3,      /* bytes that tell the protocols apart */
	TLS_HEADER = 5, /* of a record */
};

#define ACCEPTS_A_TURN 64
#define RETRY (100 * NS_PER_MS)

struct waiting {
	struct list link;
	struct acceptor *acceptor;
	struct fd_watch ready;
	struct timer timer;
	int fd;
	size_t wanted; /* bytes, before we look again */
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
	struct acceptor *a = w->acceptor;

	close(w->fd);
	forget(w);
	if (a->left)
		a->left(a);
}

/* wanted: how many bytes there must be to say it, if there are too few. */
static enum first_bytes kind_of(struct str first, bool wants_alpn, size_t *wanted)
{
	size_t hello;

	if (memcmp(first.p, "PRI", 3) == 0)
		return FIRST_HTTP2;
	if (first.p[0] != 0x16 || first.p[1] != 0x03)
		return FIRST_OTHER;
	if (!wants_alpn)
		return FIRST_TLS;
	hello = first.n < TLS_HEADER ? TLS_HEADER : tls_hello_size(first);
	*wanted = hello > first.n ? hello : 0;
	return *wanted == 0 && hello > 0 && tls_hello_offers_http2(str_head(first, hello))
		       ? FIRST_TLS_HTTP2
		       : FIRST_TLS;
}

/* Too few bytes so far. False: there is no more to come than there is. */
static bool wait_for_more(struct waiting *w, size_t wanted)
{
	set_low_water(w->fd, (int)wanted);
	return !w->ready.handle || wanted > w->wanted;
}

/* False: the bytes are not there yet. */
static bool look(struct waiting *w)
{
	struct acceptor *a = w->acceptor;
	char bytes[TLS_HELLO_MAX];
	ssize_t n = recv(w->fd, bytes, a->wants_alpn ? sizeof(bytes) : FIRST,
		MSG_PEEK | MSG_DONTWAIT);
	struct waiting copy = *w;
	enum first_bytes kind = FIRST_OTHER;
	size_t wanted = 0;

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n >= FIRST)
		kind = kind_of((struct str){bytes, (size_t)n}, a->wants_alpn, &wanted);
	else
		wanted = FIRST;
	if (wanted > 0 && n > 0 && wait_for_more(w, wanted)) {
		w->wanted = wanted;
		return false;
	}
	if (wanted > 0 && !(a->takes_short && n > 0)) {
		give_up(w); /* it ended, or failed */
		return true;
	}
	forget(w);
	set_low_water(copy.fd, 1);
	a->accepted(a, copy.fd, &copy.from, copy.size, kind);
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
	w->wanted = FIRST;
	if (look(w))
		return;
	set_low_water(fd, (int)w->wanted);
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
		int fd;

		if (a->has_room && !a->has_room(a, i == 0)) {
			acceptor_set_paused(a, i == 0);
			return;
		}
		fd = accept4(a->fd, (struct sockaddr *)&from, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
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
	int fd = a->fd;

	if (!a->loop || fd == -1)
		return;
	a->fd = -1;
	fd_stop(&a->ready);
	timer_clear(&a->retry);
	LIST_EACH (w, &a->waiting, struct waiting, link)
		give_up(w);
	close(fd);
}

bool acceptor_drop_oldest(struct acceptor *a)
{
	if (list_is_empty(&a->waiting))
		return false;
	give_up(container_of(a->waiting.next, struct waiting, link));
	return true;
}

void acceptor_set_paused(struct acceptor *a, bool paused)
{
	if (a->fd == -1 || a->is_paused == paused)
		return;
	a->is_paused = paused;
	watch(a);
}
