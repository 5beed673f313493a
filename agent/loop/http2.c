/*
 * Connections of HTTP/2 (RFC 9113) on nghttp2, with prior knowledge or by ALPN: reading, writing,
 * and their end.
 *
 * While there is something that the client does not take, nothing is read from it, so that what
 * it asks for cannot pile up here. The end is a half-close first, for a client that is still
 * sending would lose our last words to a reset.
 */

#include "agent/base/log.h"
#include "agent/base/mem.h"
#include "agent/base/must.h"
#include "agent/base/timestamp.h"
#include "agent/loop/http2_private.h"
#include "agent/loop/tls_server.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	READ_SIZE = 64 * 1024,
	READS_A_TURN = 8,
	WRITE_SIZE = 32 * 1024, /* gathered before it is written */
	KEEP_OUT = 1024,        /* bytes of the buffer that an idle connection keeps */
	MAX_STREAMS = 256,
	STREAM_WINDOW = 128 * 1024,
	CONNECTION_WINDOW = 4 << 20, /* what there is of all streams is bounded by theirs */
	MAX_HEADER_LIST = 60 * 1024,
	HEADER_TABLE = 4096,
};

void http2_set_state(struct http2_conn *c, enum http2_state to)
{
	must(to > c->state);
	c->state = to;
	c->state_since = loop_now(c->http2->server->loop);
}

/* ---- its end ---- */

void http2_conn_close(struct http2_conn *c)
{
	struct http2 *h = c->http2;

	must(!c->is_inside);
	LIST_EACH (r, &c->requests, struct http2_request, base.link)
		http2_request_end(r);
	http2_times_stop(c);
	task_cancel(&c->work);
	fd_stop(&c->ready);
	nghttp2_session_del(c->session);
	tls_session_free(c->tls);
	close(c->fd);
	buf_fini(&c->out);
	list_remove(&c->link);
	free(c);
	http_server_count(h->server, -1);
}

static void linger(struct http2_conn *c)
{
	http2_set_state(c, HTTP2_LINGERING);
	if (c->tls)
		tls_session_bye(c->tls);
	shutdown(c->fd, SHUT_WR);
}

void http2_conn_end(struct http2_conn *c, uint32_t error, const char *why)
{
	nghttp2_submit_goaway(c->session, NGHTTP2_FLAG_NONE,
		nghttp2_session_get_last_proc_stream_id(c->session), error, (const uint8_t *)why,
		strlen(why));
	c->is_ended = true;
	http2_conn_work(c);
}

/* First it is told to begin nothing new, without a number: requests that it has sent meanwhile are
 * still served. Its answer to a ping comes behind them. */
void http2_conn_drain(struct http2_conn *c)
{
	if (c->state == HTTP2_HANDSHAKE) {
		c->is_ended = true;
		http2_conn_work(c);
	}
	if (c->state != HTTP2_OPEN)
		return;
	http2_set_state(c, HTTP2_DRAINING);
	nghttp2_submit_shutdown_notice(c->session);
	nghttp2_submit_ping(c->session, NGHTTP2_FLAG_NONE, NULL);
	c->pinged = c->state_since;
	http2_conn_work(c);
}

void http2_conn_go_on_draining(struct http2_conn *c)
{
	if (c->state != HTTP2_DRAINING || c->is_last_call)
		return;
	c->is_last_call = true;
	nghttp2_submit_goaway(c->session, NGHTTP2_FLAG_NONE,
		nghttp2_session_get_last_proc_stream_id(c->session), NGHTTP2_NO_ERROR, NULL, 0);
	http2_conn_work(c);
}

static bool is_finished(const struct http2_conn *c)
{
	if (c->is_ended || (c->is_last_call && c->n_requests == 0))
		return true;
	if (c->state == HTTP2_DRAINING && !c->is_last_call)
		return false; /* nghttp2 thinks so, but requests may be on their way */
	return !nghttp2_session_want_read(c->session) && !nghttp2_session_want_write(c->session);
}

/* ---- writing ---- */

static ssize_t send_some(struct http2_conn *c)
{
	const char *p = c->out.p + c->out_at;
	size_t n = c->out.n - c->out_at;

	return c->tls ? tls_session_write(c->tls, p, n) : send(c->fd, p, n, MSG_NOSIGNAL);
}

/* What nghttp2 has to say, until it is enough for one write. */
static void gather(struct http2_conn *c)
{
	const uint8_t *p;
	ssize_t n = 1;

	c->is_inside = true;
	while (c->out.n < WRITE_SIZE && n > 0) {
		n = nghttp2_session_mem_send(c->session, &p);
		if (n > 0)
			buf_add(&c->out, p, (size_t)n);
	}
	c->is_inside = false;
	if (n < 0)
		c->is_ended = true;
}

/* False: the connection is broken. */
static bool write_out(struct http2_conn *c)
{
	for (;;) {
		ssize_t n;

		if (c->out_at == c->out.n) {
			buf_clear(&c->out);
			c->out_at = 0;
			gather(c);
		}
		if (c->out.n == 0)
			break;
		n = send_some(c);
		if (n == -1)
			return errno == EAGAIN || errno == EINTR;
		c->out_at += (size_t)n;
		c->stuck_since = 0;
	}
	buf_shrink(&c->out, KEEP_OUT);
	return true;
}

static void watch(struct http2_conn *c)
{
	struct loop *l = c->http2->server->loop;
	bool is_stuck = c->out_at < c->out.n;

	if (is_stuck && !c->stuck_since)
		c->stuck_since = loop_now(l);
	fd_start(&c->ready, l, c->fd, is_stuck ? FD_WRITE : FD_READ);
	http2_times_watch(c);
}

/* Writes what there is. May free the connection. */
static void flush(struct http2_conn *c)
{
	if (c->state != HTTP2_LINGERING && c->has_tls) {
		if (!write_out(c)) {
			http2_conn_close(c);
			return;
		}
		if (c->out.n == 0 && is_finished(c))
			linger(c);
	} else if (c->is_ended && !c->has_tls) {
		http2_conn_close(c);
		return;
	}
	watch(c);
}

/* ---- reading ---- */

static bool feed(struct http2_conn *c, const char *p, size_t n)
{
	ssize_t r;

	if (c->is_ended || c->state == HTTP2_LINGERING)
		return true; /* read to its end, and not looked at */
	c->is_inside = true;
	r = nghttp2_session_mem_recv(c->session, (const uint8_t *)p, n);
	c->is_inside = false;
	if (r >= 0)
		return true;
	log_debug(NULL, "a connection of HTTP/2 is closed", KV("error", nghttp2_strerror((int)r)));
	c->is_ended = true;
	return r != NGHTTP2_ERR_BAD_CLIENT_MAGIC;
}

static ssize_t receive(struct http2_conn *c, char *to)
{
	return c->tls ? tls_session_read(c->tls, to, READ_SIZE) : recv(c->fd, to, READ_SIZE, 0);
}

/* False: the connection is over. */
static bool read_in(struct http2_conn *c)
{
	static char bytes[READ_SIZE]; /* one thread, and nobody keeps it */

	for (int i = 0; i < READS_A_TURN; i++) {
		ssize_t n = receive(c, bytes);

		if (n == -1)
			return errno == EAGAIN || errno == EINTR;
		if (n == 0)
			return false;
		c->heard = loop_now(c->http2->server->loop);
		if (!feed(c, bytes, (size_t)n))
			return false;
		/* GnuTLS takes one record at a time from the socket, and keeps nothing of it. */
		if (!c->tls && n < READ_SIZE)
			return true;
	}
	return true;
}

/* False: it failed. True and !has_tls: it goes on. */
static bool shake_hands(struct http2_conn *c)
{
	bool wants_write = false;

	if (c->has_tls)
		return true;
	switch (tls_session_handshake(c->tls, &wants_write)) {
	case TLS_DONE:
		c->has_tls = true;
		return tls_session_has_http2(c->tls);
	case TLS_AGAIN:
		fd_start(&c->ready, c->http2->server->loop, c->fd,
			wants_write ? FD_WRITE : FD_READ);
		return true;
	case TLS_FAILED:
		break;
	}
	return false;
}

static void go_on(struct http2_conn *c, bool may_read)
{
	if (!shake_hands(c)) {
		http2_conn_close(c);
		return;
	}
	if (!c->has_tls)
		return;
	if (may_read && !read_in(c)) {
		http2_conn_close(c);
		return;
	}
	flush(c);
}

static void on_ready(struct fd_watch *w, unsigned events)
{
	struct http2_conn *c = container_of(w, struct http2_conn, ready);

	go_on(c, events & FD_READ);
}

static void on_work(struct task *t)
{
	flush(container_of(t, struct http2_conn, work));
}

void http2_conn_work(struct http2_conn *c)
{
	task_defer(&c->work, c->http2->server->loop);
}

/* ---- its beginning ---- */

static void submit_settings(struct http2_conn *c)
{
	uint32_t streams = c->http2->server->http2_set.max_streams;
	const nghttp2_settings_entry entries[] = {
		{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, streams ? streams : MAX_STREAMS},
		{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, STREAM_WINDOW},
		{NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, MAX_HEADER_LIST},
		{NGHTTP2_SETTINGS_HEADER_TABLE_SIZE, HEADER_TABLE},
	};

	nghttp2_submit_settings(c->session, NGHTTP2_FLAG_NONE, entries,
		sizeof(entries) / sizeof(entries[0]));
	nghttp2_session_set_local_window_size(
		c->session, NGHTTP2_FLAG_NONE, 0, CONNECTION_WINDOW);
}

void http2_add(struct http2 *h, int fd, const struct in6_addr *peer, bool is_tls)
{
	struct http2_conn *c = mem_new(struct http2_conn, 1);

	c->http2 = h;
	c->peer = *peer;
	c->fd = fd;
	c->ready.ready = on_ready;
	c->work.run = on_work;
	c->has_tls = !is_tls;
	if (is_tls)
		c->tls = tls_session_new(h->server->keys, fd, "h2");
	if (nghttp2_session_server_new2(&c->session, h->callbacks, c, h->options) != 0)
		mem_out(sizeof(*c));
	list_init(&c->requests);
	list_add_last(&h->conns, &c->link);
	http_server_count(h->server, 1);
	submit_settings(c);
	http2_times_start(c);
	fd_start(&c->ready, h->server->loop, fd, FD_READ);
}

/* Its clients keep their connections for long, and there are few. */
static struct http2_conn *quietest(const struct http2 *h)
{
	struct http2_conn *found = NULL;

	LIST_EACH (c, &h->conns, struct http2_conn, link)
		if (c->n_complete == 0 && (!found || c->heard < found->heard))
			found = c;
	return found;
}

int64_t http2_quiet_since(const struct http2 *h)
{
	const struct http2_conn *c = quietest(h);

	return c ? c->heard : INT64_MAX;
}

void http2_drop_quiet(struct http2 *h)
{
	http2_conn_close(quietest(h));
}

struct http2 *http2_new(struct http_server *s)
{
	struct http2 *h = mem_new(struct http2, 1);

	h->server = s;
	h->callbacks = http2_callbacks_new();
	if (nghttp2_option_new(&h->options) != 0)
		mem_out(1);
	nghttp2_option_set_no_auto_window_update(h->options, 1);
	nghttp2_option_set_no_closed_streams(h->options, 1);
	list_init(&h->conns);
	list_init(&h->receiving);
	list_init(&h->spare);
	return h;
}

void http2_free(struct http2 *h)
{
	if (!h)
		return;
	h->is_ending = true;
	LIST_EACH (c, &h->conns, struct http2_conn, link)
		http2_conn_close(c);
	task_cancel(&h->room);
	http2_request_free_spare(h);
	nghttp2_option_del(h->options);
	nghttp2_session_callbacks_del(h->callbacks);
	free(h);
}

void http2_quiesce(struct http2 *h)
{
	LIST_EACH (c, &h->conns, struct http2_conn, link)
		http2_conn_drain(c);
}
