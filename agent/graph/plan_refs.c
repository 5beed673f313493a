/*
 * References: the edges of the graph, and for each attribute whether its value can be known
 * before anything runs. `targets = discovery.kubernetes.pods.targets` can (a list of targets,
 * which are not known yet), and so can a list of receivers; what is computed from exports cannot.
 */

#include "agent/base/vec.h"
#include "agent/config/ast.h"
#include "agent/graph/plan_private.h"

#include <stdlib.h>

struct gatherer {
	struct plan *p;
	struct vertex *v;
	struct diags *d;
	struct {
		struct plan_attr *p;
		size_t n, cap;
	} attrs;
	struct {
		struct vertex **p;
		size_t n, cap;
	} deps;
};

static void add_dep(struct gatherer *g, struct vertex *to)
{
	if (to == g->v) {
		g->v->refers_to_self = true;
		return;
	}
	for (size_t i = 0; i < g->deps.n; i++)
		if (g->deps.p[i] == to)
			return;
	*vec_add(&g->deps) = to; /* NOLINT: its elements are pointers */
}

/* What a custom component exports is written in its declare. */
static bool check_field(struct gatherer *g, const struct vertex *to, const struct ref *r,
	size_t used)
{
	if (to->kind != VERTEX_CUSTOM || !to->definition || r->n == used ||
		stmt_find(to->definition->block->body, "export", r->parts[used]))
		return true;
	return diag_error(g->d, r->at, "field \"" STR_FMT "\" does not exist",
		STR_ARG(r->parts[used]));
}

const struct module *module_of_var(const struct module *m, struct str name)
{
	for (; m; m = m->outer)
		if (m->kind == MODULE_ITEM && str_eq(m->var, name))
			return m;
	return NULL;
}

/* False: it leads nowhere, or to what is not allowed. */
static bool check_ref(struct gatherer *g, const struct ref *r)
{
	size_t used = 0, errors = g->d->errors;
	struct vertex *to = plan_find(g->v->scope, r->parts, r->n, &used);
	const struct module *item = module_of_var(g->v->scope, r->parts[0]);
	struct str name = {"", 0};

	if (to) {
		if (stdlib_has(r->parts, 1))
			diag_warning(g->d, r->first_at,
				"a component is shadowing an existing stdlib name");
		add_dep(g, to);
		return check_field(g, to, r, used);
	}
	if (item) {
		add_dep(g, item->of);
		return true;
	}
	if (r->n == 1 && str_is(r->parts[0], "module_path"))
		return true;
	if (stdlib_has(r->parts, 1)) {
		stdlib_check(r, g->p->set.stability, g->d);
		return g->d->errors == errors;
	}
	for (size_t i = 0; i < r->n; i++)
		name = arena_printf(g->p->arena, STR_FMT "%s" STR_FMT, STR_ARG(name), i ? "." : "",
			STR_ARG(r->parts[i]));
	return diag_error(g->d, r->at,
		"component \"" STR_FMT "\" does not exist or is out of scope", STR_ARG(name));
}

static const struct export_field *find_export(const struct component_type *t, struct str name)
{
	for (const struct export_field *f = t->exports; f && f->name; f++)
		if (str_is(name, f->name))
			return f;
	return NULL;
}

static bool is_nominal(const struct export_field *f)
{
	return f->type == ARG_CAPSULE || f->type == ARG_TARGETS;
}

/* A component as a whole, in the place of what it exports: `forward_to = [loki.write.w]`. */
static bool all_nominal(const struct component_type *t)
{
	for (const struct export_field *f = t->exports; f && f->name; f++)
		if (!is_nominal(f))
			return false;
	return true;
}

/* Is this reference an export that has a value of its type without running? */
static bool has_nominal_value(const struct module *m, const struct ref *r)
{
	const struct export_field *f;
	size_t used;
	struct vertex *to = plan_find(m, r->parts, r->n, &used);

	if (!to)
		return !module_of_var(m, r->parts[0]); /* the standard library's */
	if (!to->type || to->kind != VERTEX_COMPONENT)
		return false;
	if (r->n == used)
		return all_nominal(to->type);
	f = find_export(to->type, r->parts[used]);
	if (!f)
		return true; /* evaluating it gives the error */
	return r->n == used + 1 && is_nominal(f);
}

static bool is_unknown(const struct module *m, const struct refs *refs)
{
	size_t used;

	for (size_t i = 0; i < refs->n; i++)
		if (plan_find(m, refs->p[i].parts, refs->p[i].n, &used) ||
			module_of_var(m, refs->p[i].parts[0]))
			return true;
	return false;
}

static bool is_open(struct gatherer *g, const struct expr *x)
{
	struct refs refs = {0};

	switch (x->kind) {
	case EXPR_PAREN:
		return is_open(g, x->operand);
	case EXPR_ARRAY:
		for (size_t i = 0; i < x->n; i++)
			if (is_open(g, x->items[i]))
				return true;
		return false;
	case EXPR_ACCESS:
	case EXPR_IDENT:
		expr_refs(g->p->arena, x, &refs);
		return refs.n == 1 && !has_nominal_value(g->v->scope, &refs.p[0]);
	case EXPR_LITERAL:
		return false;
	case EXPR_OBJECT:
	case EXPR_INDEX:
	case EXPR_CALL:
	case EXPR_UNARY:
	case EXPR_BINARY:
		break;
	}
	expr_refs(g->p->arena, x, &refs);
	return is_unknown(g->v->scope, &refs);
}

static void gather_attr(struct gatherer *g, const struct expr *x)
{
	struct plan_attr a = {.x = x};
	struct refs refs = {0};

	expr_refs(g->p->arena, x, &refs);
	for (size_t i = 0; i < refs.n; i++)
		a.is_bad |= !check_ref(g, &refs.p[i]);
	a.is_open = !a.is_bad && is_open(g, x);
	*vec_add(&g->attrs) = a;
}

static void gather_body(struct gatherer *g, const struct body *body)
{
	for (size_t i = 0; body && i < body->n; i++) {
		if (body->stmts[i].is_block)
			gather_body(g, body->stmts[i].body);
		else if (body->stmts[i].value)
			gather_attr(g, body->stmts[i].value);
	}
}

static void *moved(struct arena *a, void *p, size_t size, size_t n)
{
	void *to = arena_alloc(a, size, n);

	if (n > 0)
		memcpy(to, p, size * n);
	free(p);
	return to;
}

/* What the template of a foreach refers to around it. That what it refers to is there is checked
 * with the template. */
static void gather_outer(struct gatherer *g, const struct body *body)
{
	for (size_t i = 0; body && i < body->n; i++) {
		struct refs refs = {0};

		if (body->stmts[i].is_block) {
			gather_outer(g, body->stmts[i].body);
			continue;
		}
		expr_refs(g->p->arena, body->stmts[i].value, &refs);
		for (size_t r = 0; r < refs.n; r++) {
			size_t used;
			struct vertex *to = plan_find(g->v->module, refs.p[r].parts, refs.p[r].n,
				&used);

			if (to && to != g->v)
				add_dep(g, to);
		}
	}
}

void plan_refer(struct plan *p, struct vertex *v, struct diags *d)
{
	struct gatherer g = {.p = p, .v = v, .d = d};

	if (v->kind == VERTEX_DECLARE)
		return;
	gather_body(&g, v->args->body);
	if (v->kind == VERTEX_FOREACH)
		gather_outer(&g, v->block->body);
	v->n_attrs = g.attrs.n;
	v->attrs = moved(p->arena, g.attrs.p, sizeof(*g.attrs.p), g.attrs.n);
	v->n_deps = g.deps.n;
	v->deps = moved(p->arena, g.deps.p, sizeof(struct vertex *), g.deps.n);
}

void plan_link_users(struct plan *p)
{
	for (size_t i = 0; i < p->n; i++)
		for (size_t k = 0; k < p->v[i]->n_deps; k++)
			p->v[i]->deps[k]->n_users++;
	for (size_t i = 0; i < p->n; i++) {
		p->v[i]->users = arena_new(p->arena, struct vertex *, p->v[i]->n_users);
		p->v[i]->n_users = 0;
	}
	for (size_t i = 0; i < p->n; i++)
		for (size_t k = 0; k < p->v[i]->n_deps; k++) {
			struct vertex *to = p->v[i]->deps[k];

			to->users[to->n_users++] = p->v[i];
		}
}
