#pragma once

/*
 * Consistent probability sampling in 56 bits (OpenTelemetry: TraceState probability sampling;
 * Collector: pkg/sampling). An item has a randomness R, a sampler a threshold T; it is kept if
 * R >= T. On the wire R is `rv`, 14 hex digits, and T is `th`, hex digits without the zeros at its
 * end.
 */

#include "agent/base/str.h"

#include <stdbool.h>
#include <stdint.h>

#define SAMPLING_RANGE (UINT64_C(1) << 56)
#define SAMPLING_ALWAYS UINT64_C(0)
#define SAMPLING_NEVER SAMPLING_RANGE
#define SAMPLING_MOST (SAMPLING_RANGE - 1) /* the randomness that all but NEVER keeps */

enum {
	SAMPLING_DIGITS = 14,
	SAMPLING_TEXT = SAMPLING_DIGITS + 1,
};

/* False, with *threshold ALWAYS, if the probability is not within [2^-56, 1]. precision is in hex
 * digits; 0: all. */
bool sampling_threshold(double probability, unsigned precision, uint64_t *threshold);
double sampling_probability(uint64_t threshold);

bool sampling_parse_threshold(struct str text, uint64_t *threshold);
bool sampling_parse_randomness(struct str text, uint64_t *randomness);
struct str sampling_print_threshold(char out[SAMPLING_TEXT], uint64_t threshold);
struct str sampling_print_randomness(char out[SAMPLING_TEXT], uint64_t randomness);

/* The last 56 bits of a trace id of 16 bytes. */
uint64_t sampling_of_trace_id(struct str id);

/* The older way: FNV-1a, 32 bits, of the seed and the bytes, so placed that the first 14 bits
 * decide as the hash's last 14 always did. */
uint64_t sampling_of_hash(struct str bytes, uint32_t seed);
/* Its threshold for a percentage; NEVER when that rounds to nothing. */
uint64_t sampling_hash_threshold(float percentage);
