/*
 * Arguments checked without running: exports are nominal values of their declared type, and an
 * attribute that cannot be known that way counts as given.
 */

#include "agent/base/container_of.h"
#include "agent/config/ast.h"
#include "agent/graph/arg_private.h"
#include "agent/graph/plan_private.h"

#include <stdlib.h>

static struct value custom_object(struct plan_scope *s, const struct module *m)
{
	struct field *fields = arena_new(s->arena, struct field, m->n + 1);
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++) {
		struct value x;

		if (m->v[i]->kind == VERTEX_EXPORT && s->export(s, m->v[i], STR("value"), &x))
			fields[n++] = (struct field){m->v[i]->block->label, x};
	}
	return value_object(s->arena, fields, n);
}

/* All exports, for what takes the component as a whole or asks for a field it has not. */
static struct value exports_object(struct plan_scope *s, const struct vertex *v)
{
	struct field fields[32];
	size_t n = 0;

	if (v->inner)
		return custom_object(s, v->inner);
	for (const struct export_field *f = v->type ? v->type->exports : NULL; f && f->name; f++) {
		struct value x;

		if (n == 32 || !s->export(s, v, str_from(f->name), &x))
			continue;
		fields[n++] = (struct field){str_from(f->name), x};
	}
	return value_object(s->arena, fields, n);
}

/* What a custom component exports is an export block in it. */
static bool resolve_field(struct plan_scope *s, const struct vertex *v, struct str name,
	struct value *out)
{
	struct str id;

	if (v->kind != VERTEX_CUSTOM)
		return s->export(s, v, name, out);
	if (!v->inner)
		return false;
	id = arena_printf(s->arena, "export." STR_FMT, STR_ARG(name));
	v = map_find(&v->inner->by_id, id);
	return v && s->export(s, v, STR("value"), out);
}

static bool resolve(struct scope *base, const struct str *parts, size_t n, size_t *used,
	struct value *out)
{
	struct plan_scope *s = container_of(base, struct plan_scope, base);
	const struct vertex *v = plan_find(s->module, parts, n, used);
	const struct module *item;

	if (v && n > *used && resolve_field(s, v, parts[*used], out)) {
		*used += 1;
		return true;
	}
	if (v) {
		*out = exports_object(s, v);
		return true;
	}
	*used = 1;
	item = module_of_var(s->module, parts[0]);
	if (item) {
		s->item(s, item, out);
		return true;
	}
	*out = value_str(s->module->folder);
	return str_is(parts[0], "module_path");
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

static void no_item(struct plan_scope *s, const struct module *m, struct value *out)
{
	(void)s;
	(void)m;
	*out = value_null();
}

void plan_scope_init(struct plan_scope *s, const struct plan *p, const struct module *m,
	struct arena *a)
{
	*s = (struct plan_scope){
		.base = {.resolve = resolve, .stability = p->set.stability},
		.plan = p,
		.module = m,
		.arena = a,
		.export = nominal_export,
		.item = no_item,
	};
}

static enum foresight foresee(void *owner, const struct expr *x)
{
	const struct vertex *v = owner;

	for (size_t i = 0; i < v->n_attrs; i++)
		if (v->attrs[i].x == x)
			return v->attrs[i].is_bad    ? FORESEEN_WRONG
			       : v->attrs[i].is_open ? FORESEEN_LATER
						     : FORESEEN;
	return FORESEEN;
}

/* What is wrong beyond the table, also where something else is wrong already: but not what only
 * follows from that. */
static void check_args(struct plan *p, const struct component_type *t, const void *args,
	const struct spoils *spoils, struct diags *d)
{
	struct diags said;

	diags_init(&said, p->arena);
	t->check(args, &said);
	for (size_t i = 0; i < said.n; i++)
		if (spoils_allow(spoils, &said.p[i]))
			plan_report_one(d, &said.p[i]);
	diags_fini(&said);
}

void plan_check(struct plan *p, struct vertex *v, struct diags *d)
{
	struct body_options options = {
		.keep_going = true, .terse = p->set.terse, .foresee = foresee, .owner = v};
	const struct component_type *t = v->type;
	struct plan_scope scope;
	struct spoils spoils = {0};
	struct evaluated *e;
	void *args;

	if (!t || !t->args)
		return;
	plan_scope_init(&scope, p, v->scope, p->arena);
	e = body_evaluate_with(p->arena, v->args, &scope.base, &options, d);
	args = arena_alloc(p->arena, t->args_size ? t->args_size : 1, 1);
	args_decode_spoilt(p->arena, e, t->args, args, t->args_size, &spoils, d);
	if (!spoils.is_open && t->check)
		check_args(p, t, args, &spoils, d);
	free(spoils.p);
}
