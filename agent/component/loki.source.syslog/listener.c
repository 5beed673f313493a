#include "agent/component/loki.source.syslog/listener.h"

#include "agent/base/address.h"
#include "agent/base/container_of.h"
#include "agent/component/loki.source.syslog/connections.h"

#include <arpa/inet.h>
#include <unistd.h>

#define DATAGRAM_MAX ((size_t)64 * 1024)
#define DATAGRAMS_A_TURN 64

void syslog_listener_print_peer(char out[INET6_ADDRSTRLEN], const struct sockaddr_storage *from)
{
	struct in6_addr a = listen_peer((const struct sockaddr *)from);

	address_print(out, &a);
}

void syslog_listener_push(struct syslog_listener *l, struct syslog_frames *f, const char *from)
{
	struct str message;

	while (syslog_frames_next(f, &message))
		l->sink->message(l->sink, message, from);
	if (f->too_long)
		l->sink->too_long(l->sink, f->too_long);
	f->too_long = 0;
}

void syslog_listener_push_last(struct syslog_listener *l, struct syslog_frames *f, const char *from)
{
	struct str message;

	if (syslog_frames_last(f, &message))
		l->sink->message(l->sink, message, from);
}

struct syslog_frames syslog_listener_frames(const struct syslog_listener *l)
{
	return (struct syslog_frames){
		.max = l->max, .delimiter = l->delimiter, .is_raw = l->is_raw};
}

static void set_reading(struct syslog_listener *l, bool on)
{
	if (l->is_udp)
		fd_start(&l->datagrams, l->loop, l->fd, on ? FD_READ : 0);
	else
		syslog_connections_read(l, on);
}

bool syslog_listener_is_full(struct syslog_listener *l)
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
	struct iovec io = {bytes, DATAGRAM_MAX};
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
	syslog_listener_print_peer(text, &from);
	if (n == 0) { /* it is counted as a message without text */
		l->sink->message(l->sink, (struct str){0}, text);
		return true;
	}
	l->frames = syslog_listener_frames(l);
	syslog_frames_add(&l->frames, bytes, (size_t)n);
	syslog_listener_push(l, &l->frames, text);
	syslog_listener_push_last(l, &l->frames, text);
	syslog_frames_fini(&l->frames);
	return true;
}

static void on_datagrams(struct fd_watch *w, unsigned events)
{
	struct syslog_listener *l = container_of(w, struct syslog_listener, datagrams);
	char *bytes = arena_alloc(loop_scratch(l->loop), DATAGRAM_MAX, 1);

	(void)events;
	for (int i = 0; i < DATAGRAMS_A_TURN; i++)
		if (syslog_listener_is_full(l) || !read_datagram(l, bytes))
			return;
}

bool syslog_listener_start(struct syslog_listener *l, struct loop *loop, struct str address,
	struct err *e)
{
	int fd = l->is_udp ? listen_open_udp(address, e) : listen_open(address, e);

	if (fd == -1)
		return false;
	l->loop = loop;
	l->room.room = on_room;
	if (!l->is_udp) {
		syslog_connections_start(l, fd);
		return true;
	}
	l->fd = fd;
	l->datagrams.ready = on_datagrams;
	fd_start(&l->datagrams, loop, fd, FD_READ);
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
		syslog_connections_stop(l);
	}
	l->loop = NULL;
}
