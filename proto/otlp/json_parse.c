/*
 * A transcoder that goes over the JSON once and writes protobuf as it goes: a small pull parser
 * and the field tables, no tree between. It recurses with the messages, at most OTLP_DEPTH deep.
 *
 * What is zero and has no presence is not written, as protobuf has it: JS sends explicit zeros.
 */

#include "proto/otlp/json_parse.h"
#include "agent/base/ascii.h"

#include "agent/base/base64.h"
#include "agent/base/err.h"
#include "proto/otlp/json_reader.h"
#include "proto/otlp/wire.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

struct json_parser {
	struct json_reader in;
	struct buf *out;
	size_t depth;
};

static bool parse_message(struct json_parser *p, const struct otlp_type *t);

static bool fail_field(struct json_parser *p, const struct otlp_type *t, const struct otlp_field *f,
	const char *what)
{
	return err_set(p->in.e, "byte %zu: %s.%.*s: %s", p->in.at, t->d->short_name,
		STR_ARG(f->json), what);
}

/* The text of a number, which may stand in quotes. */
static bool number_text(struct json_parser *p, struct str *out)
{
	return json_reader_peek(&p->in) == '"' ? json_reader_string(&p->in, out)
					       : json_reader_number(&p->in, out);
}

static bool to_double(struct str s, double *out)
{
	char text[64]; /* longer ones are cut: digits beyond that change nothing but the exponent */
	char *end;

	if (str_is(s, "NaN") || str_is(s, "Infinity") || str_is(s, "-Infinity")) {
		*out = s.p[0] == 'N' ? (double)NAN : s.p[0] == '-' ? -(double)INFINITY
								   : (double)INFINITY;
		return true;
	}
	if (s.n == 0 || s.n >= sizeof(text) || !(ascii_is_digit(s.p[0]) || s.p[0] == '-'))
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = 0;
	if (strpbrk(text, "xXnN"))
		return false;
	*out = strtod(text, &end);
	return *end == 0;
}

static bool digits_to_uint(struct str s, uint64_t *out)
{
	uint64_t v = 0;

	if (s.n == 0)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		uint64_t d = (uint64_t)(uint8_t)s.p[i] - '0';

		if (d > 9 || __builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, d, &v))
			return false;
	}
	*out = v;
	return true;
}

/* Exactly; 1e3 and 5.0 are whole numbers too. The bits of a signed one are in *out. */
static bool to_integer(struct str s, bool is_signed, uint64_t *out)
{
	bool negative = s.n > 0 && s.p[0] == '-';
	double d;

	if (digits_to_uint(str_from_at(s, negative), out)) {
		if (negative) {
			if (*out > (uint64_t)INT64_MAX + 1 || (!is_signed && *out > 0))
				return false;
			*out = 0 - *out;
			return true;
		}
		return !is_signed || *out <= INT64_MAX;
	}
	if (!to_double(s, &d) || !(fabs(d) < 9007199254740992.0) || d != floor(d) ||
		(d < 0 && !is_signed))
		return false;
	*out = (uint64_t)(int64_t)d;
	return true;
}

static bool fits(ProtobufCType t, uint64_t v)
{
	int64_t i = (int64_t)v;

	switch ((int)t) {
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_ENUM:
		return i >= INT32_MIN && i <= INT32_MAX;
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
		return v <= UINT32_MAX;
	default:
		return true;
	}
}

static bool is_signed_type(ProtobufCType t)
{
	return t != PROTOBUF_C_TYPE_UINT32 && t != PROTOBUF_C_TYPE_UINT64 &&
	       t != PROTOBUF_C_TYPE_FIXED32 && t != PROTOBUF_C_TYPE_FIXED64;
}

/* A name in place of a number: the specification forbids it to clients, the Collector takes it. */
static bool enum_by_name(const ProtobufCEnumDescriptor *d, struct str name, uint64_t *out)
{
	for (unsigned i = 0; i < d->n_values; i++) {
		if (str_is(name, d->values[i].name)) {
			*out = (uint64_t)(int64_t)d->values[i].value;
			return true;
		}
	}
	return false;
}

static bool integer_bits(
	struct json_parser *p, const struct otlp_type *t, const struct otlp_field *f, uint64_t *out)
{
	ProtobufCType type = f->d->type;
	struct str s;

	if (!number_text(p, &s))
		return false;
	if (type == PROTOBUF_C_TYPE_ENUM && enum_by_name(f->d->descriptor, s, out))
		return true;
	if (!to_integer(s, is_signed_type(type), out) || !fits(type, *out))
		return fail_field(p, t, f, "not a whole number of its size");
	if (type == PROTOBUF_C_TYPE_SINT32 || type == PROTOBUF_C_TYPE_SINT64)
		*out = *out << 1 ^ (uint64_t)((int64_t)*out >> 63);
	return true;
}

static bool number_bits(
	struct json_parser *p, const struct otlp_type *t, const struct otlp_field *f, uint64_t *out)
{
	struct str s;
	double d;
	bool b;

	if (f->d->type == PROTOBUF_C_TYPE_BOOL) {
		if (!json_reader_bool(&p->in, &b))
			return false;
		*out = b;
		return true;
	}
	if (f->d->type != PROTOBUF_C_TYPE_DOUBLE)
		return integer_bits(p, t, f, out);
	if (!number_text(p, &s))
		return false;
	if (!to_double(s, &d))
		return fail_field(p, t, f, "not a number");
	memcpy(out, &d, 8);
	return true;
}

static void put_bits(struct buf *out, unsigned form, uint64_t bits)
{
	if (form == OTLP_FIXED64)
		wire_put_fixed64(out, bits);
	else if (form == OTLP_FIXED32)
		wire_put_fixed32(out, (uint32_t)bits);
	else
		wire_put_varint(out, bits);
}

static bool parse_number(
	struct json_parser *p, const struct otlp_type *t, const struct otlp_field *f, unsigned form)
{
	uint64_t bits;

	if (!number_bits(p, t, f, &bits))
		return false;
	if (bits == 0 && !f->has_presence)
		return true;
	wire_put_tag(p->out, f->d->id, otlp_form_wire(form));
	put_bits(p->out, form, bits);
	return true;
}

static bool parse_packed(struct json_parser *p, const struct otlp_type *t,
	const struct otlp_field *f, unsigned element)
{
	size_t open = wire_open(p->out, f->d->id);
	uint64_t bits;
	bool failed;

	if (!json_reader_enter(&p->in, '['))
		return false;
	for (size_t n = 0; json_reader_more(&p->in, ']', n, &failed); n++) {
		if (!number_bits(p, t, f, &bits))
			return false;
		put_bits(p->out, element, bits);
	}
	wire_close(p->out, open);
	return !failed;
}

static bool put_hex(struct buf *out, struct str s)
{
	if (s.n % 2 != 0)
		return false;
	for (size_t i = 0; i < s.n; i += 2) {
		int high = ascii_hex(s.p[i]);
		int low = ascii_hex(s.p[i + 1]);

		if (high < 0 || low < 0)
			return false;
		buf_add_char(out, (char)(uint8_t)(high << 4 | low));
	}
	return true;
}

static bool parse_text(
	struct json_parser *p, const struct otlp_type *t, const struct otlp_field *f, unsigned form)
{
	struct str s;
	size_t open;

	if (!json_reader_string(&p->in, &s))
		return false;
	if (s.n == 0 && !f->has_presence && !f->is_repeated)
		return true;
	if (form == OTLP_STRING) {
		wire_put_bytes(p->out, f->d->id, s);
		return true;
	}
	open = wire_open(p->out, f->d->id);
	if (form == OTLP_ID ? !put_hex(p->out, s) : !base64_decode(p->out, s, BASE64_ANY, NULL))
		return fail_field(p, t, f, form == OTLP_ID ? "not hex" : "not base64");
	wire_close(p->out, open);
	return true;
}

static bool parse_one(struct json_parser *p, const struct otlp_type *t, const struct otlp_field *f)
{
	struct otlp_step step = t->steps[f->d->id];
	size_t open;

	switch (step.form) {
	case OTLP_MESSAGE:
		open = wire_open(p->out, f->d->id);
		if (!parse_message(p, f->type))
			return false;
		wire_close(p->out, open);
		return true;
	case OTLP_STRING:
	case OTLP_BYTES:
	case OTLP_ID:
		return parse_text(p, t, f, step.form);
	case OTLP_PACKED:
		return parse_packed(p, t, f, step.element);
	default:
		return parse_number(p, t, f, step.form);
	}
}

static bool parse_value(
	struct json_parser *p, const struct otlp_type *t, const struct otlp_field *f)
{
	bool failed;

	if (json_reader_peek(&p->in) == 'n')
		return json_reader_null(&p->in);
	if (!f->is_repeated || t->steps[f->d->id].form == OTLP_PACKED)
		return parse_one(p, t, f);
	if (!json_reader_enter(&p->in, '['))
		return false;
	for (size_t n = 0; json_reader_more(&p->in, ']', n, &failed); n++)
		if (json_reader_peek(&p->in) == 'n' ? !json_reader_null(&p->in)
						    : !parse_one(p, t, f))
			return false;
	return !failed;
}

static bool parse_message(struct json_parser *p, const struct otlp_type *t)
{
	struct str key;
	bool failed;

	if (++p->depth > OTLP_DEPTH)
		return json_reader_fail(&p->in, "nested too deeply");
	if (!json_reader_enter(&p->in, '{'))
		return false;
	for (size_t n = 0; json_reader_more(&p->in, '}', n, &failed); n++) {
		const struct otlp_field *f;

		if (!json_reader_key(&p->in, &key))
			return false;
		f = otlp_field_find(t, key);
		if (f ? !parse_value(p, t, f) : !json_reader_skip(&p->in))
			return false;
	}
	p->depth--;
	return !failed;
}

bool otlp_json_parse(const struct otlp_type *t, struct str json, struct buf *out, struct err *e)
{
	struct json_parser p = {.in = {.text = json, .e = e}, .out = out};
	size_t before = out->n;
	bool ok = parse_message(&p, t) && json_reader_end(&p.in);

	buf_fini(&p.in.scratch);
	if (!ok)
		out->n = before;
	return ok;
}
