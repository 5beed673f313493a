/*
 * One value into one field. The words are Alloy's: `EXPRESSION[path] should be T, got U`
 * where it runs, `expected T, got U` where it validates. The place goes along with the value as far
 * as the expression is written out, so that the fourth element of a list is marked and not
 * the list.
 */

#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "agent/base/must.h"
#include "agent/base/timestamp.h"
#include "agent/graph/arg_private.h"

#include <stdlib.h>

#define EXPR_TEXT_MAX 200 /* of a message; the window under it shows the rest */

static const struct expr *bare(const struct expr *x)
{
	while (x && x->kind == EXPR_PAREN)
		x = x->operand;
	return x;
}

static struct place place_item(struct decoder *dec, const struct place *at, size_t i, size_t n)
{
	const struct expr *x = bare(at->x);

	if (x && at->path.n == 0 && x->kind == EXPR_ARRAY && x->n == n)
		return (struct place){x->items[i], {0}};
	return (struct place){at->x, arena_printf(dec->a, STR_FMT "[%zu]", STR_ARG(at->path), i)};
}

static struct place place_field(struct decoder *dec, const struct place *at, struct str key)
{
	const struct expr *x = bare(at->x);

	for (size_t i = 0; x && at->path.n == 0 && x->kind == EXPR_OBJECT && i < x->n; i++)
		if (str_eq(x->fields[i].key, key))
			return (struct place){x->fields[i].value, {0}};
	return (struct place){at->x,
		arena_printf(dec->a, STR_FMT "." STR_FMT, STR_ARG(at->path), STR_ARG(key))};
}

static struct str expr_text(const struct expr *x)
{
	struct str all = x->at.file ? x->at.file->text : (struct str){0};
	struct str text = str_from_at(all, x->at.start);

	text = str_head(text, (size_t)x->at.end - x->at.start + 1);
	return str_head(text, EXPR_TEXT_MAX);
}

/* why is "should be number, got string", or a text of another kind. */
static bool fail(struct decoder *dec, const struct place *at, const char *why)
{
	struct str should = STR("should be ");

	if (!at->x)
		return diag_error(dec->d, (struct range){0}, "%s", why);
	if (!dec->terse)
		return diag_error(dec->d, at->x->at, STR_FMT STR_FMT " %s",
			STR_ARG(expr_text(at->x)),
			STR_ARG(at->path), why);
	if (strncmp(why, should.p, should.n) == 0)
		return diag_error(dec->d, at->x->at, "expected %s", why + should.n);
	return diag_error(dec->d, at->x->at, "%s", why);
}

static bool fail_type(struct decoder *dec, const struct place *at, const char *want,
	const struct value *v)
{
	struct err e;

	err_set(&e, "should be %s, got %s", want, value_type_name(v));
	return fail(dec, at, e.text);
}

static bool decode_word(struct decoder *dec, const struct arg *arg, struct str word,
	const struct place *at)
{
	struct buf all = {0};

	for (size_t i = 0; arg->one_of[i]; i++) {
		if (str_is(word, arg->one_of[i])) {
			buf_fini(&all);
			return true;
		}
		buf_printf(&all, "%s\"%s\"", i ? ", " : "", arg->one_of[i]);
	}
	diag_error(dec->d, at->x ? at->x->at : (struct range){0}, "unknown %s " STR_FMT, arg->name,
		STR_ARG(word));
	diag_hint(dec->d, "it is one of " STR_FMT, STR_ARG(buf_str(&all)));
	buf_fini(&all);
	return false;
}

static bool any_text(struct decoder *dec, const struct value *v, struct str *out, struct err *e)
{
	if (value_is_secret(v))
		return value_to_secret(dec->a, v, out, e);
	return value_to_str(dec->a, v, out, e);
}

/* A string, a secret too: for maps and headers, which are never printed. */
static bool to_text(struct decoder *dec, const struct value *v, const struct place *at,
	struct str *out)
{
	struct err e;

	if (v->type == VALUE_NULL) {
		*out = (struct str){"", 0};
		return true;
	}
	if (any_text(dec, v, out, &e))
		return true;
	*out = (struct str){"", 0};
	return fail(dec, at, e.text);
}

static bool decode_strs(struct decoder *dec, const struct value *v, const struct place *at,
	struct arg_strs *out)
{
	struct str *p;
	bool ok = true;

	if (v->type != VALUE_ARRAY)
		return fail_type(dec, at, "array", v);
	p = arena_new(dec->a, struct str, v->array.n);
	for (size_t i = 0; i < v->array.n; i++) {
		struct place item = place_item(dec, at, i, v->array.n);

		ok &= to_text(dec, &v->array.items[i], &item, &p[i]);
	}
	*out = (struct arg_strs){p, v->array.n};
	return ok;
}

static bool decode_map(struct decoder *dec, const struct value *v, const struct place *at,
	struct arg_map *out)
{
	struct arg_pair *p;
	bool ok = true;

	if (v->type != VALUE_OBJECT)
		return fail_type(dec, at, "object", v);
	p = arena_new(dec->a, struct arg_pair, v->object.n);
	for (size_t i = 0; i < v->object.n; i++) {
		const struct field *f = &v->object.fields[i];
		struct place field = place_field(dec, at, f->key);

		p[i].name = arena_str(dec->a, f->key);
		ok &= to_text(dec, &f->value, &field, &p[i].value);
	}
	*out = (struct arg_map){p, v->object.n};
	return ok;
}

static bool decode_map_strs(struct decoder *dec, const struct value *v, const struct place *at,
	struct arg_map_strs *out)
{
	struct arg_map_strs_item *p;
	bool ok = true;

	if (v->type != VALUE_OBJECT)
		return fail_type(dec, at, "object", v);
	p = arena_new(dec->a, struct arg_map_strs_item, v->object.n);
	for (size_t i = 0; i < v->object.n; i++) {
		const struct field *f = &v->object.fields[i];
		struct place field = place_field(dec, at, f->key);

		p[i].name = arena_str(dec->a, f->key);
		ok &= decode_strs(dec, &f->value, &field, &p[i].values);
	}
	*out = (struct arg_map_strs){p, v->object.n};
	return ok;
}

/* A label of a target may be of any type; Alloy prints it. */
static struct str target_text(struct decoder *dec, const struct value *v)
{
	struct buf b = {0};
	struct err e;
	struct str s;

	if (any_text(dec, v, &s, &e))
		return s;
	value_print(&b, v);
	s = arena_str(dec->a, buf_str(&b));
	buf_fini(&b);
	return s;
}

/* The names that Go has for them, as Alloy's message shows them. */
static const char *go_type(const struct value *v)
{
	switch (v->type) {
	case VALUE_NUMBER:
		return v->number == NUMBER_INT    ? "int64"
		       : v->number == NUMBER_UINT ? "uint64"
						  : "float64";
	case VALUE_STRING:
		return "string";
	case VALUE_BOOL:
		return "bool";
	case VALUE_ARRAY:
		return "[]interface {}";
	case VALUE_NULL:
	case VALUE_OBJECT:
	case VALUE_FUNCTION:
	case VALUE_CAPSULE:
		break;
	}
	return value_type_name(v);
}

static bool decode_target(struct decoder *dec, const struct value *v, const struct place *at,
	struct arg_map *out)
{
	struct arg_pair *p;
	struct err e;

	if (v->type != VALUE_OBJECT) {
		err_set(&e, "target::ConvertFrom: conversion from '%s' is not supported",
			go_type(v));
		fail(dec, at, e.text);
		diag_hint(dec->d, "a target is an object of labels, such as "
				  "{__path__ = \"/var/log/a.log\"}");
		return false;
	}
	p = arena_new(dec->a, struct arg_pair, v->object.n);
	for (size_t i = 0; i < v->object.n; i++) {
		p[i].name = arena_str(dec->a, v->object.fields[i].key);
		p[i].value = target_text(dec, &v->object.fields[i].value);
	}
	*out = (struct arg_map){p, v->object.n};
	return true;
}

static bool decode_targets(struct decoder *dec, const struct value *v, const struct place *at,
	struct arg_targets *out)
{
	struct arg_map *p;
	bool ok = true;

	if (v->type != VALUE_ARRAY)
		return fail_type(dec, at, "array", v);
	p = arena_new(dec->a, struct arg_map, v->array.n);
	for (size_t i = 0; i < v->array.n; i++) {
		struct place item = place_item(dec, at, i, v->array.n);

		ok &= decode_target(dec, &v->array.items[i], &item, &p[i]);
	}
	*out = (struct arg_targets){p, v->array.n};
	return ok;
}

static bool decode_capsule(struct decoder *dec, const struct capsule_type *want,
	const struct value *v, const struct place *at, void **out)
{
	struct err e;

	if (v->type == VALUE_NULL) {
		*out = NULL;
		return true;
	}
	if (v->type == VALUE_CAPSULE && v->capsule.type == want) {
		*out = v->capsule.p;
		return true;
	}
	if (v->type == VALUE_CAPSULE)
		err_set(&e, "expected capsule(\"%s\"), got capsule(\"%s\")", want->name,
			v->capsule.type->name);
	else
		err_set(&e, "expected capsule(\"%s\"), got %s", want->name, value_type_name(v));
	return fail(dec, at, e.text);
}

static bool decode_capsules(struct decoder *dec, const struct capsule_type *want,
	const struct value *v, const struct place *at, struct arg_capsules *out)
{
	void **p;
	bool ok = true;

	if (v->type != VALUE_ARRAY)
		return fail_type(dec, at, "array", v);
	p = arena_new(dec->a, void *, v->array.n);
	for (size_t i = 0; i < v->array.n; i++) {
		struct place item = place_item(dec, at, i, v->array.n);

		if (v->array.items[i].type == VALUE_NULL)
			ok = fail_type(dec, &item, "capsule", &v->array.items[i]);
		else
			ok &= decode_capsule(dec, want, &v->array.items[i], &item, &p[i]);
	}
	*out = (struct arg_capsules){p, v->array.n};
	return ok;
}

static size_t field_size(enum arg_type type)
{
	switch (type) {
	case ARG_BOOL:
		return sizeof(bool);
	case ARG_INT:
	case ARG_UINT:
	case ARG_DURATION:
	case ARG_SIZE:
		return sizeof(int64_t);
	case ARG_FLOAT:
		return sizeof(double);
	case ARG_STR:
	case ARG_SECRET:
		return sizeof(struct str);
	case ARG_STRS:
		return sizeof(struct arg_strs);
	case ARG_MAP:
		return sizeof(struct arg_map);
	case ARG_MAP_STRS:
		return sizeof(struct arg_map_strs);
	case ARG_TARGETS:
		return sizeof(struct arg_targets);
	case ARG_CAPSULE:
	case ARG_BLOCK:
		return sizeof(void *);
	case ARG_CAPSULES:
		return sizeof(struct arg_capsules);
	case ARG_ANY:
		return sizeof(struct value);
	case ARG_CHOICE:
		return sizeof(struct arg_choices);
	case ARG_AT:
		return sizeof(struct range);
	case ARG_END:
		break;
	}
	return 0;
}

/* What is one word of the machine, or a text. */
static bool decode_scalar(struct decoder *dec, const struct arg *arg, const struct value *v,
	void *out, struct err *e)
{
	switch (arg->type) {
	case ARG_BOOL:
		return value_to_bool(v, out, e);
	case ARG_INT:
		return value_to_int(v, out, e);
	case ARG_UINT:
		return value_to_uint(v, out, e);
	case ARG_FLOAT:
		return value_to_float(v, out, e);
	case ARG_DURATION:
		return value_to_duration(v, out, e);
	case ARG_SIZE:
		return value_to_size(v, out, e);
	case ARG_STR:
		return value_to_str(dec->a, v, out, e);
	case ARG_SECRET:
		return value_to_secret(dec->a, v, out, e);
	case ARG_END:
	case ARG_STRS:
	case ARG_MAP:
	case ARG_MAP_STRS:
	case ARG_TARGETS:
	case ARG_CAPSULE:
	case ARG_CAPSULES:
	case ARG_ANY:
	case ARG_BLOCK:
	case ARG_CHOICE:
	case ARG_AT:
		break;
	}
	must(!"a scalar");
}

/* One of the words; else the default, or the first one. */
static bool decode_enum(struct decoder *dec, const struct arg *arg, const struct value *v,
	const struct place *at, struct str *out)
{
	struct str word = {"", 0};
	struct err e;

	if (v->type != VALUE_NULL && !decode_scalar(dec, arg, v, &word, &e))
		return fail(dec, at, e.text);
	if ((v->type == VALUE_NULL && !arg->def) || decode_word(dec, arg, word, at)) {
		*out = word;
		return true;
	}
	if (!arg->def)
		*out = str_from(arg->one_of[0]);
	return false;
}

bool arg_value_decode(struct decoder *dec, const struct arg *arg, const struct value *v,
	const struct place *at, void *out)
{
	struct err e;

	if (arg->one_of)
		return decode_enum(dec, arg, v, at, out);
	if (v->type == VALUE_NULL && arg->type != ARG_ANY) { /* Go's zero value, not the default */
		memset(out, 0, field_size(arg->type));
		if (arg_is_text(arg))
			*(struct str *)out = (struct str){"", 0};
		return true;
	}
	switch (arg->type) {
	case ARG_STRS:
		return decode_strs(dec, v, at, out);
	case ARG_MAP:
		return decode_map(dec, v, at, out);
	case ARG_MAP_STRS:
		return decode_map_strs(dec, v, at, out);
	case ARG_TARGETS:
		return decode_targets(dec, v, at, out);
	case ARG_CAPSULE:
		return decode_capsule(dec, arg->capsule, v, at, out);
	case ARG_CAPSULES:
		return decode_capsules(dec, arg->capsule, v, at, out);
	case ARG_ANY:
		*(struct value *)out = value_copy(dec->a, v);
		return true;
	case ARG_BOOL:
	case ARG_INT:
	case ARG_UINT:
	case ARG_FLOAT:
	case ARG_DURATION:
	case ARG_SIZE:
	case ARG_STR:
	case ARG_SECRET:
		return decode_scalar(dec, arg, v, out, &e) || fail(dec, at, e.text);
	case ARG_END:
	case ARG_BLOCK:
	case ARG_CHOICE:
	case ARG_AT:
		break;
	}
	must(!"an attribute's type");
}

/* A default in the language's own syntax. It is the program's text, so it must be right. */
static void default_parsed(struct arena *a, const struct arg *arg, void *out)
{
	struct source *src = arena_new(a, struct source, 1);
	struct diags d;
	struct decoder dec = {.a = a, .d = &d, .terse = false};
	struct value v;
	struct expr *x;

	diags_init(&d, a);
	*src = (struct source){STR("default"), str_from(arg->def)};
	x = parse_expr(a, src, &d);
	must(x);
	must(eval_expr(a, NULL, x, &v, &d));
	must(arg_value_decode(&dec, arg, &v, &(struct place){x, {0}}, out));
	diags_fini(&d);
}

void arg_value_default(struct arena *a, const struct arg *arg, void *out)
{
	struct str text = str_from(arg->def);

	if (arg_is_text(arg))
		*(struct str *)out = text;
	else if (arg->type == ARG_DURATION)
		must(duration_parse(text, out));
	else if (arg->type == ARG_SIZE)
		must(size_parse(text, out) || str_to_int(text, out));
	else if (arg->type == ARG_INT)
		must(str_to_int(text, out));
	else if (arg->type == ARG_BOOL)
		*(bool *)out = str_is(text, "true");
	else
		default_parsed(a, arg, out);
}
