#include "agent/base/buf.h"

#include "agent/base/mem.h"
#include "agent/base/must.h"
#include "agent/base/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE ((size_t)256)

void buf_fini(struct buf *b)
{
	free(b->p);
	*b = (struct buf){0};
}

void *buf_reserve_slow(struct buf *b, size_t n)
{
	size_t cap = b->cap ? b->cap : FIRST_SIZE;

	must(n < SIZE_MAX / 4 && b->n < SIZE_MAX / 4);
	while (cap - b->n < n)
		cap *= 2;
	b->p = mem_resize(b->p, cap);
	b->cap = cap;
	return b->p + b->n;
}

void buf_add(struct buf *b, const void *p, size_t n)
{
	if (n == 0)
		return;
	memcpy(buf_reserve(b, n), p, n);
	b->n += n;
}

void buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	must(n >= 0);
	vsnprintf(buf_reserve(b, (size_t)n + 1), (size_t)n + 1, fmt, ap);
	b->n += (size_t)n;
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(b, fmt, ap);
	va_end(ap);
}

/* The letter after the backslash, or 0 when c has no short escape of this set. */
static char short_escape(unsigned char c, const char *from, const char *to)
{
	const char *at = c ? strchr(from, c) : NULL;

	return at ? to[at - from] : 0;
}

void buf_add_json(struct buf *b, struct str s)
{
	size_t at = 0;

	buf_add_char(b, '"');
	while (at < s.n) {
		unsigned char c = (unsigned char)s.p[at];
		char esc = short_escape(c, "\"\\\n\r\t\b\f", "\"\\nrtbf");
		size_t len;

		if (esc) {
			buf_add_char(b, '\\');
			buf_add_char(b, esc);
			at++;
		} else if (c < 0x20) {
			buf_printf(b, "\\u%04x", c);
			at++;
		} else if ((len = utf8_length(s, at)) > 0) {
			buf_add(b, s.p + at, len);
			at += len;
		} else {
			buf_add(b, "\xef\xbf\xbd", 3);
			at++;
		}
	}
	buf_add_char(b, '"');
}

void buf_add_quoted(struct buf *b, struct str s)
{
	size_t at = 0;

	buf_add_char(b, '"');
	while (at < s.n) {
		unsigned char c = (unsigned char)s.p[at];
		char esc = short_escape(c, "\"\\\n\r\t\a\b\f\v", "\"\\nrtabfv");
		size_t len;
		uint32_t rune;

		if (esc) {
			buf_add_char(b, '\\');
			buf_add_char(b, esc);
			at++;
		} else if (c < 0x80) {
			if (c < 0x20 || c == 0x7f)
				buf_printf(b, "\\x%02x", c);
			else
				buf_add_char(b, (char)c);
			at++;
		} else if ((len = utf8_length(s, at)) == 0) {
			buf_printf(b, "\\x%02x", c);
			at++;
		} else {
			rune = utf8_rune(s, at);
			if (utf8_is_printable(rune))
				buf_add(b, s.p + at, len);
			else
				buf_printf(b, rune < 0x10000 ? "\\u%04x" : "\\U%08x", rune);
			at += len;
		}
	}
	buf_add_char(b, '"');
}

void buf_shrink(struct buf *b, size_t keep)
{
	must(b->n == 0);
	if (b->cap > keep)
		buf_fini(b);
}
