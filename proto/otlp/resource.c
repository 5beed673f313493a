/*
 * Enrichment by rewriting the Resource and the two lengths around it; spans are never looked at.
 * A second Resource is never appended: decoders should merge the two, but not all do
 * (square/wire issue 3537 keeps only the last).
 */

#include "proto/otlp/resource.h"

#include "agent/base/must.h"

enum {
	/* of ResourceSpans, ResourceLogs, ResourceMetrics, and their request */
	REQUEST_PART = 1,
	PART_RESOURCE = 1,
	RESOURCE_ATTRIBUTES = 1,
	KEY_VALUE_KEY = 1,
	KEY_VALUE_VALUE = 2,
	ANY_STRING = 1,
	ANY_LAST = 7,
	MAX_ADDED = 64,
};

bool otlp_part_next(struct wire_reader *r, struct otlp_part *p)
{
	struct wire_field f;

	if (!wire_next(r, &f))
		return false;
	p->raw = f.raw;
	p->body = f.bytes;
	p->is_resource = f.number == REQUEST_PART && f.wire == WIRE_BYTES;
	return true;
}

/* The last member of the oneof that is there counts, as in every decoder. */
static void read_any(struct str any, struct str *text, bool *is_empty)
{
	struct wire_reader r = wire_read(any);
	struct wire_field f;

	while (wire_next(&r, &f)) {
		if (f.number > ANY_LAST)
			continue;
		*text = f.number == ANY_STRING ? f.bytes : (struct str){0};
		*is_empty = f.number == ANY_STRING && f.bytes.n == 0;
	}
}

static void read_key_value(struct str kv, struct otlp_attr *a, bool *is_empty)
{
	struct wire_reader r = wire_read(kv);
	struct wire_field f;

	*a = (struct otlp_attr){0};
	*is_empty = true;
	while (wire_next(&r, &f)) {
		if (f.number == KEY_VALUE_KEY)
			a->key = f.bytes;
		else if (f.number == KEY_VALUE_VALUE)
			read_any(f.bytes, &a->value, is_empty);
	}
}

struct otlp_attr_reader otlp_attrs(const struct otlp_part *p)
{
	return (struct otlp_attr_reader){
		.part = wire_read(p->is_resource ? p->body : (struct str){0})};
}

/* The next Resource of a part. */
static bool next_resource(struct wire_reader *part, struct str *body)
{
	struct wire_field f;

	while (wire_next(part, &f)) {
		if (f.number == PART_RESOURCE && f.wire == WIRE_BYTES) {
			*body = f.bytes;
			return true;
		}
	}
	return false;
}

bool otlp_attr_next(struct otlp_attr_reader *r, struct otlp_attr *a, bool *is_empty)
{
	struct wire_field f;
	struct str body;

	for (;;) {
		while (wire_next(&r->resource, &f)) {
			if (f.number != RESOURCE_ATTRIBUTES || f.wire != WIRE_BYTES)
				continue;
			read_key_value(f.bytes, a, is_empty);
			return true;
		}
		if (!next_resource(&r->part, &body))
			return false;
		r->resource = wire_read(body);
	}
}

struct str otlp_attr_find(const struct otlp_part *p, struct str key)
{
	struct otlp_attr_reader r = otlp_attrs(p);
	struct otlp_attr a;
	bool is_empty;

	while (otlp_attr_next(&r, &a, &is_empty))
		if (a.value.n > 0 && str_eq(a.key, key))
			return a.value;
	return (struct str){0};
}

static size_t find_added(const struct otlp_attr *add, size_t n, struct str key)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(add[i].key, key))
			return i;
	return n;
}

/* The bits of those that are there with a value, and of those that are there at all. */
static void look(const struct otlp_part *p, const struct otlp_attr *add, size_t n,
	uint64_t *filled, uint64_t *present)
{
	struct otlp_attr_reader r = otlp_attrs(p);
	struct otlp_attr a;
	bool is_empty;

	*filled = 0;
	*present = 0;
	while (otlp_attr_next(&r, &a, &is_empty)) {
		size_t i = find_added(add, n, a.key);

		if (i == n)
			continue;
		*present |= UINT64_C(1) << i;
		if (!is_empty)
			*filled |= UINT64_C(1) << i;
	}
}

static void put_attr(struct buf *out, const struct otlp_attr *a)
{
	size_t any = 1 + wire_varint_size(a->value.n) + a->value.n;
	size_t kv = 1 + wire_varint_size(a->key.n) + a->key.n + 1 + wire_varint_size(any) + any;

	wire_put_tag(out, RESOURCE_ATTRIBUTES, WIRE_BYTES);
	wire_put_varint(out, kv);
	wire_put_bytes(out, KEY_VALUE_KEY, a->key);
	wire_put_tag(out, KEY_VALUE_VALUE, WIRE_BYTES);
	wire_put_varint(out, any);
	wire_put_bytes(out, ANY_STRING, a->value);
}

/* One Resource's fields; an empty attribute that has a value to be added gets it. */
static void rewrite_resource(struct str body, const struct otlp_attr *add, size_t n,
	uint64_t filled, struct buf *out)
{
	struct wire_reader r = wire_read(body);
	struct wire_field f;

	while (wire_next(&r, &f)) {
		struct otlp_attr a;
		bool is_empty = false;
		size_t i = n;

		if (f.number == RESOURCE_ATTRIBUTES && f.wire == WIRE_BYTES) {
			read_key_value(f.bytes, &a, &is_empty);
			i = is_empty ? find_added(add, n, a.key) : n;
		}
		if (i < n && !(filled >> i & 1))
			put_attr(out, &add[i]);
		else
			buf_add_str(out, f.raw);
	}
}

static void write_resource(const struct otlp_part *p, const struct otlp_attr *add, size_t n,
	uint64_t filled, uint64_t present, struct buf *out)
{
	struct wire_reader part = wire_read(p->body);
	struct str body;

	while (next_resource(&part, &body))
		rewrite_resource(body, add, n, filled, out);
	for (size_t i = 0; i < n; i++)
		if (!(present >> i & 1))
			put_attr(out, &add[i]);
}

/* How many bytes the Resources of the part take, with their tags and lengths. */
static size_t resources_size(const struct otlp_part *p)
{
	struct wire_reader r = wire_read(p->body);
	struct wire_field f;
	size_t n = 0;

	while (wire_next(&r, &f))
		if (f.number == PART_RESOURCE && f.wire == WIRE_BYTES)
			n += f.raw.n;
	return n;
}

/* All but the Resources; the new one where the first was. */
static void write_fields(
	const struct otlp_part *p, struct str resource, bool had_one, struct buf *out)
{
	struct wire_reader r = wire_read(p->body);
	struct wire_field f;
	size_t from = 0; /* what is not yet copied */
	bool is_written = !had_one;

	if (!had_one)
		wire_put_bytes(out, PART_RESOURCE, resource);
	while (wire_next(&r, &f)) {
		if (f.number != PART_RESOURCE || f.wire != WIRE_BYTES)
			continue;
		buf_add(out, p->body.p + from, (size_t)(f.raw.p - p->body.p) - from);
		from = r.at;
		if (!is_written)
			wire_put_bytes(out, PART_RESOURCE, resource);
		is_written = true;
	}
	buf_add_str(out, str_from_at(p->body, from));
}

void otlp_part_write(const struct otlp_part *p, const struct otlp_attr *add, size_t n,
	struct buf *scratch, struct buf *out)
{
	uint64_t filled;
	uint64_t present;
	size_t old;
	size_t size;

	must(n <= MAX_ADDED);
	look(p, add, n, &filled, &present);
	if (!p->is_resource || n == 0 || filled == UINT64_MAX >> (MAX_ADDED - n)) {
		buf_add_str(out, p->raw);
		return;
	}
	buf_clear(scratch);
	write_resource(p, add, n, filled, present, scratch);
	old = resources_size(p);
	size = p->body.n - old + 1 + wire_varint_size(scratch->n) + scratch->n;
	buf_reserve(out, size + 16);
	wire_put_tag(out, REQUEST_PART, WIRE_BYTES);
	wire_put_varint(out, size);
	write_fields(p, buf_str(scratch), old > 0, out);
}
