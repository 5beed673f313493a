#pragma once

/*
 * Requests that wait to be sent, packed as they go over the wire, in order. One that was taken is
 * the queue's still, until it is done: what keeps requests elsewhere (on disk) can go between
 * these functions. The bytes are charged to the process' budget.
 */

#include "agent/base/list.h"
#include "agent/base/str.h"

#include <stdint.h>

struct budget;

struct queued {
	struct list link;
	uint32_t items;
	int64_t since;    /* first try; 0: none yet */
	int64_t interval; /* of its retries */
	size_t n;
	char body[];
};

struct export_queue {
	struct budget *budget;
	struct list waiting;
	size_t requests; /* waiting, and taken but not done */
	size_t queued;   /* waiting */
	size_t items;    /* … in these */
	size_t bytes;
};

void export_queue_init(struct export_queue *q, struct budget *b);

/* body is copied. is_first: it is a part of one that was at the head. */
void export_queue_add(struct export_queue *q, struct str body, uint32_t items, bool is_first);

/* The oldest; NULL: none waits. */
struct queued *export_queue_take(struct export_queue *q);

/* It has been delivered, or given up. Frees r. */
void export_queue_done(struct export_queue *q, struct queued *r);
