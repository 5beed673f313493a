/* The connections of HTTP/1: how long we wait for what, and ends that libmicrohttpd misses. */

#include "agent/base/mem.h"
#include "agent/base/must.h"
#include "agent/base/timestamp.h"
#include "agent/loop/http1_private.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#define LOOK_AFTER NS_PER_SEC /* of silence */

/* libmicrohttpd reads the end, and closes. */
static void on_deadline(struct timer *t)
{
	shutdown(container_of(t, struct conn, deadline)->fd, SHUT_RDWR);
}

void http1_on_connection(void *owner, struct MHD_Connection *c, void **context,
	enum MHD_ConnectionNotificationCode what)
{
	struct http1 *h = owner;
	struct conn *conn = *context;

	(void)c;
	switch (what) {
	case MHD_CONNECTION_NOTIFY_STARTED:
		must(h->adding);
		*context = h->adding;
		h->adding = NULL;
		h->open++;
		http_server_count(h->server, 1);
		return;
	case MHD_CONNECTION_NOTIFY_CLOSED:
		timer_clear(&conn->deadline);
		timer_clear(&conn->look);
		list_remove(&conn->quiet);
		free(conn);
		h->open--;
		if (h->is_old && h->open == 0)
			task_defer(&h->end, h->server->loop);
		http_server_count(h->server, -1);
		return;
	}
}

int64_t http1_header_timeout(const struct http_server *s)
{
	return s->set.header_timeout > 0 ? s->set.header_timeout : http_server_idle_timeout(s);
}

void http1_set_deadline(struct conn *conn, int64_t ns)
{
	if (ns > 0)
		timer_set(&conn->deadline, conn->http1->server->loop, ns);
	else
		timer_clear(&conn->deadline);
}

/*
 * libmicrohttpd (0.9.75) is told by an edge of epoll, and after reading less than it asked for it
 * takes the socket for empty. If the end came with the last bytes it never learns of it, and keeps
 * what there is of a body until the connection's time is over. A shutdown makes a new edge.
 */
static void on_look(struct timer *t)
{
	struct conn *conn = container_of(t, struct conn, look);
	struct loop *l = conn->http1->server->loop;
	struct pollfd p = {conn->fd, POLLRDHUP, 0};

	if (loop_now(l) - conn->heard < LOOK_AFTER)
		timer_set(t, l, LOOK_AFTER);
	else if (poll(&p, 1, 0) == 1 && p.revents & POLLRDHUP)
		shutdown(conn->fd, SHUT_RD);
}

void http1_wait_for_client(struct conn *conn)
{
	struct http_server *s = conn->http1->server;

	list_remove(&conn->quiet);
	list_add_last(&s->quiet, &conn->quiet);
	conn->heard = loop_now(s->loop);
	if (!timer_is_set(&conn->look))
		timer_set(&conn->look, s->loop, LOOK_AFTER);
}

int64_t http1_quiet_since(const struct http_server *s)
{
	return list_is_empty(&s->quiet) ? INT64_MAX
					: container_of(s->quiet.next, struct conn, quiet)->heard;
}

void http1_drop_quiet(struct http_server *s)
{
	struct conn *conn = container_of(s->quiet.next, struct conn, quiet);

	list_remove(&conn->quiet);
	shutdown(conn->fd, SHUT_RDWR);
}

struct conn *http1_conn_of(struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	must(info && info->socket_context);
	return info->socket_context;
}

void http1_add(struct http1 *h, int fd, const struct sockaddr_storage *from, socklen_t size)
{
	h->adding = mem_new(struct conn, 1);
	h->adding->http1 = h;
	h->adding->fd = fd;
	h->adding->deadline.fire = on_deadline;
	h->adding->look.fire = on_look;
	list_init(&h->adding->quiet);
	http1_wait_for_client(h->adding);
	http1_set_deadline(h->adding, http1_header_timeout(h->server));
	/* It closes the socket if it fails. */
	if (MHD_add_connection(h->daemon, fd, (const struct sockaddr *)from, size) == MHD_NO &&
		h->adding) {
		timer_clear(&h->adding->deadline);
		timer_clear(&h->adding->look);
		list_remove(&h->adding->quiet);
		free(h->adding);
	}
	h->adding = NULL;
	task_defer(&h->resumed, h->server->loop);
}
