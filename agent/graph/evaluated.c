/*
 * Evaluating a body: each attribute becomes a value of its own arena (but for what is in
 * snapshots that the caller holds), blocks keep their order. Decoding is apart from it (arg.c),
 * because most evaluations end with "equal to the last one", and then nothing is decoded.
 */

#include "agent/graph/arg_private.h"

static void evaluate_attr(struct arena *a, struct evaluated_item *it, struct scope *scope,
	const struct body_options *o, struct diags *d)
{
	enum foresight f = o->foresee ? o->foresee(o->owner, it->stmt->value) : FORESEEN;
	struct arena *work = o->scratch ? o->scratch : a;
	struct value v = {0};

	if (f == FORESEEN && !eval_expr(work, scope, it->stmt->value, &v, d))
		f = FORESEEN_WRONG;
	if (f == FORESEEN)
		it->value = value_copy_but(a, &v, o->kept);
	it->unknown = f != FORESEEN;
	it->is_wrong = f == FORESEEN_WRONG;
}

static struct evaluated *evaluate(struct arena *a, const struct stmt *block, struct scope *scope,
	const struct body_options *o, struct diags *d)
{
	struct evaluated *e = arena_new(a, struct evaluated, 1);
	size_t n = block->body ? block->body->n : 0;

	e->block = block;
	e->name = arena_str(a, block->name);
	e->label = arena_str(a, block->label);
	e->terse = o->terse;
	e->items = arena_new(a, struct evaluated_item, n);
	e->n = n;
	for (size_t i = 0; i < n; i++) {
		struct evaluated_item *it = &e->items[i];

		it->stmt = &block->body->stmts[i];
		it->name = arena_str(a, it->stmt->name);
		if (it->stmt->is_block) {
			it->body = evaluate(a, it->stmt, scope, o, d);
		} else {
			evaluate_attr(a, it, scope, o, d);
		}
	}
	return e;
}

struct evaluated *body_evaluate_with(struct arena *a, const struct stmt *block,
	struct scope *scope, const struct body_options *o, struct diags *d)
{
	size_t before = d->errors;
	struct evaluated *e = evaluate(a, block, scope, o, d);

	return d->errors == before || o->keep_going ? e : NULL;
}

struct evaluated *body_evaluate(struct arena *a, const struct stmt *block, struct scope *scope,
	struct diags *d)
{
	return body_evaluate_with(a, block, scope, &(struct body_options){0}, d);
}

static const struct evaluated_item *find_attr(const struct evaluated *e, struct str name)
{
	for (size_t i = 0; i < e->n; i++)
		if (!e->items[i].body && str_eq(e->items[i].name, name))
			return &e->items[i];
	return NULL;
}

static const struct evaluated *next_block(const struct evaluated *e, size_t *at)
{
	while (*at < e->n)
		if (e->items[(*at)++].body)
			return e->items[*at - 1].body;
	return NULL;
}

/* The order of attributes means nothing, that of blocks does. */
bool evaluated_eq(const struct evaluated *a, const struct evaluated *b)
{
	size_t at_a = 0, at_b = 0;

	if (a->n != b->n || !str_eq(a->name, b->name) || !str_eq(a->label, b->label))
		return false;
	for (size_t i = 0; i < a->n; i++) {
		const struct evaluated_item *other;

		if (a->items[i].body)
			continue;
		other = find_attr(b, a->items[i].name);
		if (!other || !value_eq(&a->items[i].value, &other->value))
			return false;
	}
	for (;;) {
		const struct evaluated *x = next_block(a, &at_a);
		const struct evaluated *y = next_block(b, &at_b);

		if (!x || !y)
			return !x && !y;
		if (!evaluated_eq(x, y))
			return false;
	}
}
