/*
 * The entries of a map as a list. An editor marks what becomes of each, and what changed is put
 * back: of attributes only the fields that did.
 */

#include "agent/flow/ottl/entries.h"

struct ottl_entry *ottl_entries_add(
	struct ottl_run *r, struct ottl_entries *e, struct str key, struct str any)
{
	if (e->n == e->cap) {
		size_t cap = e->cap ? 2 * e->cap : 32;
		struct ottl_entry *p = arena_new(r->a, struct ottl_entry, cap);

		if (e->n > 0)
			memcpy(p, e->p, e->n * sizeof(*p));
		e->p = p;
		e->cap = cap;
	}
	e->p[e->n] = (struct ottl_entry){key, any, false, false};
	return &e->p[e->n++];
}

/* The entries of the map that an argument's path is. nil has none; anything else fails. */
bool ottl_entries_load(struct ottl_run *r, const struct ottl_path *path, struct ottl_entries *out)
{
	struct otlp_message *m = ottl_path_attributes(r, path);
	struct wire_reader reader;
	struct ottl_value v;
	struct str key;
	struct str any;

	*out = (struct ottl_entries){0};
	if (m) {
		for (size_t i = 0; i < m->n; i++)
			if (otlp_slot_is_attr(m, &m->p[i]))
				ottl_entries_add(r, out, m->p[i].key, m->p[i].any);
		return true;
	}
	if (!ottl_path_get(r, path, &v))
		return false;
	if (v.type != OTTL_MAP)
		return err_set(r->e, "want a map, got %s", ottl_type_names[v.type]);
	reader = wire_read(v.s);
	while (otlp_map_next(&reader, &key, &any))
		ottl_entries_add(r, out, key, any);
	return true;
}

static bool store_value(
	struct ottl_run *r, const struct ottl_path *path, const struct ottl_entries *e)
{
	struct ottl_value v = {.type = OTTL_MAP};
	struct buf b = {0};

	for (size_t i = 0; i < e->n; i++)
		if (!e->p[i].is_removed)
			otlp_key_value_put(&b, 1, e->p[i].key, e->p[i].any);
	v.s = ottl_take(r->a, &b);
	return ottl_path_set(r, path, &v);
}

/* Puts back what was marked. Entries behind the first `old` are new. */
bool ottl_entries_store(
	struct ottl_run *r, const struct ottl_path *path, const struct ottl_entries *e, size_t old)
{
	struct otlp_message *m = ottl_path_attributes(r, path);
	bool changed = e->n > old;

	for (size_t i = 0; i < old; i++)
		changed = changed || e->p[i].is_removed || e->p[i].is_changed;
	if (!changed)
		return true;
	if (!m)
		return store_value(r, path, e);
	for (size_t i = 0; i < e->n; i++) {
		if (e->p[i].any.n > OTTL_VALUE_MAX)
			return err_set(r->e, "the value has more than %d bytes", OTTL_VALUE_MAX);
	}
	for (size_t i = 0; i < e->n; i++) {
		if (e->p[i].is_removed)
			otlp_message_remove_attr(m, e->p[i].key);
	}
	for (size_t i = 0; i < e->n; i++) {
		if (!e->p[i].is_removed && (i >= old || e->p[i].is_changed))
			otlp_message_set_attr(m, e->p[i].key, e->p[i].any);
	}
	return true;
}
