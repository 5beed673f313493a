#pragma once

/*
 * An ack counts who still holds data that came from one place: a chunk of a file, a
 * request of a client. Whoever keeps data beyond the call that brought it takes a
 * reference, once per batch and not per entry, and gives it back when the data was
 * delivered, or was refused for good and counted. When the last is given back, the ack is settled
 * and its owner may move the position, or answer the client. All on the loop's thread.
 */

#include "agent/base/must.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What the acks of one origin have in common, a file that is read in parts: its owner's. A record
 * may have come in part, and whoever puts it together must know whether its rest is on its way.
 */
struct ack_origin {
	unsigned open; /* records that are held because their end has not come: flow/join.h */
	bool more;     /* there is, or may be, more to read: it waits for its turn, or for room */
};

struct ack {
	void (*settled)(struct ack *a);
	void (*failing)(struct ack *a); /* at the first ack_fail(): it will be settled as failed */
	uint32_t refs;
	bool failed;               /* somebody who held it gave up: valid in settled() */
	bool last_chance;          /* its owner cannot bring the data again */
	struct ack_origin *origin; /* outlives the ack; NULL: it has none */
	struct ack_link *waiters;  /* other acks that this one holds, given back with it */
};

/* refs is 1: the maker's own, given back when it has pushed all there is. */
void ack_init(struct ack *a, void (*settled)(struct ack *a));

/* Nothing that followed it is known to be missing; a may be NULL. */
static inline bool ack_has_more(const struct ack *a)
{
	return a && a->origin && a->origin->more;
}

static inline void ack_hold(struct ack *a)
{
	must(a->refs > 0);
	a->refs++;
}
void ack_release(struct ack *a);

/*
 * Gives a reference back for data that was neither delivered nor refused: its holder ends, and the
 * destination has not answered. The ack is settled with the others' references as ever, as failed,
 * and with it those chained to it; its owner must bring the data again.
 */
void ack_fail(struct ack *a);
void ack_mark_failed(struct ack *a); /* the same, and the caller keeps its reference */

/* The owner gives up on it, settled or not, when the process ends: what it waited with is
 * forgotten. Nobody may hold it any more. */
void ack_abandon(struct ack *a);

/* Gives the caller's reference on earlier to later: earlier is released when later is
 * settled. For a record whose first part came with one chunk and its last with another. */
void ack_chain(struct ack *later, struct ack *earlier);

/* One on the heap that goes away when it is settled. refs is 1: the caller's. */
struct ack *ack_new(void);

/* For who makes one of several: *into is made when it is first needed (NULL until then), and a is
 * not settled before it. a is NULL: nothing is done. The caller gives *into back by ack_release()
 * when what it stands for was handed on. */
void ack_gather(struct ack **into, struct ack *a);

/* A set of acks held by one batch, each once (as far as it is cheap to know). */
struct ack_set {
	struct ack **p;
	size_t n;
	size_t cap;
};

/* takes a reference if a is not the last added */
void ack_set_add(struct ack_set *s, struct ack *a);
void ack_set_release(struct ack_set *s); /* gives all back and empties the set */
void ack_set_fail(struct ack_set *s);    /* the same by ack_fail() */
