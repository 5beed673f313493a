/*
 * The HTTP server: libmicrohttpd without a thread of its own, its epoll descriptor and its time-out
 * on the loop.
 *
 * libmicrohttpd calls on_access() for the head, for each piece of the body, and at its end;
 * a reply can be given to it only at the first or the last of these. A refusal in between
 * is kept, and what is left of the body thrown away as it comes: closing at once would reset the
 * connection, and the client would see that in place of the answer. While an answer is
 * awaited the connection is suspended, and libmicrohttpd does not see the client go; so we watch
 * for that ourselves.
 */

#include "agent/loop/http_server.h"

#include "agent/base/err.h"
#include "agent/base/log.h"
#include "agent/base/mem.h"
#include "agent/base/must.h"
#include "agent/base/timestamp.h"
#include "agent/loop/http_framing.h"
#include "agent/loop/http_server_private.h"

#include <gnutls/gnutls.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CONNECTIONS_MAX 4096
#define IDLE_TIMEOUT (60 * NS_PER_SEC)
#define IDLE_TIMEOUT_MAX (24 * 3600 * NS_PER_SEC)
/* Head and read buffer of a connection. Above 32 KiB it is mapped, and costs what is touched. */
#define CONNECTION_MEMORY ((size_t)64 * 1024)
#define CONNECTION_STEP ((size_t)16 * 1024)
/* So much of a refused body is read. */
#define DISCARD_MAX ((size_t)64 * 1024 * 1024)

static int64_t idle_timeout(const struct http_server *s)
{
	int64_t ns = s->set.idle_timeout > 0 ? s->set.idle_timeout : IDLE_TIMEOUT;

	return ns < IDLE_TIMEOUT_MAX ? ns : IDLE_TIMEOUT_MAX;
}

static void set_state(struct http_request *r, enum request_state to)
{
	must(r->state != GONE && (r->state != ANSWERED || to == GONE));
	r->state = to;
}

/* ---- libmicrohttpd's time and descriptors ---- */

static void run(struct http_server *s)
{
	MHD_UNSIGNED_LONG_LONG ms;

	s->is_running = true;
	MHD_run(s->daemon);
	s->is_running = false;
	if (MHD_get_timeout(s->daemon, &ms) == MHD_YES)
		real_timer_set(&s->timer, s->loop, ms);
	else
		real_timer_clear(&s->timer);
}

static void on_ready(struct fd_watch *w, unsigned events)
{
	(void)events;
	run(container_of(w, struct http_server, ready));
}

static void on_timer(struct real_timer *t)
{
	run(container_of(t, struct http_server, timer));
}

__attribute__((format(printf, 2, 0))) static void on_log(void *owner, const char *fmt, va_list ap)
{
	char text[256];

	(void)owner;
	if (!log_is_on(LOG_DEBUG))
		return;
	vsnprintf(text, sizeof(text), fmt, ap);
	log_debug(NULL, "HTTP connection", KV("text", str_trim(str_from(text))));
}

static void on_resumed(struct task *t)
{
	run(container_of(t, struct http_server, resumed));
}

static void resume(struct http_request *r)
{
	MHD_resume_connection(r->connection);
	task_defer(&r->server->resumed, r->server->loop);
}

/* ---- replies ---- */

void http_reply(struct http_request *r, const struct http_reply *reply)
{
	bool was_waiting = r->state == WAITING;

	must(!r->response);
	r->status = (unsigned)reply->status;
	r->response = MHD_create_response_from_buffer(reply->body.n,
		(void *)(uintptr_t)reply->body.p, MHD_RESPMEM_MUST_COPY);
	must(r->response);
	if (reply->content_type)
		MHD_add_response_header(r->response, "Content-Type", reply->content_type);
	for (const struct http_reply_header *h = reply->headers; h && h->name; h++)
		MHD_add_response_header(r->response, h->name, h->value);
	if (reply->close || r->server->is_quiet)
		MHD_add_response_header(r->response, "Connection", "close");
	if (was_waiting) {
		fd_stop(&r->hangup);
		set_state(r, ANSWERED);
		resume(r);
	}
}

static void refuse(struct http_request *r, int status, const char *text)
{
	http_reply(r, &(struct http_reply){
			      .status = status,
			      .content_type = "text/plain; charset=utf-8",
			      .body = str_from(text),
			      .close = true,
		      });
}

static enum MHD_Result hand_over(struct http_request *r)
{
	enum MHD_Result ok = MHD_queue_response(r->connection, r->status, r->response);

	if (r->state != ANSWERED)
		set_state(r, ANSWERED);
	buf_fini(&r->body);
	return ok;
}

static void too_large(struct http_request *r)
{
	struct http_server *s = r->server;

	buf_fini(&r->body);
	if (s->set.too_large)
		s->set.too_large(s, r);
	if (!r->response)
		refuse(r, MHD_HTTP_CONTENT_TOO_LARGE, "The body is too large.\n");
}

/* ---- connections ---- */

static size_t max_connections(const struct http_server *s)
{
	return s->set.max_connections ? s->set.max_connections : CONNECTIONS_MAX;
}

static void limit_connections(struct http_server *s)
{
	acceptor_set_paused(&s->acceptor, http_server_connections(s) >= max_connections(s));
}

/* libmicrohttpd reads the end, and closes. */
static void on_deadline(struct timer *t)
{
	shutdown(container_of(t, struct conn, deadline)->fd, SHUT_RDWR);
}

static void on_connection(void *owner, struct MHD_Connection *c, void **context,
	enum MHD_ConnectionNotificationCode what)
{
	struct http_server *s = owner;
	struct conn *conn = *context;

	(void)c;
	switch (what) {
	case MHD_CONNECTION_NOTIFY_STARTED:
		must(s->adding);
		*context = s->adding;
		s->adding = NULL;
		s->open++;
		return;
	case MHD_CONNECTION_NOTIFY_CLOSED:
		timer_clear(&conn->deadline);
		free(conn);
		s->open--;
		limit_connections(s);
		return;
	}
}

/* From its beginning, or from the end of the request before, which the idle time-out may follow. */
static void set_head_deadline(struct conn *conn)
{
	const struct http_server *s = conn->server;

	timer_set(&conn->deadline, s->loop, 2 * idle_timeout(s));
}

static struct conn *conn_of(struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	must(info && info->socket_context);
	return info->socket_context;
}

static void on_accepted(struct acceptor *a, int fd, const struct sockaddr_storage *from,
	socklen_t size, enum first_bytes first)
{
	struct http_server *s = container_of(a, struct http_server, acceptor);

	if (first == FIRST_TLS && !s->tls[0]) {
		close(fd); /* a client that speaks TLS here would wait for us */
		return;
	}
	if (first == FIRST_HTTP2 && s->set.http2) {
		struct in6_addr peer = listen_peer((const struct sockaddr *)from);

		s->set.http2(s, fd, &peer);
		return;
	}
	s->adding = mem_new(struct conn, 1);
	s->adding->server = s;
	s->adding->fd = fd;
	s->adding->deadline.fire = on_deadline;
	set_head_deadline(s->adding);
	/* It closes the socket if it fails. */
	if (MHD_add_connection(s->daemon, fd, (const struct sockaddr *)from, size) == MHD_NO &&
		s->adding) {
		timer_clear(&s->adding->deadline);
		free(s->adding);
	}
	s->adding = NULL;
	task_defer(&s->resumed, s->loop);
	limit_connections(s);
}

/* ---- the head ---- */

static bool has_good_certificate(const struct http_request *r)
{
	const union MHD_ConnectionInfo *info;
	unsigned status = 0;

	if (!r->server->tls[2])
		return true;
	info = MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	return info && gnutls_certificate_verify_peers2(info->tls_session, &status) == 0 &&
	       status == 0;
}

/* May a reply be sent without reading the body first? If there is none, if the client waits for a
 * word before it sends one, or if it is too long to be thrown away. */
static bool may_answer_now(const struct http_request *r, const struct http_framing *f)
{
	if (f->encodings == 0 && (f->length == 0 || (size_t)f->length > DISCARD_MAX))
		return true;
	return str_eq_nocase(http_request_header(r, "Expect"), STR("100-continue"));
}

static enum MHD_Result on_head(struct http_request *r, bool is_old)
{
	struct http_server *s = r->server;
	struct http_framing f;

	http_framing_read(r->connection, &f);
	if (!http_framing_is_clear(&f, is_old)) {
		refuse(r, MHD_HTTP_BAD_REQUEST, "The length of the body is not clear.\n");
		return hand_over(r);
	}
	if (!has_good_certificate(r)) {
		refuse(r, MHD_HTTP_FORBIDDEN, "A client certificate is wanted.\n");
		return hand_over(r);
	}
	if ((uint64_t)f.length > s->set.max_body)
		too_large(r);
	else if (s->set.head && !s->set.head(s, r))
		must(r->response);
	if (!r->response)
		return MHD_YES;
	if (may_answer_now(r, &f))
		return hand_over(r);
	set_state(r, DISCARDING);
	return MHD_YES;
}

/* ---- the body and what follows ---- */

static enum MHD_Result on_bytes(struct http_request *r, const char *p, size_t n)
{
	if (r->state == READING && r->body.n + n <= r->server->set.max_body) {
		buf_add(&r->body, p, n);
		return MHD_YES;
	}
	if (r->state == READING) {
		too_large(r);
		set_state(r, DISCARDING);
	}
	r->discarded += n;
	return r->discarded <= DISCARD_MAX ? MHD_YES : MHD_NO;
}

static void tell_gone(struct http_request *r)
{
	struct http_server *s = r->server;

	fd_stop(&r->hangup);
	set_state(r, GONE);
	if (s->set.gone)
		s->set.gone(s, r);
	resume(r);
}

static void on_hangup(struct fd_watch *w, unsigned events)
{
	(void)events;
	tell_gone(container_of(w, struct http_request, hangup));
}

static enum MHD_Result wait_for_reply(struct http_request *r)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_CONNECTION_FD);

	must(info);
	set_state(r, WAITING);
	MHD_suspend_connection(r->connection);
	r->hangup.ready = on_hangup;
	fd_start(&r->hangup, r->server->loop, info->connect_fd, FD_HANGUP);
	return MHD_YES;
}

static enum MHD_Result on_complete(struct http_request *r)
{
	struct http_server *s = r->server;

	if (r->state == GONE)
		return MHD_NO;
	if (r->response)
		return hand_over(r);
	set_state(r, ASKED);
	s->set.request(s, r);
	return r->response ? hand_over(r) : wait_for_reply(r);
}

static struct http_request *new_request(struct http_server *s, struct MHD_Connection *c,
	const char *path, const char *method)
{
	struct http_request *r = mem_new(struct http_request, 1);
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

	r->server = s;
	r->connection = c;
	r->path = path;
	r->method = method;
	r->peer = listen_peer(info ? info->client_addr : NULL);
	list_add_last(&s->requests, &r->link);
	return r;
}

static enum MHD_Result on_access(void *owner, struct MHD_Connection *c, const char *path,
	const char *method, const char *version, const char *data, size_t *size, void **known)
{
	struct http_request *r = *known;

	if (!r) {
		timer_clear(&conn_of(c)->deadline);
		r = new_request(owner, c, path, method);
		*known = r;
		return on_head(r, strcmp(version, MHD_HTTP_VERSION_1_0) == 0);
	}
	if (*size) {
		size_t n = *size;

		*size = 0;
		return on_bytes(r, data, n);
	}
	return on_complete(r);
}

static void on_completed(void *owner, struct MHD_Connection *c, void **known,
	enum MHD_RequestTerminationCode why)
{
	struct http_request *r = *known;

	(void)owner;
	if (!r)
		return;
	must(r->state != WAITING);
	if (why == MHD_REQUEST_TERMINATED_COMPLETED_OK)
		set_head_deadline(conn_of(c));
	*known = NULL;
	list_remove(&r->link);
	if (r->response)
		MHD_destroy_response(r->response);
	buf_fini(&r->body);
	free(r);
}

/* ---- start and end ---- */

static char *copy_text(struct str s)
{
	char *p;

	if (s.n == 0)
		return NULL;
	p = mem_new(char, s.n + 1);
	memcpy(p, s.p, s.n);
	return p;
}

static bool start_daemon(struct http_server *s, struct err *e)
{
	unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG |
			 MHD_USE_NO_LISTEN_SOCKET;
	struct MHD_OptionItem options[] = {
		{MHD_OPTION_HTTPS_MEM_CERT, 0, s->tls[0]},
		{MHD_OPTION_HTTPS_MEM_KEY, 0, s->tls[1]},
		{s->tls[2] ? MHD_OPTION_HTTPS_MEM_TRUST : MHD_OPTION_END, 0, s->tls[2]},
		{MHD_OPTION_END, 0, NULL},
	};

	if (s->tls[0])
		flags |= MHD_USE_TLS;
	else
		options[0].option = MHD_OPTION_END;
	s->daemon = MHD_start_daemon(flags, 0, NULL, NULL, on_access, s,
		MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL, /* first, so that it hears of the rest */
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, s,
		MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)max_connections(s),
		MHD_OPTION_CONNECTION_TIMEOUT,
		(unsigned)((idle_timeout(s) + NS_PER_SEC - 1) / NS_PER_SEC),
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY,
		MHD_OPTION_CONNECTION_MEMORY_INCREMENT, CONNECTION_STEP,
		MHD_OPTION_STRICT_FOR_CLIENT, 1,
		MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,
		MHD_OPTION_ARRAY, options, MHD_OPTION_END);
	if (s->daemon)
		return true;
	return err_set(e, "listen on " STR_FMT ": %s", STR_ARG(s->set.address),
		s->tls[0] ? "the certificate or its key cannot be used"
			  : "libmicrohttpd could not start");
}

static int port_of(int fd)
{
	struct sockaddr_storage a = {0};
	socklen_t size = sizeof(a);

	must(getsockname(fd, (struct sockaddr *)&a, &size) == 0);
	/* NOLINTNEXTLINE: getsockname() has filled it */
	return ntohs(a.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)(void *)&a)->sin6_port
					     : ((struct sockaddr_in *)(void *)&a)->sin_port);
}

struct http_server *http_server_new(struct loop *l, const struct http_server_settings *set,
	void *owner, struct err *e)
{
	struct http_server *s = mem_new(struct http_server, 1);
	int fd;

	must(set->request);
	s->loop = l;
	s->set = *set;
	s->owner = owner;
	s->ready.ready = on_ready;
	s->timer.fire = on_timer;
	s->resumed.run = on_resumed;
	list_init(&s->requests);
	if (set->tls_cert_pem.n && set->tls_key_pem.n) {
		s->tls[0] = copy_text(set->tls_cert_pem);
		s->tls[1] = copy_text(set->tls_key_pem);
		s->tls[2] = copy_text(set->tls_client_ca_pem);
	}
	s->acceptor.accepted = on_accepted;
	s->acceptor.patience = idle_timeout(s);
	fd = listen_open(set->address, e);
	if (fd != -1)
		acceptor_start(&s->acceptor, l, fd);
	if (fd == -1 || !start_daemon(s, e)) {
		http_server_free(s);
		return NULL;
	}
	s->port = port_of(fd);
	fd_start(&s->ready, l,
		MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd, FD_READ);
	return s;
}

void http_server_free(struct http_server *s)
{
	if (!s)
		return;
	must(!s->is_running);
	LIST_EACH (r, &s->requests, struct http_request, link)
		if (r->state == WAITING)
			tell_gone(r);
	fd_stop(&s->ready);
	real_timer_close(&s->timer);
	task_cancel(&s->resumed);
	http_server_quiesce(s);
	if (s->daemon)
		MHD_stop_daemon(s->daemon);
	must(list_is_empty(&s->requests));
	for (size_t i = 0; i < 3; i++)
		free(s->tls[i]);
	free(s);
}

void http_server_quiesce(struct http_server *s)
{
	s->is_quiet = true;
	acceptor_stop(&s->acceptor);
}

void *http_server_owner(const struct http_server *s)
{
	return s->owner;
}

int http_server_port(const struct http_server *s)
{
	return s->port;
}

size_t http_server_connections(const struct http_server *s)
{
	return s->open + s->acceptor.n_waiting;
}
