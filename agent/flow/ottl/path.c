/*
 * What a path leads to: the message that has the field, and the parts of it that reading
 * (path_get.c) and writing (path_set.c) have in common. Numbers of fields that differ between kinds
 * of data points are looked up when it runs.
 */

#include "agent/flow/ottl/path.h"

struct otlp_message *ottl_path_message(struct ottl_run *r, enum ottl_context c)
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

bool ottl_path_key(struct ottl_run *r, const struct ottl_path *p, size_t i, struct str *out)
{
	struct ottl_value key;

	if (!ottl_eval(r, p->keys[i], &key))
		return false;
	if (key.type != OTTL_STR)
		return err_set(r->e, "want a string as key, got %s", ottl_type_names[key.type]);
	*out = key.s;
	return true;
}

struct ottl_value ottl_path_status(
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

struct otlp_message *ottl_path_attributes(struct ottl_run *r, const struct ottl_path *p)
{
	if (p->n_keys > 0)
		return NULL;
	if (p->field->kind == F_CACHE)
		return r->state->cache;
	return p->field->kind == F_ATTRIBUTES ? ottl_path_message(r, p->owner) : NULL;
}

bool ottl_path_is_map(const struct ottl_path *p)
{
	return p->field->kind == F_ATTRIBUTES || p->field->kind == F_CACHE ||
	       p->field->kind == F_ANY;
}
