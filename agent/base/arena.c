#include "agent/base/arena.h"

#include "agent/base/mem.h"
#include "agent/base/must.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef __has_feature
#define __has_feature(x) 0 /* gcc before 14 */
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define FIRST_SIZE ((size_t)0)
#define BLOCK_SIZE ((size_t)0) /* a block an object: the sanitizer sees every bound */
#else
#define FIRST_SIZE ((size_t)1024)      /* many arenas hold little; each block is … */
#define BLOCK_SIZE ((size_t)32 * 1024) /* … twice the one before, up to this */
#endif
#define ALIGN ((size_t)16)

struct arena_block {
	struct arena_block *below;
	size_t size; /* of bytes[] */
	size_t used;
	_Alignas(16) char bytes[];
};

void arena_init(struct arena *a, size_t limit)
{
	*a = (struct arena){.limit = limit};
}

static struct arena_block *push_block(struct arena *a, size_t n)
{
	size_t size = a->top ? a->top->size * 2 : FIRST_SIZE;
	struct arena_block *b;

	size = size > BLOCK_SIZE ? BLOCK_SIZE : size;
	size = size < n ? n : size;
	b = calloc(1, sizeof(*b) + size);
	if (!b)
		mem_out(size);
	b->size = size;
	b->below = a->top;
	a->top = b;
	return b;
}

void *arena_alloc(struct arena *a, size_t size, size_t count)
{
	struct arena_block *b = a->top;
	size_t n;
	void *p;

	must(size > 0 && count < SIZE_MAX / 2 / size);
	n = (size * count + ALIGN - 1) & ~(ALIGN - 1);
	if (a->limit && a->used + n > a->limit)
		mem_out(n);
	if (!b || b->size - b->used < n)
		b = push_block(a, n);
	p = b->bytes + b->used;
	b->used += n;
	a->used += n;
	return p;
}

struct str arena_str(struct arena *a, struct str s)
{
	char *p = arena_new(a, char, s.n + 1);

	if (s.n)
		memcpy(p, s.p, s.n);
	return (struct str){p, s.n};
}

struct str arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *p;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	must(n >= 0);
	p = arena_new(a, char, (size_t)n + 1);
	va_start(ap, fmt);
	vsnprintf(p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return (struct str){p, (size_t)n};
}

bool arena_has(const struct arena *a, const void *p)
{
	uintptr_t at = (uintptr_t)p;

	for (const struct arena_block *b = a->top; b; b = b->below) {
		uintptr_t from = (uintptr_t)b->bytes;

		if (at >= from && at - from < b->used)
			return true;
	}
	return false;
}

/* Keeps the newest block, if it is an ordinary one, so that a scratch arena that is
 * emptied each turn settles on one block. */
void arena_clear(struct arena *a)
{
	struct arena_block *keep = a->top;
	struct arena_block *below;

	if (!keep || keep->size > BLOCK_SIZE) {
		size_t limit = a->limit;

		arena_fini(a);
		a->limit = limit;
		return;
	}
	for (struct arena_block *b = keep->below; b; b = below) {
		below = b->below;
		free(b);
	}
	memset(keep->bytes, 0, keep->used);
	keep->below = NULL;
	keep->used = 0;
	a->used = 0;
}

void arena_fini(struct arena *a)
{
	struct arena_block *below;

	for (struct arena_block *b = a->top; b; b = below) {
		below = b->below;
		free(b);
	}
	*a = (struct arena){0};
}
