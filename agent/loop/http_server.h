#pragma once

/*
 * Incoming HTTP/1.1 on libmicrohttpd and HTTP/2 on nghttp2, driven by the loop, on one port: a
 * connection's first bytes say which it is (under TLS its ALPN). One http_server an address. The
 * handler gets a request when its body is complete (bounded by max_body) and answers at
 * once or later; it need not know which protocol brought it.
 *
 * What is never passed on: heads over 60 KiB (431), malformed ones, and those whose length can be
 * read in two ways (Content-Length twice or beside Transfer-Encoding): 400 and close. A
 * request that is refused early is read to its end where that is not far, so that its client can
 * read the answer.
 */

#include "agent/base/str.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

struct err;
struct http_request;
struct http_server;
struct loop;

/* What only HTTP/2 has. Times in ns; 0: no such limit. */
struct http2_settings {
	uint32_t max_streams;     /* requests at once on a connection; 0: 256 */
	int64_t max_idle;         /* a connection without requests is closed */
	int64_t max_age;          /* an old one is told to go (GOAWAY) … */
	int64_t max_age_grace;    /* … and closed so much later; 0: when its requests are done */
	int64_t ping_after;       /* of silence; … */
	int64_t ping_timeout;     /* … who does not answer it in time is closed; 0: 20 s */
	int64_t ping_min_time;    /* who pings more often is closed, as gRPC has it; 0: who likes */
	bool ping_without_stream; /* … pings without a request are fine, too */
};

struct http_server_settings {
	struct str address;      /* "0.0.0.0:4318", "[::]:4318", ":4318", "localhost:0" */
	size_t max_body;         /* bytes as received; beyond it: too_large() or 413 */
	size_t max_bodies;       /* of all at once; beyond it: busy() or 503; 0: no limit */
	size_t max_connections;  /* 0: 4096 */
	int64_t idle_timeout;    /* ns without traffic on a connection; 0: 60 s */
	int64_t header_timeout;  /* ns for a head; 0: as idle_timeout */
	int64_t read_timeout;    /* ns for a request with its body; 0: ten times idle_timeout */
	int64_t write_timeout;   /* ns for an answer to be taken; 0: idle_timeout alone counts */
	struct str tls_cert_pem; /* both set: HTTPS */
	struct str tls_key_pem;
	struct str tls_client_ca_pem; /* set: clients must show a certificate from it */
	/* A complete request. Answer it with http_reply(), now or later. */
	void (*request)(struct http_server *s, struct http_request *r);
	/* Called as soon as the head is known; false: the request is answered already (with
	 * http_reply()), its body is not read. NULL: every request is taken. */
	bool (*head)(struct http_server *s, struct http_request *r);
	/* The client went away before an answer that comes later (closed its side, as Go and
	 * nginx see it), or the server is freed; r is invalid after it. */
	void (*gone)(struct http_server *s, struct http_request *r);
	/* Body over max_body: reply (413); NULL: a plain 413 is sent. */
	void (*too_large)(struct http_server *s, struct http_request *r);
	/* There is no room for a body (max_bodies): reply; NULL: a plain 503 is sent. */
	void (*busy)(struct http_server *s, struct http_request *r);
	const struct http2_settings *http2; /* copied; NULL: HTTP/1.1 only */
};

/* NULL and e filled if the address cannot be listened on (the text says why and what to do). */
struct http_server *http_server_new(struct loop *l, const struct http_server_settings *set,
	void *owner, struct err *e);
void http_server_free(struct http_server *s); /* closes all connections; not inside its callbacks */
/* Stops accepting; connections end after their answer. */
void http_server_quiesce(struct http_server *s);
void *http_server_owner(const struct http_server *s);
int http_server_port(const struct http_server *s);
size_t http_server_connections(const struct http_server *s);
/* Other keys for the connections that come from now on; those that are there keep theirs. False,
 * with e filled and nothing changed, if they cannot be used. Only for a server that has TLS. */
bool http_server_set_tls(struct http_server *s, struct str cert_pem, struct str key_pem,
	struct str client_ca_pem, struct err *e);
size_t http_server_bodies(const struct http_server *s); /* bytes of bodies that are kept */

/* Views, valid until the reply. */
bool http_request_is_http2(const struct http_request *r);
struct str http_request_method(const struct http_request *r);
struct str http_request_path(const struct http_request *r); /* without the query */
/* p is NULL if there is none; names of headers in any case. */
struct str http_request_query(const struct http_request *r, const char *name);
struct str http_request_header(const struct http_request *r, const char *name);
/* All headers in turn; names as they came. Of HTTP/2's own there is ":authority" as "host". */
struct http_header_visitor {
	void (*header)(struct http_header_visitor *v, struct str name, struct str value);
};
void http_request_headers(const struct http_request *r, struct http_header_visitor *v);
struct str http_request_body(const struct http_request *r);
const struct in6_addr *http_request_peer(const struct http_request *r); /* IPv4 as ::ffff:… */
/* For an answer that comes later. */
void http_request_set_user(struct http_request *r, void *p);
void *http_request_user(const struct http_request *r);

struct http_reply {
	int status;
	const char *content_type; /* NULL: none */
	struct str body;          /* copied */
	const struct http_reply_header {
		const char *name;
		const char *value;
	} * headers; /* name NULL at the end; NULL: none */
	/* After the body; HTTP/2 only. */
	const struct http_reply_header *trailers;
	bool close; /* Connection: close; HTTP/2 has no such thing */
};

/* Once a request. */
void http_reply(struct http_request *r, const struct http_reply *reply);
