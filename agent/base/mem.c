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

bool mem_is_much(size_t free_bytes, size_t *least)
{
	bool much = free_bytes > MUCH && free_bytes - MUCH > *least;

	if (much || free_bytes < *least)
		*least = free_bytes;
	return much;
}

/* What was given back stays free as the heap counts it: only what comes on top is new. */
void mem_tidy(void)
{
	static size_t least;

	if (mem_is_much(mallinfo2().fordblks, &least))
		mem_trim();
}

char *mem_text(struct str s)
{
	char *p = mem_new(char, s.n + 1);

	if (s.n)
		memcpy(p, s.p, s.n);
	return p;
}
