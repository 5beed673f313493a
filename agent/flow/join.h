#pragma once

/*
 * Puts together a record that a runtime wrote in pieces (CRI tag P … F; Docker's 16 KiB
 * pieces). One join belongs to one stream of one container instance; it outlives the files,
 * as a rotation may come between two pieces. It holds the acks of the chunks its
 * pieces came with, so that their positions wait for the whole record.
 */

#include "agent/base/buf.h"
#include "agent/flow/ack.h"

#include <stdint.h>

struct join {
	struct buf text;
	struct ack *ack; /* of the last piece; the earlier ones are chained to it */
	int64_t time;    /* of the first piece, Unix ns */
	bool is_open;
};

/* A piece that is not the last. */
void join_add(struct join *j, struct str piece, int64_t time, struct ack *ack);

/*
 * The last piece: the whole text, valid until the next call on j, and in *time the time of
 * the first piece. The acks of the earlier pieces are chained to ack (NULL: released when
 * the caller calls join_clear()).
 */
struct str join_end(struct join *j, struct str piece, int64_t *time, struct ack *ack);

/* What has come so far, when no last piece will follow; then push it with j->ack, and call
 * join_clear(). */
struct str join_pending(const struct join *j);
void join_clear(struct join *j); /* empties it and gives back its ack */
void join_fail(struct join *j);  /* the same, by ack_fail(): its pieces are to be brought again */
