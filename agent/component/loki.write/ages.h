#pragma once

/*
 * How old the entries of a batch are, for the histogram of how long they took. Entries
 * that follow each other within LOKI_AGES_STEP are one run; a batch with more runs than there is
 * room for puts the rest into the last one.
 */

#include "agent/base/timestamp.h"

#include <stddef.h>
#include <stdint.h>

#define LOKI_AGES_STEP (50 * NS_PER_MS)
#define LOKI_AGES_RUNS 32

struct loki_ages {
	size_t runs;
	struct {
		int64_t time; /* of its first entry, Unix ns */
		uint64_t n;
	} run[LOKI_AGES_RUNS];
};

static inline void loki_ages_add(struct loki_ages *a, int64_t time)
{
	if (a->runs == 0 ||
		((uint64_t)time - (uint64_t)a->run[a->runs - 1].time >= (uint64_t)LOKI_AGES_STEP &&
			a->runs < LOKI_AGES_RUNS)) {
		a->run[a->runs].time = time;
		a->run[a->runs++].n = 0;
	}
	a->run[a->runs - 1].n++;
}
