#include "agent/component/otelcol.processor.probabilistic_sampler/threshold.h"

#include <math.h>
#include <stdio.h>

enum {
	HEX_BITS = 4,
	HASH_BITS = 14,
	HASH_BUCKETS = 1 << HASH_BITS,
	ID_SIZE = 16,
};

#define FNV_OFFSET UINT32_C(2166136261)
#define FNV_PRIME UINT32_C(16777619)

/* Digits that are all 0 or all f before the first that tells something are not counted. */
static unsigned digits_of(double probability, unsigned precision)
{
	int of_fraction;
	int of_rest;
	unsigned more;

	(void)frexp(probability, &of_fraction);
	(void)frexp(1 - probability, &of_rest);
	more = (unsigned)((of_fraction < of_rest ? -of_fraction : -of_rest) / HEX_BITS);
	precision += more;
	return precision > SAMPLING_DIGITS ? SAMPLING_DIGITS : precision;
}

bool sampling_threshold(double probability, unsigned precision, uint64_t *threshold)
{
	unsigned shift;
	uint64_t t;

	*threshold = SAMPLING_ALWAYS;
	if (!(probability >= 0x1p-56 && probability <= 1))
		return false;
	if (probability == 1)
		return true;
	precision = precision == 0 || precision > SAMPLING_DIGITS ? SAMPLING_DIGITS : precision;
	t = SAMPLING_RANGE - (uint64_t)round(probability * 0x1p56);
	shift = HEX_BITS * (SAMPLING_DIGITS - digits_of(probability, precision));
	if (shift > 0)
		t = (t + (UINT64_C(1) << (shift - 1))) >> shift << shift;
	*threshold = t;
	return true;
}

double sampling_probability(uint64_t threshold)
{
	return (double)(SAMPLING_RANGE - threshold) / 0x1p56;
}

static bool parse_hex(struct str s, uint64_t *out)
{
	uint64_t v = 0;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c >= '0' && c <= '9')
			v = v << HEX_BITS | (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			v = v << HEX_BITS | (uint64_t)(c - 'a' + 10);
		else if (c >= 'A' && c <= 'F')
			v = v << HEX_BITS | (uint64_t)(c - 'A' + 10);
		else
			return false;
	}
	*out = v;
	return true;
}

bool sampling_parse_threshold(struct str s, uint64_t *threshold)
{
	uint64_t v;

	if (s.n == 0 || s.n > SAMPLING_DIGITS || !parse_hex(s, &v))
		return false;
	*threshold = v << (HEX_BITS * (SAMPLING_DIGITS - s.n));
	return true;
}

bool sampling_parse_randomness(struct str s, uint64_t *randomness)
{
	return s.n == SAMPLING_DIGITS && parse_hex(s, randomness);
}

struct str sampling_print_randomness(char out[SAMPLING_TEXT], uint64_t randomness)
{
	snprintf(out, SAMPLING_TEXT, "%014llx", (unsigned long long)randomness);
	return (struct str){out, SAMPLING_DIGITS};
}

struct str sampling_print_threshold(char out[SAMPLING_TEXT], uint64_t threshold)
{
	struct str s = sampling_print_randomness(out, threshold);

	while (s.n > 1 && s.p[s.n - 1] == '0')
		s.n--;
	return s;
}

uint64_t sampling_of_trace_id(struct str id)
{
	uint64_t v = 0;

	for (size_t i = ID_SIZE - 7; i < ID_SIZE && i < id.n; i++)
		v = v << 8 | (uint8_t)id.p[i];
	return v;
}

static uint32_t fnv(uint32_t hash, uint8_t byte)
{
	return (hash ^ byte) * FNV_PRIME;
}

uint64_t sampling_of_hash(struct str bytes, uint32_t seed)
{
	uint32_t hash = FNV_OFFSET;
	uint64_t bucket;
	uint64_t rest;

	for (unsigned i = 0; i < 32; i += 8)
		hash = fnv(hash, (uint8_t)(seed >> i));
	for (size_t i = 0; i < bytes.n; i++)
		hash = fnv(hash, (uint8_t)bytes.p[i]);
	bucket = hash & (HASH_BUCKETS - 1);
	rest = hash >> (32 - HASH_BITS);
	rest ^= rest << 10;
	return (HASH_BUCKETS - 1 - bucket) << 42 | rest << HASH_BITS | bucket;
}

/* In single precision and cut, as the Collector always did it. */
uint64_t sampling_hash_threshold(float percentage)
{
	float scaled = percentage * (float)(HASH_BUCKETS / 100.0);
	uint64_t kept = (uint64_t)scaled;

	return kept == 0 ? SAMPLING_NEVER : (HASH_BUCKETS - kept) << 42;
}
