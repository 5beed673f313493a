#pragma once

/*
 * A log entry on its way, and what takes entries. An entry is pushed by value of its
 * fields: everything it points to is borrowed for the call. Who keeps something copies the
 * bytes, holds the labels, and takes a reference on the ack.
 */

#include "agent/flow/ack.h"
#include "agent/flow/labels.h"

#include <stdint.h>

struct entry {
	const struct labels *labels;
	int64_t time; /* Unix ns */
	struct str line;
	const struct label *meta; /* structured metadata, in the order it is sent */
	size_t n_meta;
	struct ack *ack; /* the chunk it came from; NULL: nobody asks */
};

/* The capsule LogsReceiver points to one. Valid from the component's start until it has
 * stopped. push() never fails: what cannot be kept is the receiver's to count. */
struct receiver {
	void (*push)(struct receiver *r, const struct entry *e);
	const char *id; /* of the component, for messages */
};

/* forward_to: each receiver in turn. The array is borrowed. */
struct receivers {
	struct receiver *const *p;
	size_t n;
};

static inline void receivers_push(const struct receivers *to, const struct entry *e)
{
	for (size_t i = 0; i < to->n; i++)
		to->p[i]->push(to->p[i], e);
}
