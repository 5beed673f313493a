#pragma once

/*
 * What is known of the request that brought data, beside its sender's address: the headers, where a
 * receiver has include_metadata, and who its credentials say it was. It travels with the data
 * (struct telemetry) for those components that ask for it; where nobody wants it there is none, and
 * nothing is copied. It never changes once it is made, and is counted: who keeps data longer than
 * the call that brought it holds its client too. All on the loop's thread.
 *
 * Names are in lower case. A header that came twice is there twice. The size is bounded by that of
 * a request's head.
 */

#include "agent/base/str.h"

struct buf;
struct client;

enum client_source {
	CLIENT_METADATA, /* a header; `metadata.X` in the configuration */
	CLIENT_AUTH,     /* what an authenticator says; `auth.X` */
};

/* One pair more for client_new(), behind those in b. A value that has a NUL, or is
 * no UTF-8, is left out. */
void client_put(struct buf *b, enum client_source from, struct str name, struct str value);

/* pairs, as client_put() made them, are copied. NULL if there are none. */
struct client *client_new(struct str pairs);

/* The same of pairs that may be anything, since they were on a disk. False, and nothing set, if
 * they are no pairs. */
bool client_parse(struct str pairs, struct client **out);

/* NULL is nobody: client_hold() gives NULL, client_release() does nothing. */
struct client *client_hold(struct client *c);
void client_release(struct client *c);

struct str client_pairs(const struct client *c); /* as for client_new(); NULL: none */
size_t client_size(const struct client *c);      /* bytes it takes; NULL: 0 */

/* The values of a name, in the order they came; name in any case. *at begins with 0. */
bool client_next(const struct client *c, enum client_source from, struct str name, size_t *at,
	struct str *value);

/* All of them with ';' between them, as the Collector joins them; false: there is none. */
bool client_join(const struct client *c, enum client_source from, struct str name, struct buf *out);
