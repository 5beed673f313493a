/*
 * encoding.from_yaml: values of YAML's nodes (yaml.c), with the types of its core schema (and
 * y/yes/on left as texts, as Alloy's library does). What an alias names is made once.
 */

#include "agent/config/number.h"
#include "agent/config/stdlib.h"
#include "agent/config/yaml.h"

#include <math.h>
#include <stdlib.h>

#define DEPTH_MAX 200

static bool make_value(struct arena *a, struct yaml_node *n, struct value *out, struct err *e);

static bool is_one_of(struct str s, const char *const *words)
{
	for (; *words; words++) {
		if (str_is(s, *words))
			return true;
	}
	return false;
}

static bool based_number(struct str s, struct value *out)
{
	bool minus = s.n && s.p[0] == '-';
	struct str digits = str_from_at(s, minus || (s.n && s.p[0] == '+'));
	unsigned base = str_starts(digits, "0o") ? 8 : (str_starts(digits, "0b") ? 2 : 0);
	char *end;
	uint64_t u;

	if (str_starts(digits, "0x") && digits.n > 2 && digits.n <= 18 && digits.p[2] != '+' &&
		digits.p[2] != '-') {
		u = strtoull(digits.p + 2, &end, 16);
		if (end != digits.p + digits.n)
			return false;
	} else if (base == 0 || !uint_parse(str_from_at(digits, 2), base, &u)) {
		return false;
	}
	if (u > INT64_MAX)
		return false;
	*out = value_int(minus ? -(int64_t)u : (int64_t)u);
	return true;
}

/* A plain scalar that is no null, by what it looks like. */
static struct value resolve_plain(struct str s)
{
	static const char *const trues[] = {"true", "True", "TRUE", NULL};
	static const char *const falses[] = {"false", "False", "FALSE", NULL};
	static const char *const infs[] = {".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", NULL};
	static const char *const minus_infs[] = {"-.inf", "-.Inf", "-.INF", NULL};
	static const char *const nans[] = {".nan", ".NaN", ".NAN", NULL};
	struct value v = value_str(s);
	bool range;

	if (is_one_of(s, trues) || is_one_of(s, falses))
		return value_bool(is_one_of(s, trues));
	if (is_one_of(s, infs) || is_one_of(s, minus_infs))
		return value_float(is_one_of(s, infs) ? INFINITY : -INFINITY);
	if (is_one_of(s, nans))
		return value_float(NAN);
	if (int_parse(s, &v.i)) {
		bool octal = s.n > 1 && s.p[0] == '0';

		return octal ? number_from_digits(s) : value_int(v.i);
	}
	if (based_number(s, &v))
		return v;
	if (float_parse(s, &v.f, &range))
		return value_float(v.f);
	return value_str(s);
}

static struct value make_scalar(const struct yaml_node *n)
{
	if (yaml_is_null(n))
		return value_null();
	return n->is_plain ? resolve_plain(n->text) : value_str(n->text);
}

static bool make_array(struct arena *a, struct yaml_node *n, struct value *out, struct err *e)
{
	struct value *items = arena_new(a, struct value, n->n + 1);

	for (size_t i = 0; i < n->n; i++) {
		if (!make_value(a, n->items[i], &items[i], e))
			return false;
	}
	*out = value_array(items, n->n);
	return true;
}

static struct str make_key(struct arena *a, const struct yaml_node *n)
{
	struct value key = make_scalar(n);
	struct buf b = {0};
	struct str text;

	if (key.type == VALUE_STRING)
		return key.s;
	value_print(&b, &key);
	text = arena_str(a, buf_str(&b));
	buf_fini(&b);
	return text;
}

static bool make_object(struct arena *a, struct yaml_node *n, struct value *out, struct err *e)
{
	struct field *fields = arena_new(a, struct field, n->n + 1);

	for (size_t i = 0; i < n->n; i++) {
		fields[i].key = make_key(a, n->pairs[i].key);
		if (!make_value(a, n->pairs[i].value, &fields[i].value, e))
			return false;
	}
	*out = value_object(a, fields, n->n);
	if (out->object.n == n->n)
		return true;
	return err_set(e, "yaml: line %u: a key of this mapping is defined twice", n->line);
}

/* Recursion is bounded: the reader took DEPTH_MAX levels at most. */
static bool make_value(struct arena *a, struct yaml_node *n, struct value *out, struct err *e)
{
	struct value *made;

	if (n->made) {
		*out = *(const struct value *)n->made;
		return true;
	}
	if (n->kind == YAML_TEXT)
		*out = make_scalar(n);
	else if (!(n->kind == YAML_LIST ? make_array(a, n, out, e) : make_object(a, n, out, e)))
		return false;
	made = arena_new(a, struct value, 1);
	*made = *out;
	n->made = made;
	return true;
}

bool yaml_to_value(struct arena *a, struct str text, struct value *out, struct err *e)
{
	static const struct yaml_limits limits = {DEPTH_MAX, STDLIB_ITEMS_MAX};
	struct yaml_node *root;

	*out = value_null();
	if (!yaml_read(a, text, &limits, &root, e))
		return false;
	return !root || make_value(a, root, out, e);
}

bool stdlib_from_yaml(struct call *c)
{
	struct str text;

	return call_text(c, 0, &text) && yaml_to_value(c->a, text, &c->out, &c->e);
}
