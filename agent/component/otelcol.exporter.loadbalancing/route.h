#pragma once

/*
 * Cuts a request up by the backends that its items belong to. Bytes stay bytes: an item is copied
 * as it is, with its resource and scope around it. Only by ROUTE_STREAM a metric is cut, too.
 */

#include "agent/component/otelcol.exporter.loadbalancing/ring.h"
#include "agent/flow/telemetry.h"

struct router;

enum routing_key {
	ROUTE_TRACE_ID, /* of spans and log records; metrics have none and go by service */
	ROUTE_SERVICE,  /* the resource's service.name */
	ROUTE_RESOURCE, /* all of the resource */
	ROUTE_METRIC,   /* the name of the metric; others go by service */
	ROUTE_STREAM,   /* of data points: all that says which series it is; others by service */
};

struct router *router_new(void);
void router_free(struct router *r); /* NULL is nothing */

/* One piece for each backend that has something of it, valid until the next call. */
struct route_piece {
	size_t backend;
	struct telemetry data;
};
const struct route_piece *router_cut(struct router *r, enum routing_key key,
	const struct ring *ring, const struct telemetry *t, size_t *n);
