/*
 * One instance: evaluation of its block, start, update, stop, exports, health. An instance
 * lives through reloads: what belongs to a configuration (the vertex) is replaced, what belongs
 * to the instance (arguments in force, exports) has arenas of its own; arguments hold the exports
 * that they point into, so that a list of targets is not copied for each who refers to it.
 */

#include "agent/graph/node.h"

#include "agent/base/container_of.h"
#include "agent/base/err.h"
#include "agent/base/log.h"
#include "agent/base/mem.h"
#include "agent/base/must.h"
#include "agent/base/vec.h"
#include "agent/config/ast.h"
#include "agent/graph/arg_private.h"
#include "agent/graph/context.h"
#include "agent/loop/loop.h"

#include <stdio.h>
#include <stdlib.h>

const char *const health_names[] = {
	[HEALTH_UNKNOWN] = "unknown",
	[HEALTH_HEALTHY] = "healthy",
	[HEALTH_UNHEALTHY] = "unhealthy",
	[HEALTH_EXITED] = "exited",
};

static size_t count_exports(const struct component_type *t)
{
	size_t n = 0;

	while (t->exports && t->exports[n].name)
		n++;
	return n;
}

struct node *node_new(struct graph *g, struct vertex *v)
{
	struct node *n = mem_new(struct node, 1);
	size_t n_exports = count_exports(v->type);

	must(v->type->size >= sizeof(struct component));
	list_init(&n->link);
	n->graph = g;
	n->vertex = v;
	n->id = mem_new(char, v->node_id.n + 1);
	memcpy(n->id, v->node_id.p, v->node_id.n);
	n->exports = mem_new(struct snapshot *, n_exports + 1);
	n->c = mem_alloc(v->type->size, 1);
	*n->c = (struct component){
		.type = v->type,
		.id = n->id,
		.loop = graph_agent(g)->loop,
		.agent = graph_agent(g),
		.node = n,
	};
	return n;
}

static struct node_args *args_new(void)
{
	struct node_args *a = mem_new(struct node_args, 1);

	arena_init(&a->arena, 0);
	return a;
}

static void args_free(struct node_args *a)
{
	if (!a)
		return;
	arena_fini(&a->arena);
	snapshots_release(&a->held);
	free(a);
}

static void clear_exports(struct node *n)
{
	size_t count = count_exports(n->c->type);

	for (size_t i = 0; i < count; i++) {
		snapshot_release(n->exports[i]);
		n->exports[i] = NULL;
	}
}

void node_free(struct node *n)
{
	must(n->n_deps == 0);
	list_remove(&n->link);
	clear_exports(n);
	args_free(n->args);
	free(n->exports);
	free(n->c);
	free(n->id);
	free(n);
}

void node_release_deps(struct node *n)
{
	for (size_t i = 0; i < n->n_deps; i++) {
		must(n->deps[i]->holders > 0);
		n->deps[i]->holders--;
	}
	free(n->deps);
	n->deps = NULL;
	n->n_deps = 0;
}

struct holding {
	struct node **p;
	size_t n, cap;
};

static bool is_held_already(const struct holding *h, const struct node *n)
{
	for (size_t i = 0; i < h->n; i++)
		if (h->p[i] == n)
			return true;
	return false;
}

/* Arguments and exports of modules only pass on what is others'; who refers to them points into
 * those. How deep this goes is bounded by how deep modules are. */
static void hold(struct holding *h, const struct vertex *v)
{
	for (size_t i = 0; i < v->n_deps; i++) {
		const struct vertex *to = v->deps[i];

		if (is_held_already(h, to->node))
			continue;
		*vec_add(h) = to->node; /* NOLINT: its elements are pointers */
		to->node->holders++;
		if (to->kind != VERTEX_COMPONENT)
			hold(h, to);
	}
}

/* From now on the arguments point into what the block refers to, and no more into what it
 * referred to before. */
static void hold_deps(struct node *n)
{
	struct holding h = {0};

	hold(&h, n->vertex);
	node_release_deps(n);
	n->deps = h.p;
	n->n_deps = h.n;
}

enum health node_health(const struct node *n)
{
	return n->failed ? HEALTH_UNHEALTHY : n->health;
}

void node_set_health(struct node *n, enum health h, const char *reason)
{
	n->health = h;
	n->health_at = n->c->loop ? loop_wall(n->c->loop) : 0;
	snprintf(n->reason, sizeof(n->reason), "%s", reason ? reason : "");
}

struct live_scope {
	struct plan_scope base;
	const struct vertex *missing; /* has not said yet what it exports */
	struct snapshots *seen;
};

/* Lists of targets begin empty; what else is not there yet is waited for. */
static bool begins_empty(const struct export_field *f)
{
	return f->type == ARG_TARGETS;
}

static bool live_export(struct plan_scope *base, const struct vertex *v, struct str name,
	struct value *out)
{
	struct live_scope *s = container_of(base, struct live_scope, base);
	const struct export_field *f = v->type->exports;

	for (size_t i = 0; f && f[i].name; i++) {
		struct snapshot *x = v->node->exports[i];

		if (!str_is(name, f[i].name))
			continue;
		if (!x && !begins_empty(&f[i]))
			s->missing = v;
		if (x)
			snapshots_add(s->seen, x);
		*out = x ? x->value : value_array(NULL, 0);
		return true;
	}
	return false;
}

/* An item of a foreach is what its collection has at its place: what it has now, because capsules
 * of an older one may be gone; if another item is there now, a new plan is on its way. */
static void live_item(struct plan_scope *base, const struct module *m, struct value *out)
{
	struct live_scope *s = container_of(base, struct live_scope, base);
	struct snapshot *x = m->of->node->exports[0];

	*out = value_null();
	if (!x || x->value.type != VALUE_ARRAY || m->index >= x->value.array.n ||
		!value_eq(&x->value.array.items[m->index],
			&m->of->collection.array.items[m->index])) {
		s->missing = m->of;
		return;
	}
	snapshots_add(s->seen, x);
	*out = x->value.array.items[m->index];
}

static bool fail(struct node *n, const char *reason)
{
	n->failed = true;
	n->health_at = loop_wall(n->c->loop);
	snprintf(n->reason, sizeof(n->reason), "%s", reason);
	return false;
}

/* What it refers to did not start, which has been reported for that one, or has nothing to
 * export yet: no failure of its own. */
static bool wait_for(struct node *n, const char *what)
{
	struct err e;

	err_set(&e, "waits for %s", what);
	fail(n, e.text);
	n->waits = true;
	return true;
}

static bool wait_for_vertex(struct node *n, const struct vertex *v)
{
	return wait_for(n, v->node->id);
}

static const struct vertex *dep_not_running(const struct vertex *v)
{
	for (size_t i = 0; i < v->n_deps; i++)
		if (v->deps[i]->node->state != NODE_RUNNING)
			return v->deps[i];
	return NULL;
}

/* Hands new arguments to the component. On success they are in force. */
static bool apply(struct node *n, struct node_args *a, const void *args, struct err *why)
{
	const struct component_type *t = n->c->type;
	bool is_start = n->state == NODE_NEW;

	if (is_start ? t->start && !t->start(n->c, args, why) : !t->update(n->c, args, why))
		return false;
	hold_deps(n);
	args_free(n->args);
	n->args = a;
	if (is_start) {
		n->state = NODE_RUNNING;
		graph_dirty(n->graph, n->vertex);
	}
	return true;
}

/* What a start() that failed may have left. */
static void clear_instance(struct node *n)
{
	struct component keep = *n->c;

	clear_exports(n);
	memset(n->c, 0, n->c->type->size);
	*n->c = keep;
}

static bool decode_and_apply(struct node *n, struct node_args *a, struct diags *d)
{
	const struct component_type *t = n->c->type;
	void *args = arena_alloc(&a->arena, t->args_size ? t->args_size : 1, 1);
	struct err why = {"it gave no reason"};
	struct diags quiet; /* warnings were given when the configuration was checked */
	bool ok;

	diags_init(&quiet, &a->arena);
	ok = args_decode(&a->arena, a->evaluated, t->args, args, t->args_size, &quiet);
	ok = ok && (!t->check || t->check(args, &quiet));
	for (size_t i = 0; i < quiet.n; i++)
		if (quiet.p[i].severity == DIAG_ERROR)
			diag_error(d, quiet.p[i].at, STR_FMT, STR_ARG(quiet.p[i].message));
	diags_fini(&quiet);
	if (!ok)
		return false;
	if (apply(n, a, args, &why))
		return true;
	if (n->state == NODE_NEW)
		clear_instance(n);
	return diag_error(d, n->vertex->block->name_at, "%s: %s",
		n->state == NODE_NEW ? "cannot start" : "cannot take the new arguments", why.text);
}

static void succeed(struct node *n)
{
	bool said_more = !n->failed && n->health != HEALTH_UNKNOWN;

	n->failed = false;
	if (!said_more)
		node_set_health(n, HEALTH_HEALTHY, "");
}

/* Exports need not be copied: the arguments hold them. */
static bool is_held(void *owner, const void *p)
{
	return snapshots_have(owner, p);
}

/* The arguments as they would be now. NULL: missing says what they wait for, or d why. */
static struct evaluated *evaluate_block(struct node *n, struct node_args *a,
	const struct vertex **missing, struct diags *d)
{
	struct live_scope scope = {.seen = &a->held};
	const struct value_kept kept = {is_held, &a->held};
	struct diags before = *d;
	struct arena scratch;
	struct evaluated *e;

	arena_init(&scratch, 0);
	plan_scope_init(&scope.base, graph_plan(n->graph), n->vertex->scope, &scratch);
	scope.base.export = live_export;
	scope.base.item = live_item;
	e = body_evaluate_with(&a->arena, n->vertex->args, &scope.base.base,
		&(struct body_options){.scratch = &scratch, .kept = &kept}, d);
	arena_fini(&scratch);
	*missing = scope.missing;
	if (scope.missing) { /* what is wrong without it is no mistake */
		d->n = before.n;
		d->errors = before.errors;
	}
	return e;
}

/* Two nodes may be evaluated with the same values while one of them came from elsewhere, so
 * what is held follows the block even if nothing is applied. */
static bool evaluate(struct node *n, struct node_args *a, bool *kept, struct diags *d)
{
	const struct vertex *missing = NULL;
	struct evaluated *e = evaluate_block(n, a, &missing, d);

	a->evaluated = e;
	if (missing)
		return wait_for_vertex(n, missing);
	if (e && n->state == NODE_RUNNING && evaluated_eq(n->args->evaluated, e)) {
		hold_deps(n);
		return true;
	}
	if (e && n->state == NODE_RUNNING && !n->c->type->update)
		return node_evaluate(graph_replace(n->graph, n->vertex), d);
	if (!e || !decode_and_apply(n, a, d)) {
		struct str why = d->n ? d->p[d->n - 1].message : STR("it has no value");
		struct err text;

		err_set(&text, STR_FMT, STR_ARG(why));
		return fail(n, text.text);
	}
	*kept = true;
	node_set_health(n, HEALTH_HEALTHY, "");
	return true;
}

bool node_evaluate(struct node *n, struct diags *d)
{
	const struct vertex *waits = dep_not_running(n->vertex);
	bool kept = false, ok;
	struct node_args *a;

	n->waits = false;
	if (n->vertex->kind == VERTEX_CUSTOM && !n->vertex->inner)
		return wait_for(n, "its module, which is not imported yet");
	if (waits)
		return wait_for_vertex(n, waits);
	a = args_new();
	ok = evaluate(n, a, &kept, d);
	if (!kept)
		args_free(a);
	if (ok && n->vertex && !n->waits) /* else another one has taken its place */
		succeed(n);
	if (ok && n->vertex && n->vertex->kind == VERTEX_CUSTOM)
		graph_dirty(n->graph, n->vertex); /* what it exports is in other nodes */
	return ok;
}

void component_imports(struct component *c)
{
	if (c->node && c->node->vertex)
		graph_look(c->node->graph, c->node->vertex);
}

void node_stop(struct node *n)
{
	must(n->state == NODE_RUNNING && n->holders == 0);
	n->state = NODE_STOPPING;
	if (n->c->type->stop)
		n->c->type->stop(n->c);
	else
		n->state = NODE_STOPPED;
}

/* Components of unit tests have no node: what they say is heard by nobody. */

void component_stopped(struct component *c)
{
	struct node *n = c->node;

	if (!n)
		return;
	must(n->state == NODE_STOPPING);
	n->state = NODE_STOPPED;
	graph_node_stopped(n->graph);
}

void component_export(struct component *c, const char *name, struct value v)
{
	struct node *n = c->node;
	struct snapshot **x = NULL;
	struct snapshot *before;

	if (!n)
		return;
	for (size_t i = 0; c->type->exports && c->type->exports[i].name; i++)
		if (strcmp(c->type->exports[i].name, name) == 0)
			x = &n->exports[i];
	must(x);
	before = *x;
	if (before && value_eq(&before->value, &v))
		return;
	*x = snapshot_new(&v);
	snapshot_release(before);
	if (n->vertex)
		graph_dirty(n->graph, n->vertex);
}

void component_set_health(struct component *c, enum health h, const char *reason)
{
	struct node *n = c->node;

	if (!n)
		return;
	if (n->health != h && h == HEALTH_UNHEALTHY)
		log_warn(c->id, "component is unhealthy", KV("reason", reason));
	node_set_health(n, h, reason);
}
