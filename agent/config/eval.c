/*
 * Evaluation. Expressions are trees of bounded height (DEPTH_MAX), so this recurses. Both sides
 * of && and || are evaluated always, as in Alloy.
 */

#include "agent/config/eval.h"

#include "agent/base/buf.h"
#include "agent/base/must.h"
#include "agent/config/eval_internal.h"
#include "agent/config/number.h"
#include "agent/config/stdlib.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#define CHAIN_MAX 64 /* names in one reference; the rest are plain fields */

static bool eval(struct eval *ev, const struct expr *x, struct value *out);

bool eval_error(struct eval *ev, const struct expr *x, const char *fmt, ...)
{
	char words[768];
	struct buf text = {0};
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	expr_print(&text, x);
	diag_error(ev->d, x->at, STR_FMT " %s", STR_ARG(buf_str(&text)), words);
	buf_fini(&text);
	return false;
}

bool eval_item_error(struct eval *ev, const struct expr *x, size_t item, const char *words)
{
	struct buf text = {0};

	expr_print(&text, x);
	diag_error(ev->d, x->at, STR_FMT "[%zu] %s", STR_ARG(buf_str(&text)), item, words);
	buf_fini(&text);
	return false;
}

bool eval_type_error(struct eval *ev, const struct expr *x, const struct value *got,
	const char *want)
{
	return eval_error(ev, x, "should be %s, got %s", want, value_type_name(got));
}

static bool field(struct eval *ev, const struct expr *x, const struct value *v, struct value *out)
{
	const struct value *found;

	if (v->type == VALUE_CAPSULE)
		return eval_error(ev, x->operand, "expected object or array or a capsule "
						  "convertible to an object, got capsule");
	if (v->type != VALUE_OBJECT)
		return eval_error(ev, x->operand,
			"cannot access field \"%.*s\" on value of type %s",
			(int)(x->text.n > 100 ? 100 : x->text.n), x->text.p, value_type_name(v));
	found = value_find(v, x->text);
	if (!found)
		return diag_error(ev->d, x->text_at, "field \"" STR_FMT "\" does not exist",
			STR_ARG(x->text));
	*out = *found;
	return true;
}

/* The names of a chain a.b.c, and the expressions that end with each; 0: x is no chain. */
static size_t chain(const struct expr *x, struct str *parts, const struct expr **nodes)
{
	size_t n = 0, at;
	const struct expr *e = x;

	for (; e->kind == EXPR_ACCESS; e = e->operand)
		n++;
	if (e->kind != EXPR_IDENT || n + 1 > CHAIN_MAX)
		return 0;
	at = n;
	for (e = x; e->kind == EXPR_ACCESS; e = e->operand, at--) {
		parts[at] = e->text;
		nodes[at] = e;
	}
	parts[0] = e->text;
	nodes[0] = e;
	return n + 1;
}

static bool check_stability(struct eval *ev, const struct value *v, struct range at)
{
	if (v->type != VALUE_FUNCTION || !ev->scope ||
		(int)v->function->stability >= ev->scope->stability)
		return true;
	return stability_error(ev->d, at, str_from(v->function->name),
		(int)v->function->stability, ev->scope->stability);
}

static bool lookup(struct eval *ev, const struct str *parts, const struct expr **nodes, size_t n,
	struct value *out)
{
	struct range at = nodes[0]->at;
	size_t used = 0;

	if (ev->scope && ev->scope->resolve &&
		ev->scope->resolve(ev->scope, parts, n, &used, out)) {
		must(used > 0 && used <= n);
	} else if (stdlib_find(ev->a, parts, n, &used, out)) {
		if (!check_stability(ev, out, nodes[used - 1]->at))
			return false;
	} else {
		return diag_error(ev->d, at, "identifier \"" STR_FMT "\" does not exist",
			STR_ARG(parts[0]));
	}
	for (; used < n; used++) {
		struct value v = *out;

		if (!field(ev, nodes[used], &v, out))
			return false;
	}
	return true;
}

static bool eval_access(struct eval *ev, const struct expr *x, struct value *out)
{
	struct str parts[CHAIN_MAX];
	const struct expr *nodes[CHAIN_MAX];
	size_t n = chain(x, parts, nodes);
	struct value v = value_null();

	if (n > 0)
		return lookup(ev, parts, nodes, n, out);
	if (x->kind == EXPR_IDENT || !eval(ev, x->operand, &v))
		return false;
	return field(ev, x, &v, out);
}

static bool index_array(struct eval *ev, const struct expr *x, const struct value *v,
	const struct value *at, struct value *out)
{
	int64_t i;

	if (at->type != VALUE_NUMBER)
		return eval_type_error(ev, x->index, at, "number");
	i = number_int(at);
	if (i < 0 || (uint64_t)i >= v->array.n)
		return eval_error(ev, x->index,
			"index %" PRId64 " is out of range of array with length %zu", i,
			v->array.n);
	*out = v->array.items[i];
	return true;
}

static bool eval_index(struct eval *ev, const struct expr *x, struct value *out)
{
	const struct value *found;
	struct value v = value_null();
	struct value at = value_null();

	if (!eval(ev, x->operand, &v) || !eval(ev, x->index, &at))
		return false;
	if (v.type == VALUE_ARRAY)
		return index_array(ev, x, &v, &at, out);
	if (v.type == VALUE_CAPSULE)
		return eval_error(ev, x->operand, "expected object or array or a capsule "
						  "convertible to an object, got capsule");
	if (v.type != VALUE_OBJECT)
		return eval_error(ev, x->operand, "expected object or array, got %s",
			value_type_name(&v));
	if (at.type != VALUE_STRING)
		return eval_type_error(ev, x->index, &at, "string");
	found = value_find(&v, at.s);
	*out = found ? *found : value_null();
	return true;
}

static bool eval_items(struct eval *ev, const struct expr *x, struct value **out)
{
	struct value *items = arena_new(ev->a, struct value, x->n + 1);

	for (size_t i = 0; i < x->n; i++) {
		if (!eval(ev, x->items[i], &items[i]))
			return false;
	}
	*out = items;
	return true;
}

static bool eval_array(struct eval *ev, const struct expr *x, struct value *out)
{
	struct value *items;

	if (!eval_items(ev, x, &items))
		return false;
	*out = value_array(items, x->n);
	return true;
}

static bool eval_object(struct eval *ev, const struct expr *x, struct value *out)
{
	struct field *fields = arena_new(ev->a, struct field, x->n + 1);

	for (size_t i = 0; i < x->n; i++) {
		fields[i].key = arena_str(ev->a, x->fields[i].key);
		if (!eval(ev, x->fields[i].value, &fields[i].value))
			return false;
	}
	*out = value_object(ev->a, fields, x->n);
	return true;
}

static bool eval_function_call(struct eval *ev, const struct expr *x, struct value *out)
{
	struct value *args;
	struct value f = value_null();

	if (!eval(ev, x->operand, &f))
		return false;
	if (f.type != VALUE_FUNCTION)
		return eval_type_error(ev, x->operand, &f, "function");
	if (!eval_items(ev, x, &args))
		return false;
	return eval_call(ev, x, &f, args, out);
}

static bool eval_two_sides(struct eval *ev, const struct expr *x, struct value *out)
{
	struct value l, r;

	if (!eval(ev, x->operand, &l) || !eval(ev, x->index, &r))
		return false;
	return eval_binary(ev, x, &l, &r, out);
}

static bool eval_one_side(struct eval *ev, const struct expr *x, struct value *out)
{
	struct value v;

	return eval(ev, x->operand, &v) && eval_unary(ev, x, &v, out);
}

static bool eval(struct eval *ev, const struct expr *x, struct value *out)
{
	switch (x->kind) {
	case EXPR_LITERAL:
		return eval_literal(ev, x, out);
	case EXPR_IDENT:
	case EXPR_ACCESS:
		return eval_access(ev, x, out);
	case EXPR_ARRAY:
		return eval_array(ev, x, out);
	case EXPR_OBJECT:
		return eval_object(ev, x, out);
	case EXPR_INDEX:
		return eval_index(ev, x, out);
	case EXPR_CALL:
		return eval_function_call(ev, x, out);
	case EXPR_UNARY:
		return eval_one_side(ev, x, out);
	case EXPR_BINARY:
		return eval_two_sides(ev, x, out);
	case EXPR_PAREN:
		return eval(ev, x->operand, out);
	}
	must_failed("an expression of an unknown kind", __FILE__, __LINE__);
}

bool eval_expr(struct arena *a, struct scope *scope, const struct expr *x, struct value *out,
	struct diags *d)
{
	struct eval ev = {.a = a, .scope = scope, .d = d};
	struct value v;

	if (!eval(&ev, x, &v))
		return false;
	*out = v;
	return true;
}
