#include "agent/base/mem.h"

#include "agent/base/must.h"

#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MUCH ((size_t)4 << 20)

void mem_out(size_t n)
{
	fprintf(stderr, "level=error msg=\"out of memory\" bytes=%zu "
			"hint=\"raise the memory limit, or lower --memory.budget\"\n",
		n);
	exit(70);
}

void *mem_alloc(size_t size, size_t count)
{
	void *p;

	must(size > 0 && count < SIZE_MAX / 2 / size);
	p = calloc(count ? count : 1, size);
	if (!p)
		mem_out(size * count);
	return p;
}

void *mem_resize(void *p, size_t n)
{
	void *q = realloc(p, n ? n : 1);

	if (!q)
		mem_out(n);
	return q;
}

void mem_trim(void)
{
	malloc_trim(0);
}

/* What the heap counts as free may have been given back already: so that is not asked. */
static size_t unused(size_t anonymous)
{
	struct mallinfo2 heap = mallinfo2();
	size_t used = heap.uordblks + heap.hblkhd;

	return anonymous > used ? anonymous - used : 0;
}

bool mem_tidy(size_t (*anonymous)(void))
{
	static size_t least; /* stacks and what else is no heap's, and what cannot be given back */
	size_t now = unused(anonymous());
	bool much = now > least + MUCH;

	if (much) {
		mem_trim();
		now = unused(anonymous());
	}
	if (much || now < least)
		least = now;
	return much;
}

char *mem_text(struct str s)
{
	char *p = mem_new(char, s.n + 1);

	if (s.n)
		memcpy(p, s.p, s.n);
	return p;
}
