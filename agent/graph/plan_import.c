/*
 * import.* blocks: texts to modules. A module that is imported has only declares and imports of
 * its own, and sees nothing of who imports it. What the block gives follows from its arguments
 * (import.string, import.file), or from what a running instance has fetched (import.http);
 * until then its names stand for something that is not known, and what is built of them waits.
 */

#include "agent/base/err.h"
#include "agent/config/ast.h"
#include "agent/config/read.h"
#include "agent/graph/arg_private.h"
#include "agent/graph/plan_private.h"

static uint64_t hash_of(const struct imported *im)
{
	uint64_t h = 1;

	if (im->is_open)
		return 0;
	for (size_t i = 0; i < im->n; i++)
		h = (h * 31 + str_hash(im->p[i].name)) * 31 + str_hash(im->p[i].text);
	return h ? h : 1;
}

/* The arguments as far as they follow from the text; NULL: not all of them do. */
static struct evaluated *evaluate(struct plan *p, const struct vertex *v, const struct stmt *block)
{
	struct evaluated *e = arena_new(p->arena, struct evaluated, 1);
	size_t n = block->body ? block->body->n : 0;

	*e = (struct evaluated){.block = block, .name = block->name, .label = block->label, .n = n};
	e->items = arena_new(p->arena, struct evaluated_item, n + 1);
	for (size_t i = 0; i < n; i++) {
		struct evaluated_item *it = &e->items[i];

		it->stmt = &block->body->stmts[i];
		it->name = it->stmt->name;
		if (it->stmt->is_block) {
			it->body = evaluate(p, v, it->stmt);
			if (!it->body)
				return NULL;
		} else if (!plan_static(p, v->scope, it->stmt->value, &it->value)) {
			return NULL;
		}
	}
	return e;
}

/* What is wrong with them is found by plan_check(). */
static const void *decode(struct plan *p, const struct vertex *v)
{
	struct evaluated *e = evaluate(p, v, v->block);
	const struct component_type *t = v->type;
	struct diags quiet;
	void *args;
	bool ok;

	if (!e)
		return NULL;
	diags_init(&quiet, p->arena);
	args = arena_alloc(p->arena, t->args_size ? t->args_size : 1, 1);
	ok = args_decode(p->arena, e, t->args, args, t->args_size, &quiet) &&
	     (!t->check || t->check(args, &quiet));
	diags_fini(&quiet);
	return ok ? args : NULL;
}

static struct component *instance_of(const struct plan *p, const struct vertex *v)
{
	const struct plan_live *live = p->set.live;
	struct component *c = live ? live->instance(live->owner, v->node_id) : NULL;

	return c && c->type == v->type ? c : NULL;
}

static void add_text(struct plan *p, struct module *m, const struct import_text *text,
	struct diags *d)
{
	struct config c;

	if (config_parse(p->arena, text->name, text->text, &c, d))
		m->bodies[m->n_bodies++] = &c.files[0]->body;
}

static struct module *make_module(struct plan *p, const struct module *from,
	const struct vertex *v, const struct imported *im, struct diags *d)
{
	struct module *m = plan_module_new(p, MODULE_IMPORTED, NULL, v->node_id);

	m->depth = from->depth + 1;
	m->folder = im->folder.n > 0 ? im->folder : from->folder;
	m->bodies = arena_new(p->arena, const struct body *, im->n + 1);
	for (size_t i = 0; i < im->n; i++)
		add_text(p, m, &im->p[i], d);
	if (p->set.ignore_unsupported && m->n_bodies > 0) {
		m->bodies[0] = plan_leave_out(p, m->bodies, m->n_bodies);
		m->n_bodies = 1;
	}
	if (m->depth > MODULES_DEEP)
		diag_error(d, v->block->name_at, "modules are nested deeper than %d",
			MODULES_DEEP);
	else
		plan_build(p, m, true, d);
	return m;
}

/* For who checks a configuration elsewhere than where it will run. */
static void not_there(struct plan *p, const struct vertex *v, const struct err *why,
	struct diags *d)
{
	if (!p->set.terse) {
		diag_error(d, v->block->name_at, "cannot import: %s", why->text);
		return;
	}
	p->missing_import = v;
	p->missing_why = arena_str(p->arena, str_from(why->text));
}

void plan_import(struct plan *p, struct module *m, struct vertex *v, struct diags *d)
{
	struct import *slot = &m->imports[m->n_imports++];
	struct imported im = {.is_open = true};
	const void *args;
	struct err why;

	*slot = (struct import){.name = v->block->label};
	if (!v->type->import)
		return;
	args = decode(p, v);
	if (!v->type->import(p->arena, instance_of(p, v), args, &im, &why)) {
		not_there(p, v, &why, d);
		return;
	}
	v->imported = hash_of(&im);
	if (!im.is_open)
		slot->module = make_module(p, m, v, &im, d);
}

bool plan_import_changed(const struct vertex *v, struct component *c)
{
	struct imported im = {.is_open = true};
	struct arena a;
	struct err why;
	bool changed;

	if (!v->type->import)
		return false;
	arena_init(&a, 0);
	changed = v->type->import(&a, c, NULL, &im, &why) && !im.is_open &&
		  hash_of(&im) != v->imported;
	arena_fini(&a);
	return changed;
}
