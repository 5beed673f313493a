#pragma once

/*
 * Apache's htpasswd: a line "user:hash" each. Hashes of crypt(3) ($2y$ bcrypt, $6$, $5$, …) and
 * plain text are known; {SHA} and $apr1$ are not, and admit nobody.
 */

#include "agent/base/buf.h"

#include "agent/base/list.h"
#include "agent/component/common/auth_handler.h"

struct hash_job;
struct loop;
struct metric;

enum {
	HTPASSWD_KNOWN = 16,
	HTPASSWD_JOBS = 16,          /* that wait for their hash, or have it made */
	HTPASSWD_JOBS_OF_A_PEER = 2, /* nobody fills the line alone */
};

/* The last few headers with a certain result. */
struct htpasswd_headers {
	struct buf p[HTPASSWD_KNOWN];
	size_t next; /* the one that is replaced next */
};

/*
 * Hashes are slow on purpose, so they are made on another thread, one at a time, and what came
 * out is remembered. A wrong password costs the loop nothing, and others wait for it only if
 * they are new, too.
 */
struct htpasswd {
	struct loop *loop;
	struct buf text;
	struct htpasswd_headers good;
	struct htpasswd_headers bad;
	struct list jobs; /* struct hash_job, oldest first; the first is being made */
	size_t n_jobs;
	struct metric *hashes;
};

void htpasswd_init(struct htpasswd *h, struct loop *l, const char *id);
void htpasswd_set(struct htpasswd *h, struct str text); /* copied; nothing is remembered */
void htpasswd_fini(struct htpasswd *h);                 /* what was zeroed is fine */

/* authorization: the header's text, "Basic …"; p NULL: there was none. */
enum admission htpasswd_admits(
	struct htpasswd *h, struct str authorization, const struct in6_addr *peer);

/* Of one that was admitted: who it is ("username") and the credentials as they came ("raw"), as
 * client_put() has it. */
void htpasswd_describe(struct str authorization, struct buf *pairs);
