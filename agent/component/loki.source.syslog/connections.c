#include "agent/component/loki.source.syslog/connections.h"

#include "agent/base/container_of.h"
#include "agent/base/mem.h"
#include "agent/base/must.h"
#include "agent/base/timestamp.h"
#include "agent/loop/tls_server.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define READ_MAX ((size_t)64 * 1024) /* more than a record of TLS, which keeps none back so */
#define HELD_MAX ((size_t)4 << 20)
#define QUIET (10 * NS_PER_SEC) /* one that spoke later need not give way */

struct connection {
	struct list link;
	struct syslog_listener *listener;
	struct fd_watch ready;
	struct timer idle;
	struct syslog_frames frames;
	struct tls_session *tls; /* NULL: plain text */
	bool has_tls;            /* … and hands have been shaken */
	bool wants_write;        /* … or, for that, the socket has to be written */
	size_t held;             /* as the listener counts it */
	int64_t heard;
	int fd;
	char from[INET6_ADDRSTRLEN];
};

static size_t most_held(const struct syslog_listener *l)
{
	size_t part = l->budget->limit / 4;
	size_t most = part < HELD_MAX ? part : HELD_MAX;

	return most > l->max ? most : l->max;
}

static void count_held(struct connection *c, size_t now)
{
	struct syslog_listener *l = c->listener;
	size_t before = c->held;

	must(l->held >= before);
	l->held += now - before;
	c->held = now;
	if (now > before)
		budget_charge(l->budget, now - before);
	else
		budget_return(l->budget, before - now);
}

/* What has no end yet ends with the connection. */
static void close_connection(struct connection *c)
{
	struct syslog_listener *l = c->listener;

	list_remove(&c->link);
	l->n--;
	fd_stop(&c->ready);
	timer_clear(&c->idle);
	syslog_listener_push_last(l, &c->frames, c->from);
	tls_session_free(c->tls);
	close(c->fd);
	syslog_frames_fini(&c->frames);
	count_held(c, 0);
	free(c);
	acceptor_set_paused(&l->acceptor, false);
}

static void end(struct connection *c, enum syslog_end why)
{
	struct syslog_listener *l = c->listener;

	l->sink->closed(l->sink, why, c->from);
	close_connection(c);
}

static void watch(struct connection *c, bool on)
{
	fd_start(&c->ready, c->listener->loop, c->fd,
		!on              ? 0
		: c->wants_write ? FD_WRITE
				 : FD_READ);
}

void syslog_connections_read(struct syslog_listener *l, bool on)
{
	LIST_EACH (c, &l->connections, struct connection, link)
		watch(c, on);
}

/* ---- reading ---- */

/* False: there is nothing to read yet, or c is closed. */
static bool shake_hands(struct connection *c)
{
	if (!c->tls || c->has_tls)
		return true;
	switch (tls_session_handshake(c->tls, &c->wants_write)) {
	case TLS_DONE:
		c->has_tls = true;
		c->wants_write = false;
		watch(c, true);
		return true;
	case TLS_AGAIN:
		watch(c, true);
		return false;
	case TLS_FAILED:
		break;
	}
	end(c, SYSLOG_WRONG_TLS);
	return false;
}

static ssize_t read_some(struct connection *c, char *to)
{
	return c->tls ? tls_session_read(c->tls, to, READ_MAX) : read(c->fd, to, READ_MAX);
}

static void on_heard(struct connection *c)
{
	struct syslog_listener *l = c->listener;

	c->heard = loop_now(l->loop);
	list_remove(&c->link);
	list_add_last(&l->connections, &c->link);
	timer_set(&c->idle, l->loop, l->idle_timeout);
}

static void on_ready(struct fd_watch *w, unsigned events)
{
	struct connection *c = container_of(w, struct connection, ready);
	struct syslog_listener *l = c->listener;
	char *bytes = arena_alloc(loop_scratch(l->loop), READ_MAX, 1);
	ssize_t n;

	(void)events;
	if (syslog_listener_is_full(l) || !shake_hands(c))
		return;
	n = read_some(c, bytes);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		close_connection(c);
		return;
	}
	on_heard(c);
	syslog_frames_add(&c->frames, bytes, (size_t)n);
	syslog_listener_push(l, &c->frames, c->from);
	syslog_frames_trim(&c->frames);
	count_held(c, syslog_frames_held(&c->frames));
	if (l->held > most_held(l))
		end(c, SYSLOG_NO_ROOM);
}

static void on_idle(struct timer *t)
{
	struct connection *c = container_of(t, struct connection, idle);

	if (budget_is_full(c->listener->budget)) /* it is us who do not read */
		timer_set(t, c->listener->loop, c->listener->idle_timeout);
	else
		close_connection(c);
}

/* ---- accepting ---- */

static void on_accepted(struct acceptor *a, int fd, const struct sockaddr_storage *from,
	socklen_t size, enum first_bytes first)
{
	struct syslog_listener *l = container_of(a, struct syslog_listener, acceptor);
	struct connection *c = mem_new(struct connection, 1);

	(void)size;
	c->listener = l;
	c->fd = fd;
	c->ready.ready = on_ready;
	c->idle.fire = on_idle;
	c->frames = syslog_listener_frames(l);
	syslog_listener_print_peer(c->from, from);
	list_add_last(&l->connections, &c->link);
	l->n++;
	if (l->is_tls != (first == FIRST_TLS)) {
		end(c, SYSLOG_WRONG_TLS);
		return;
	}
	if (l->is_tls)
		c->tls = tls_session_new(l->sink->keys(l->sink), fd, NULL);
	on_heard(c);
	watch(c, true);
}

/* Its last words are delivered. */
static bool drop_quietest(struct syslog_listener *l)
{
	struct connection *c;

	if (list_is_empty(&l->connections))
		return false;
	c = container_of(l->connections.next, struct connection, link);
	if (c->heard > loop_now(l->loop) - QUIET)
		return false;
	end(c, SYSLOG_NO_ROOM);
	return true;
}

static bool has_room(struct acceptor *a, bool is_needed)
{
	struct syslog_listener *l = container_of(a, struct syslog_listener, acceptor);

	if (l->n + a->n_waiting < (l->is_tls ? SYSLOG_TLS_MAX : SYSLOG_CONNECTIONS_MAX))
		return true;
	if (!is_needed)
		return false;
	if (acceptor_drop_oldest(a)) {
		l->sink->closed(l->sink, SYSLOG_NO_ROOM, "");
		return true;
	}
	if (drop_quietest(l))
		return true;
	timer_set(&l->again, l->loop, QUIET);
	return false;
}

/* Some may have been silent for long enough by now. */
static void on_again(struct timer *t)
{
	struct syslog_listener *l = container_of(t, struct syslog_listener, again);

	acceptor_set_paused(&l->acceptor, false);
}

void syslog_connections_start(struct syslog_listener *l, int fd)
{
	list_init(&l->connections);
	l->again.fire = on_again;
	l->acceptor.accepted = on_accepted;
	l->acceptor.has_room = has_room;
	l->acceptor.patience = l->idle_timeout;
	l->acceptor.takes_short = true;
	acceptor_start(&l->acceptor, l->loop, fd);
}

void syslog_connections_stop(struct syslog_listener *l)
{
	timer_clear(&l->again);
	acceptor_stop(&l->acceptor);
	LIST_EACH (c, &l->connections, struct connection, link)
		close_connection(c);
}
