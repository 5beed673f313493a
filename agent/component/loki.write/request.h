#pragma once

/* One push request, compressed, on its way from a batch to the server. It holds its tenant,
 * its share of the budget (body.n bytes), and the acks of everything in it. */

#include "agent/base/buf.h"
#include "agent/base/list.h"
#include "agent/component/common/otelcol_export/disk.h"
#include "agent/component/loki.write/ages.h"
#include "agent/component/loki.write/tenant.h"
#include "agent/flow/ack.h"

struct loki_request {
	struct list link;
	struct loki_tenant *tenant;
	struct buf body;
	size_t raw_size; /* of the body before compression */
	size_t entries;
	struct ack_set acks;
	struct loki_ages ages;
	struct disk_place place; /* on disk, too, instead of its acks (backlog.h) */
	bool is_covered;         /* the first part of one that was cut; the next has both */
};

/* Compresses raw, of which it takes nothing but the content. The caller fills in the rest. */
struct loki_request *loki_request_new(struct loki_tenant *t, struct str raw);

/* One that was kept on disk; body is copied. NULL: it is no request. */
struct loki_request *loki_request_stored(struct loki_tenant *t, struct str body, size_t entries);

/* It has been dealt with: its place, if it has one, goes. */
void loki_request_settled(struct loki_request *r);

/* Cuts r in two requests, to be sent in order: r keeps the first entries, *second has the
 * others and the acks, for they are settled when both have been answered. False: r has only
 * one entry, nothing is changed. */
bool loki_request_split(struct loki_request *r, struct loki_request **second);

/* Gives back what the body does not need, for a request that will wait. */
void loki_request_pack(struct loki_request *r);

/* Frees the memory that is kept for the next requests. */
void loki_request_trim(void);

/* The acks must have been taken out or released. What is on disk stays there. */
void loki_request_free(struct loki_request *r);
