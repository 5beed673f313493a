/* Reads Loki push requests; see the header. One step function knows protobuf's wire format,
 * the others know which field numbers mean what. */

#include "proto/loki/push_read.h"

#define NS INT64_C(1000000000)

enum wire {
	WIRE_VARINT = 0,
	WIRE_64 = 1,
	WIRE_BYTES = 2,
	WIRE_32 = 5,
};

struct field {
	uint64_t number;
	unsigned wire;
	uint64_t value;   /* WIRE_VARINT */
	struct str bytes; /* WIRE_BYTES */
	struct str raw;   /* tag and all */
};

struct push_cursor push_read(struct str bytes)
{
	if (bytes.n == 0)
		bytes.p = "";
	return (struct push_cursor){bytes.p, bytes.p + bytes.n};
}

/* At most ten bytes, the tenth with one bit. */
static bool read_varint(struct push_cursor *c, uint64_t *out)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 70 && c->p < c->end; shift += 7) {
		unsigned char b = (unsigned char)*c->p++;

		if (shift == 63 && b > 1)
			return false;
		v |= (uint64_t)(b & 0x7f) << shift;
		if (b < 0x80) {
			*out = v;
			return true;
		}
	}
	return false;
}

static bool read_length(struct push_cursor *c, struct field *f)
{
	uint64_t n;

	switch (f->wire) {
	case WIRE_VARINT:
		return read_varint(c, &f->value);
	case WIRE_64:
		n = 8;
		break;
	case WIRE_32:
		n = 4;
		break;
	case WIRE_BYTES:
		if (!read_varint(c, &n))
			return false;
		break;
	default: /* groups, and what is no wire type: it is a number from outside, no enum */
		return false;
	}
	if (n > (uint64_t)(c->end - c->p))
		return false;
	f->bytes = (struct str){c->p, (size_t)n};
	c->p += n;
	return true;
}

static enum push_step next_field(struct push_cursor *c, struct field *f)
{
	const char *begin = c->p;
	uint64_t tag;

	if (c->p == c->end)
		return PUSH_END;
	if (!read_varint(c, &tag) || tag >> 3 == 0 || tag >> 3 > 0x1fffffff)
		return PUSH_BAD;
	*f = (struct field){.number = tag >> 3, .wire = (unsigned)(tag & 7)};
	if (!read_length(c, f))
		return PUSH_BAD;
	f->raw = (struct str){begin, (size_t)(c->p - begin)};
	return PUSH_ITEM;
}

/* The next field of that number; it must be of that wire type. */
static enum push_step next_of(struct push_cursor *c, uint64_t number, struct field *f)
{
	enum push_step s;

	while ((s = next_field(c, f)) == PUSH_ITEM) {
		if (f->number == number)
			return f->wire == WIRE_BYTES ? PUSH_ITEM : PUSH_BAD;
	}
	return s;
}

enum push_step push_read_stream(struct push_cursor *request, struct str *stream)
{
	struct field f;
	enum push_step s = next_of(request, 1, &f);

	if (s == PUSH_ITEM)
		*stream = f.bytes;
	return s;
}

bool push_read_labels(struct str stream, struct str *labels)
{
	struct push_cursor c = push_read(stream);
	struct str last = {"", 0};
	struct field f;
	enum push_step s;

	while ((s = next_of(&c, 1, &f)) == PUSH_ITEM)
		last = f.bytes;
	if (s == PUSH_END)
		*labels = last;
	return s == PUSH_END;
}

/* Seconds and nanos of a Timestamp; what does not fit in nanoseconds since 1970 is cut to
 * the nearest that does. */
static bool read_time(struct str bytes, int64_t *seconds, int32_t *nanos)
{
	struct push_cursor c = push_read(bytes);
	struct field f;
	enum push_step s;

	while ((s = next_field(&c, &f)) == PUSH_ITEM) {
		if (f.number != 1 && f.number != 2)
			continue;
		if (f.wire != WIRE_VARINT)
			return false;
		if (f.number == 1)
			*seconds = (int64_t)f.value;
		else
			*nanos = (int32_t)(uint32_t)f.value;
	}
	return s == PUSH_END;
}

static int64_t join_time(int64_t seconds, int32_t nanos)
{
	__int128 t = (__int128)seconds * NS + nanos;

	if (t < INT64_MIN)
		return INT64_MIN;
	return t > INT64_MAX ? INT64_MAX : (int64_t)t;
}

static bool read_entry(struct str bytes, struct push_entry *e)
{
	struct push_cursor c = push_read(bytes);
	struct field f;
	enum push_step s;
	int64_t seconds = 0;
	int32_t nanos = 0;

	*e = (struct push_entry){.line = {"", 0}};
	while ((s = next_field(&c, &f)) == PUSH_ITEM) {
		if (f.number > 3)
			continue;
		if (f.wire != WIRE_BYTES)
			return false;
		if (f.number == 1 && !read_time(f.bytes, &seconds, &nanos))
			return false;
		if (f.number == 2)
			e->line = f.bytes;
	}
	e->time = join_time(seconds, nanos);
	return s == PUSH_END;
}

enum push_step push_read_entry(struct push_cursor *stream, struct str *raw, struct push_entry *e,
	struct push_cursor *pairs)
{
	struct field f;
	enum push_step s = next_of(stream, 2, &f);

	if (s != PUSH_ITEM)
		return s;
	if (e && !read_entry(f.bytes, e))
		return PUSH_BAD;
	if (raw)
		*raw = f.raw;
	if (pairs)
		*pairs = push_read(f.bytes);
	return PUSH_ITEM;
}

enum push_step push_read_pair(struct push_cursor *pairs, struct push_pair *pair)
{
	struct push_cursor c;
	struct field f;
	enum push_step s = next_of(pairs, 3, &f);

	if (s != PUSH_ITEM)
		return s;
	c = push_read(f.bytes);
	*pair = (struct push_pair){{"", 0}, {"", 0}};
	while ((s = next_field(&c, &f)) == PUSH_ITEM) {
		if (f.number > 2)
			continue;
		if (f.wire != WIRE_BYTES)
			return PUSH_BAD;
		*(f.number == 1 ? &pair->name : &pair->value) = f.bytes;
	}
	return s == PUSH_END ? PUSH_ITEM : PUSH_BAD;
}

static bool count_stream(struct str stream, size_t *entries, size_t *weight)
{
	struct push_cursor c = push_read(stream);
	struct push_cursor pairs;
	struct push_entry e;
	struct push_pair pair;
	enum push_step s;
	enum push_step k;

	while ((s = push_read_entry(&c, NULL, &e, &pairs)) == PUSH_ITEM) {
		++*entries;
		*weight += e.line.n;
		while ((k = push_read_pair(&pairs, &pair)) == PUSH_ITEM)
			*weight += pair.name.n + pair.value.n;
		if (k == PUSH_BAD)
			return false;
	}
	return s == PUSH_END;
}

bool push_read_count(struct str request, size_t *entries, size_t *weight)
{
	struct push_cursor c = push_read(request);
	struct str stream;
	enum push_step s;
	size_t n = 0;
	size_t w = 0;

	while ((s = push_read_stream(&c, &stream)) == PUSH_ITEM) {
		if (!count_stream(stream, &n, &w))
			return false;
	}
	if (s == PUSH_BAD)
		return false;
	*entries = n;
	*weight = w;
	return true;
}
