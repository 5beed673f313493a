#pragma once

/*
 * What is counted for one tenant at one host: Alloy's loki_write_* metrics. Endpoints of one
 * component that push to the same host share their counters, as in Alloy. A tenant is held by
 * the batch that fills for it and by each request that waits; the counters go with the last.
 */

#include "agent/base/map.h"
#include "agent/base/metric.h"
#include "agent/component/loki.write/refusals.h"

struct loki_ages;

/* All tenants of a component, by host and name. Zeroed but for the id. */
struct loki_tenants {
	const char *id; /* of the component */
	struct map map;
};

struct loki_status {
	int code; /* 0: no answer */
	struct metric *duration;
};

enum loki_drop {
	LOKI_DROP_REFUSED, /* "ingester_error" */
	LOKI_DROP_RATE,    /* "rate_limited" */
	LOKI_DROP_STREAMS, /* "stream_limited" */
	LOKI_DROP_LINE,    /* "line_too_long" */
	LOKI_DROP_GONE,    /* "endpoint_removed": invar's own */
	LOKI_DROP_DAMAGED, /* "backlog_damaged": on disk, and cannot be read; invar's own */
	LOKI_DROPS,
};
extern const char *const loki_drop_names[LOKI_DROPS];

struct loki_tenant {
	struct str name; /* empty: none */
	unsigned refs;
	struct loki_tenants *all;
	struct str key;
	struct metric *sent_bytes;
	struct metric *sent_entries;
	struct metric *retries;
	struct metric *repaired;
	struct metric *request_size;
	struct metric *latency;
	struct metric *dropped_bytes[LOKI_DROPS]; /* made with the first drop */
	struct metric *dropped_entries[LOKI_DROPS];
	struct metric *refused[LOKI_WHYS]; /* made with the first */
	struct {
		struct loki_status *p;
		size_t n;
		size_t cap;
	} statuses;
};

/* The one of that host and name, new or not. The caller holds it once more. */
struct loki_tenant *loki_tenant_get(struct loki_tenants *all, struct str host, struct str name);
struct loki_tenant *loki_tenant_hold(struct loki_tenant *t); /* t itself */
void loki_tenant_release(struct loki_tenant *t);

void loki_tenant_dropped(struct loki_tenant *t, enum loki_drop why, size_t entries, size_t bytes);
/* Of those that were dropped: why, in the server's words. */
void loki_tenant_refused(struct loki_tenant *t, enum loki_why why, size_t entries);
void loki_tenant_answered(struct loki_tenant *t, int status, int64_t took_ns);
void loki_tenant_settled(struct loki_tenant *t, const struct loki_ages *ages, int64_t wall_ns);
