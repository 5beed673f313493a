#pragma once

/*
 * The memory budget of everything that is waiting to be delivered (P4). Whoever buffers
 * data charges its bytes and gives them back. Sources ask budget_is_full() before they read or
 * accept more, and stop while it is; they are called when there is room again. The limit is
 * a high-water mark: what is in the middle of being processed may pass it by one chunk.
 *
 * Logs and OTLP are two accounts of one limit. Each can have three quarters of it, so that a
 * destination of the one kind that is away leaves a quarter to the other. Where logs are turned
 * into OTLP that does not hold: their sources ask the account of logs, and what they bring is in
 * the other. While there is such a bridge, both are full together.
 */

#include "agent/base/list.h"

#include <stdbool.h>
#include <stddef.h>

struct metric;

struct budget {
	size_t limit; /* bytes */
	size_t used;
	struct list waiters;
	struct budget *peer; /* the other account; NULL: none */
	unsigned bridges;
	struct metric *used_metric;
	struct metric *limit_metric;
};

/* Called once the budget, having been full, is below 7/8 again. */
struct budget_waiter {
	void (*room)(struct budget_waiter *w);
	struct list link; /* zeroed before its first use */
};

void budget_init(struct budget *b, size_t limit);
void budget_pair(struct budget *a, struct budget *b); /* of the same limit */
void budget_bridge(struct budget *b, bool there_is);  /* one more, or one less, in both */
void budget_charge(struct budget *b, size_t bytes);
void budget_return(struct budget *b, size_t bytes);
/* Its metrics; account: "logs" or "otlp". */
void budget_show(struct budget *b, const char *account);
void budget_hide(struct budget *b);

/* Of the limit, what the other account has, or may have whenever it wants. */
static inline size_t budget_taken(const struct budget *b)
{
	size_t least = b->bridges == 0 ? b->limit / 4 : 0;

	if (!b->peer)
		return 0;
	return b->peer->used > least ? b->peer->used : least;
}

static inline bool budget_is_full(const struct budget *b)
{
	return b->used + budget_taken(b) >= b->limit;
}

void budget_wait(struct budget *b, struct budget_waiter *w); /* no effect if it waits already */
void budget_unwait(struct budget_waiter *w);
