#pragma once

/*
 * An arena gives memory that is freed all at once. A function that takes an arena puts its
 * result there, and the result lives as long as the arena; a function that takes none
 * allocates nothing that outlives it. Memory is zeroed. There is no failure to check: out
 * of memory ends the program (see mem_out()).
 */

#include "agent/base/str.h"

#include <stdbool.h>
#include <stddef.h>

struct arena {
	struct arena_block *top;
	size_t limit; /* bytes this arena may hold; 0: no limit */
	size_t used;
};

#define arena_new(a, type, count) ((type *)arena_alloc((a), sizeof(type), (count)))

void arena_init(struct arena *a, size_t limit);
void *arena_alloc(struct arena *a, size_t size, size_t count);
struct str arena_str(struct arena *a, struct str s); /* a copy of s, NUL after it */
struct str arena_printf(struct arena *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3))); /* NUL after it too */
/* Was what p points to allotted from a? Looks at every block. */
bool arena_has(const struct arena *a, const void *p);
void arena_clear(struct arena *a); /* empties it, for scratch used again and again */
void arena_fini(struct arena *a);  /* frees every block */
