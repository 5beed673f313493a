/* Values on their bytes. What recurses stops at OTLP_ANY_DEPTH; a map's keys are sorted in a small
 * array on the stack of the text, since a map of a log body is as large as a client likes. */

#include "proto/otlp/any.h"

#include "agent/base/arena.h"
#include "agent/base/mem.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	KEY_VALUE_KEY = 1,
	KEY_VALUE_VALUE = 2,
	LIST_VALUES = 1,
};

static bool has_wire(const struct wire_field *f)
{
	static const unsigned wires[] = {[OTLP_ANY_STRING] = WIRE_BYTES,
		[OTLP_ANY_BOOL] = WIRE_VARINT,
		[OTLP_ANY_INT] = WIRE_VARINT,
		[OTLP_ANY_DOUBLE] = WIRE_FIXED64,
		[OTLP_ANY_ARRAY] = WIRE_BYTES,
		[OTLP_ANY_MAP] = WIRE_BYTES,
		[OTLP_ANY_BYTES] = WIRE_BYTES};

	return f->number >= OTLP_ANY_STRING && f->number <= OTLP_ANY_BYTES &&
	       wires[f->number] == f->wire;
}

struct otlp_any otlp_any_read(struct str body)
{
	struct wire_reader r = wire_read(body);
	struct wire_field f;
	struct otlp_any v = {0};

	while (wire_next(&r, &f)) {
		if (!has_wire(&f))
			continue;
		v = (struct otlp_any){.kind = (enum otlp_any_kind)f.number, .bytes = f.bytes};
		v.integer = (int64_t)f.value;
		v.boolean = f.value != 0;
		memcpy(&v.number, &f.value, 8);
	}
	return v;
}

static void put_any(struct buf *out, const struct otlp_any *v)
{
	uint64_t bits;

	switch (v->kind) {
	case OTLP_ANY_EMPTY:
		break;
	case OTLP_ANY_BOOL:
		wire_put_tag(out, OTLP_ANY_BOOL, WIRE_VARINT);
		wire_put_varint(out, v->boolean);
		break;
	case OTLP_ANY_INT:
		wire_put_tag(out, OTLP_ANY_INT, WIRE_VARINT);
		wire_put_varint(out, (uint64_t)v->integer);
		break;
	case OTLP_ANY_DOUBLE:
		memcpy(&bits, &v->number, 8);
		wire_put_tag(out, OTLP_ANY_DOUBLE, WIRE_FIXED64);
		wire_put_fixed64(out, bits);
		break;
	case OTLP_ANY_STRING:
	case OTLP_ANY_ARRAY:
	case OTLP_ANY_MAP:
	case OTLP_ANY_BYTES:
		wire_put_bytes(out, v->kind, v->bytes);
		break;
	}
}

struct str otlp_any_make(struct arena *a, const struct otlp_any *v)
{
	/* A tag and a length, or a number, take 11 bytes at most. */
	size_t room = 16 + (v->bytes.p ? v->bytes.n : 0);
	struct buf b = {.p = arena_new(a, char, room), .cap = room};

	put_any(&b, v);
	return buf_str(&b);
}

struct str otlp_any_string(struct arena *a, struct str s)
{
	return otlp_any_make(a, &(struct otlp_any){.kind = OTLP_ANY_STRING, .bytes = s});
}

struct str otlp_any_int(struct arena *a, int64_t i)
{
	return otlp_any_make(a, &(struct otlp_any){.kind = OTLP_ANY_INT, .integer = i});
}

void otlp_key_value(struct str body, struct str *key, struct str *any)
{
	struct wire_reader r = wire_read(body);
	struct wire_field f;

	*key = STR("");
	*any = STR("");
	while (wire_next(&r, &f)) {
		if (f.wire != WIRE_BYTES)
			continue;
		if (f.number == KEY_VALUE_KEY)
			*key = f.bytes;
		else if (f.number == KEY_VALUE_VALUE && (f.bytes.n > 0 || any->n == 0))
			*any = f.bytes;
	}
}

void otlp_key_value_put(struct buf *out, uint32_t number, struct str key, struct str any)
{
	size_t n = 1 + wire_varint_size(key.n) + key.n + 1 + wire_varint_size(any.n) + any.n;

	wire_put_tag(out, number, WIRE_BYTES);
	wire_put_varint(out, n);
	wire_put_bytes(out, KEY_VALUE_KEY, key);
	wire_put_bytes(out, KEY_VALUE_VALUE, any);
}

bool otlp_array_next(struct wire_reader *r, struct str *any)
{
	struct wire_field f;

	while (wire_next(r, &f)) {
		if (f.number != LIST_VALUES || f.wire != WIRE_BYTES)
			continue;
		*any = f.bytes;
		return true;
	}
	return false;
}

bool otlp_map_next(struct wire_reader *r, struct str *key, struct str *any)
{
	struct str body;

	if (!otlp_array_next(r, &body))
		return false;
	otlp_key_value(body, key, any);
	return true;
}

bool otlp_map_find(struct str map, struct str key, struct str *any)
{
	struct wire_reader r = wire_read(map);
	struct str k;

	while (otlp_map_next(&r, &k, any))
		if (str_eq(k, key))
			return true;
	return false;
}

/* encoding/json: the shortest digits that read back the same; an exponent below 1e-6 and from
 * 1e21 on, without a leading zero in it. */
void otlp_double_text(struct buf *out, double d)
{
	char text[64];
	int digits = 1;
	char *e;

	if (isnan(d) || isinf(d)) {
		buf_printf(out, "%s", isnan(d) ? "NaN" : d < 0 ? "-Inf"
							       : "+Inf");
		return;
	}
	do {
		snprintf(text, sizeof(text), "%.*e", digits - 1, d);
	} while (digits++ < 17 && strtod(text, NULL) != d);
	e = strchr(text, 'e');
	if (d != 0 && (fabs(d) < 1e-6 || fabs(d) >= 1e21)) {
		long exponent = strtol(e + 1, NULL, 10);

		buf_printf(out, "%.*se%c%s%ld", (int)(e - text), text, exponent < 0 ? '-' : '+',
			labs(exponent) < 10 && exponent > 0 ? "0" : "", labs(exponent));
		return;
	}
	digits = (int)((size_t)(e - text) - (text[0] == '-')); /* "d" or "d.ddd" */
	digits = digits > 1 ? digits - 2 : 0;
	digits -= (int)strtol(e + 1, NULL, 10);
	buf_printf(out, "%.*f", digits > 0 ? digits : 0, d);
}

static void put_base64(struct buf *out, struct str s)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < s.n; i += 3) {
		uint32_t v = (uint32_t)(uint8_t)s.p[i] << 16;

		if (i + 1 < s.n)
			v |= (uint32_t)(uint8_t)s.p[i + 1] << 8;
		if (i + 2 < s.n)
			v |= (uint32_t)(uint8_t)s.p[i + 2];
		buf_add_char(out, digits[v >> 18]);
		buf_add_char(out, digits[v >> 12 & 63]);
		buf_add_char(out, (char)(i + 1 < s.n ? digits[v >> 6 & 63] : '='));
		buf_add_char(out, (char)(i + 2 < s.n ? digits[v & 63] : '='));
	}
}

struct pair {
	struct str key;
	struct str any;
	size_t order;
};

static int compare_pairs(const void *a, const void *b)
{
	const struct pair *x = a;
	const struct pair *y = b;
	int c = str_cmp(x->key, y->key);

	return c ? c : (x->order > y->order) - (x->order < y->order);
}

/* The map's entries in the order of their keys; *p is to be freed. Of one key the last counts,
 * as in a map of Go that was filled in order. */
static size_t sorted(struct str map, struct pair **p)
{
	struct wire_reader r = wire_read(map);
	struct str key;
	struct str any;
	size_t n = 0;
	size_t kept = 0;

	while (otlp_map_next(&r, &key, &any))
		n++;
	*p = mem_new(struct pair, n + 1);
	r = wire_read(map);
	for (size_t i = 0; i < n && otlp_map_next(&r, &key, &any); i++)
		(*p)[i] = (struct pair){key, any, i};
	qsort(*p, n, sizeof(**p), compare_pairs);
	for (size_t i = 0; i < n; i++)
		if (i + 1 == n || !str_eq((*p)[i].key, (*p)[i + 1].key))
			(*p)[kept++] = (*p)[i];
	return kept;
}

static void put_json(struct buf *out, struct str body, unsigned depth);

static void put_map(struct buf *out, struct str map, unsigned depth)
{
	struct pair *p;
	size_t n = sorted(map, &p);

	buf_add_char(out, '{');
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_add_char(out, ',');
		buf_add_json(out, p[i].key);
		buf_add_char(out, ':');
		put_json(out, p[i].any, depth + 1);
	}
	buf_add_char(out, '}');
	free(p);
}

static void put_array(struct buf *out, struct str array, unsigned depth)
{
	struct wire_reader r = wire_read(array);
	struct str any;

	buf_add_char(out, '[');
	for (size_t i = 0; otlp_array_next(&r, &any); i++) {
		if (i > 0)
			buf_add_char(out, ',');
		put_json(out, any, depth + 1);
	}
	buf_add_char(out, ']');
}

/* What is no string, array or map is the same in a text and in JSON, but for quotes around bytes
 * and around what is no number for JSON. */
static void put_scalar(struct buf *out, const struct otlp_any *v, const char *quote)
{
	if (v->kind == OTLP_ANY_BOOL) {
		buf_add_str(out, v->boolean ? STR("true") : STR("false"));
	} else if (v->kind == OTLP_ANY_INT) {
		buf_printf(out, "%" PRId64, v->integer);
	} else if (v->kind == OTLP_ANY_DOUBLE) {
		bool quoted = isnan(v->number) || isinf(v->number);

		buf_printf(out, "%s", quoted ? quote : "");
		otlp_double_text(out, v->number);
		buf_printf(out, "%s", quoted ? quote : "");
	} else if (v->kind == OTLP_ANY_BYTES) {
		buf_printf(out, "%s", quote);
		put_base64(out, v->bytes);
		buf_printf(out, "%s", quote);
	}
}

static void put_json(struct buf *out, struct str body, unsigned depth)
{
	struct otlp_any v = otlp_any_read(body);

	if (v.kind == OTLP_ANY_EMPTY || depth > OTLP_ANY_DEPTH)
		buf_add_str(out, STR("null"));
	else if (v.kind == OTLP_ANY_STRING)
		buf_add_json(out, v.bytes);
	else if (v.kind == OTLP_ANY_ARRAY)
		put_array(out, v.bytes, depth);
	else if (v.kind == OTLP_ANY_MAP)
		put_map(out, v.bytes, depth);
	else
		put_scalar(out, &v, "\"");
}

void otlp_any_json(struct buf *out, struct str body)
{
	put_json(out, body, 0);
}

void otlp_map_json(struct buf *out, struct str map)
{
	put_map(out, map, 0);
}

void otlp_any_text(struct buf *out, struct str body)
{
	struct otlp_any v = otlp_any_read(body);

	if (v.kind == OTLP_ANY_STRING)
		buf_add_str(out, v.bytes);
	else if (v.kind == OTLP_ANY_ARRAY || v.kind == OTLP_ANY_MAP)
		put_json(out, body, 0);
	else
		put_scalar(out, &v, "");
}

static bool any_eq(struct str a, struct str b, unsigned depth);

static bool arrays_eq(struct str a, struct str b, unsigned depth)
{
	struct wire_reader x = wire_read(a);
	struct wire_reader y = wire_read(b);

	for (;;) {
		struct str v;
		struct str w;
		bool more = otlp_array_next(&x, &v);

		if (more != otlp_array_next(&y, &w))
			return false;
		if (!more)
			return true;
		if (!any_eq(v, w, depth + 1))
			return false;
	}
}

static bool maps_eq(struct str a, struct str b, unsigned depth)
{
	struct pair *p;
	struct pair *q;
	size_t n = sorted(a, &p);
	bool eq = n == sorted(b, &q);

	for (size_t i = 0; eq && i < n; i++)
		eq = str_eq(p[i].key, q[i].key) && any_eq(p[i].any, q[i].any, depth + 1);
	free(p);
	free(q);
	return eq;
}

static bool any_eq(struct str a, struct str b, unsigned depth)
{
	struct otlp_any v = otlp_any_read(a);
	struct otlp_any w = otlp_any_read(b);

	if (v.kind != w.kind || depth > OTLP_ANY_DEPTH)
		return false;
	switch (v.kind) {
	case OTLP_ANY_EMPTY:
		return true;
	case OTLP_ANY_BOOL:
		return v.boolean == w.boolean;
	case OTLP_ANY_INT:
		return v.integer == w.integer;
	case OTLP_ANY_DOUBLE:
		return v.number == w.number;
	case OTLP_ANY_STRING:
	case OTLP_ANY_BYTES:
		return str_eq(v.bytes, w.bytes);
	case OTLP_ANY_ARRAY:
		return arrays_eq(v.bytes, w.bytes, depth);
	case OTLP_ANY_MAP:
		return maps_eq(v.bytes, w.bytes, depth);
	}
	return false;
}

bool otlp_any_eq(struct str a, struct str b)
{
	return any_eq(a, b, 0);
}

static unsigned depth_of(struct str body, unsigned above)
{
	struct otlp_any v = otlp_any_read(body);
	struct wire_reader r = wire_read(v.bytes);
	unsigned deepest = 0;
	struct str key;
	struct str any;

	if (v.kind != OTLP_ANY_ARRAY && v.kind != OTLP_ANY_MAP)
		return 0;
	if (above >= OTLP_ANY_DEPTH)
		return 1;
	while (v.kind == OTLP_ANY_MAP ? otlp_map_next(&r, &key, &any) : otlp_array_next(&r, &any)) {
		unsigned n = depth_of(any, above + 1);

		deepest = n > deepest ? n : deepest;
	}
	return deepest + 1;
}

unsigned otlp_any_depth(struct str body)
{
	return depth_of(body, 0);
}
