/*
 * Arguments checked without running: exports are nominal values of their declared type, and an
 * attribute that cannot be known that way counts as given.
 */

#include "agent/base/container_of.h"
#include "agent/config/ast.h"
#include "agent/graph/arg_private.h"
#include "agent/graph/plan_private.h"

/* All exports, for what takes the component as a whole or asks for a field it has not. */
static struct value exports_object(struct plan_scope *s, const struct vertex *v)
{
	struct field fields[32];
	size_t n = 0;

	for (const struct export_field *f = v->type ? v->type->exports : NULL; f && f->name; f++) {
		struct value x;

		if (n == 32 || !s->export(s, v, str_from(f->name), &x))
			continue;
		fields[n++] = (struct field){str_from(f->name), x};
	}
	return value_object(s->arena, fields, n);
}

static bool resolve(struct scope *base, const struct str *parts, size_t n, size_t *used,
	struct value *out)
{
	struct plan_scope *s = container_of(base, struct plan_scope, base);
	const struct vertex *v = plan_find(s->plan, parts, n, used);

	if (!v)
		return false;
	if (n > *used && s->export(s, v, parts[*used], out)) {
		*used += 1;
		return true;
	}
	*out = exports_object(s, v);
	return true;
}

static bool nominal_export(struct plan_scope *s, const struct vertex *v, struct str name,
	struct value *out)
{
	(void)s;
	for (const struct export_field *f = v->type ? v->type->exports : NULL; f && f->name; f++) {
		if (!str_is(name, f->name))
			continue;
		*out = f->type == ARG_CAPSULE ? value_capsule(f->capsule, NULL)
		       : f->type == ARG_TARGETS || f->type == ARG_CAPSULES
			       ? value_array(NULL, 0)
			       : value_null();
		return true;
	}
	return false;
}

void plan_scope_init(struct plan_scope *s, const struct plan *p, struct arena *a)
{
	*s = (struct plan_scope){
		.base = {.resolve = resolve, .stability = p->stability},
		.plan = p,
		.arena = a,
		.export = nominal_export,
	};
}

static bool skip(void *owner, const struct expr *x)
{
	const struct vertex *v = owner;

	for (size_t i = 0; i < v->n_attrs; i++)
		if (v->attrs[i].x == x)
			return v->attrs[i].is_bad || v->attrs[i].is_open;
	return false;
}

void plan_check(const struct plan *p, const struct vertex *v, bool terse, struct diags *d)
{
	struct body_options options = {.keep_going = true, .terse = terse, .skip = skip};
	const struct component_type *t = v->type;
	size_t errors = d->errors;
	struct plan_scope scope;
	struct evaluated *e;
	void *args;

	if (!t || !t->args)
		return;
	options.owner = unconst(v);
	plan_scope_init(&scope, p, p->arena);
	e = body_evaluate_with(p->arena, v->block, &scope.base, &options, d);
	args = arena_alloc(p->arena, t->args_size ? t->args_size : 1, 1);
	args_decode(p->arena, e, t->args, args, t->args_size, d);
	if (d->errors == errors && !e->unknown && t->check)
		t->check(args, d);
}
