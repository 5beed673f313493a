/*
 * The wire format, a field at a time. Groups (which no OTLP message has, but which an unknown
 * field may be) are skipped by counting depth, without recursion.
 */

#include "proto/otlp/wire.h"

#include "agent/base/must.h"

enum {
	MAX_NUMBER = (1 << 29) - 1,
	GROUP_DEPTH = 100,
	LONG_LENGTH = 5,
};

bool wire_varint(struct str s, size_t *at, uint64_t *out)
{
	uint64_t v = 0;
	size_t i = *at;

	for (unsigned shift = 0; shift < 70; shift += 7) {
		uint8_t byte;

		if (i >= s.n)
			return false;
		byte = (uint8_t)s.p[i++];
		v |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80) {
			*at = i;
			*out = v;
			return true;
		}
	}
	return false;
}

static bool take_tag(struct wire_reader *r, uint32_t *number, unsigned *wire)
{
	uint64_t tag;

	if (!wire_varint(r->bytes, &r->at, &tag) || tag >> 3 == 0 || tag >> 3 > MAX_NUMBER)
		return false;
	*number = (uint32_t)(tag >> 3);
	*wire = (unsigned)(tag & 7);
	return *wire <= WIRE_FIXED32;
}

static bool take_fixed(struct wire_reader *r, size_t size, uint64_t *value)
{
	if (r->bytes.n - r->at < size)
		return false;
	*value = 0;
	memcpy(value, r->bytes.p + r->at, size); /* little-endian hosts only, as all of ours are */
	r->at += size;
	return true;
}

/* The value of one field; of a group only that it begins or ends. */
static bool take_value(struct wire_reader *r, struct wire_field *f)
{
	uint64_t n;

	switch (f->wire) {
	case WIRE_VARINT:
		return wire_varint(r->bytes, &r->at, &f->value);
	case WIRE_FIXED64:
		return take_fixed(r, 8, &f->value);
	case WIRE_FIXED32:
		return take_fixed(r, 4, &f->value);
	case WIRE_BYTES:
		if (!wire_varint(r->bytes, &r->at, &n) || n > r->bytes.n - r->at)
			return false;
		f->bytes = (struct str){r->bytes.p + r->at, (size_t)n};
		r->at += (size_t)n;
		return true;
	default:
		return true;
	}
}

static bool skip_group(struct wire_reader *r, uint32_t number)
{
	uint32_t open[GROUP_DEPTH] = {number};
	size_t depth = 1;

	while (depth > 0) {
		struct wire_field f = {0};

		if (!take_tag(r, &f.number, &f.wire) || !take_value(r, &f))
			return false;
		if (f.wire == WIRE_GROUP) {
			if (depth == GROUP_DEPTH)
				return false;
			open[depth++] = f.number;
		} else if (f.wire == WIRE_GROUP_END && open[--depth] != f.number) {
			return false;
		}
	}
	return true;
}

bool wire_next(struct wire_reader *r, struct wire_field *f)
{
	size_t start = r->at;

	*f = (struct wire_field){0};
	if (start >= r->bytes.n)
		return false;
	if (!take_tag(r, &f->number, &f->wire) || f->wire == WIRE_GROUP_END || !take_value(r, f) ||
		(f->wire == WIRE_GROUP && !skip_group(r, f->number))) {
		r->at = start;
		return false;
	}
	f->raw = (struct str){r->bytes.p + start, r->at - start};
	return true;
}

void wire_put_varint(struct buf *b, uint64_t v)
{
	char *p = buf_reserve(b, 10);
	size_t n = 0;

	while (v >= 0x80) {
		p[n++] = (char)(uint8_t)(v | 0x80);
		v >>= 7;
	}
	p[n++] = (char)(uint8_t)v;
	b->n += n;
}

void wire_put_fixed64(struct buf *b, uint64_t v)
{
	buf_add(b, &v, 8);
}

void wire_put_fixed32(struct buf *b, uint32_t v)
{
	buf_add(b, &v, 4);
}

void wire_put_bytes(struct buf *b, uint32_t number, struct str s)
{
	wire_put_tag(b, number, WIRE_BYTES);
	wire_put_varint(b, s.n);
	buf_add_str(b, s);
}

size_t wire_open(struct buf *b, uint32_t number)
{
	wire_put_tag(b, number, WIRE_BYTES);
	buf_add_char(b, 0);
	return b->n;
}

void wire_close(struct buf *b, size_t open)
{
	size_t n = b->n - open;
	size_t more = wire_varint_size(n) - 1;

	must(open > 0 && open <= b->n);
	if (more > 0) {
		buf_reserve(b, more);
		memmove(b->p + open + more, b->p + open, n);
	}
	b->n = open - 1;
	wire_put_varint(b, n);
	b->n += n;
}

size_t wire_open_long(struct buf *b, uint32_t number)
{
	wire_put_tag(b, number, WIRE_BYTES);
	buf_reserve(b, LONG_LENGTH);
	b->n += LONG_LENGTH;
	return b->n;
}

void wire_close_long(struct buf *b, size_t open)
{
	size_t n = b->n - open;

	must(open >= LONG_LENGTH && open <= b->n && n < UINT64_C(1) << 35);
	for (size_t i = 0; i < LONG_LENGTH; i++) {
		b->p[open - LONG_LENGTH + i] =
			(char)(uint8_t)((n & 0x7f) | (i + 1 < LONG_LENGTH ? 0x80 : 0));
		n >>= 7;
	}
}
