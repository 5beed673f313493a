/*
 * Values that follow from the text alone: what an import or a foreach needs before anything
 * runs. Arguments of custom components are followed to what was given, names of components and
 * items of a foreach end it.
 */

#include "agent/base/container_of.h"
#include "agent/config/ast.h"
#include "agent/graph/plan_private.h"

struct static_scope {
	struct scope base;
	struct plan *p;
	const struct module *module;
	bool is_unknown;
};

static const struct expr *default_of(const struct module *m, struct str name)
{
	for (size_t f = 0; f < m->n_bodies; f++) {
		const struct stmt *s = stmt_find(m->bodies[f], "argument", name);

		for (size_t i = 0; s && i < s->body->n; i++)
			if (str_is(s->body->stmts[i].name, "default"))
				return s->body->stmts[i].value;
	}
	return NULL;
}

/* How deep this goes is bounded by how deep modules are. */
static bool argument_value(struct static_scope *s, struct str name, struct value *out)
{
	const struct vertex *of = s->module->of;
	const struct expr *x;

	if (s->module->kind != MODULE_CUSTOM || s->module->is_template || !of)
		return false;
	for (size_t i = 0; i < of->block->body->n; i++) {
		const struct stmt *it = &of->block->body->stmts[i];

		if (!it->is_block && str_eq(it->name, name))
			return plan_static(s->p, of->scope, it->value, out);
	}
	x = default_of(s->module, name);
	*out = value_null();
	return !x || plan_static(s->p, s->module, x, out);
}

static bool resolve(struct scope *base, const struct str *parts, size_t n, size_t *used,
	struct value *out)
{
	struct static_scope *s = container_of(base, struct static_scope, base);

	if (str_is(parts[0], "module_path")) {
		*used = 1;
		*out = value_str(s->module->folder);
		return true;
	}
	if (n >= 3 && str_is(parts[0], "argument") && str_is(parts[2], "value")) {
		*used = 3;
		s->is_unknown |= !argument_value(s, parts[1], out);
		return true;
	}
	if (stdlib_has(parts, 1))
		return false;
	s->is_unknown = true;
	*used = n;
	*out = value_null();
	return true;
}

bool plan_static(struct plan *p, const struct module *m, const struct expr *x, struct value *out)
{
	struct static_scope s = {
		.base = {resolve, p->set.stability}, .p = p, .module = m};
	struct diags quiet;
	struct value v = {0};
	bool ok;

	diags_init(&quiet, p->arena);
	ok = eval_expr(p->arena, &s.base, x, &v, &quiet) && !s.is_unknown;
	diags_fini(&quiet);
	if (ok)
		*out = v;
	return ok;
}
