#pragma once

/*
 * A buf is a run of bytes that grows: the one place where output of unknown length is
 * gathered (encoded entries, request bodies, printed text). It owns its bytes. A buf may be
 * used again after buf_clear(), which keeps the memory. Out of memory ends the program.
 */

#include "agent/base/str.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
	char *p;
	size_t n;   /* bytes in use */
	size_t cap; /* bytes there are */
};

void buf_fini(struct buf *b); /* frees the bytes; b is empty and may be used again */
static inline void buf_clear(struct buf *b)
{
	b->n = 0;
}

/* Makes room for n more bytes; returns where they begin. The caller then writes at most n
 * and adds what it wrote to b->n. */
void *buf_reserve_slow(struct buf *b, size_t n);
static inline void *buf_reserve(struct buf *b, size_t n)
{
	if (b->cap - b->n >= n && b->p)
		return b->p + b->n;
	return buf_reserve_slow(b, n);
}

void buf_add(struct buf *b, const void *p, size_t n);
static inline void buf_add_str(struct buf *b, struct str s)
{
	buf_add(b, s.p, s.n);
}
static inline void buf_add_char(struct buf *b, char c)
{
	*(char *)buf_reserve(b, 1) = c;
	b->n++;
}
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

/* s as the inside of a JSON string, quotes included; invalid UTF-8 becomes U+FFFD. */
void buf_add_json(struct buf *b, struct str s);

/* s quoted as Go's strconv.Quote does it (Loki's label strings, Alloy's %q). */
void buf_add_quoted(struct buf *b, struct str s);

/* Drops memory above keep bytes, for a buf that saw one large burst. b must be empty. */
void buf_shrink(struct buf *b, size_t keep);

static inline struct str buf_str(const struct buf *b)
{
	return (struct str){b->p, b->n};
}
