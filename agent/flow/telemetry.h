#pragma once

/*
 * OTLP data on its way, and what takes it. The data is one protobuf
 * Export{Trace,Logs,Metrics}ServiceRequest (opentelemetry-proto, collector/.../v1), already
 * validated: it stays bytes (see proto/otlp/). Concatenating two requests merges them.
 */

#include "agent/base/str.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

struct ack;
struct client;

enum signal_kind {
	SIGNAL_TRACES,
	SIGNAL_LOGS,
	SIGNAL_METRICS,
	SIGNAL_KINDS,
};

extern const char *const signal_names[SIGNAL_KINDS]; /* "traces", "logs", "metrics" */
extern const char *const signal_items[SIGNAL_KINDS]; /* "spans", "log_records", "metric_points" */

struct telemetry {
	enum signal_kind kind;
	struct str bytes;     /* the request, protobuf; borrowed for the call */
	uint32_t items;       /* spans, log records or data points in it */
	struct in6_addr peer; /* who sent it (IPv4 as ::ffff:a.b.c.d); all zero: not known */
	/* What else is known of the request; borrowed for the call. NULL: nobody asks. */
	struct client *client;
	/* Where it came from wants to know when it was delivered: who keeps the data holds it, see
	 * agent/flow/ack.h. NULL: nobody asks. */
	struct ack *ack;
};

/* What consume() says. */
enum consumed {
	CONSUMED,      /* copied into a queue, or further on: the sender may forget it */
	CONSUMER_FULL, /* nothing was kept; the same data may be brought again later */
	CONSUMER_NONE, /* this signal leads nowhere from here */
};

/* The capsule otelcol.Consumer (the export `input`) points to one. */
struct consumer {
	enum consumed (*consume)(struct consumer *c, const struct telemetry *t);
	bool (*takes)(const struct consumer *c, enum signal_kind kind); /* NULL: every kind */
	const char *id;
};

/* An `output` list. Every consumer gets the data; *done is a bitmap of those who already have
 * it, so that when one was full the same data may be brought again (start with 0). At most
 * 64 consumers. */
struct consumers {
	struct consumer *const *p;
	size_t n;
};

enum consumed consumers_push(const struct consumers *to, const struct telemetry *t, uint64_t *done);
bool consumers_take(const struct consumers *to, enum signal_kind kind);
