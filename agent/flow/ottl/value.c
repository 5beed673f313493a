/* Values of OTTL. Maps and lists stay the bytes that they are in a request; a step into one walks
 * its entries. */

#include "agent/base/timestamp.h"
#include "agent/flow/ottl/private.h"
#include "proto/otlp/json_reader.h"

#include <math.h>
#include <stdlib.h>

enum {
	JSON_DEPTH = 32,
	NUMBER_MAX = 64, /* characters of a number in JSON that are looked at */
};

const char *const ottl_type_names[OTTL_TYPES] = {"nil", "bool", "int", "double", "string", "bytes",
	"map", "list", "time", "duration"};

struct ottl_value ottl_str(struct str s)
{
	return (struct ottl_value){.type = OTTL_STR, .s = s};
}

struct ottl_value ottl_int(int64_t i)
{
	return (struct ottl_value){.type = OTTL_INT, .i = i};
}

struct ottl_value ottl_bool(bool b)
{
	return (struct ottl_value){.type = OTTL_BOOL, .b = b};
}

struct ottl_value ottl_of_any(struct str any)
{
	static const enum ottl_type types[] = {[OTLP_ANY_EMPTY] = OTTL_NIL,
		[OTLP_ANY_STRING] = OTTL_STR,
		[OTLP_ANY_BOOL] = OTTL_BOOL,
		[OTLP_ANY_INT] = OTTL_INT,
		[OTLP_ANY_DOUBLE] = OTTL_FLOAT,
		[OTLP_ANY_ARRAY] = OTTL_LIST,
		[OTLP_ANY_MAP] = OTTL_MAP,
		[OTLP_ANY_BYTES] = OTTL_BYTES};
	struct otlp_any v = otlp_any_read(any);

	return (struct ottl_value){types[v.kind], v.boolean, v.integer, v.number, v.bytes};
}

static struct otlp_any any_of(const struct ottl_value *v)
{
	static const enum otlp_any_kind kinds[OTTL_TYPES] = {[OTTL_NIL] = OTLP_ANY_EMPTY,
		[OTTL_STR] = OTLP_ANY_STRING,
		[OTTL_BOOL] = OTLP_ANY_BOOL,
		[OTTL_INT] = OTLP_ANY_INT,
		[OTTL_FLOAT] = OTLP_ANY_DOUBLE,
		[OTTL_LIST] = OTLP_ANY_ARRAY,
		[OTTL_MAP] = OTLP_ANY_MAP,
		[OTTL_BYTES] = OTLP_ANY_BYTES};

	return (struct otlp_any){.kind = kinds[v->type],
		.bytes = v->s,
		.integer = v->i,
		.number = v->f,
		.boolean = v->b};
}

bool ottl_to_any(struct ottl_run *r, const struct ottl_value *v, struct str *any)
{
	struct otlp_any made = any_of(v);

	if (v->type == OTTL_TIME || v->type == OTTL_DURATION)
		return err_set(r->e, "a %s cannot be kept; convert it first",
			ottl_type_names[v->type]);
	if (v->s.n > OTTL_VALUE_MAX)
		return err_set(r->e, "the value has %zu bytes, more than %d", v->s.n,
			OTTL_VALUE_MAX);
	*any = otlp_any_make(r->a, &made);
	if ((v->type == OTTL_MAP || v->type == OTTL_LIST) &&
		otlp_any_depth(*any) > OTLP_ANY_DEPTH / 4)
		return err_set(r->e, "the value has more than %d levels", OTLP_ANY_DEPTH / 4);
	return true;
}

struct str ottl_hex(struct arena *a, struct str bytes)
{
	static const char digits[] = "0123456789abcdef";
	char *p = arena_new(a, char, 2 * bytes.n + 1);

	for (size_t i = 0; i < bytes.n; i++) {
		p[2 * i] = digits[(uint8_t)bytes.p[i] >> 4];
		p[2 * i + 1] = digits[(uint8_t)bytes.p[i] & 15];
	}
	return (struct str){p, 2 * bytes.n};
}

struct str ottl_take(struct arena *a, struct buf *b)
{
	struct str s = arena_str(a, buf_str(b));

	buf_fini(b);
	return s;
}

bool ottl_to_text(struct ottl_run *r, const struct ottl_value *v, struct str *out)
{
	struct buf b = {0};
	char text[TIMESTAMP_SIZE];
	struct otlp_any any;

	switch (v->type) {
	case OTTL_NIL:
		return err_set(r->e, "want a string, got nil");
	case OTTL_STR:
		*out = v->s;
		return true;
	case OTTL_BYTES:
		*out = ottl_hex(r->a, v->s);
		return true;
	case OTTL_TIME:
		*out = arena_str(r->a, timestamp_format(text, v->i));
		return true;
	case OTTL_DURATION:
		*out = arena_str(r->a, duration_format(text, v->i));
		return true;
	case OTTL_BOOL:
	case OTTL_INT:
	case OTTL_FLOAT:
	case OTTL_MAP:
	case OTTL_LIST:
	case OTTL_TYPES:
		break;
	}
	any = any_of(v);
	otlp_any_text(&b, otlp_any_make(r->a, &any));
	*out = ottl_take(r->a, &b);
	return true;
}

static bool decide(int c, enum ottl_op op)
{
	switch (op) {
	case OTTL_EQ:
		return c == 0;
	case OTTL_NE:
		return c != 0;
	case OTTL_LT:
		return c < 0;
	case OTTL_LE:
		return c <= 0;
	case OTTL_GE:
		return c >= 0;
	case OTTL_GT:
		return c > 0;
	case OTTL_ADD:
	case OTTL_SUB:
	case OTTL_MUL:
	case OTTL_DIV:
		break;
	}
	return false;
}

static bool is_number(const struct ottl_value *v)
{
	return v->type == OTTL_INT || v->type == OTTL_FLOAT;
}

static double as_float(const struct ottl_value *v)
{
	return v->type == OTTL_INT ? (double)v->i : v->f;
}

static bool compare_floats(double a, double b, enum ottl_op op)
{
	if (isnan(a) || isnan(b))
		return op == OTTL_NE;
	return decide((a > b) - (a < b), op);
}

/* Values of different types are never equal, and in no order. */
bool ottl_compare(struct ottl_run *r, const struct ottl_value *a, const struct ottl_value *b,
	enum ottl_op op)
{
	struct otlp_any x;
	struct otlp_any y;

	if (is_number(a) && is_number(b) && (a->type == OTTL_FLOAT || b->type == OTTL_FLOAT))
		return compare_floats(as_float(a), as_float(b), op);
	if (a->type != b->type)
		return op == OTTL_NE;
	switch (a->type) {
	case OTTL_NIL:
		return decide(0, op);
	case OTTL_BOOL:
		return decide(a->b - b->b, op);
	case OTTL_INT:
	case OTTL_TIME:
	case OTTL_DURATION:
		return decide((a->i > b->i) - (a->i < b->i), op);
	case OTTL_STR:
	case OTTL_BYTES:
		return decide(str_cmp(a->s, b->s), op);
	case OTTL_MAP:
	case OTTL_LIST:
		x = any_of(a);
		y = any_of(b);
		if (op != OTTL_EQ && op != OTTL_NE)
			return false;
		return otlp_any_eq(otlp_any_make(r->a, &x), otlp_any_make(r->a, &y)) ==
		       (op == OTTL_EQ);
	case OTTL_FLOAT:
	case OTTL_TYPES:
		break;
	}
	return false;
}

static bool math_ints(
	struct ottl_run *r, int64_t a, int64_t b, enum ottl_op op, struct ottl_value *out)
{
	uint64_t x = (uint64_t)a;
	uint64_t y = (uint64_t)b;

	if (op == OTTL_DIV && (b == 0 || (b == -1 && a == INT64_MIN)))
		return err_set(r->e,
			"%s", b == 0 ? "attempted to divide by 0" : "the quotient is too large");
	/* As in Go, what does not fit wraps. */
	out->i = (int64_t)(op == OTTL_ADD ? x + y : op == OTTL_SUB ? x - y
								   : x * y);
	if (op == OTTL_DIV)
		out->i = a / b;
	return true;
}

static double math_floats(double a, double b, enum ottl_op op)
{
	return op == OTTL_ADD ? a + b : op == OTTL_SUB ? a - b
				: op == OTTL_MUL       ? a * b
						       : a / b;
}

bool ottl_math(struct ottl_run *r, const struct ottl_value *a, const struct ottl_value *b,
	enum ottl_op op, struct ottl_value *out)
{
	bool a_time = a->type == OTTL_TIME;
	bool b_span = b->type == OTTL_DURATION;

	*out = (struct ottl_value){.type = OTTL_INT};
	if (is_number(a) && is_number(b)) {
		if (a->type == OTTL_INT && b->type == OTTL_INT)
			return math_ints(r, a->i, b->i, op, out);
		out->type = OTTL_FLOAT;
		if (op == OTTL_DIV && as_float(b) == 0)
			return err_set(r->e, "attempted to divide by 0");
		out->f = math_floats(as_float(a), as_float(b), op);
		return true;
	}
	if ((op == OTTL_ADD || op == OTTL_SUB) && (a_time || a->type == OTTL_DURATION) && b_span) {
		out->type = a->type;
		return math_ints(r, a->i, b->i, op, out);
	}
	if (op == OTTL_ADD && a->type == OTTL_DURATION && b->type == OTTL_TIME) {
		out->type = OTTL_TIME;
		return math_ints(r, a->i, b->i, op, out);
	}
	if (op == OTTL_SUB && a_time && b->type == OTTL_TIME) {
		out->type = OTTL_DURATION;
		return math_ints(r, a->i, b->i, op, out);
	}
	return err_set(r->e, "a %s and a %s cannot be calculated with", ottl_type_names[a->type],
		ottl_type_names[b->type]);
}

bool ottl_index(struct ottl_run *r, const struct ottl_value *in, const struct ottl_value *key,
	struct ottl_value *out)
{
	struct wire_reader reader = wire_read(in->s);
	struct str any = STR("");

	*out = (struct ottl_value){0};
	if (in->type == OTTL_NIL)
		return true;
	if (in->type == OTTL_MAP && key->type == OTTL_STR) {
		if (otlp_map_find(in->s, key->s, &any))
			*out = ottl_of_any(any);
		return true;
	}
	if (in->type != OTTL_LIST || key->type != OTTL_INT)
		return err_set(r->e, "a %s has nothing at a %s", ottl_type_names[in->type],
			ottl_type_names[key->type]);
	for (int64_t i = 0; otlp_array_next(&reader, &any); i++) {
		if (i != key->i)
			continue;
		*out = ottl_of_any(any);
		return true;
	}
	return err_set(r->e, "index %lld is out of bounds", (long long)key->i);
}

static bool json_value(struct ottl_run *r, struct json_reader *j, unsigned depth, struct buf *out);

/* An object or array, appended as the body of an AnyValue. */
static bool json_list(struct ottl_run *r, struct json_reader *j, unsigned depth, struct buf *out)
{
	bool is_map = json_reader_peek(j) == '{';
	struct buf list = {0};
	struct buf any = {0};
	bool failed = false;

	if (depth >= JSON_DEPTH)
		return err_set(r->e, "JSON is nested deeper than %d", JSON_DEPTH);
	if (!json_reader_enter(j, is_map ? '{' : '['))
		return false;
	for (size_t n = 0; json_reader_more(j, is_map ? '}' : ']', n, &failed); n++) {
		struct str key = STR("");

		buf_clear(&any);
		failed = is_map && !json_reader_key(j, &key);
		if (!failed) {
			key = arena_str(r->a, key);
			failed = !json_value(r, j, depth + 1, &any);
		}
		if (failed)
			break;
		if (is_map)
			otlp_key_value_put(&list, 1, key, buf_str(&any));
		else
			wire_put_bytes(&list, 1, buf_str(&any));
	}
	if (!failed)
		wire_put_bytes(out, is_map ? OTLP_ANY_MAP : OTLP_ANY_ARRAY, buf_str(&list));
	buf_fini(&list);
	buf_fini(&any);
	return !failed;
}

/* As goccy/go-json in the Collector: every number is a double. */
static bool json_scalar(struct ottl_run *r, struct json_reader *j, struct buf *out)
{
	struct otlp_any v = {0};
	char text[NUMBER_MAX + 1];
	struct str s;

	switch (json_reader_peek(j)) {
	case '"':
		v.kind = OTLP_ANY_STRING;
		if (!json_reader_string(j, &v.bytes))
			return false;
		break;
	case 't':
	case 'f':
		v.kind = OTLP_ANY_BOOL;
		if (!json_reader_bool(j, &v.boolean))
			return false;
		break;
	case 'n':
		return json_reader_null(j);
	default:
		if (!json_reader_number(j, &s))
			return false;
		if (s.n > NUMBER_MAX)
			return err_set(r->e, "a number of %zu characters", s.n);
		memcpy(text, s.p, s.n);
		text[s.n] = 0;
		v.kind = OTLP_ANY_DOUBLE;
		v.number = strtod(text, NULL);
	}
	buf_add_str(out, otlp_any_make(r->a, &v));
	return true;
}

static bool json_value(struct ottl_run *r, struct json_reader *j, unsigned depth, struct buf *out)
{
	char c = json_reader_peek(j);

	return c == '{' || c == '[' ? json_list(r, j, depth, out) : json_scalar(r, j, out);
}

bool ottl_parse_json(struct ottl_run *r, struct str text, struct ottl_value *out)
{
	struct json_reader j = {.text = text, .e = r->e};
	struct buf any = {0};
	bool ok = json_value(r, &j, 0, &any) && json_reader_end(&j);

	if (ok)
		*out = ottl_of_any(arena_str(r->a, buf_str(&any)));
	buf_fini(&any);
	buf_fini(&j.scratch);
	return ok;
}
