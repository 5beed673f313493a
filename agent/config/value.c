/* Values: making, finding, comparing, copying. Their conversions are in value_convert.c. */

#include "agent/config/value.h"

#include "agent/base/must.h"
#include "agent/config/number.h"

#include <stdlib.h>

const struct capsule_type capsule_secret = {"alloytypes.Secret"};

struct value value_null(void)
{
	return (struct value){.type = VALUE_NULL};
}

struct value value_int(int64_t i)
{
	return (struct value){.type = VALUE_NUMBER, .number = NUMBER_INT, .i = i};
}

struct value value_float(double f)
{
	return (struct value){.type = VALUE_NUMBER, .number = NUMBER_FLOAT, .f = f};
}

struct value value_bool(bool b)
{
	return (struct value){.type = VALUE_BOOL, .b = b};
}

struct value value_str(struct str s)
{
	return (struct value){.type = VALUE_STRING, .s = s};
}

struct value value_secret(struct str s)
{
	struct value v = value_capsule(&capsule_secret, NULL);

	v.s = s;
	return v;
}

struct value value_array(const struct value *items, size_t n)
{
	struct value v = {.type = VALUE_ARRAY};

	v.array.items = items;
	v.array.n = n;
	return v;
}

struct value value_bytes(struct arena *a, struct str bytes)
{
	struct value *items = arena_new(a, struct value, bytes.n + 1);
	struct value v;

	for (size_t i = 0; i < bytes.n; i++)
		items[i] = value_int((unsigned char)bytes.p[i]);
	v = value_array(items, bytes.n);
	v.is_bytes = true;
	v.s = bytes;
	return v;
}

struct value value_capsule(const struct capsule_type *t, void *p)
{
	struct value v = {.type = VALUE_CAPSULE};

	v.capsule.type = t;
	v.capsule.p = p;
	return v;
}

struct slot {
	struct str key;
	size_t at;
};

static int compare_slots(const void *x, const void *y)
{
	const struct slot *a = x;
	const struct slot *b = y;
	int c = str_cmp(a->key, b->key);

	if (c != 0)
		return c;
	return a->at < b->at ? -1 : 1;
}

struct value value_object(struct arena *a, const struct field *fields, size_t n)
{
	struct field *sorted = arena_new(a, struct field, n + 1);
	struct slot *slots = arena_new(a, struct slot, n + 1);
	struct value v = {.type = VALUE_OBJECT};
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		slots[i] = (struct slot){fields[i].key, i};
	if (n > 1)
		qsort(slots, n, sizeof(*slots), compare_slots);
	for (size_t i = 0; i < n; i++) {
		if (i + 1 < n && str_eq(slots[i].key, slots[i + 1].key))
			continue;
		sorted[kept++] = fields[slots[i].at];
	}
	v.object.fields = sorted;
	v.object.n = kept;
	return v;
}

const struct value *value_find(const struct value *object, struct str key)
{
	size_t from = 0, to;

	must(object->type == VALUE_OBJECT);
	to = object->object.n;
	while (from < to) {
		size_t mid = from + (to - from) / 2;
		int c = str_cmp(object->object.fields[mid].key, key);

		if (c == 0)
			return &object->object.fields[mid].value;
		if (c < 0)
			from = mid + 1;
		else
			to = mid;
	}
	return NULL;
}

bool value_is_secret(const struct value *v)
{
	return v->type == VALUE_CAPSULE && v->capsule.type == &capsule_secret;
}

static bool number_eq(const struct value *a, const struct value *b)
{
	if (a->number == NUMBER_FLOAT || b->number == NUMBER_FLOAT)
		return number_float(a) == number_float(b);
	return a->u == b->u;
}

static bool array_eq(const struct value *a, const struct value *b)
{
	if (a->array.n != b->array.n)
		return false;
	if (a->array.items == b->array.items) /* one snapshot */
		return true;
	for (size_t i = 0; i < a->array.n; i++) {
		if (!value_eq(&a->array.items[i], &b->array.items[i]))
			return false;
	}
	return true;
}

static bool object_eq(const struct value *a, const struct value *b)
{
	if (a->object.n != b->object.n)
		return false;
	if (a->object.fields == b->object.fields)
		return true;
	for (size_t i = 0; i < a->object.n; i++) {
		if (!str_eq(a->object.fields[i].key, b->object.fields[i].key) ||
			!value_eq(&a->object.fields[i].value, &b->object.fields[i].value))
			return false;
	}
	return true;
}

bool value_eq(const struct value *a, const struct value *b)
{
	if (a->type != b->type)
		return false;
	switch (a->type) {
	case VALUE_NULL:
		return true;
	case VALUE_NUMBER:
		return number_eq(a, b);
	case VALUE_STRING:
		return str_eq(a->s, b->s);
	case VALUE_BOOL:
		return a->b == b->b;
	case VALUE_ARRAY:
		return array_eq(a, b);
	case VALUE_OBJECT:
		return object_eq(a, b);
	case VALUE_FUNCTION:
		return false;
	case VALUE_CAPSULE:
		return a->capsule.type == b->capsule.type && a->capsule.p == b->capsule.p &&
		       str_eq(a->s, b->s);
	}
	must_failed("a value of an unknown type", __FILE__, __LINE__);
}

/* A copy that is there already, and what it is a copy of. */
struct copied {
	const struct value *from;
	struct value to;
};

struct copier {
	struct arena *a;
	const struct value_kept *kept;
};

static struct value copy(const struct copier *c, const struct value *v);

static bool is_kept(const struct copier *c, const struct value *v)
{
	if (!c->kept)
		return false;
	if (v->type == VALUE_ARRAY)
		return v->array.items && c->kept->keep(c->kept->owner, v->array.items);
	if (v->type == VALUE_OBJECT)
		return v->object.fields && c->kept->keep(c->kept->owner, v->object.fields);
	return false;
}

/* The field of an object that has this name; fields are sorted, and asked for in order. */
static size_t seek(const struct value *v, size_t at, struct str key)
{
	while (at < v->object.n && str_cmp(v->object.fields[at].key, key) < 0)
		at++;
	return at;
}

/*
 * Names and texts that the object before it in a list has too are not copied again: of the
 * targets of a node's pods nine texts of ten are those of the target before.
 */
static struct value copy_object(const struct copier *c, const struct value *v,
	const struct copied *like)
{
	struct field *fields = arena_new(c->a, struct field, v->object.n + 1);
	struct value out = *v;
	size_t at = 0;

	for (size_t i = 0; i < v->object.n; i++) {
		const struct field *f = &v->object.fields[i];
		const struct field *same = NULL;

		if (like && (at = seek(like->from, at, f->key)) < like->from->object.n &&
			str_eq(like->from->object.fields[at].key, f->key))
			same = &like->to.object.fields[at];
		fields[i].key = same ? same->key : arena_str(c->a, f->key);
		if (same && f->value.type == VALUE_STRING && same->value.type == VALUE_STRING &&
			str_eq(same->value.s, f->value.s))
			fields[i].value = same->value;
		else
			fields[i].value = copy(c, &f->value);
	}
	out.object.fields = fields;
	return out;
}

static struct value copy_array(const struct copier *c, const struct value *v, struct str bytes)
{
	struct value *items = arena_new(c->a, struct value, v->array.n + 1);
	struct value out = *v;
	struct copied last = {0};

	for (size_t i = 0; i < v->array.n; i++) {
		const struct value *it = &v->array.items[i];

		if (it->type != VALUE_OBJECT || is_kept(c, it)) {
			items[i] = copy(c, it);
			continue;
		}
		items[i] = copy_object(c, it, last.from ? &last : NULL);
		last = (struct copied){it, items[i]};
	}
	out.array.items = items;
	out.s = bytes;
	return out;
}

static struct value copy(const struct copier *c, const struct value *v)
{
	struct value out = *v;

	if (is_kept(c, v))
		return out;
	if (v->s.p)
		out.s = arena_str(c->a, v->s);
	if (v->type == VALUE_OBJECT)
		return copy_object(c, &out, NULL);
	if (v->type == VALUE_ARRAY)
		return copy_array(c, v, out.s);
	return out;
}

struct value value_copy_but(struct arena *a, const struct value *v, const struct value_kept *k)
{
	return copy(&(struct copier){a, k}, v);
}

struct value value_copy(struct arena *a, const struct value *v)
{
	return value_copy_but(a, v, NULL);
}

const char *value_type_name(const struct value *v)
{
	static const char *const names[] = {[VALUE_NULL] = "null",
		[VALUE_NUMBER] = "number",
		[VALUE_STRING] = "string",
		[VALUE_BOOL] = "bool",
		[VALUE_ARRAY] = "array",
		[VALUE_OBJECT] = "object",
		[VALUE_FUNCTION] = "function",
		[VALUE_CAPSULE] = "capsule"};

	return names[v->type];
}
