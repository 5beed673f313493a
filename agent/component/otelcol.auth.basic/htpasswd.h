#pragma once

/*
 * Apache's htpasswd: a line "user:hash" each. Hashes of crypt(3) ($2y$ bcrypt, $6$, $5$, …) and
 * plain text are known; {SHA} and $apr1$ are not, and admit nobody.
 */

#include "agent/base/buf.h"

enum {
	HTPASSWD_KNOWN = 16,
};

struct htpasswd {
	struct buf text;
	struct buf known[HTPASSWD_KNOWN]; /* headers that were good, so that a slow hash is made
					     once */
	size_t next;                      /* the one that is replaced next */
};

void htpasswd_set(struct htpasswd *h, struct str text); /* copied */
void htpasswd_fini(struct htpasswd *h);

/* authorization: the header's text, "Basic …"; p NULL: there was none. */
bool htpasswd_admits(struct htpasswd *h, struct str authorization);

/* Of one that was admitted: who it is ("username") and the credentials as they came ("raw"), as
 * client_put() has it. */
void htpasswd_describe(struct str authorization, struct buf *pairs);
