#pragma once

/*
 * The memory budget of everything that is waiting to be delivered (P4). Whoever buffers
 * data charges its bytes and gives them back. Sources ask budget_is_full() before they read or
 * accept more, and stop while it is; they are called when there is room again. The limit is
 * a high-water mark: what is in the middle of being processed may pass it by one chunk.
 */

#include "agent/base/list.h"

#include <stdbool.h>
#include <stddef.h>

struct loop;

struct budget {
	size_t limit; /* bytes */
	size_t used;
	struct list waiters;
};

/* Called once the budget, having been full, is below 7/8 again. */
struct budget_waiter {
	void (*room)(struct budget_waiter *w);
	struct list link; /* zeroed before its first use */
};

void budget_init(struct budget *b, size_t limit);
void budget_charge(struct budget *b, size_t bytes);
void budget_return(struct budget *b, size_t bytes);
static inline bool budget_is_full(const struct budget *b)
{
	return b->used >= b->limit;
}
void budget_wait(struct budget *b, struct budget_waiter *w); /* no effect if it waits already */
void budget_unwait(struct budget_waiter *w);
