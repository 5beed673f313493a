#pragma once

/*
 * A token bucket: `rate` events a second, `burst` at once (Go: golang.org/x/time/rate). Begins
 * full when it is zeroed.
 */

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

struct limiter {
	double tokens;
	int64_t at; /* on the loop's clock; 0: never used */
};

static inline void limiter_fill(struct limiter *l, double rate, double burst, int64_t now)
{
	l->tokens = l->at ? fmin(burst, l->tokens + (double)(now - l->at) * 1e-9 * rate) : burst;
	l->at = now;
}

static inline bool limiter_allow(struct limiter *l, double rate, double burst, int64_t now)
{
	limiter_fill(l, rate, burst, now);
	if (l->tokens < 1)
		return false;
	l->tokens -= 1;
	return true;
}

/* After a refusal: how long until one more is allowed; a second at most. */
static inline int64_t limiter_wait_ns(const struct limiter *l, double rate)
{
	double wait = (1 - l->tokens) / rate * 1e9;

	return wait < 1e9 ? (int64_t)wait + 1 : INT64_C(1000000000);
}
