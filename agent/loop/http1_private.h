#pragma once

/* HTTP/1: its requests (http1.c) and its connections (http1_conn.c). */

#include "agent/loop/http_server_private.h"

#include <microhttpd.h>

enum request_state {
	READING,    /* the body; or the head, before anything is known */
	DISCARDING, /* there is a reply, but also a body to be read */
	ASKED,      /* request() is being called */
	WAITING,    /* suspended, until http_reply() */
	ANSWERED,   /* the reply is libmicrohttpd's */
	GONE,       /* the client is; the connection is to be closed */
};

struct http1_request {
	struct http_request base;
	struct http1 *http1;
	struct MHD_Connection *connection;
	enum request_state state;
	size_t discarded;
	struct MHD_Response *response; /* NULL: not answered yet */
	unsigned status;
	struct fd_watch hangup;
};

/* A connection, beside what libmicrohttpd has of it. */
struct conn {
	struct list quiet; /* in http_server.quiet while we wait for the client */
	int64_t heard;
	struct http1 *http1;
	struct timer deadline; /* of the head: its idle time-out hears every byte */
	struct timer look;     /* for an end that was missed */
	int fd;
};

struct http1 {
	struct list link; /* in http_server.old_http1, if it is old */
	struct http_server *server;
	size_t open;
	bool is_old;
	bool asks_clients; /* for a certificate */
	struct task end;
	struct MHD_Daemon *daemon;
	struct conn *adding; /* while libmicrohttpd takes it */
	struct fd_watch ready;
	struct real_timer timer;
	struct task resumed; /* MHD_run(): it does not hear of what was resumed by itself */
	struct list requests;
	bool is_running; /* inside MHD_run() */
};

/* libmicrohttpd says that a connection has begun, or has ended. */
void http1_on_connection(void *owner, struct MHD_Connection *c, void **context,
	enum MHD_ConnectionNotificationCode what);
struct conn *http1_conn_of(struct MHD_Connection *c);

/* It has been heard, and we wait for more of it. */
void http1_wait_for_client(struct conn *conn);
/* It is closed then, whatever comes meanwhile; 0: no longer. */
void http1_set_deadline(struct conn *conn, int64_t ns);
int64_t http1_header_timeout(const struct http_server *s);
