/*
 * The printer goes through the fields of a type in order and looks each up in the bytes, so that
 * repeated fields which do not lie together are one array. That reads a message once a
 * field; it is not on any path that has to be fast. It recurses at most OTLP_DEPTH deep.
 */

#include "proto/otlp/json_print.h"

#include "agent/base/base64.h"
#include "proto/otlp/wire.h"

#include <inttypes.h>
#include <math.h>

static void print_message(
	struct buf *out, const struct otlp_type *t, struct str message, size_t depth);

static void print_double(struct buf *out, uint64_t bits)
{
	double d;

	memcpy(&d, &bits, 8);
	if (isnan(d))
		buf_add_str(out, STR("\"NaN\""));
	else if (isinf(d))
		buf_add_str(out, d < 0 ? STR("\"-Infinity\"") : STR("\"Infinity\""));
	else
		buf_printf(out, d == floor(d) && fabs(d) < 1e15 ? "%.0f" : "%.17g", d);
}

static void print_number(struct buf *out, ProtobufCType t, uint64_t v)
{
	switch ((int)t) {
	case PROTOBUF_C_TYPE_BOOL:
		buf_add_str(out, v ? STR("true") : STR("false"));
		break;
	case PROTOBUF_C_TYPE_DOUBLE:
		print_double(out, v);
		break;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SFIXED64:
		buf_printf(out, "\"%" PRId64 "\"", (int64_t)v);
		break;
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		buf_printf(out, "\"%" PRIu64 "\"", v);
		break;
	case PROTOBUF_C_TYPE_SINT32:
		buf_printf(out, "%" PRId32, (int32_t)wire_zigzag(v));
		break;
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_ENUM:
		buf_printf(out, "%" PRId32, (int32_t)v);
		break;
	default:
		buf_printf(out, "%" PRIu32, (uint32_t)v);
	}
}

static void print_hex(struct buf *out, struct str s)
{
	static const char digits[] = "0123456789abcdef";

	buf_add_char(out, '"');
	for (size_t i = 0; i < s.n; i++) {
		buf_add_char(out, digits[(uint8_t)s.p[i] >> 4]);
		buf_add_char(out, digits[(uint8_t)s.p[i] & 15]);
	}
	buf_add_char(out, '"');
}

static void print_base64(struct buf *out, struct str s)
{
	buf_add_char(out, '"');
	base64_encode(out, s, BASE64_STANDARD);
	buf_add_char(out, '"');
}

/* The elements of a packed field. */
static void print_packed(
	struct buf *out, const struct otlp_field *f, unsigned element, struct str s, size_t *n)
{
	size_t size = element == OTLP_FIXED64 ? 8 : 4;
	size_t at = 0;

	while (at < s.n) {
		uint64_t v = 0;

		if (element == OTLP_VARINT) {
			if (!wire_varint(s, &at, &v))
				return;
		} else {
			if (s.n - at < size)
				return;
			memcpy(&v, s.p + at, size);
			at += size;
		}
		if ((*n)++ > 0)
			buf_add_char(out, ',');
		print_number(out, f->d->type, v);
	}
}

static void print_value(struct buf *out, const struct otlp_type *t, const struct otlp_field *f,
	const struct wire_field *v, size_t depth)
{
	switch (t->steps[f->d->id].form) {
	case OTLP_MESSAGE:
		print_message(out, f->type, v->bytes, depth + 1);
		break;
	case OTLP_STRING:
		buf_add_json(out, v->bytes);
		break;
	case OTLP_BYTES:
		print_base64(out, v->bytes);
		break;
	case OTLP_ID:
		print_hex(out, v->bytes);
		break;
	default:
		print_number(out, f->d->type, v->value);
	}
}

/* The next field of this number with the wire type that it should have. */
static bool next_of(
	struct wire_reader *r, const struct otlp_type *t, uint32_t number, struct wire_field *f)
{
	struct otlp_step step = t->steps[number];

	while (wire_next(r, f))
		if (f->number == number &&
			(f->wire == step.wire || (step.form == OTLP_PACKED &&
							 f->wire == otlp_form_wire(step.element))))
			return true;
	return false;
}

static void print_repeated(struct buf *out, const struct otlp_type *t, const struct otlp_field *f,
	struct str message, size_t depth)
{
	struct otlp_step step = t->steps[f->d->id];
	struct wire_reader r = wire_read(message);
	struct wire_field v;
	size_t n = 0;

	buf_add_char(out, '[');
	while (next_of(&r, t, f->d->id, &v)) {
		if (step.form == OTLP_PACKED && v.wire == WIRE_BYTES) {
			print_packed(out, f, step.element, v.bytes, &n);
			continue;
		}
		if (n++ > 0)
			buf_add_char(out, ',');
		print_value(out, t, f, &v, depth);
	}
	buf_add_char(out, ']');
}

/* A message that is there several times is merged: their bytes, one after the other. */
static void print_merged(struct buf *out, const struct otlp_type *t, const struct otlp_field *f,
	struct str message, size_t depth)
{
	struct wire_reader r = wire_read(message);
	struct buf all = {0};
	struct wire_field v;

	while (next_of(&r, t, f->d->id, &v))
		buf_add_str(&all, v.bytes);
	print_message(out, f->type, buf_str(&all), depth + 1);
	buf_fini(&all);
}

/* How often field f is there, and the last of them; of a oneof, none if another member is later. */
static size_t find_field(const struct otlp_type *t, const struct otlp_field *f, struct str message,
	struct wire_field *last)
{
	struct wire_reader r = wire_read(message);
	struct wire_field v;
	size_t n = 0;

	while (wire_next(&r, &v)) {
		if (v.number >= OTLP_FIELDS || !t->fields[v.number].d)
			continue;
		if (v.number == f->d->id) {
			n++;
			*last = v;
		} else if (f->has_presence && t->fields[v.number].has_presence &&
			   t->fields[v.number].d->quantifier_offset == f->d->quantifier_offset) {
			n = 0;
		}
	}
	return n;
}

static bool is_default(
	const struct otlp_type *t, const struct otlp_field *f, const struct wire_field *v)
{
	if (f->has_presence || f->is_repeated || t->steps[f->d->id].form == OTLP_MESSAGE)
		return false;
	return v->wire == WIRE_BYTES ? v->bytes.n == 0 : v->value == 0;
}

static void print_message(
	struct buf *out, const struct otlp_type *t, struct str message, size_t depth)
{
	bool is_first = true;

	buf_add_char(out, '{');
	for (unsigned i = 0; i < t->d->n_fields && depth < OTLP_DEPTH; i++) {
		const struct otlp_field *f = &t->fields[t->d->fields[i].id];
		struct wire_field v;
		size_t n = find_field(t, f, message, &v);

		if (n == 0 || is_default(t, f, &v))
			continue;
		if (!is_first)
			buf_add_char(out, ',');
		is_first = false;
		buf_printf(out, "\"" STR_FMT "\":", STR_ARG(f->json));
		if (f->is_repeated)
			print_repeated(out, t, f, message, depth);
		else if (n > 1 && t->steps[f->d->id].form == OTLP_MESSAGE)
			print_merged(out, t, f, message, depth);
		else
			print_value(out, t, f, &v, depth);
	}
	buf_add_char(out, '}');
}

void otlp_json_print(const struct otlp_type *t, struct str message, struct buf *out)
{
	print_message(out, t, message, 0);
}
