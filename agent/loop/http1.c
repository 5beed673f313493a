/*
 * HTTP/1: libmicrohttpd without a thread of its own, its epoll descriptor and its time-out
 * on the loop.
 *
 * libmicrohttpd calls on_access() for the head, for each piece of the body, and at its end;
 * a reply can be given to it only at the first or the last of these. A refusal in between
 * is kept, and what is left of the body thrown away as it comes: closing at once would reset the
 * connection, and the client would see that in place of the answer. While an answer is
 * awaited the connection is suspended, and libmicrohttpd does not see the client go; so we watch
 * for that ourselves.
 */

#include "agent/base/err.h"
#include "agent/base/log.h"
#include "agent/base/mem.h"
#include "agent/base/must.h"
#include "agent/base/timestamp.h"
#include "agent/loop/http1_private.h"
#include "agent/loop/http_framing.h"
#include "agent/loop/tls_server.h"

#include <gnutls/gnutls.h>
#include <microhttpd.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Head and read buffer of a connection. Above 32 KiB it is mapped, and costs what is touched. */
#define CONNECTION_MEMORY ((size_t)64 * 1024)
#define CONNECTION_STEP ((size_t)16 * 1024)
/* So much of a refused body is read. */
#define DISCARD_MAX ((size_t)64 * 1024 * 1024)

static struct http1_request *of(struct http_request *base)
{
	return container_of(base, struct http1_request, base);
}

static void set_state(struct http1_request *r, enum request_state to)
{
	must(r->state != GONE && (r->state != ANSWERED || to == GONE));
	r->state = to;
}

/* ---- libmicrohttpd's time and descriptors ---- */

static void run(struct http1 *s)
{
	MHD_UNSIGNED_LONG_LONG ms;

	s->is_running = true;
	MHD_run(s->daemon);
	s->is_running = false;
	if (MHD_get_timeout(s->daemon, &ms) == MHD_YES)
		real_timer_set(&s->timer, s->server->loop, ms);
	else
		real_timer_clear(&s->timer);
}

static void on_ready(struct fd_watch *w, unsigned events)
{
	(void)events;
	run(container_of(w, struct http1, ready));
}

static void on_timer(struct real_timer *t)
{
	run(container_of(t, struct http1, timer));
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
	run(container_of(t, struct http1, resumed));
}

static void resume(struct http1_request *r)
{
	MHD_resume_connection(r->connection);
	task_defer(&r->http1->resumed, r->base.server->loop);
}

/* ---- replies ---- */

static void reply_to(struct http_request *base, const struct http_reply *reply)
{
	struct http1_request *r = of(base);
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
	if (reply->close || base->server->is_quiet)
		MHD_add_response_header(r->response, "Connection", "close");
	if (was_waiting) {
		fd_stop(&r->hangup);
		set_state(r, ANSWERED);
		resume(r);
	}
}

static enum MHD_Result hand_over(struct http1_request *r)
{
	enum MHD_Result ok = MHD_queue_response(r->connection, r->status, r->response);

	if (r->state != ANSWERED)
		set_state(r, ANSWERED);
	http1_set_deadline(http1_conn_of(r->connection), r->base.server->set.write_timeout);
	http_request_drop_body(&r->base);
	return ok;
}

static struct str value_of(
	const struct http_request *base, enum MHD_ValueKind kind, const char *name)
{
	const struct http1_request *r =
		(const struct http1_request *)((const char *)base -
					       offsetof(struct http1_request, base));
	const char *value = NULL;
	size_t n = 0;

	if (MHD_lookup_connection_value_n(r->connection, kind, name, strlen(name), &value, &n) ==
		MHD_NO)
		return (struct str){NULL, 0};
	return value ? (struct str){value, n} : (struct str){"", 0};
}

static struct str header_of(const struct http_request *r, const char *name)
{
	return value_of(r, MHD_HEADER_KIND, name);
}

static enum MHD_Result on_header(void *visitor, enum MHD_ValueKind kind, const char *name,
	size_t name_n, const char *value, size_t value_n)
{
	struct http_header_visitor *v = visitor;

	(void)kind;
	v->header(v, (struct str){name, name_n},
		str_trim((struct str){value ? value : "", value_n}));
	return MHD_YES;
}

static void headers_of(const struct http_request *base, struct http_header_visitor *v)
{
	const struct http1_request *r =
		(const struct http1_request *)((const char *)base -
					       offsetof(struct http1_request, base));

	MHD_get_connection_values_n(r->connection, MHD_HEADER_KIND, on_header, v);
}

static struct str query_of(const struct http_request *r, const char *name)
{
	return value_of(r, MHD_GET_ARGUMENT_KIND, name);
}

static const struct http_protocol protocol = {
	.header = header_of,
	.headers = headers_of,
	.query = query_of,
	.reply = reply_to,
};

/* ---- the head ---- */

static bool has_good_certificate(const struct http1_request *r)
{
	const union MHD_ConnectionInfo *info;
	unsigned status = 0;

	if (!r->http1->asks_clients)
		return true;
	info = MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	return info && gnutls_certificate_verify_peers2(info->tls_session, &status) == 0 &&
	       status == 0;
}

/* May a reply be sent without reading the body first? If there is none, if the client waits for a
 * word before it sends one, or if it is too long to be thrown away. */
static bool may_answer_now(const struct http1_request *r, const struct http_framing *f)
{
	if (f->encodings == 0 && (f->length == 0 || (size_t)f->length > DISCARD_MAX))
		return true;
	return str_eq_nocase(header_of(&r->base, "Expect"), STR("100-continue"));
}

static enum MHD_Result on_head(struct http1_request *r, bool is_old)
{
	struct http_server *s = r->base.server;
	struct http_framing f;

	http_framing_read(r->connection, &f);
	if (!http_framing_is_clear(&f, is_old)) {
		http_request_refuse(&r->base, MHD_HTTP_BAD_REQUEST,
			"The length of the body is not clear.\n");
		return hand_over(r);
	}
	if (!has_good_certificate(r)) {
		http_request_refuse(
			&r->base, MHD_HTTP_FORBIDDEN, "A client certificate is wanted.\n");
		return hand_over(r);
	}
	if ((uint64_t)f.length > s->set.max_body)
		http_request_too_large(&r->base);
	else if (s->set.head && !s->set.head(s, &r->base))
		must(r->response);
	if (!r->response)
		return MHD_YES;
	if (may_answer_now(r, &f))
		return hand_over(r);
	set_state(r, DISCARDING);
	return MHD_YES;
}

/* ---- the body and what follows ---- */

static enum MHD_Result on_bytes(struct http1_request *r, const char *p, size_t n)
{
	http1_wait_for_client(http1_conn_of(r->connection));
	if (r->state == READING && http_request_add(&r->base, (struct str){p, n}))
		return MHD_YES;
	if (r->state == READING)
		set_state(r, DISCARDING);
	r->discarded += n;
	return r->discarded <= DISCARD_MAX ? MHD_YES : MHD_NO;
}

static void tell_gone(struct http1_request *r)
{
	struct http_server *s = r->base.server;

	fd_stop(&r->hangup);
	set_state(r, GONE);
	if (s->set.gone)
		s->set.gone(s, &r->base);
	resume(r);
}

static void on_hangup(struct fd_watch *w, unsigned events)
{
	(void)events;
	tell_gone(container_of(w, struct http1_request, hangup));
}

static enum MHD_Result wait_for_reply(struct http1_request *r)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	int fd;

	must(info);
	/* At once: libmicrohttpd 1.0 gives the next answer in the same place. */
	fd = info->connect_fd;
	http1_set_deadline(http1_conn_of(r->connection), 0); /* ours is the delay */
	set_state(r, WAITING);
	MHD_suspend_connection(r->connection);
	r->hangup.ready = on_hangup;
	fd_start(&r->hangup, r->base.server->loop, fd, FD_HANGUP);
	return MHD_YES;
}

static enum MHD_Result on_complete(struct http1_request *r)
{
	struct http_server *s = r->base.server;

	if (r->state == GONE)
		return MHD_NO;
	list_remove(&http1_conn_of(r->connection)->quiet);
	if (r->response)
		return hand_over(r);
	set_state(r, ASKED);
	s->set.request(s, &r->base);
	return r->response ? hand_over(r) : wait_for_reply(r);
}

static struct http1_request *new_request(
	struct http1 *h, struct MHD_Connection *c, const char *path, const char *method)
{
	struct http1_request *r = mem_new(struct http1_request, 1);
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

	r->base.server = h->server;
	r->base.protocol = &protocol;
	r->http1 = h;
	r->base.path = path;
	r->base.method = method;
	r->base.peer = listen_peer(info ? info->client_addr : NULL);
	r->connection = c;
	list_add_last(&h->requests, &r->base.link);
	return r;
}

static enum MHD_Result on_access(void *owner, struct MHD_Connection *c, const char *path,
	const char *method, const char *version, const char *data, size_t *size, void **known)
{
	struct http1_request *r = *known;

	if (!r) {
		http1_set_deadline(http1_conn_of(c),
			http_server_read_timeout(((struct http1 *)owner)->server));
		http1_wait_for_client(http1_conn_of(c));
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
	struct http1_request *r = *known;

	(void)owner;
	if (!r)
		return;
	must(r->state != WAITING);
	/* The idle time-out may pass before the next head begins. */
	if (why == MHD_REQUEST_TERMINATED_COMPLETED_OK) {
		http1_set_deadline(http1_conn_of(c), http_server_idle_timeout(r->base.server) +
							     http1_header_timeout(r->base.server));
		http1_wait_for_client(http1_conn_of(c));
		http_server_may_drop(r->base.server);
	}
	*known = NULL;
	list_remove(&r->base.link);
	if (r->response)
		MHD_destroy_response(r->response);
	http_request_drop_body(&r->base);
	free(r);
}

/* ---- start and end ---- */

static bool start_daemon(struct http1 *h, struct err *e)
{
	struct http_server *s = h->server;
	struct tls_pem pem = s->keys ? tls_keys_pem(s->keys) : (struct tls_pem){0};
	unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG |
			 MHD_USE_NO_LISTEN_SOCKET;
	struct MHD_OptionItem options[] = {
		{MHD_OPTION_HTTPS_MEM_CERT, 0, pem.cert},
		{MHD_OPTION_HTTPS_MEM_KEY, 0, pem.key},
		{pem.client_ca ? MHD_OPTION_HTTPS_MEM_TRUST : MHD_OPTION_END, 0, pem.client_ca},
		{MHD_OPTION_END, 0, NULL},
	};

#if MHD_VERSION >= 0x00097707
	/* All calls are the loop's. Otherwise http1_on_connection() comes later than the caller of
	 * MHD_add_connection() counts on: what is added goes through a queue between threads. */
	flags |= MHD_USE_NO_THREAD_SAFETY;
#endif
	if (s->keys)
		flags |= MHD_USE_TLS;
	else
		options[0].option = MHD_OPTION_END;
	h->daemon = MHD_start_daemon(flags, 0, NULL, NULL, on_access, h,
		MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL, /* first, so that it hears of the rest */
		MHD_OPTION_NOTIFY_CONNECTION, http1_on_connection, h,
		MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)http_server_max_connections(s),
		MHD_OPTION_CONNECTION_TIMEOUT,
		(unsigned)((http_server_idle_timeout(s) + NS_PER_SEC - 1) / NS_PER_SEC),
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY,
		MHD_OPTION_CONNECTION_MEMORY_INCREMENT, CONNECTION_STEP,
		MHD_OPTION_STRICT_FOR_CLIENT, 1,
		MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,
		MHD_OPTION_ARRAY, options, MHD_OPTION_END);
	if (h->daemon)
		return true;
	return err_set(e, "listen on " STR_FMT ": %s", STR_ARG(s->set.address),
		s->keys ? "the certificate or its key cannot be used"
			: "libmicrohttpd could not start");
}

static void on_end(struct task *t)
{
	http1_free(container_of(t, struct http1, end));
}

struct http1 *http1_new(struct http_server *s, struct err *e)
{
	struct http1 *h = mem_new(struct http1, 1);

	h->server = s;
	h->asks_clients = s->keys && tls_keys_ask_clients(s->keys);
	h->end.run = on_end;
	list_init(&h->link);
	h->ready.ready = on_ready;
	h->timer.fire = on_timer;
	h->resumed.run = on_resumed;
	list_init(&h->requests);
	if (!start_daemon(h, e)) {
		http1_free(h);
		return NULL;
	}
	fd_start(&h->ready, s->loop,
		MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd, FD_READ);
	return h;
}

void http1_free(struct http1 *h)
{
	if (!h)
		return;
	must(!h->is_running);
	LIST_EACH (r, &h->requests, struct http1_request, base.link)
		if (r->state == WAITING)
			tell_gone(r);
	fd_stop(&h->ready);
	real_timer_close(&h->timer);
	task_cancel(&h->resumed);
	h->is_old = false; /* nothing is deferred any more */
	if (h->daemon)
		MHD_stop_daemon(h->daemon);
	task_cancel(&h->end);
	list_remove(&h->link);
	must(list_is_empty(&h->requests));
	free(h);
}

void http1_free_all(struct list *old)
{
	LIST_EACH (h, old, struct http1, link)
		http1_free(h);
}

void http1_retire(struct http1 *h, struct list *old)
{
	h->is_old = true;
	list_add_last(old, &h->link);
	if (h->open == 0)
		task_defer(&h->end, h->server->loop);
}
