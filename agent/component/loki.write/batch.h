#pragma once

/*
 * The batches of one endpoint that are filling, one a tenant. Entries are appended, encoded, to
 * the buffer of their stream, which is found by the pointer of their label set; the label
 * string is made once a set. When a batch is full, or batch_wait after its first entry,
 * ready() is called, which takes it out as a compressed request.
 */

#include "agent/base/list.h"
#include "agent/base/map.h"
#include "agent/component/loki.write/request.h"
#include "agent/flow/entry.h"
#include "agent/loop/loop.h"
#include "proto/loki/push.h"

#define LOKI_SWEEP (300 * NS_PER_SEC)

struct loki_batches;

struct loki_stream {
	struct list link; /* in its batch's dirty streams */
	struct loki_batch *batch;
	struct str text;    /* the label string; a key of batch->streams */
	size_t slots;       /* label sets that lead here */
	struct buf entries; /* encoded; empty: not dirty */
};

struct loki_batch {
	struct loki_batches *all;
	struct loki_tenant *tenant;
	struct map streams; /* text → struct loki_stream */
	struct list dirty;
	size_t n_dirty;
	size_t entries;
	size_t weight; /* what batch_size counts */
	size_t bytes;  /* as encoded */
	struct ack_set acks;
	struct loki_ages ages;
	struct push_clock clock;
	struct timer wait;
};

struct loki_slot {
	const struct labels *labels; /* held; NULL: free */
	struct loki_stream *stream;
	bool used; /* since the last sweep */
};

/* What the batches must know. The texts live as long as the batches. */
struct loki_batch_settings {
	struct loki_tenants *tenants;
	struct str host;
	struct str tenant; /* for entries without __tenant_id__ */
	const struct label *external;
	size_t n_external;
	size_t batch_size;
	int64_t batch_wait;
	size_t max_streams; /* in one batch; 0: no limit */
};

struct loki_batches {
	struct loop *loop;
	const struct loki_batch_settings *set;
	void (*ready)(struct loki_batches *all, struct loki_batch *b);
	size_t bytes; /* of all batches, encoded */

	/* private */
	const struct labels *last_labels;
	struct loki_stream *last_stream;
	struct loki_slot *slots;
	size_t cap;
	size_t n;
	size_t sweep_at; /* slots */
	int64_t said_at; /* that an entry was dropped; 0: not yet */
	struct timer sweep;
	struct map tenants; /* name → struct loki_batch */
	struct {
		struct buf *p;
		size_t n;
		size_t cap;
	} spare; /* buffers of streams, to be used again */
	size_t spare_bytes;
	struct buf raw; /* a request before compression */
	struct arena scratch;
};

/* Fills in loop, set and ready; the tenant of the settings is there from the start. */
void loki_batches_init(struct loki_batches *all, struct loop *l,
	const struct loki_batch_settings *set,
	void (*ready)(struct loki_batches *all, struct loki_batch *b));
void loki_batches_fini(struct loki_batches *all); /* every batch must be empty */

void loki_batches_add(struct loki_batches *all, const struct entry *e);
void loki_batches_flush(struct loki_batches *all); /* ready() for each batch with entries */

/* In ready(): what is in b, as a request. b is empty then. */
struct loki_request *loki_batch_take(struct loki_batch *b);
