/* The Collector's numbers: 36,000 positions, a hundred for each backend, IEEE's CRC-32. */

#include "agent/component/otelcol.exporter.loadbalancing/ring.h"

#include "agent/base/mem.h"
#include "agent/base/must.h"

#include <libdeflate.h>

#include <stdlib.h>
#include <string.h>

enum {
	POSITIONS = 36000,
	PLACES = 100, /* of a backend */
};

struct ring_place {
	uint32_t position;
	uint32_t backend;
};

static int by_position(const void *a, const void *b)
{
	uint32_t x = ((const struct ring_place *)a)->position;
	uint32_t y = ((const struct ring_place *)b)->position;

	return x < y ? -1 : x > y;
}

void ring_make(struct ring *r, const char *const *names, size_t n)
{
	bool *taken = mem_new(bool, POSITIONS);

	ring_fini(r);
	r->p = mem_new(struct ring_place, n * PLACES);
	for (size_t i = 0; i < n; i++) {
		uint32_t crc = libdeflate_crc32(0, names[i], strlen(names[i]));

		for (unsigned k = 0; k < PLACES; k++) {
			unsigned char byte = (unsigned char)k;
			uint32_t at = libdeflate_crc32(crc, &byte, 1) % POSITIONS;

			if (taken[at])
				continue;
			taken[at] = true;
			r->p[r->n++] = (struct ring_place){at, (uint32_t)i};
		}
	}
	if (r->n > 0)
		qsort(r->p, r->n, sizeof(*r->p), by_position);
	free(taken);
}

void ring_fini(struct ring *r)
{
	free(r->p);
	*r = (struct ring){0};
}

size_t ring_find(const struct ring *r, struct str key)
{
	uint32_t at = libdeflate_crc32(0, key.p, key.n) % POSITIONS;
	size_t from = 0, to = r->n;

	must(r->n > 0);
	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (r->p[middle].position < at)
			from = middle + 1;
		else
			to = middle;
	}
	return r->p[from < r->n ? from : 0].backend;
}
