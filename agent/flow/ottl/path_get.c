/* Reading what a path leads to: the field itself, and what keys lead to inside of it. */

#include "agent/flow/ottl/path.h"

/* All attributes as the bytes of a map: their fields become field 1. */
static struct ottl_value whole_map(struct ottl_run *r, const struct otlp_message *m)
{
	struct buf b = {0};

	for (size_t i = 0; i < m->n; i++)
		if (otlp_slot_is_attr(m, &m->p[i]))
			wire_put_bytes(&b, 1, m->p[i].bytes);
	return (struct ottl_value){.type = OTTL_MAP, .s = ottl_take(r->a, &b)};
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
	if (!ottl_path_key(r, p, 0, &key))
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
	const struct otlp_message *m = ottl_path_message(r, p->owner);
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
		*out = ottl_path_status(m, p->field->kind, number);
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

bool ottl_path_get(struct ottl_run *r, const struct ottl_path *p, struct ottl_value *out)
{
	bool is_map = p->field->kind == F_ATTRIBUTES || p->field->kind == F_CACHE;
	size_t i = 0;

	if (is_map && p->n_keys > 0) {
		const struct otlp_message *m =
			p->field->kind == F_CACHE ? r->state->cache
						  : ottl_path_message(r, p->owner);
		const struct otlp_slot *s;
		struct str key = {0};

		if (!ottl_path_key(r, p, 0, &key))
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
