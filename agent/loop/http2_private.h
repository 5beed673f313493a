#pragma once

/* What the sources of HTTP/2 know of each other. */

#include "agent/loop/http_server_private.h"

#include <nghttp2/nghttp2.h>

struct tls_session;

enum http2_state {
	HTTP2_HANDSHAKE, /* TLS's, if there is TLS, and the client's SETTINGS */
	HTTP2_OPEN,
	HTTP2_DRAINING,  /* the client has been told to go; what is under way is finished */
	HTTP2_LINGERING, /* all is sent: the client's end is awaited, so that it can read all */
};

struct http2 {
	struct http_server *server;
	nghttp2_session_callbacks *callbacks;
	nghttp2_option *options;
	struct list conns;
	struct list receiving; /* requests whose bodies come, oldest first */
	struct list spare;     /* requests to be used again */
	size_t n_spare;
	struct task room;
	bool is_ending;
};

struct http2_conn {
	struct list link;
	struct http2 *http2;
	enum http2_state state;
	struct in6_addr peer;
	int fd;
	struct fd_watch ready;
	struct tls_session *tls; /* NULL: none */
	bool has_tls;            /* its handshake is done, or not wanted */
	nghttp2_session *session;
	bool is_inside;    /* nghttp2's functions: not to be called again */
	struct task work;  /* to write what nghttp2 has */
	struct task more;  /* to go on reading */
	bool is_last_call; /* draining: the client knows the last request that is served */
	bool is_ended;     /* when all is written, it is closed */
	struct buf out;    /* written from out_at on */
	size_t out_at;
	struct list requests;
	size_t n_requests;
	size_t n_complete; /* of them, that have come whole: they wait for us */

	struct timer timer; /* http2_times.c has this and what follows */
	int64_t born;
	int64_t heard; /* last read */
	int64_t idle_since;
	int64_t stuck_since; /* with something to write; 0: not */
	int64_t state_since;
	int64_t pinged; /* 0: no ping of ours is under way */
	int64_t last_ping;
	unsigned ping_strikes;
	bool has_answered; /* since the last ping of the client */
};

struct http2_request {
	struct http_request base;
	struct list receiving; /* in http2.receiving */
	struct http2_conn *conn;
	int32_t id;
	struct buf heads; /* names and values, see http2_request.c */
	size_t pairs;     /* bytes of them; the path, without its query, is behind them */
	size_t heads_n;   /* as they are counted against the limit */
	size_t query_at;  /* in heads; 0: there is none */
	int64_t length;   /* Content-Length; -1: not said */
	int64_t began;
	int64_t touched; /* when the last of it came */
	size_t owed;     /* bytes of its window that we keep back */
	size_t discarded;
	bool is_head_done;
	bool is_complete;
	bool is_asked;  /* request() knows of it */
	bool is_closed; /* the stream is */
	struct buf answer;
	size_t answer_at;
	struct buf trailers; /* as heads */
};

/* http2.c */
void http2_set_state(struct http2_conn *c, enum http2_state to);
/* At once; not inside nghttp2. */
void http2_conn_close(struct http2_conn *c);
/* GOAWAY, and the end. */
void http2_conn_end(struct http2_conn *c, uint32_t error, const char *why);
/* GOAWAY, and the end when all is answered. */
void http2_conn_drain(struct http2_conn *c);
void http2_conn_go_on_draining(struct http2_conn *c); /* the client has answered a ping */
void http2_conn_work(struct http2_conn *c);           /* there is something to write */

/* http2_session.c */
nghttp2_session_callbacks *http2_callbacks_new(void);

/* http2_request.c */
struct http2_request *http2_request_new(struct http2_conn *c, int32_t id);
/* The stream is closed; its owner is told, if it waits for it. */
void http2_request_end(struct http2_request *r);
bool http2_request_fits(const struct http2_request *r); /* the headers into the limit */
void http2_request_add_header(struct http2_request *r, struct str name, struct str value);
bool http2_request_begin(struct http2_request *r); /* the head is complete; false: it is bad */
void http2_request_free_spare(struct http2 *h);

/* http2_times.c */
void http2_times_start(struct http2_conn *c);
void http2_times_watch(struct http2_conn *c); /* something changed */
void http2_times_stop(struct http2_conn *c);
bool http2_times_on_ping(struct http2_conn *c); /* false: too many */
