/*
 * Writes Loki push requests. The lengths inside are computed first, so that everything is
 * stored once and at its place; a protobuf library would build objects and measure them twice.
 */

#include "proto/loki/push.h"

#include "agent/base/buf.h"
#include "agent/base/must.h"

#include <string.h>

#define NS INT64_C(1000000000)
#define VARINT_MAX 10

/* tag = field number << 3 | wire type */
enum {
	TAG_1_BYTES = 0x0a,
	TAG_2_BYTES = 0x12,
	TAG_3_BYTES = 0x1a,
	TAG_1_VARINT = 0x08,
	TAG_2_VARINT = 0x10,
};

static size_t varint_size(uint64_t v)
{
	return (size_t)(63 - __builtin_clzll(v | 1)) / 7 + 1;
}

static char *put_varint(char *p, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		*p++ = (char)(v | 0x80);
	*p++ = (char)v;
	return p;
}

static char *put_bytes(char *p, char tag, struct str s)
{
	*p++ = tag;
	p = put_varint(p, s.n);
	if (s.n)
		memcpy(p, s.p, s.n);
	return p + s.n;
}

/* A bytes field: tag, length, content. */
static size_t field_size(size_t n)
{
	return 1 + varint_size(n) + n;
}

/* Fields that are empty are left out, as proto3 wants it. */
static size_t text_size(size_t n)
{
	return n ? field_size(n) : 0;
}

static size_t pair_size(const struct push_pair *p)
{
	return text_size(p->name.n) + text_size(p->value.n);
}

static void remember_second(struct push_clock *c, int64_t second)
{
	char *end = c->bytes;

	*end++ = TAG_1_VARINT;
	end = put_varint(end, (uint64_t)second);
	c->n = (uint8_t)(end - c->bytes);
	c->second = second;
}

static char *put_meta(char *p, const struct push_entry *e)
{
	for (size_t i = 0; i < e->n_meta; i++) {
		const struct push_pair *m = &e->meta[i];

		*p++ = TAG_3_BYTES;
		p = put_varint(p, pair_size(m));
		if (m->name.n)
			p = put_bytes(p, TAG_1_BYTES, m->name);
		if (m->value.n)
			p = put_bytes(p, TAG_2_BYTES, m->value);
	}
	return p;
}

void push_encode_entry(struct buf *out, struct push_clock *c, const struct push_entry *e)
{
	bool before_1970 = e->time % NS < 0;
	int64_t second = e->time / NS - before_1970;
	uint32_t nanos = (uint32_t)(e->time % NS + (before_1970 ? NS : 0));
	size_t seconds_n;
	size_t time_n;
	size_t n;
	char *p;
	char *end;

	if (c->n == 0 || c->second != second)
		remember_second(c, second);
	seconds_n = second ? c->n : 0;
	time_n = seconds_n + (nanos ? 1 + varint_size(nanos) : 0);
	n = 2 + time_n + text_size(e->line.n);
	for (size_t i = 0; i < e->n_meta; i++)
		n += field_size(pair_size(&e->meta[i]));

	p = buf_reserve(out, field_size(n) + sizeof(c->bytes));
	end = p + field_size(n);
	*p++ = TAG_2_BYTES;
	p = put_varint(p, n);
	*p++ = TAG_1_BYTES;
	*p++ = (char)time_n; /* 17 at most: one byte */
	memcpy(p, c->bytes, sizeof(c->bytes));
	p += seconds_n;
	if (nanos) {
		*p++ = TAG_2_VARINT;
		p = put_varint(p, nanos);
	}
	if (e->line.n)
		p = put_bytes(p, TAG_2_BYTES, e->line);
	p = put_meta(p, e);
	must(p == end);
	out->n += field_size(n);
}

size_t push_stream_size(size_t labels, size_t entries)
{
	return field_size(text_size(labels) + entries);
}

void push_encode_stream(struct buf *out, struct str labels, struct str entries)
{
	size_t n = push_stream_size(labels.n, entries.n);
	char *p = buf_reserve(out, n);

	*p++ = TAG_1_BYTES;
	p = put_varint(p, text_size(labels.n) + entries.n);
	if (labels.n)
		p = put_bytes(p, TAG_1_BYTES, labels);
	if (entries.n)
		memcpy(p, entries.p, entries.n);
	out->n += n;
}

size_t push_entry_weight(const struct push_entry *e)
{
	size_t n = e->line.n;

	for (size_t i = 0; i < e->n_meta; i++)
		n += e->meta[i].name.n + e->meta[i].value.n;
	return n;
}
