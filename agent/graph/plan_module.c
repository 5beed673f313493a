/*
 * Custom components and foreach. A declare is checked once, as it is written, with arguments
 * that nobody knows. Then, if all is right, each use of it becomes a module of its own: its
 * blocks are vertices like all others, in one graph with them, so that order, changes and reload
 * need to know nothing of modules.
 */

#include "agent/base/ascii.h"
#include "agent/base/buf.h"
#include "agent/base/vec.h"
#include "agent/config/ast.h"
#include "agent/graph/plan_private.h"

#include <inttypes.h>
#include <stdlib.h>

const struct stmt *stmt_find(const struct body *b, const char *name, struct str label)
{
	for (size_t i = 0; b && i < b->n; i++)
		if (b->stmts[i].is_block && str_is(b->stmts[i].name, name) &&
			str_eq(b->stmts[i].label, label))
			return &b->stmts[i];
	return NULL;
}

static const struct stmt *find_attr(const struct body *b, struct str name)
{
	for (size_t i = 0; b && i < b->n; i++)
		if (!b->stmts[i].is_block && str_eq(b->stmts[i].name, name))
			return &b->stmts[i];
	return NULL;
}

static const struct body *template_of(const struct vertex *v)
{
	const struct stmt *s = stmt_find(v->block->body, "template", (struct str){0});

	return s ? s->body : NULL;
}

static void set_body(struct plan *p, struct module *m, const struct body *b)
{
	m->bodies = arena_new(p->arena, const struct body *, 1);
	m->bodies[0] = b;
	m->n_bodies = 1;
}

static struct str static_text(struct plan *p, const struct vertex *v, const char *name)
{
	const struct stmt *s = find_attr(v->block->body, str_from(name));
	struct value x;

	if (s && plan_static(p, v->scope, s->value, &x) && x.type == VALUE_STRING)
		return x.s;
	return (struct str){"", 0};
}

static struct module *new_item(struct plan *p, struct vertex *v, struct str path)
{
	struct module *m = plan_module_new(p, MODULE_ITEM, v->module, path);

	m->outer = v->module;
	m->of = v;
	m->var = static_text(p, v, "var");
	set_body(p, m, template_of(v));
	return m;
}

static struct module *new_custom(struct plan *p, struct module *home, const struct stmt *block,
	struct str path)
{
	struct module *m = plan_module_new(p, MODULE_CUSTOM, home, path);

	set_body(p, m, block->body);
	return m;
}

void plan_check_template(struct plan *p, struct vertex *v, struct diags *d)
{
	struct module *m;

	if (v->kind == VERTEX_FOREACH && !template_of(v))
		return;
	m = v->kind == VERTEX_FOREACH ? new_item(p, v, v->node_id)
				      : new_custom(p, v->module, v->block, v->node_id);
	m->is_template = true;
	m->depth = v->module->depth + 1;
	if (m->depth > MODULES_DEEP)
		diag_error(d, v->block->name_at, "modules are nested deeper than %d",
			MODULES_DEEP);
	else
		plan_build(p, m, true, d);
}

static bool is_optional(struct plan *p, const struct module *home, const struct stmt *argument)
{
	const struct stmt *s = find_attr(argument->body, STR("optional"));
	struct value x;

	return s && plan_static(p, home, s->value, &x) && x.type == VALUE_BOOL && x.b;
}

static void check_given(const struct vertex *v, const struct stmt *s, struct diags *d)
{
	const struct body *b = v->block->body;

	if (s->is_block)
		diag_error(d, s->at, "unrecognized block name \"" STR_FMT "\"", STR_ARG(s->name));
	else if (v->definition &&
		 !stmt_find(v->definition->block->body, "argument", s->name))
		diag_error(d, s->at, "unrecognized attribute name \"" STR_FMT "\"",
			STR_ARG(s->name));
	else if (find_attr(b, s->name) != s)
		diag_error(d, s->at, "attribute \"" STR_FMT "\" may only be provided once",
			STR_ARG(s->name));
}

void plan_check_custom(struct plan *p, struct vertex *v, struct diags *d)
{
	const struct body *given = v->block->body;
	const struct body *b = v->definition ? v->definition->block->body : NULL;

	for (size_t i = 0; i < given->n; i++)
		check_given(v, &given->stmts[i], d);
	for (size_t i = 0; b && i < b->n; i++) {
		const struct stmt *s = &b->stmts[i];

		if (!s->is_block || !str_is(s->name, "argument") || find_attr(given, s->label) ||
			is_optional(p, v->definition->home, s))
			continue;
		diag_error(d, v->block->at, "missing required attribute \"" STR_FMT "\"",
			STR_ARG(s->label));
	}
}

struct expansion {
	struct plan *p;
	struct diags *d;
	struct {
		struct vertex **p;
		size_t n, cap;
	} all;
};

static bool expand_module(struct expansion *x, struct module *m);

/* A component that is made of itself would have no end. */
static bool check_recursion(struct expansion *x, const struct vertex *v)
{
	const struct stmt *block = v->definition->block;
	struct str names = {"", 0};

	for (const struct module *m = v->module; m && m->of; m = m->of->module) {
		const struct definition *around = m->of->definition;

		if (m->kind != MODULE_CUSTOM)
			continue;
		names = arena_printf(x->p->arena, "declare." STR_FMT "%s" STR_FMT,
			STR_ARG(around->name), names.n ? ", " : "", STR_ARG(names));
		if (around->block != block)
			continue;
		if (m == v->module)
			return diag_error(x->d, v->block->name_at, "cannot reference self");
		return diag_error(x->d, v->block->name_at, "cycle detected: " STR_FMT,
			STR_ARG(names));
	}
	return true;
}

/* An argument is what the block of the custom component says, where that block is. */
static void bind_arguments(struct plan *p, struct module *m)
{
	for (size_t i = 0; i < m->n; i++) {
		struct vertex *v = m->v[i];
		const struct stmt *given = v->kind == VERTEX_ARGUMENT
						   ? find_attr(m->of->block->body, v->block->label)
						   : NULL;
		struct stmt *block, *value;

		if (!given)
			continue;
		block = arena_new(p->arena, struct stmt, 1);
		value = arena_new(p->arena, struct stmt, 1);
		*value = *given;
		value->name = STR("default");
		*block = *v->block;
		block->body = arena_new(p->arena, struct body, 1);
		*block->body = (struct body){value, 1};
		v->args = block;
		v->scope = m->of->scope;
	}
}

void plan_bind(struct plan *p, struct module *m)
{
	static struct body nothing;

	for (size_t i = 0; i < m->n; i++) {
		struct vertex *v = m->v[i];
		struct stmt *block;

		if (v->kind != VERTEX_FOREACH)
			continue;
		block = arena_new(p->arena, struct stmt, 1);
		*block = *v->block;
		block->body = arena_new(p->arena, struct body, 1);
		block->body->n = v->block->body->n;
		block->body->stmts = arena_new(p->arena, struct stmt, block->body->n + 1);
		for (size_t k = 0; k < block->body->n; k++) {
			block->body->stmts[k] = v->block->body->stmts[k];
			if (block->body->stmts[k].is_block)
				block->body->stmts[k].body = &nothing;
		}
		v->args = block;
	}
	if (m->kind == MODULE_CUSTOM && !m->is_template)
		bind_arguments(p, m);
}

/* The custom component stands for its module: it is there when all that it takes and gives is. */
static void close_custom(struct plan *p, struct vertex *v)
{
	const struct module *m = v->inner;
	struct stmt *block = arena_new(p->arena, struct stmt, 1);

	*block = *v->block;
	block->body = arena_new(p->arena, struct body, 1);
	v->args = block;
	v->deps = arena_new(p->arena, struct vertex *, m->n + 1);
	v->n_deps = 0;
	for (size_t i = 0; i < m->n; i++)
		if (m->v[i]->kind == VERTEX_ARGUMENT || m->v[i]->kind == VERTEX_EXPORT)
			v->deps[v->n_deps++] = m->v[i];
}

static bool expand_custom(struct expansion *x, struct vertex *v)
{
	size_t errors = x->d->errors;

	if (!v->definition) /* not imported yet */
		return true;
	if (!check_recursion(x, v))
		return false;
	v->inner = new_custom(x->p, v->definition->home, v->definition->block, v->node_id);
	v->inner->of = v;
	v->inner->depth = v->module->depth + 1;
	if (v->inner->depth > MODULES_DEEP)
		return diag_error(x->d, v->block->name_at, "modules are nested deeper than %d",
			MODULES_DEEP);
	plan_build(x->p, v->inner, false, x->d);
	if (x->d->errors > errors || !expand_module(x, v->inner))
		return false;
	close_custom(x->p, v);
	return true;
}

/* What tells an item from others, as a part of ids: Alloy's rule (node_foreach.go). */
static struct str fingerprint(struct arena *a, const struct value *v, bool hash_text)
{
	struct buf b = {0};
	struct str s;

	value_print(&b, v);
	if (v->type == VALUE_STRING && !hash_text) {
		char *copy = arena_alloc(a, v->s.n + 1, 1);

		for (size_t i = 0; i < v->s.n; i++)
			copy[i] = ascii_is_alnum(v->s.p[i]) ? v->s.p[i] : '_';
		s = (struct str){copy, v->s.n};
	} else if (v->type == VALUE_NUMBER) {
		s = arena_str(a, buf_str(&b));
		for (size_t i = 0; i < s.n; i++)
			if (s.p[i] == '.' || s.p[i] == '-')
				((char *)(uintptr_t)s.p)[i] = '_';
	} else {
		s = arena_printf(a, "%016" PRIx64, str_hash(buf_str(&b)));
	}
	buf_fini(&b);
	return s;
}

static struct str item_id(struct plan *p, struct vertex *v, const struct value *item,
	struct map *seen)
{
	const struct stmt *hash = find_attr(v->block->body, STR("hash_string_id"));
	struct str field = static_text(p, v, "id");
	const struct value *id = field.n && item->type == VALUE_OBJECT ? value_find(item, field)
								       : NULL;
	struct value flag;
	bool hash_text = hash && plan_static(p, v->scope, hash->value, &flag) &&
			 flag.type == VALUE_BOOL && flag.b;
	struct str name = fingerprint(p->arena, id ? id : item, hash_text);
	uintptr_t n = (uintptr_t)map_find(seen, name) + 1;

	map_set(seen, name, (void *)n); /* NOLINT: a count */
	return arena_printf(p->arena, STR_FMT "/foreach_" STR_FMT "_%zu", STR_ARG(v->node_id),
		STR_ARG(name), (size_t)n);
}

/* What the text says; or what a running one said last. */
static bool find_collection(struct plan *p, struct vertex *v, struct value *out)
{
	const struct stmt *s = find_attr(v->block->body, STR("collection"));
	const struct plan_live *live = p->set.live;
	const struct value *last;

	if (s && plan_static(p, v->scope, s->value, out))
		return out->type == VALUE_ARRAY;
	last = live ? live->exported(live->owner, v->node_id, "collection") : NULL;
	if (last)
		*out = value_copy(p->arena, last);
	return last && last->type == VALUE_ARRAY;
}

static bool expand_item(struct expansion *x, struct vertex *v, size_t i, struct map *seen)
{
	size_t errors = x->d->errors;
	struct str path = item_id(x->p, v, &v->collection.array.items[i], seen);
	struct module *m = new_item(x->p, v, path);

	m->index = i;
	m->depth = v->module->depth + 1;
	if (m->depth > MODULES_DEEP)
		return diag_error(x->d, v->block->name_at, "modules are nested deeper than %d",
			MODULES_DEEP);
	plan_build(x->p, m, false, x->d);
	return x->d->errors == errors && expand_module(x, m);
}

static bool expand_foreach(struct expansion *x, struct vertex *v)
{
	struct map seen = {0};
	bool ok = true;

	if (!find_collection(x->p, v, &v->collection))
		return true;
	for (size_t i = 0; ok && i < v->collection.array.n; i++)
		ok = expand_item(x, v, i, &seen);
	map_fini(&seen);
	return ok;
}

static bool expand_vertex(struct expansion *x, struct vertex *v)
{
	if (v->kind == VERTEX_DECLARE || !v->type)
		return true;
	if (x->all.n == VERTICES_MAX)
		return diag_error(x->d, v->block->name_at,
			"more than %d blocks, those in modules counted as often as they are used",
			VERTICES_MAX);
	*vec_add(&x->all) = v; /* NOLINT: its elements are pointers */
	if (v->kind == VERTEX_CUSTOM)
		return expand_custom(x, v);
	return v->kind != VERTEX_FOREACH || expand_foreach(x, v);
}

static bool expand_module(struct expansion *x, struct module *m)
{
	for (size_t i = 0; i < m->n; i++)
		if (!expand_vertex(x, m->v[i]))
			return false;
	return true;
}

bool plan_expand(struct plan *p, struct diags *d)
{
	struct expansion x = {.p = p, .d = d};
	bool ok = expand_module(&x, p->root);

	p->n = ok ? x.all.n : 0;
	p->v = arena_new(p->arena, struct vertex *, p->n + 1);
	if (p->n > 0)
		memcpy(p->v, x.all.p, p->n * sizeof(*p->v));
	free(x.all.p);
	return ok;
}
