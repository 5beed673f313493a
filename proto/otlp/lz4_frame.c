/*
 * The format is so small that the library is not asked for: decoding it is two loops, while
 * liblz4's decoder of frames comes with both of its compressors, and is one more package for who
 * builds.
 *
 * All blocks of a frame are decoded behind each other into one buffer, so the 64 KiB that a linked
 * block may look back are simply there. The output is bounded before it is made: a sequence says
 * how long it is.
 */

#include "proto/otlp/lz4_frame.h"

#include <string.h>

#define MAGIC UINT32_C(0x184D2204)
#define SKIPPABLE UINT32_C(0x184D2A50) /* to …5F */

enum {
	MIN_MATCH = 4,
	MAX_RATIO = 255, /* a byte of length adds 255 bytes */
	FLAG_INDEPENDENT = 1 << 5,
	FLAG_BLOCK_CHECKSUM = 1 << 4,
	FLAG_SIZE = 1 << 3,
	FLAG_CHECKSUM = 1 << 2,
};

enum result {
	DONE,
	BROKEN,
	FULL,
};

static uint32_t read_u32(const char *p)
{
	const unsigned char *b = (const unsigned char *)p;

	return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

/* ---- XXH32 (xxHash, doc/xxhash_spec.md), with the seed 0 ---- */

#define PRIME1 UINT32_C(0x9E3779B1)
#define PRIME2 UINT32_C(0x85EBCA77)
#define PRIME3 UINT32_C(0xC2B2AE3D)
#define PRIME4 UINT32_C(0x27D4EB2F)
#define PRIME5 UINT32_C(0x165667B1)

static uint32_t rotate(uint32_t x, unsigned n)
{
	return x << n | x >> (32 - n);
}

static uint32_t xxh32(struct str s)
{
	uint32_t lanes[4] = {PRIME1 + PRIME2, PRIME2, 0, 0 - PRIME1};
	uint32_t h = PRIME5;
	size_t n = s.n;

	for (; s.n >= 16; s = str_from_at(s, 16))
		for (size_t i = 0; i < 4; i++)
			lanes[i] = rotate(lanes[i] + read_u32(s.p + 4 * i) * PRIME2, 13) * PRIME1;
	if (n >= 16)
		h = rotate(lanes[0], 1) + rotate(lanes[1], 7) + rotate(lanes[2], 12) +
		    rotate(lanes[3], 18);
	h += (uint32_t)n;
	for (; s.n >= 4; s = str_from_at(s, 4))
		h = rotate(h + read_u32(s.p) * PRIME3, 17) * PRIME4;
	for (; s.n > 0; s = str_from_at(s, 1))
		h = rotate(h + (unsigned char)s.p[0] * PRIME5, 11) * PRIME1;
	h = (h ^ h >> 15) * PRIME2;
	h = (h ^ h >> 13) * PRIME3;
	return h ^ h >> 16;
}

/* ---- a block ---- */

struct block {
	struct str in;
	const char *history; /* matches begin here or later */
	char *to;
	char *end; /* of what may be written */
};

/* A length whose four bits are said: 15 goes on in bytes, as long as they are 255. */
static bool take_length(struct block *b, size_t *n)
{
	unsigned char more = 255;

	if (*n != 15)
		return true;
	while (more == 255) {
		if (b->in.n == 0)
			return false;
		more = (unsigned char)b->in.p[0];
		b->in = str_from_at(b->in, 1);
		*n += more;
	}
	return true;
}

static enum result take_literals(struct block *b, size_t n)
{
	if (!take_length(b, &n) || n > b->in.n)
		return BROKEN;
	if (n > (size_t)(b->end - b->to))
		return FULL;
	if (n > 0)
		memcpy(b->to, b->in.p, n);
	b->to += n;
	b->in = str_from_at(b->in, n);
	return DONE;
}

/* What is copied may be what is being written: a short distance repeats, and each copy is twice as
 * long as the one before. */
static enum result take_match(struct block *b, size_t n)
{
	const char *from;
	size_t distance;

	if (b->in.n < 2)
		return BROKEN;
	distance = (unsigned char)b->in.p[0] | (size_t)(unsigned char)b->in.p[1] << 8;
	b->in = str_from_at(b->in, 2);
	if (distance == 0 || distance > (size_t)(b->to - b->history) || !take_length(b, &n))
		return BROKEN;
	n += MIN_MATCH;
	if (n > (size_t)(b->end - b->to))
		return FULL;
	from = b->to - distance;
	while (n > 0) {
		size_t there = (size_t)(b->to - from);
		size_t part = n < there ? n : there;

		memcpy(b->to, from, part);
		b->to += part;
		n -= part;
	}
	return DONE;
}

/* Sequences of literals and a match; the last one has literals only. */
static enum result decode_block(struct block *b)
{
	while (b->in.n > 0) {
		unsigned token = (unsigned char)b->in.p[0];
		enum result r;

		b->in = str_from_at(b->in, 1);
		r = take_literals(b, token >> 4);
		if (r != DONE || b->in.n == 0)
			return r;
		r = take_match(b, token & 15);
		if (r != DONE)
			return r;
	}
	return BROKEN; /* it is empty, or its last sequence has a match */
}

/* ---- a frame ---- */

struct frame {
	unsigned flags;
	size_t max_block;
	uint64_t size; /* as it says; with FLAG_SIZE */
	size_t begin;  /* of what comes out of it, in the output */
};

static bool take(struct str *in, size_t n, struct str *out)
{
	if (in->n < n)
		return false;
	*out = str_head(*in, n);
	*in = str_from_at(*in, n);
	return true;
}

static bool take_u32(struct str *in, uint32_t *out)
{
	struct str s;

	if (!take(in, 4, &s))
		return false;
	*out = read_u32(s.p);
	return true;
}

/* What is behind the magic number. */
static bool take_head(struct str *in, struct frame *f)
{
	struct str head = *in;
	struct str s;
	unsigned size;

	if (!take(in, 2, &s))
		return false;
	f->flags = (unsigned char)s.p[0];
	size = (unsigned char)s.p[1] >> 4;
	if ((f->flags & 0xc3) != 0x40 || ((unsigned char)s.p[1] & 0x8f) || size < 4)
		return false;
	f->max_block = (size_t)1 << (8 + 2 * size);
	if (f->flags & FLAG_SIZE) {
		if (!take(in, 8, &s))
			return false;
		f->size = read_u32(s.p) | (uint64_t)read_u32(s.p + 4) << 32;
	}
	head.n -= in->n;
	return take(in, 1, &s) && (unsigned char)s.p[0] == (xxh32(head) >> 8 & 0xff);
}

static enum result put_plain(struct str s, size_t room, struct buf *out)
{
	if (s.n > room)
		return FULL;
	buf_add_str(out, s);
	return DONE;
}

static enum result put_block(const struct frame *f, struct str s, size_t room, struct buf *out)
{
	struct block b = {.in = s};
	enum result r;

	if (room / MAX_RATIO > s.n)
		room = s.n * MAX_RATIO;
	b.to = buf_reserve(out, room + 1);
	b.end = b.to + room;
	b.history = f->flags & FLAG_INDEPENDENT ? b.to : out->p + f->begin;
	r = decode_block(&b);
	if (r == DONE)
		out->n = (size_t)(b.to - out->p);
	return r;
}

/* *is_last: it was the mark at the end. */
static enum result take_block(
	struct str *in, const struct frame *f, size_t max, struct buf *out, bool *is_last)
{
	size_t room = f->max_block < max ? f->max_block : max;
	uint32_t n, sum;
	enum result r;
	struct str s;
	bool plain;

	if (!take_u32(in, &n))
		return BROKEN;
	*is_last = n == 0;
	if (n == 0)
		return DONE;
	plain = n >> 31;
	if (!take(in, n & 0x7fffffff, &s) || s.n > f->max_block)
		return BROKEN;
	if (f->flags & FLAG_BLOCK_CHECKSUM && (!take_u32(in, &sum) || sum != xxh32(s)))
		return BROKEN;
	r = plain ? put_plain(s, room, out) : put_block(f, s, room, out);
	return r == FULL && f->max_block <= max ? BROKEN : r;
}

static enum result take_frame(struct str *in, size_t max, struct buf *out)
{
	struct frame f = {.begin = out->n};
	bool is_last = false;
	enum result r;
	uint32_t sum;

	if (!take_head(in, &f))
		return BROKEN;
	if (f.flags & FLAG_SIZE && f.size > max)
		return FULL;
	while (!is_last) {
		r = take_block(in, &f, max - (out->n - f.begin), out, &is_last);
		if (r != DONE)
			return r;
	}
	if (f.flags & FLAG_SIZE && f.size != out->n - f.begin)
		return BROKEN;
	if (f.flags & FLAG_CHECKSUM &&
		(!take_u32(in, &sum) || sum != xxh32(str_from_at(buf_str(out), f.begin))))
		return BROKEN;
	return DONE;
}

bool lz4_frame_decode(struct str body, size_t max, struct buf *out, bool *is_too_large)
{
	size_t begin = out->n;
	uint32_t magic, n;
	struct str s;

	*is_too_large = false;
	do {
		enum result r = BROKEN;

		if (!take_u32(&body, &magic))
			return false;
		if (magic == MAGIC)
			r = take_frame(&body, max - (out->n - begin), out);
		else if ((magic & 0xfffffff0) == SKIPPABLE && take_u32(&body, &n) &&
			 take(&body, n, &s))
			r = DONE;
		*is_too_large = r == FULL;
		if (r != DONE)
			return false;
	} while (body.n > 0);
	return true;
}
