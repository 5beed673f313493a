/*
 * Writing what a path leads to. What its keys lead to is inside a value; the values around it are
 * made anew, as their lengths change.
 */

#include "agent/base/ascii.h"
#include "agent/flow/ottl/path.h"

enum {
	ID_SIZE_MAX = 16,
};

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
	if (!ottl_path_key(r, p, 0, &key) || !ottl_to_any(r, v, &put))
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
	struct ottl_value code = ottl_path_status(m, F_STATUS_CODE, p->field->number);
	struct ottl_value message = ottl_path_status(m, F_STATUS_MESSAGE, p->field->number);
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
	if (!ottl_path_key(r, p, 0, &key))
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
	struct otlp_message *m = ottl_path_message(r, p->owner);
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
