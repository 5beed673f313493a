#pragma once

/*
 * Accepts connections and looks at their first bytes, without taking them, before it hands the
 * socket on: a client with the wrong protocol is served by another part or closed at
 * once, and one that says nothing costs no server memory.
 */

#include "agent/loop/listen.h"
#include "agent/loop/loop.h"

enum first_bytes {
	FIRST_OTHER,     /* HTTP/1, or so it is hoped */
	FIRST_HTTP2,     /* "PRI": the connection preface of RFC 9113 3.4 */
	FIRST_TLS,       /* a handshake record */
	FIRST_TLS_HTTP2, /* … that offers HTTP/2, if wants_alpn */
};

struct acceptor {
	/* to be filled by the owner; fd is non-blocking and the owner's from now on */
	void (*accepted)(struct acceptor *a, int fd, const struct sockaddr_storage *from,
		socklen_t size, enum first_bytes first);
	/* May one more be accepted? is_needed: somebody waits, so that room may be made; if there
	 * is none, it is paused until acceptor_set_paused(a, false). NULL: yes. */
	bool (*has_room)(struct acceptor *a, bool is_needed);
	void (*left)(struct acceptor *a); /* one that waited was closed; may be NULL */
	int64_t patience;                 /* ns until the first bytes; then it is closed */
	bool wants_alpn;                  /* waits for a whole ClientHello to look into it */
	bool takes_short;                 /* one that ends after a byte or two is handed on, too */

	/* its own */
	struct loop *loop;
	int fd; /* -1: stopped */
	bool is_paused;
	struct fd_watch ready;
	struct timer retry; /* after a lack of descriptors */
	struct list waiting;
	size_t n_waiting;
};

/* fd listens; it is closed at the end. */
void acceptor_start(struct acceptor *a, struct loop *l, int fd);
/* Connections that were not handed on are closed too; twice is fine. */
void acceptor_stop(struct acceptor *a);
/* Closes the one that has said nothing for longest. False: there is none. */
bool acceptor_drop_oldest(struct acceptor *a);
/* While it is paused, new ones wait in the kernel's queue. */
void acceptor_set_paused(struct acceptor *a, bool paused);
