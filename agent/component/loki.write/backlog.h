#pragma once

/*
 * The requests of one endpoint that are on disk, in order. An endpoint that fails while others
 * take the same lines would fill the memory budget, and then all would wait for it; what it has in
 * memory goes here instead, the lines' acks go back, and the others go on. It is sent before all
 * that came later, also by the next life of the agent.
 */

#include "agent/base/list.h"
#include "agent/component/loki.write/request.h"
#include "agent/loop/loop.h"

#define LOKI_BACKLOG_FOLDER 17 /* 16 digits and a NUL */

struct err;
struct storage;

struct loki_backlog {
	const char *id; /* of the component */
	struct loop *loop;
	struct storage *storage; /* NULL: nothing is kept on disk */
	char folder[LOKI_BACKLOG_FOLDER];

	/* private */
	struct disk *disk; /* NULL: not needed yet */
	struct list items;
	size_t n;
	int64_t again; /* it failed, and is not tried before */
};

/* storage: a reference is taken; NULL is nothing on disk. id is borrowed. Opens what an earlier
 * life left. */
void loki_backlog_init(struct loki_backlog *b, struct loop *l, const char *id,
	struct storage *storage, const char *folder);
/* What is there stays for the next life. */
void loki_backlog_fini(struct loki_backlog *b);

static inline bool loki_backlog_is_empty(const struct loki_backlog *b)
{
	return b->n == 0;
}

/* The endpoint has other settings: the next life will look for it there. */
void loki_backlog_move(struct loki_backlog *b, const char *folder);

/* Writes r, which has its place then, and outlives a loss of power. False: it cannot be kept,
 * which has been said; it may be tried again at once, that costs nothing. */
bool loki_backlog_write(struct loki_backlog *b, struct loki_request *r);

/* Behind all others. r has its place; only that is kept, r is freed. */
void loki_backlog_add(struct loki_backlog *b, struct loki_request *r);

/* Takes the oldest out, to be sent. NULL: there is none. What cannot be read is counted as
 * dropped and passed over. */
struct loki_request *loki_backlog_take(
	struct loki_backlog *b, struct loki_tenants *tenants, struct str host);

/* All of it has been sent, perhaps: gives the disk space back. */
void loki_backlog_rest(struct loki_backlog *b);

/* Nobody wants it any more: all is counted as dropped, and removed. */
void loki_backlog_drop(struct loki_backlog *b, struct loki_tenants *tenants, struct str host);

/* Says which folders of the storage belong to none of these endpoints. */
void loki_backlog_say_strangers(
	const char *id, const struct storage *storage, const char *const *folders, size_t n);
