#pragma once

/*
 * Protobuf's wire format (protobuf.dev/programming-guides/encoding): reading one field
 * after the other inside known bounds, and writing. For code that looks at a level or two of a
 * message; the walk over all of it has its own loop (walk.c).
 */

#include "agent/base/buf.h"
#include "agent/base/str.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum {
	WIRE_VARINT = 0,
	WIRE_FIXED64 = 1,
	WIRE_BYTES = 2,
	WIRE_GROUP = 3,
	WIRE_GROUP_END = 4,
	WIRE_FIXED32 = 5,
};

/* A message that is being read; at is where the next field begins. */
struct wire_reader {
	struct str bytes;
	size_t at;
};

struct wire_field {
	uint32_t number;
	unsigned wire;
	uint64_t value;   /* of numbers */
	struct str bytes; /* of WIRE_BYTES: what is inside */
	struct str raw;   /* the whole field, tag included; a group to its end */
};

static inline struct wire_reader wire_read(struct str message)
{
	return (struct wire_reader){message, 0};
}

/* The next field. False at the end, and when what follows is no field: then at is not at the end.
 */
bool wire_next(struct wire_reader *r, struct wire_field *f);
static inline bool wire_at_end(const struct wire_reader *r)
{
	return r->at == r->bytes.n;
}

/* False, and *at unchanged, if there is no varint of at most 10 bytes. */
bool wire_varint(struct str s, size_t *at, uint64_t *out);

static inline size_t wire_varint_size(uint64_t v)
{
	return (size_t)((70 - __builtin_clzll(v | 1)) / 7);
}

static inline int64_t wire_zigzag(uint64_t v)
{
	return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}

void wire_put_varint(struct buf *b, uint64_t v);
static inline void wire_put_tag(struct buf *b, uint32_t number, unsigned wire)
{
	wire_put_varint(b, (uint64_t)number << 3 | wire);
}
void wire_put_fixed64(struct buf *b, uint64_t v); /* without a tag */
void wire_put_fixed32(struct buf *b, uint32_t v);
void wire_put_bytes(struct buf *b, uint32_t number, struct str s);

/* Begins a length-delimited field of which the length is not known yet; close it with what was
 * returned. wire_close() moves what is inside if its length needs more than one byte. */
size_t wire_open(struct buf *b, uint32_t number);
void wire_close(struct buf *b, size_t open);

/* The same for what is long: the length is written in five bytes (padded), nothing is moved.
 * Every decoder takes that. */
size_t wire_open_long(struct buf *b, uint32_t number);
void wire_close_long(struct buf *b, size_t open);
