#pragma once

/* What the sources of the HTTP server know of each other. */

#include "agent/base/buf.h"
#include "agent/loop/acceptor.h"
#include "agent/loop/http_server.h"
#include "agent/loop/private.h"

#include <microhttpd.h>

enum request_state {
	READING,    /* the body; or the head, before anything is known */
	DISCARDING, /* there is a reply, but also a body to be read */
	ASKED,      /* request() is being called */
	WAITING,    /* suspended, until http_reply() */
	ANSWERED,   /* the reply is libmicrohttpd's */
	GONE,       /* the client is; the connection is to be closed */
};

struct http_request {
	struct list link;
	struct http_server *server;
	struct MHD_Connection *connection;
	const char *method;
	const char *path;
	enum request_state state;
	struct buf body;
	size_t discarded;
	struct MHD_Response *response; /* NULL: not answered yet */
	unsigned status;
	struct in6_addr peer;
	struct fd_watch hangup;
	void *user;
};

/* A connection, beside what libmicrohttpd has of it. */
struct conn {
	struct http_server *server;
	struct timer deadline; /* of the head: its idle time-out hears every byte */
	int fd;
};

struct http_server {
	struct loop *loop;
	struct http_server_settings set;
	void *owner;
	struct MHD_Daemon *daemon;
	struct acceptor acceptor;
	struct conn *adding; /* while libmicrohttpd takes it */
	size_t open;
	int port;
	struct fd_watch ready;
	struct real_timer timer;
	struct task resumed; /* MHD_run(): it does not hear of what was resumed by itself */
	struct list requests;
	char *tls[3]; /* certificate, key, client CA; NULL: none */
	bool is_quiet;
	bool is_running; /* inside MHD_run() */
};
