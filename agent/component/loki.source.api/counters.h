#pragma once

/* The metrics of loki.source.api, with Alloy's names and labels. */

#include "agent/base/str.h"

#include <stdint.h>

struct component;

enum api_route {
	API_PUSH,
	API_PUSH_SHORT,
	API_RAW,
	API_RAW_SHORT,
	API_READY,
	API_NOT_FOUND,
	API_ROUTES,
};

enum {
	API_STATUSES = 7,
};

struct api_counters {
	const struct component *of;
	struct metric *durations[API_ROUTES][API_STATUSES]; /* made when the first is observed */
	struct metric *inflight[API_ROUTES];
	struct metric *request_bytes[API_ROUTES];
	struct metric *response_bytes[API_ROUTES];
	struct metric *connections;
	struct metric *entries;
};

/* connections() is asked for the gauge. */
void api_counters_init(struct api_counters *c, const struct component *of,
	double (*connections)(void *owner), void *owner);
void api_counters_fini(struct api_counters *c);

/* A request was answered; ns: since its body was there. */
void api_counters_answered(struct api_counters *c, enum api_route route, int status, int64_t ns,
	size_t request_bytes, size_t response_bytes);
