#pragma once

/*
 * What was decided of the last traces, for spans that come late: as many ids as may be; the one
 * that was asked for longest ago makes room. 48 bytes an id, taken when they are needed.
 */

#include "agent/component/otelcol.processor.tail_sampling/policy.h"

struct decided_entry;

struct decided {
	uint64_t seed;
	struct decided_entry *p;
	uint32_t *slots;  /* indexes into p, and 1 more; 0: none */
	uint32_t n_slots; /* 0 or a power of two */
	uint32_t n;
	uint32_t cap; /* of p */
	uint32_t max;
	uint32_t newest; /* indexes and 1 more, as well */
	uint32_t oldest;
};

enum {
	DECIDED_SIZE = 48, /* bytes an id takes, table and all */
};

void decided_init(struct decided *d, uint64_t seed);
void decided_fini(struct decided *d);
/* When there are more they are all forgotten. */
void decided_set_max(struct decided *d, uint32_t max);

void decided_put(struct decided *d, const uint8_t id[TRACE_ID], int64_t now);
/* False: it is not there. *at is when it was put. */
bool decided_find(struct decided *d, const uint8_t id[TRACE_ID], int64_t *at);
