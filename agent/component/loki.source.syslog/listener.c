#include "agent/component/loki.source.syslog/listener.h"

#include "agent/base/container_of.h"
#include "agent/base/log.h"
#include "agent/base/mem.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define READ_MAX ((size_t)64 * 1024)
#define DATAGRAMS_A_TURN 64

struct connection {
	struct list link;
	struct syslog_listener *listener;
	struct fd_watch ready;
	struct timer idle;
	struct syslog_frames frames;
	int fd;
	char from[INET6_ADDRSTRLEN];
};

static void print_peer(char out[INET6_ADDRSTRLEN], const struct sockaddr_storage *from)
{
	struct in6_addr a = listen_peer((const struct sockaddr *)from);

	if (IN6_IS_ADDR_V4MAPPED(&a))
		inet_ntop(AF_INET, &a.s6_addr[12], out, INET6_ADDRSTRLEN);
	else
		inet_ntop(AF_INET6, &a, out, INET6_ADDRSTRLEN);
}

static void push_all(struct syslog_listener *l, struct syslog_frames *f, const char *from)
{
	struct str message;

	while (syslog_frames_next(f, &message))
		l->sink->message(l->sink, message, from);
	if (f->too_long)
		l->sink->too_long(l->sink, f->too_long);
	f->too_long = 0;
}

static void push_last(struct syslog_listener *l, struct syslog_frames *f, const char *from)
{
	struct str message;

	if (syslog_frames_last(f, &message))
		l->sink->message(l->sink, message, from);
}

static void close_connection(struct connection *c)
{
	struct syslog_listener *l = c->listener;

	fd_stop(&c->ready);
	timer_clear(&c->idle);
	close(c->fd);
	list_remove(&c->link);
	syslog_frames_fini(&c->frames);
	free(c);
	if (l->n-- == SYSLOG_CONNECTIONS_MAX)
		acceptor_set_paused(&l->acceptor, false);
}

static void set_reading(struct syslog_listener *l, bool on)
{
	LIST_EACH (c, &l->connections, struct connection, link)
		fd_start(&c->ready, l->loop, c->fd, on ? FD_READ : 0);
	if (l->is_udp)
		fd_start(&l->datagrams, l->loop, l->fd, on ? FD_READ : 0);
}

static bool wait_if_full(struct syslog_listener *l)
{
	if (!budget_is_full(l->budget))
		return false;
	set_reading(l, false);
	budget_wait(l->budget, &l->room);
	return true;
}

static void on_room(struct budget_waiter *w)
{
	set_reading(container_of(w, struct syslog_listener, room), true);
}

static void on_ready(struct fd_watch *w, unsigned events)
{
	struct connection *c = container_of(w, struct connection, ready);
	struct syslog_listener *l = c->listener;
	char *bytes = arena_alloc(loop_scratch(l->loop), READ_MAX, 1);
	ssize_t n;

	(void)events;
	if (wait_if_full(l))
		return;
	n = read(c->fd, bytes, READ_MAX);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) { /* what has no end yet ends with the connection */
		push_last(l, &c->frames, c->from);
		close_connection(c);
		return;
	}
	timer_set(&c->idle, l->loop, l->idle_timeout);
	syslog_frames_add(&c->frames, bytes, (size_t)n);
	push_all(l, &c->frames, c->from);
}

static void on_idle(struct timer *t)
{
	struct connection *c = container_of(t, struct connection, idle);

	if (budget_is_full(c->listener->budget)) { /* it is us who do not read */
		timer_set(t, c->listener->loop, c->listener->idle_timeout);
		return;
	}
	push_last(c->listener, &c->frames, c->from);
	close_connection(c);
}

static struct syslog_frames new_frames(const struct syslog_listener *l)
{
	return (struct syslog_frames){
		.max = l->max, .delimiter = l->delimiter, .is_raw = l->is_raw};
}

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
	c->frames = new_frames(l);
	print_peer(c->from, from);
	list_add_last(&l->connections, &c->link);
	l->n++;
	if (first == FIRST_TLS) {
		log_warn(l->id, "a sender speaks TLS, which this listener does not",
			KV("peer", (const char *)c->from),
			KV("hint", "send in plain text, or put a TLS proxy before it"));
		close_connection(c);
		return;
	}
	if (l->n == SYSLOG_CONNECTIONS_MAX)
		acceptor_set_paused(a, true);
	timer_set(&c->idle, l->loop, l->idle_timeout);
	fd_start(&c->ready, l->loop, fd, FD_READ);
}

/* The counter of the kernel is of 32 bits and turns over. */
static void count_overflow(struct syslog_listener *l, struct msghdr *m)
{
	uint32_t now;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SO_RXQ_OVFL)
			continue;
		memcpy(&now, CMSG_DATA(c), sizeof(now));
		if (now != l->overflow)
			l->sink->dropped(l->sink, (uint32_t)(now - l->overflow));
		l->overflow = now;
	}
}

static bool read_datagram(struct syslog_listener *l, char *bytes)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(uint32_t))];
	struct sockaddr_storage from;
	struct iovec io = {bytes, READ_MAX};
	struct msghdr m = {.msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = &io,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control)};
	ssize_t n = recvmsg(l->fd, &m, 0);
	char text[INET6_ADDRSTRLEN];

	if (n == -1)
		return false;
	count_overflow(l, &m);
	print_peer(text, &from);
	l->frames = new_frames(l);
	syslog_frames_add(&l->frames, bytes, (size_t)n);
	push_all(l, &l->frames, text);
	push_last(l, &l->frames, text);
	syslog_frames_fini(&l->frames);
	return true;
}

static void on_datagrams(struct fd_watch *w, unsigned events)
{
	struct syslog_listener *l = container_of(w, struct syslog_listener, datagrams);
	char *bytes = arena_alloc(loop_scratch(l->loop), READ_MAX, 1);

	(void)events;
	for (int i = 0; i < DATAGRAMS_A_TURN && !wait_if_full(l) && read_datagram(l, bytes); i++)
		;
}

bool syslog_listener_start(struct syslog_listener *l, struct loop *loop, struct str address,
	struct err *e)
{
	int fd = l->is_udp ? listen_open_udp(address, e) : listen_open(address, e);

	if (fd == -1)
		return false;
	l->loop = loop;
	l->room.room = on_room;
	list_init(&l->connections);
	l->fd = fd;
	if (l->is_udp) {
		l->datagrams.ready = on_datagrams;
		fd_start(&l->datagrams, loop, fd, FD_READ);
		return true;
	}
	l->acceptor.accepted = on_accepted;
	l->acceptor.patience = l->idle_timeout;
	acceptor_start(&l->acceptor, loop, fd);
	return true;
}

void syslog_listener_stop(struct syslog_listener *l)
{
	if (!l->loop)
		return;
	budget_unwait(&l->room);
	if (l->is_udp) {
		fd_stop(&l->datagrams);
		close(l->fd);
	} else {
		acceptor_stop(&l->acceptor);
	}
	LIST_EACH (c, &l->connections, struct connection, link)
		close_connection(c);
	l->loop = NULL;
}
