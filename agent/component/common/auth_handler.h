#pragma once

/*
 * What otelcol.auth.* export as `handler` (capsule otelcol.Handler): who we are towards a server,
 * or who may come in. A handler lives as long as its component; when its arguments change it stays
 * the same struct with a new version, and who uses it makes its http_target anew.
 */

#include "agent/base/str.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

struct arena;
struct buf;
struct client;
struct err;
struct storage;
struct http_settings;

enum {
	AUTH_CLIENT_HEADERS = 16, /* of one handler, whose values come with the data */
};

enum admission {
	AUTH_REFUSED,
	AUTH_ADMITTED,
	AUTH_LATER, /* it takes a while to say: ask the same again a little later */
	AUTH_BUSY,  /* too much is being looked at; the request may come again */
};

struct auth_handler {
	const char *id;
	uint64_t version; /* differs after each change */

	/* Adds credentials to the settings of a target; texts are in a, or live until the version
	 * changes. NULL: not for clients. */
	bool (*apply)(
		struct auth_handler *h, struct arena *a, struct http_settings *s, struct err *e);

	/* Some headers have another value for each client that brought data: those that apply() has
	 * left without one (p NULL). keep() appends what has to be kept of the client for them
	 * (client_put()), and is false when data of it cannot be sent; value() has a header's value
	 * from that, "" if there is none, p NULL if it is not one of them. What came from a
	 * disk may be anything. NULL: there are no such headers. */
	bool (*keep)(struct auth_handler *h, const struct client *c, struct buf *pairs,
		struct err *e);
	bool (*value)(struct auth_handler *h, const struct client *c, struct str header,
		struct str *value, struct err *e);

	/* Is this request let in? authorization is the header's text, p NULL: there was none;
	 * peer is who asks. *challenge is then for WWW-Authenticate. NULL: not for servers. */
	enum admission (*admits)(struct auth_handler *h, struct str authorization,
		const struct in6_addr *peer, const char **challenge);
	/* Who a request that was let in comes from, as client_put() has it: for `auth.X`. NULL:
	 * nothing is known but that it may come in. */
	void (*describe)(struct auth_handler *h, struct str authorization, struct buf *pairs);
	const char *header; /* the header that admits() wants; NULL: Authorization */

	/* Of otelcol.storage.*, whose capsule has the same type: a folder for queues
	 * (otelcol_storage.h), and neither of the functions above. NULL: no storage. */
	struct storage *storage;
};
