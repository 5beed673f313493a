/* Policies that need not look into the trace: by its id, its size, and what was taken before. */

#include "agent/base/timestamp.h"
#include "agent/component/otelcol.processor.tail_sampling/kinds.h"

#include <math.h>

/* ---- always_sample ---- */

static enum verdict always(struct policy *p, const struct subject *s)
{
	(void)p;
	(void)s;
	return SAMPLED;
}

const struct policy_kind policy_always_sample = {
	.name = "always_sample",
	.levels = LEVEL_ANY,
	.decide = always,
};

/* ---- span_count ---- */

static enum verdict count_decide(struct policy *p, const struct subject *s)
{
	const struct tail_count_args *a = p->args->span_count;
	int64_t n = s->spans;

	return n >= a->min_spans && (a->max_spans == 0 || n <= a->max_spans) ? SAMPLED
									     : NOT_SAMPLED;
}

const struct policy_kind policy_span_count = {
	.name = "span_count",
	.block = offsetof(struct tail_policy_args, span_count),
	.levels = LEVEL_ANY,
	.decide = count_decide,
};

/* ---- probabilistic ---- */

/* FNV-1a, 64 bits. */
static uint64_t fnv(uint64_t h, const void *p, size_t n)
{
	const uint8_t *b = p;

	for (size_t i = 0; i < n; i++)
		h = (h ^ b[i]) * UINT64_C(0x100000001b3);
	return h;
}

/* The Collector multiplies in 64 bits of precision, rounds to the nearest (even), then cuts
 * (math/big). In integers, so that every machine has the same result. */
uint64_t policy_threshold(double ratio)
{
	int e;
	unsigned cut;
	unsigned __int128 product;
	uint64_t rest;
	uint64_t half;

	if (!(ratio > 0))
		return 0;
	if (ratio >= 1)
		return UINT64_MAX;
	product = (unsigned __int128)(uint64_t)ldexp(frexp(ratio, &e), 53) * UINT64_MAX;
	e -= 53;
	cut = product >> 116 ? 53 : 52; /* it has 116 or 117 bits */
	rest = (uint64_t)product & ((UINT64_C(1) << cut) - 1);
	half = UINT64_C(1) << (cut - 1);
	product >>= cut;
	product += rest > half || (rest == half && (product & 1));
	e += (int)cut; /* at most 0, as the ratio is below 1 */
	return e <= -65 ? 0 : (uint64_t)(product >> -e);
}

static bool probabilistic_init(struct policy *p, const struct compiling *c)
{
	(void)c;
	p->threshold = policy_threshold(p->args->probabilistic->sampling_percentage / 100);
	return true;
}

static enum verdict probabilistic_decide(struct policy *p, const struct subject *s)
{
	struct str salt = p->args->probabilistic->hash_salt;
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	if (salt.n == 0)
		salt = STR("default-hash-seed");
	h = fnv(fnv(h, salt.p, salt.n), s->id, sizeof(s->id));
	return h <= p->threshold ? SAMPLED : NOT_SAMPLED;
}

const struct policy_kind policy_probabilistic = {
	.name = "probabilistic",
	.block = offsetof(struct tail_policy_args, probabilistic),
	.levels = LEVEL_ANY,
	.init = probabilistic_init,
	.decide = probabilistic_decide,
};

/* ---- rate_limiting, bytes_limiting ---- */

static bool rate_check(const struct policy *p, const struct compiling *c,
	const struct tail_rate_args *a, const char *what)
{
	if (a->per_second <= 0)
		return policy_error(p, c, "%s must be greater than 0", what);
	if (a->burst_capacity < 0)
		return policy_error(p, c, "burst_capacity must not be negative");
	return true;
}

/* A bucket of tokens (golang.org/x/time/rate), full at first. A trace takes all it needs, or
 * none. */
static enum verdict take(struct policy *p, const struct tail_rate_args *a, int64_t now, double n)
{
	double rate = (double)a->per_second;
	double burst = a->burst_capacity > 0 ? (double)a->burst_capacity : rate * 2;

	if (!p->rate.has_begun)
		p->rate.tokens = burst;
	else
		p->rate.tokens += (double)(now - p->rate.at) / (double)NS_PER_SEC * rate;
	p->rate.has_begun = true;
	p->rate.at = now;
	if (p->rate.tokens > burst)
		p->rate.tokens = burst;
	if (n > p->rate.tokens)
		return NOT_SAMPLED;
	p->rate.tokens -= n;
	return SAMPLED;
}

static bool spans_init(struct policy *p, const struct compiling *c)
{
	return rate_check(p, c, p->args->rate_limiting, "spans_per_second");
}

static enum verdict spans_decide(struct policy *p, const struct subject *s)
{
	return take(p, p->args->rate_limiting, s->now, s->spans);
}

const struct policy_kind policy_rate_limiting = {
	.name = "rate_limiting",
	.block = offsetof(struct tail_policy_args, rate_limiting),
	.levels = LEVEL_ANY,
	.init = spans_init,
	.decide = spans_decide,
};

static bool bytes_init(struct policy *p, const struct compiling *c)
{
	return rate_check(p, c, p->args->bytes_limiting, "bytes_per_second");
}

static enum verdict bytes_decide(struct policy *p, const struct subject *s)
{
	return take(p, p->args->bytes_limiting, s->now, (double)s->bytes.n);
}

const struct policy_kind policy_bytes_limiting = {
	.name = "bytes_limiting",
	.block = offsetof(struct tail_policy_args, bytes_limiting),
	.levels = LEVEL_ANY,
	.init = bytes_init,
	.decide = bytes_decide,
};
