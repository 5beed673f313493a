/*
 * The HTTP server: what is the same for every protocol. A connection goes to http1.c or http2.c by
 * its first bytes, and the bytes of all bodies are counted here, so that there is a limit to what
 * clients can make us keep.
 */

#include "agent/loop/http_server.h"

#include "agent/base/err.h"
#include "agent/base/mem.h"
#include "agent/base/must.h"
#include "agent/base/timestamp.h"
#include "agent/loop/http_server_private.h"
#include "agent/loop/tls_server.h"

#include <stdlib.h>
#include <unistd.h>

#define CONNECTIONS_MAX 4096
#define IDLE_TIMEOUT (60 * NS_PER_SEC)
#define IDLE_TIMEOUT_MAX (24 * 3600 * NS_PER_SEC)

int64_t http_server_idle_timeout(const struct http_server *s)
{
	int64_t ns = s->set.idle_timeout > 0 ? s->set.idle_timeout : IDLE_TIMEOUT;

	return ns < IDLE_TIMEOUT_MAX ? ns : IDLE_TIMEOUT_MAX;
}

int64_t http_server_read_timeout(const struct http_server *s)
{
	return s->set.read_timeout > 0 ? s->set.read_timeout : 10 * http_server_idle_timeout(s);
}

size_t http_server_max_connections(const struct http_server *s)
{
	return s->set.max_connections ? s->set.max_connections : CONNECTIONS_MAX;
}

void http_server_may_drop(struct http_server *s)
{
	acceptor_set_paused(&s->acceptor, false); /* it asks whether there is room */
}

void http_server_count(struct http_server *s, int n)
{
	s->open += (size_t)n;
	if (n < 0)
		http_server_may_drop(s);
}

/* There is room for somebody new unless all the others wait for us: who has said nothing yet is
 * closed for it, or who is silent for longest. That may take a turn; we are asked again then. */
static bool has_room(struct acceptor *a, bool is_needed)
{
	struct http_server *s = container_of(a, struct http_server, acceptor);
	int64_t since = http1_quiet_since(s);

	if (http_server_connections(s) < http_server_max_connections(s))
		return true;
	if (!is_needed)
		return false;
	if (acceptor_drop_oldest(a))
		return true;
	if (s->http2 && http2_quiet_since(s->http2) < since)
		http2_drop_quiet(s->http2);
	else if (since != INT64_MAX)
		http1_drop_quiet(s);
	return http_server_connections(s) < http_server_max_connections(s);
}

static void on_left(struct acceptor *a)
{
	http_server_may_drop(container_of(a, struct http_server, acceptor));
}

/* ---- bodies and replies ---- */

void http_reply(struct http_request *r, const struct http_reply *reply)
{
	must(!r->is_answered);
	r->is_answered = true;
	r->protocol->reply(r, reply);
}

void http_request_refuse(struct http_request *r, int status, const char *text)
{
	http_reply(r, &(struct http_reply){
			      .status = status,
			      .content_type = "text/plain; charset=utf-8",
			      .body = str_from(text),
			      .close = true,
		      });
}

void http_request_too_large(struct http_request *r)
{
	struct http_server *s = r->server;

	http_request_drop_body(r);
	if (s->set.too_large)
		s->set.too_large(s, r);
	if (!r->is_answered)
		http_request_refuse(r, 413, "The body is too large.\n");
}

static void no_room(struct http_request *r)
{
	struct http_server *s = r->server;

	http_request_drop_body(r);
	if (s->set.busy)
		s->set.busy(s, r);
	if (!r->is_answered)
		http_request_refuse(r, 503, "There is no room for the body now.\n");
}

bool http_request_add(struct http_request *r, struct str bytes)
{
	struct http_server *s = r->server;

	if (r->body.n + bytes.n > s->set.max_body)
		http_request_too_large(r);
	else if (s->set.max_bodies && s->bodies + bytes.n > s->set.max_bodies)
		no_room(r);
	if (r->is_answered)
		return false;
	buf_add_str(&r->body, bytes);
	s->bodies += bytes.n;
	return true;
}

void http_request_drop_body(struct http_request *r)
{
	struct http_server *s = r->server;

	must(s->bodies >= r->body.n);
	s->bodies -= r->body.n;
	if (r->body.n && s->http2)
		http2_give_room(s->http2);
	buf_fini(&r->body);
}

/* ---- connections ---- */

static void on_accepted(struct acceptor *a, int fd, const struct sockaddr_storage *from,
	socklen_t size, enum first_bytes first)
{
	struct http_server *s = container_of(a, struct http_server, acceptor);
	bool is_tls = first == FIRST_TLS || first == FIRST_TLS_HTTP2;
	struct in6_addr peer = listen_peer((const struct sockaddr *)from);

	if (is_tls && !s->keys)
		close(fd); /* a client that speaks TLS here would wait for us */
	else if (first == FIRST_TLS_HTTP2 && s->http2)
		http2_add(s->http2, fd, &peer, true);
	else if (first == FIRST_HTTP2 && s->http2 && !s->keys)
		http2_add(s->http2, fd, &peer, false);
	else
		http1_add(s->http1, fd, from, size);
}

/* ---- start and end ---- */

static int port_of(int fd)
{
	struct sockaddr_storage a = {0};
	socklen_t size = sizeof(a);

	must(getsockname(fd, (struct sockaddr *)&a, &size) == 0);
	/* NOLINTNEXTLINE: getsockname() has filled it */
	return ntohs(a.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)(void *)&a)->sin6_port
					     : ((struct sockaddr_in *)(void *)&a)->sin_port);
}

static bool start(struct http_server *s, struct err *e)
{
	const struct http_server_settings *set = &s->set;
	int fd;

	if (set->tls_cert_pem.n && set->tls_key_pem.n) {
		s->keys = tls_keys_new(
			set->tls_cert_pem, set->tls_key_pem, set->tls_client_ca_pem, e);
		if (!s->keys)
			return err_wrap(e, "listen on " STR_FMT, STR_ARG(set->address));
	}
	fd = listen_open(set->address, e);
	if (fd == -1)
		return false;
	s->acceptor.accepted = on_accepted;
	s->acceptor.has_room = has_room;
	s->acceptor.left = on_left;
	s->acceptor.patience = http_server_idle_timeout(s);
	s->acceptor.wants_alpn = s->keys && set->http2;
	acceptor_start(&s->acceptor, s->loop, fd);
	s->port = port_of(fd);
	s->http1 = http1_new(s, e);
	return s->http1;
}

struct http_server *http_server_new(struct loop *l, const struct http_server_settings *set,
	void *owner, struct err *e)
{
	struct http_server *s = mem_new(struct http_server, 1);

	must(set->request);
	s->loop = l;
	list_init(&s->quiet);
	list_init(&s->old_http1);
	s->set = *set;
	s->owner = owner;
	if (set->http2) {
		s->http2_set = *set->http2;
		s->http2 = http2_new(s);
	}
	if (!start(s, e)) {
		http_server_free(s);
		return NULL;
	}
	s->set.tls_cert_pem = s->set.tls_key_pem = s->set.tls_client_ca_pem = (struct str){0};
	s->set.http2 = NULL; /* the owner's */
	return s;
}

void http_server_free(struct http_server *s)
{
	if (!s)
		return;
	s->is_quiet = true;
	acceptor_stop(&s->acceptor);
	http1_free(s->http1);
	http1_free_all(&s->old_http1);
	http2_free(s->http2);
	must(s->bodies == 0);
	tls_keys_release(s->keys);
	free(s);
}

static bool is_pem(struct tls_pem pem, struct str cert, struct str key, struct str client_ca)
{
	return str_is(cert, pem.cert) && str_is(key, pem.key) &&
	       str_eq(client_ca, str_from(pem.client_ca));
}

bool http_server_set_tls(struct http_server *s, struct str cert_pem, struct str key_pem,
	struct str client_ca_pem, struct err *e)
{
	struct tls_keys *old = s->keys;
	struct http1 *fresh;

	must(old);
	if (is_pem(tls_keys_pem(old), cert_pem, key_pem, client_ca_pem))
		return true;
	s->keys = tls_keys_new(cert_pem, key_pem, client_ca_pem, e);
	fresh = s->keys ? http1_new(s, e) : NULL;
	if (!fresh) {
		tls_keys_release(s->keys);
		s->keys = old;
		return false;
	}
	http1_retire(s->http1, &s->old_http1);
	s->http1 = fresh;
	tls_keys_release(old);
	return true;
}

void http_server_quiesce(struct http_server *s)
{
	s->is_quiet = true;
	acceptor_stop(&s->acceptor);
	if (s->http2)
		http2_quiesce(s->http2);
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

size_t http_server_bodies(const struct http_server *s)
{
	return s->bodies;
}
