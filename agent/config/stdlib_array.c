/* array.*: lists. */

#include "agent/base/vec.h"
#include "agent/config/stdlib.h"

#include <stdlib.h>

static bool want_array(struct call *c, size_t arg)
{
	if (c->args[arg].type == VALUE_ARRAY)
		return true;
	return call_bad(c, arg, "should be array, got %s", value_type_name(&c->args[arg]));
}

static bool want_objects(struct call *c, size_t arg)
{
	if (!want_array(c, arg))
		return false;
	for (size_t i = 0; i < c->args[arg].array.n; i++) {
		const struct value *v = &c->args[arg].array.items[i];

		if (v->type != VALUE_OBJECT)
			return call_bad_item(c, arg, i, "should be object, got %s",
				value_type_name(v));
	}
	return true;
}

bool stdlib_array_concat(struct call *c)
{
	struct value *items;
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++) {
		if (!want_array(c, i))
			return false;
		n += c->args[i].array.n;
	}
	if (c->n == 1) {
		c->out = c->args[0];
		return true;
	}
	items = arena_new(c->a, struct value, n + 1);
	n = 0;
	for (size_t i = 0; i < c->n; i++) {
		size_t more = c->args[i].array.n;

		if (more)
			memcpy(items + n, c->args[i].array.items, more * sizeof(*items));
		n += more;
	}
	c->out = value_array(items, n);
	return true;
}

/* Are the values of all keys there on both sides and equal? */
static bool agree(const struct value *l, const struct value *r, const struct value *keys)
{
	for (size_t i = 0; i < keys->array.n; i++) {
		const struct value *a = value_find(l, keys->array.items[i].s);
		const struct value *b = value_find(r, keys->array.items[i].s);

		if (!a || !b || !value_eq(a, b))
			return false;
	}
	return true;
}

static struct value merge(struct arena *a, const struct value *l, const struct value *r)
{
	size_t n = l->object.n + r->object.n;
	struct field *fields = arena_new(a, struct field, n + 1);

	if (l->object.n)
		memcpy(fields, l->object.fields, l->object.n * sizeof(*fields));
	if (r->object.n)
		memcpy(fields + l->object.n, r->object.fields, r->object.n * sizeof(*fields));
	return value_object(a, fields, n);
}

static bool check_keys(struct call *c)
{
	const struct value *keys = &c->args[2];

	if (!want_array(c, 2))
		return false;
	if (keys->array.n == 0)
		return call_bad(c, 2, "combine_maps: merge conditions must not be empty");
	for (size_t i = 0; i < keys->array.n; i++) {
		if (keys->array.items[i].type != VALUE_STRING)
			return call_bad_item(c, 2, i, "should be string, got %s",
				value_type_name(&keys->array.items[i]));
	}
	if (c->n == 4 && c->args[3].type != VALUE_BOOL)
		return call_bad(c, 3, "should be bool, got %s", value_type_name(&c->args[3]));
	return true;
}

struct joined {
	struct value *p;
	size_t n;
	size_t cap;
};

/* All that agrees with l; l alone if nothing does and keep says so. */
static bool join_one(struct call *c, const struct value *l, bool keep, struct joined *out)
{
	const struct value *right = &c->args[1];
	size_t before = out->n;

	for (size_t j = 0; j < right->array.n; j++) {
		const struct value *r = &right->array.items[j];

		if (!agree(l, r, &c->args[2]))
			continue;
		if (out->n >= STDLIB_ITEMS_MAX)
			return err_set(&c->e, "makes a list of more than %zu items",
				STDLIB_ITEMS_MAX);
		*vec_add(out) = merge(c->a, l, r);
	}
	if (keep && out->n == before)
		*vec_add(out) = *l;
	return true;
}

bool stdlib_array_combine_maps(struct call *c)
{
	struct joined v = {0};
	struct value *items;
	bool ok = true;

	if (c->n != 3 && c->n != 4)
		return err_set(&c->e, "combine_maps: expected 3 or 4 arguments, got %zu", c->n);
	if (!want_objects(c, 0) || !want_objects(c, 1) || !check_keys(c))
		return false;
	for (size_t i = 0; ok && i < c->args[0].array.n; i++)
		ok = join_one(c, &c->args[0].array.items[i], c->n == 4 && c->args[3].b, &v);
	items = arena_new(c->a, struct value, v.n + 1);
	if (v.n)
		memcpy(items, v.p, v.n * sizeof(*items));
	free(v.p);
	c->out = value_array(items, v.n);
	return ok;
}

struct member {
	struct str key;
	size_t at; /* in the list */
};

static int compare_members(const void *x, const void *y)
{
	const struct member *a = x;
	const struct member *b = y;
	int c = str_cmp(a->key, b->key);

	if (c != 0)
		return c;
	return a->at < b->at ? -1 : 1;
}

/* {key = ..., items = [...]} of n members with one key. */
static struct value group(struct call *c, const struct member *m, size_t n)
{
	struct value *items = arena_new(c->a, struct value, n + 1);
	struct field fields[2];

	for (size_t i = 0; i < n; i++)
		items[i] = c->args[0].array.items[m[i].at];
	fields[0] = (struct field){STR("items"), value_array(items, n)};
	fields[1] = (struct field){c->args[1].s, value_str(m->key)};
	return value_object(c->a, fields, 2);
}

/* Groups come in the order of their keys. An object without the key is left out (drop_missing),
 * or in the group of the empty text. */
bool stdlib_array_group_by(struct call *c)
{
	size_t n = 0, groups = 0;
	struct member *m;
	struct value *out;

	if (c->n != 3)
		return err_set(&c->e, "group_by: expected 3 arguments, got %zu", c->n);
	if (!want_objects(c, 0))
		return false;
	if (c->args[1].type != VALUE_STRING)
		return call_bad(c, 1, "should be string, got %s", value_type_name(&c->args[1]));
	if (c->args[2].type != VALUE_BOOL)
		return call_bad(c, 2, "should be bool, got %s", value_type_name(&c->args[2]));
	m = arena_new(c->a, struct member, c->args[0].array.n + 1);
	for (size_t i = 0; i < c->args[0].array.n; i++) {
		const struct value *v = value_find(&c->args[0].array.items[i], c->args[1].s);
		struct str key = STR("");

		if (!v && c->args[2].b)
			continue;
		if (v && !value_to_str(c->a, v, &key, &c->e))
			return call_bad_item(c, 0, i, "has a \"" STR_FMT "\" that is no text",
				STR_ARG(str_head(c->args[1].s, 100)));
		m[n++] = (struct member){key, i};
	}
	if (n > 1)
		qsort(m, n, sizeof(*m), compare_members);
	out = arena_new(c->a, struct value, n + 1);
	for (size_t i = 0, j; i < n; i = j) {
		for (j = i + 1; j < n && str_eq(m[j].key, m[i].key);)
			j++;
		out[groups++] = group(c, &m[i], j - i);
	}
	c->out = value_array(out, groups);
	return true;
}
