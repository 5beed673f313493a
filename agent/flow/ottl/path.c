/*
 * Reading and writing what a path leads to: the field itself, and what keys lead to inside of it.
 * Numbers of fields that differ between kinds of data points are looked up when it runs.
 */

#include "agent/base/ascii.h"
#include "agent/flow/ottl/field.h"
#include "agent/flow/ottl/private.h"

enum {
	ID_SIZE_MAX = 16,
};

static struct otlp_message *message_of(struct ottl_run *r, enum ottl_context c)
{
	switch (c) {
	case OTTL_RESOURCE:
		return &r->p->resource;
	case OTTL_SCOPE:
		return &r->p->scope;
	case OTTL_SPAN:
	case OTTL_LOG:
	case OTTL_METRIC:
		return &r->p->item;
	case OTTL_SPANEVENT:
	case OTTL_DATAPOINT:
	case OTTL_CONTEXTS:
		break;
	}
	return &r->p->point;
}

/* All attributes as the bytes of a map: their fields become field 1. */
static struct ottl_value whole_map(struct ottl_run *r, const struct otlp_message *m)
{
	struct buf b = {0};

	for (size_t i = 0; i < m->n; i++)
		if (otlp_slot_is_attr(m, &m->p[i]))
			wire_put_bytes(&b, 1, m->p[i].bytes);
	return (struct ottl_value){.type = OTTL_MAP, .s = ottl_take(r->a, &b)};
}

static bool key_text(struct ottl_run *r, const struct ottl_path *p, size_t i, struct str *out)
{
	struct ottl_value key;

	if (!ottl_eval(r, p->keys[i], &key))
		return false;
	if (key.type != OTTL_STR)
		return err_set(r->e, "want a string as key, got %s", ottl_type_names[key.type]);
	*out = key.s;
	return true;
}

static struct ottl_value get_status(
	const struct otlp_message *span, enum field_kind kind, uint32_t number)
{
	struct wire_reader r;
	struct wire_field f;
	struct ottl_value v = kind == F_STATUS_CODE ? ottl_int(0) : ottl_str(STR(""));

	for (size_t i = 0; i < span->n; i++) {
		if (span->p[i].number != number || span->p[i].raw.n == 0)
			continue;
		r = wire_read(span->p[i].bytes);
		while (wire_next(&r, &f)) {
			if (kind == F_STATUS_CODE && f.number == OTLP_STATUS_CODE)
				v.i = (int64_t)f.value;
			else if (kind == F_STATUS_MESSAGE && f.number == OTLP_STATUS_MESSAGE)
				v.s = f.bytes;
		}
	}
	return v;
}

static int64_t metric_type(uint32_t data)
{
	static const int64_t types[] = {[OTLP_METRIC_GAUGE] = 1,
		[OTLP_METRIC_SUM] = 2,
		[OTLP_METRIC_HISTOGRAM] = 3,
		[OTLP_METRIC_EXPONENTIAL] = 4,
		[OTLP_METRIC_SUMMARY] = 5};

	return data < sizeof(types) / sizeof(*types) ? types[data] : 0;
}

static struct str span_kind(uint64_t kind)
{
	static const char *const names[] = {
		"Unspecified", "Internal", "Server", "Client", "Producer", "Consumer"};

	return str_from(kind < 6 ? names[kind] : "");
}

/* The member of trace_state that the path's key names, or the whole. */
static bool get_trace_state(
	struct ottl_run *r, const struct ottl_path *p, struct str text, struct ottl_value *out)
{
	struct str rest = text;
	struct str part;
	struct str key = {0};

	*out = ottl_str(text);
	if (p->n_keys == 0)
		return true;
	if (!key_text(r, p, 0, &key))
		return false;
	*out = ottl_str(STR(""));
	while (rest.n > 0) {
		struct str k;
		struct str v;

		if (!str_cut(rest, ',', &part, &rest)) {
			part = rest;
			rest.n = 0;
		}
		if (str_cut(str_trim(part), '=', &k, &v) && str_eq(k, key)) {
			*out = ottl_str(v);
			return true;
		}
	}
	return true;
}

static double float_of(uint64_t bits)
{
	double d;

	memcpy(&d, &bits, 8);
	return d;
}

/* Fields that are a number, or a text made of one. */
static struct ottl_value get_number(
	const struct otlp_message *m, enum field_kind kind, uint32_t number)
{
	const struct otlp_slot *s = otlp_message_find(m, number, WIRE_FIXED64);
	uint64_t varint = otlp_message_number(m, number, WIRE_VARINT);
	uint64_t fixed = s ? s->value : 0;

	if (kind == F_TIME)
		return (struct ottl_value){.type = OTTL_TIME, .i = (int64_t)fixed};
	if (kind == F_NANO)
		return ottl_int((int64_t)fixed);
	if (kind == F_DOUBLE)
		return (struct ottl_value){.type = OTTL_FLOAT, .f = float_of(fixed)};
	if (kind == F_FIXED32)
		return ottl_int((int64_t)otlp_message_number(m, number, WIRE_FIXED32));
	if (kind == F_KIND_STRING)
		return ottl_str(span_kind(varint));
	if (kind == F_DATA_FLAG)
		return ottl_bool(varint != 0);
	return ottl_int(kind == F_SINT ? wire_zigzag(varint) : (int64_t)varint);
}

/* A number point's value, if it is of this kind; else nil. */
static struct ottl_value get_point_value(
	const struct ottl_run *r, const struct otlp_message *m, const struct ottl_field *f)
{
	bool is_number = r->p->data_number == OTLP_METRIC_GAUGE ||
			 r->p->data_number == OTLP_METRIC_SUM;
	const struct otlp_slot *s =
		is_number ? otlp_message_find(m, f->number, WIRE_FIXED64) : NULL;

	if (!s)
		return (struct ottl_value){0};
	if (f->kind == F_VALUE_INT)
		return ottl_int((int64_t)s->value);
	return (struct ottl_value){.type = OTTL_FLOAT, .f = float_of(s->value)};
}

static bool get_any_string(struct ottl_run *r, struct str any, struct ottl_value *out)
{
	struct str text = STR("");

	*out = ottl_of_any(any);
	if (out->type != OTTL_NIL && !ottl_to_text(r, out, &text))
		return false;
	*out = ottl_str(text);
	return true;
}

/* The field itself, without what its keys lead to. */
static bool get_field(struct ottl_run *r, const struct ottl_path *p, struct ottl_value *out)
{
	const struct otlp_message *m = message_of(r, p->owner);
	uint32_t number = ottl_field_number(p->field, r->p);

	*out = (struct ottl_value){0};
	if (number == 0 && p->field->number != 0)
		return true;
	switch (p->field->kind) {
	case F_ATTRIBUTES:
	case F_CACHE:
		*out = whole_map(r, p->field->kind == F_CACHE ? r->state->cache : m);
		break;
	case F_STRING:
		*out = ottl_str(otlp_message_bytes(m, number));
		break;
	case F_ID:
		*out = (struct ottl_value){.type = OTTL_BYTES, .s = otlp_message_bytes(m, number)};
		break;
	case F_ID_STRING:
		*out = ottl_str(ottl_hex(r->a, otlp_message_bytes(m, number)));
		break;
	case F_ANY:
		*out = ottl_of_any(otlp_message_bytes(m, number));
		break;
	case F_ANY_STRING:
		return get_any_string(r, otlp_message_bytes(m, number), out);
	case F_STATUS_CODE:
	case F_STATUS_MESSAGE:
		*out = get_status(m, p->field->kind, number);
		break;
	case F_TRACE_STATE:
		return get_trace_state(r, p, otlp_message_bytes(m, number), out);
	case F_METRIC_TYPE:
		*out = ottl_int(metric_type(r->p->data_number));
		break;
	case F_OF_DATA:
	case F_DATA_FLAG:
		*out = get_number(&r->p->data, p->field->kind, number);
		break;
	case F_VALUE_DOUBLE:
	case F_VALUE_INT:
		*out = get_point_value(r, m, p->field);
		break;
	case F_NANO:
	case F_TIME:
	case F_UINT:
	case F_SINT:
	case F_FIXED32:
	case F_DOUBLE:
	case F_KIND_STRING:
		*out = get_number(m, p->field->kind, number);
		break;
	}
	return true;
}

struct otlp_message *ottl_path_attributes(struct ottl_run *r, const struct ottl_path *p)
{
	if (p->n_keys > 0)
		return NULL;
	if (p->field->kind == F_CACHE)
		return r->state->cache;
	return p->field->kind == F_ATTRIBUTES ? message_of(r, p->owner) : NULL;
}

bool ottl_path_is_map(const struct ottl_path *p)
{
	return p->field->kind == F_ATTRIBUTES || p->field->kind == F_CACHE ||
	       p->field->kind == F_ANY;
}

bool ottl_path_get(struct ottl_run *r, const struct ottl_path *p, struct ottl_value *out)
{
	bool is_map = p->field->kind == F_ATTRIBUTES || p->field->kind == F_CACHE;
	size_t i = 0;

	if (is_map && p->n_keys > 0) {
		const struct otlp_message *m =
			p->field->kind == F_CACHE ? r->state->cache : message_of(r, p->owner);
		const struct otlp_slot *s;
		struct str key = {0};

		if (!key_text(r, p, 0, &key))
			return false;
		s = otlp_message_attr(m, key);
		*out = s ? ottl_of_any(s->any) : (struct ottl_value){0};
		i = 1;
	} else if (!get_field(r, p, out)) {
		return false;
	}
	if (p->field->kind == F_TRACE_STATE)
		return true;
	for (; i < p->n_keys; i++) {
		struct ottl_value in = *out;
		struct ottl_value key;

		if (!ottl_eval(r, p->keys[i], &key) || !ottl_index(r, &in, &key, out))
			return false;
	}
	return true;
}

/* The value `any` with what the keys from i on lead to replaced by put. */
static bool put_inside(struct ottl_run *r, const struct ottl_path *p, size_t i, struct str any,
	struct str put, struct str *out)
{
	struct otlp_any v = otlp_any_read(any);
	struct wire_reader reader = wire_read(v.bytes);
	struct ottl_value key;
	struct str name = STR("");
	struct str old;
	struct str new;
	struct buf b = {0};
	bool found = false;
	bool ok = true;

	*out = put;
	if (i == p->n_keys)
		return true;
	if (!ottl_eval(r, p->keys[i], &key))
		return false;
	if (v.kind == OTLP_ANY_EMPTY && key.type == OTTL_STR)
		v.kind = OTLP_ANY_MAP;
	if (!(v.kind == OTLP_ANY_MAP && key.type == OTTL_STR) &&
		!(v.kind == OTLP_ANY_ARRAY && key.type == OTTL_INT))
		return err_set(r->e, "there is no map or list that has a %s as key",
			ottl_type_names[key.type]);
	for (int64_t at = 0; ok && (v.kind == OTLP_ANY_MAP ? otlp_map_next(&reader, &name, &old)
							   : otlp_array_next(&reader, &old));
		at++) {
		bool here = v.kind == OTLP_ANY_MAP ? !found && str_eq(name, key.s) : at == key.i;

		new = old;
		ok = !here || put_inside(r, p, i + 1, old, put, &new);
		found = found || here;
		if (v.kind == OTLP_ANY_MAP)
			otlp_key_value_put(&b, 1, name, new);
		else
			wire_put_bytes(&b, 1, new);
	}
	if (ok && !found && v.kind == OTLP_ANY_ARRAY)
		ok = err_set(r->e, "index %lld is out of bounds", (long long)key.i);
	if (ok && !found && (ok = put_inside(r, p, i + 1, STR(""), put, &new)))
		otlp_key_value_put(&b, 1, key.s, new);
	v.bytes = ottl_take(r->a, &b);
	if (ok && v.bytes.n > OTTL_VALUE_MAX)
		ok = err_set(r->e, "the value has more than %d bytes", OTTL_VALUE_MAX);
	*out = otlp_any_make(r->a, &v);
	return ok;
}

/* Replaces all attributes by the entries of a map. */
static bool set_whole_map(struct ottl_run *r, struct otlp_message *m, const struct ottl_value *v)
{
	struct wire_reader reader = wire_read(v->s);
	struct str any = {0};
	struct str key = {0};

	if (v->type != OTTL_MAP)
		return err_set(r->e, "want a map, got %s", ottl_type_names[v->type]);
	if (!ottl_to_any(r, v, &any))
		return false;
	otlp_message_remove(m, m->attributes);
	while (otlp_map_next(&reader, &key, &any))
		otlp_message_set_attr(m, key, any);
	return true;
}

static bool set_map(struct ottl_run *r, const struct ottl_path *p, struct otlp_message *m,
	const struct ottl_value *v)
{
	const struct otlp_slot *s;
	struct str key = {0};
	struct str put = {0};
	struct str any = {0};

	if (p->n_keys == 0)
		return set_whole_map(r, m, v);
	if (!key_text(r, p, 0, &key) || !ottl_to_any(r, v, &put))
		return false;
	s = otlp_message_attr(m, key);
	if (!put_inside(r, p, 1, s ? s->any : STR(""), put, &any))
		return false;
	if (p->n_keys > 1 && otlp_any_depth(any) > OTLP_ANY_DEPTH / 2)
		return err_set(r->e, "the value has too many levels");
	otlp_message_set_attr(m, key, any);
	return true;
}

static bool set_any(struct ottl_run *r, const struct ottl_path *p, struct otlp_message *m,
	const struct ottl_value *v)
{
	struct str put = {0};
	struct str any = {0};

	if (!ottl_to_any(r, v, &put) ||
		!put_inside(r, p, 0, otlp_message_bytes(m, p->field->number), put, &any))
		return false;
	if (p->n_keys > 0 && otlp_any_depth(any) > OTLP_ANY_DEPTH / 2)
		return err_set(r->e, "the value has too many levels");
	otlp_message_set_bytes(m, p->field->number, any);
	return true;
}

static bool want(struct ottl_run *r, const struct ottl_value *v, enum ottl_type type)
{
	return v->type == type || err_set(r->e, "want %s, got %s", ottl_type_names[type],
					  ottl_type_names[v->type]);
}

/* Zero is not written, as in proto3, unless it says something. */
static void put_number(
	struct otlp_message *m, uint32_t number, unsigned wire, uint64_t v, bool keep_zero)
{
	if (v != 0 || keep_zero)
		otlp_message_set_number(m, number, wire, v);
	else if (otlp_message_find(m, number, wire))
		otlp_message_remove(m, number);
}

static bool unhex(struct str s, char *out, size_t size)
{
	if (s.n != 2 * size)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		int d = ascii_hex(c);

		if (d < 0)
			return false;
		out[i / 2] = (char)(i % 2 ? (out[i / 2] << 4) | d : d);
	}
	return true;
}

static size_t id_size(const struct ottl_path *p)
{
	return str_starts(str_from(p->field->name), "trace") ? 16 : 8;
}

static bool set_id(struct ottl_run *r, const struct ottl_path *p, struct otlp_message *m,
	const struct ottl_value *v)
{
	char bytes[ID_SIZE_MAX];
	size_t size = id_size(p);
	struct str id = v->s;

	if (!want(r, v, p->field->kind == F_ID ? OTTL_BYTES : OTTL_STR))
		return false;
	if (p->field->kind == F_ID_STRING) {
		if (!unhex(v->s, bytes, size))
			return err_set(r->e, "an id has %zu hex digits", 2 * size);
		id = (struct str){bytes, size};
	}
	if (id.n != size && id.n != 0)
		return err_set(r->e, "an id has %zu bytes, not %zu", size, id.n);
	otlp_message_set_bytes(m, p->field->number, id);
	return true;
}

static bool set_status(struct ottl_run *r, const struct ottl_path *p, struct otlp_message *m,
	const struct ottl_value *v)
{
	struct ottl_value code = get_status(m, F_STATUS_CODE, p->field->number);
	struct ottl_value message = get_status(m, F_STATUS_MESSAGE, p->field->number);
	struct buf b = {0};

	if (!want(r, v, p->field->kind == F_STATUS_CODE ? OTTL_INT : OTTL_STR))
		return false;
	if (p->field->kind == F_STATUS_CODE)
		code = *v;
	else
		message = *v;
	if (message.s.n > 0)
		wire_put_bytes(&b, OTLP_STATUS_MESSAGE, message.s);
	if (code.i != 0) {
		wire_put_tag(&b, OTLP_STATUS_CODE, WIRE_VARINT);
		wire_put_varint(&b, (uint64_t)code.i);
	}
	otlp_message_set_bytes(m, p->field->number, buf_str(&b));
	buf_fini(&b);
	return true;
}

static bool set_trace_state(struct ottl_run *r, const struct ottl_path *p, struct otlp_message *m,
	const struct ottl_value *v)
{
	struct str rest = otlp_message_bytes(m, p->field->number);
	struct buf b = {0};
	struct str part;
	struct str key = {0};

	if (!want(r, v, OTTL_STR))
		return false;
	if (p->n_keys == 0) {
		otlp_message_set_bytes(m, p->field->number, v->s);
		return true;
	}
	if (!key_text(r, p, 0, &key))
		return false;
	buf_printf(&b, STR_FMT "=" STR_FMT, STR_ARG(key), STR_ARG(v->s));
	while (rest.n > 0) {
		struct str k;
		struct str old;

		if (!str_cut(rest, ',', &part, &rest)) {
			part = rest;
			rest.n = 0;
		}
		if (str_cut(str_trim(part), '=', &k, &old) && str_eq(k, key))
			continue;
		buf_add_char(&b, ',');
		buf_add_str(&b, part);
	}
	otlp_message_set_bytes(m, p->field->number, buf_str(&b));
	buf_fini(&b);
	return true;
}

/* A number point has one value: an integer or a double. */
static bool set_point_value(struct ottl_run *r, const struct ottl_path *p, struct otlp_message *m,
	const struct ottl_value *v)
{
	bool is_int = p->field->kind == F_VALUE_INT;
	uint64_t bits;

	if (!want(r, v, is_int ? OTTL_INT : OTTL_FLOAT))
		return false;
	if (r->p->data_number != OTLP_METRIC_GAUGE && r->p->data_number != OTLP_METRIC_SUM)
		return true;
	memcpy(&bits, &v->f, 8);
	otlp_message_remove(m, is_int ? 4 : 6);
	otlp_message_set_number(m, p->field->number, WIRE_FIXED64, is_int ? (uint64_t)v->i : bits);
	return true;
}

static bool set_data(struct ottl_run *r, const struct ottl_path *p, const struct ottl_value *v)
{
	uint32_t data = r->p->data_number;
	bool is_flag = p->field->kind == F_DATA_FLAG;

	if (!want(r, v, is_flag ? OTTL_BOOL : OTTL_INT))
		return false;
	if (data == OTLP_METRIC_SUM ||
		(!is_flag && (data == OTLP_METRIC_HISTOGRAM || data == OTLP_METRIC_EXPONENTIAL)))
		put_number(&r->p->data, p->field->number, WIRE_VARINT,
			is_flag ? v->b : (uint64_t)v->i, false);
	return true;
}

static bool set_number(struct ottl_run *r, const struct ottl_path *p, struct otlp_message *m,
	const struct ottl_value *v)
{
	enum field_kind kind = p->field->kind;
	uint32_t number = ottl_field_number(p->field, r->p);
	uint64_t bits;

	if (!want(r, v, kind == F_TIME ? OTTL_TIME : kind == F_DOUBLE ? OTTL_FLOAT
								      : OTTL_INT))
		return false;
	if (number == 0)
		return true;
	memcpy(&bits, &v->f, 8);
	if (kind == F_DOUBLE)
		put_number(m, number, WIRE_FIXED64, bits, true);
	else if (kind == F_SINT)
		put_number(m, number, WIRE_VARINT,
			(uint64_t)v->i << 1 ^ (v->i < 0 ? UINT64_MAX : 0), false);
	else
		put_number(m, number,
			kind == F_UINT      ? WIRE_VARINT
			: kind == F_FIXED32 ? WIRE_FIXED32
					    : WIRE_FIXED64,
			(uint64_t)v->i, false);
	return true;
}

bool ottl_path_set(struct ottl_run *r, const struct ottl_path *p, const struct ottl_value *v)
{
	struct otlp_message *m = message_of(r, p->owner);
	struct str text;

	switch (p->field->kind) {
	case F_ATTRIBUTES:
		return set_map(r, p, m, v);
	case F_CACHE:
		return set_map(r, p, r->state->cache, v);
	case F_ANY:
		return set_any(r, p, m, v);
	case F_ANY_STRING:
		if (!want(r, v, OTTL_STR) || !ottl_to_any(r, v, &text))
			return false;
		otlp_message_set_bytes(m, p->field->number, text);
		return true;
	case F_STRING:
		if (!want(r, v, OTTL_STR))
			return false;
		otlp_message_set_bytes(m, p->field->number, v->s);
		return true;
	case F_ID:
	case F_ID_STRING:
		return set_id(r, p, m, v);
	case F_STATUS_CODE:
	case F_STATUS_MESSAGE:
		return set_status(r, p, m, v);
	case F_TRACE_STATE:
		return set_trace_state(r, p, m, v);
	case F_VALUE_DOUBLE:
	case F_VALUE_INT:
		return set_point_value(r, p, m, v);
	case F_OF_DATA:
	case F_DATA_FLAG:
		return set_data(r, p, v);
	case F_KIND_STRING:
	case F_METRIC_TYPE:
		return err_set(r->e, "path \"%s\" cannot be set", p->field->name);
	case F_NANO:
	case F_TIME:
	case F_UINT:
	case F_SINT:
	case F_FIXED32:
	case F_DOUBLE:
		return set_number(r, p, m, v);
	}
	return true;
}
