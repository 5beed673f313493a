#pragma once

/* What the sources of the HTTP server know of each other. */

#include "agent/base/buf.h"
#include "agent/loop/acceptor.h"
#include "agent/loop/http_server.h"
#include "agent/loop/private.h"

struct http1;
struct http2;
struct tls_keys;

/* How a request came, and how its answer goes. */
struct http_protocol {
	struct str (*header)(const struct http_request *r, const char *name);
	void (*headers)(const struct http_request *r, struct http_header_visitor *v);
	struct str (*query)(const struct http_request *r, const char *name);
	void (*reply)(struct http_request *r, const struct http_reply *reply);
	bool is_http2;
};

struct http_request {
	struct list link; /* the protocol's */
	struct http_server *server;
	const struct http_protocol *protocol;
	const char *method;
	const char *path;
	struct buf body;
	bool is_answered; /* there is a reply, whether it could be sent yet or not */
	struct in6_addr peer;
	void *user;
};

struct http_server {
	struct loop *loop;
	struct http_server_settings set;
	struct http2_settings http2_set;
	void *owner;
	struct acceptor acceptor;
	struct http1 *http1;
	struct list quiet;     /* connections of HTTP/1 that wait for their clients */
	struct list old_http1; /* with other keys; each ends with its last connection */
	struct http2 *http2;   /* NULL: not served */
	struct tls_keys *keys; /* NULL: no TLS */
	size_t open;
	size_t bodies;
	int port;
	bool is_quiet;
};

int64_t http_server_read_timeout(const struct http_server *s);
int64_t http_server_idle_timeout(const struct http_server *s);
size_t http_server_max_connections(const struct http_server *s);
void http_server_count(struct http_server *s, int n); /* one connection more (1) or less (-1) */
void http_server_may_drop(struct http_server *s);     /* a connection waits for its client again */

/* Bytes of a body. False: there is no room for them; the request is answered. */
bool http_request_add(struct http_request *r, struct str bytes);
void http_request_drop_body(struct http_request *r);
void http_request_refuse(struct http_request *r, int status, const char *text);
void http_request_too_large(struct http_request *r);

struct http1 *http1_new(struct http_server *s, struct err *e);
void http1_free(struct http1 *h);
void http1_free_all(struct list *old);
void http1_retire(struct http1 *h, struct list *old); /* it ends when nobody is connected */
/* Of the connections that wait for their clients: when the one that is silent for longest was last
 * heard (INT64_MAX: there is none), and its end. */
int64_t http1_quiet_since(const struct http_server *s);
void http1_drop_quiet(struct http_server *s);
void http1_add(struct http1 *h, int fd, const struct sockaddr_storage *from, socklen_t size);

struct http2 *http2_new(struct http_server *s);
void http2_free(struct http2 *h);
void http2_add(struct http2 *h, int fd, const struct in6_addr *peer, bool is_tls);
int64_t http2_quiet_since(const struct http2 *h); /* as of http1 */
void http2_drop_quiet(struct http2 *h);
void http2_quiesce(struct http2 *h);   /* connections end with the requests that are under way */
void http2_give_room(struct http2 *h); /* bodies have gone */
