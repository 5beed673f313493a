/*
 * Loading, passing exports on, stopping. Loading makes a plan first; only a plan without
 * errors touches anything. Then what is gone and used by nobody stops, the rest is
 * evaluated in order, and at last what is gone stops as soon as nobody holds it.
 */

#include "agent/graph/graph.h"

#include "agent/base/buf.h"
#include "agent/base/container_of.h"
#include "agent/base/list.h"
#include "agent/base/log.h"
#include "agent/base/mem.h"
#include "agent/base/must.h"
#include "agent/config/ast.h"
#include "agent/flow/once.h"
#include "agent/graph/context.h"
#include "agent/graph/graph_metrics.h"
#include "agent/graph/node.h"
#include "agent/loop/loop.h"

#include <stdio.h>
#include <stdlib.h>

struct graph {
	struct graph_settings set;
	struct arena *generation; /* of plan; NULL: nothing is loaded */
	struct plan *plan;
	struct vertex **shown; /* what people are told of, in the order of evaluation */
	size_t n_shown;
	struct map nodes; /* those with a vertex, by id */
	struct list all;  /* those that stop, too */
	struct task evaluate_task;
	struct task stop_task;
	struct task replan_task;
	struct once_part busy; /* something is still to be evaluated */
	bool is_sweeping;
	void (*done)(void *owner);
	void *done_owner;
	struct graph_metrics *metrics;
};

static void on_evaluate(struct task *t);
static void on_stopped(struct task *t);
static void on_replan(struct task *t);

struct graph *graph_new(const struct graph_settings *set)
{
	struct graph *g = mem_new(struct graph, 1);

	g->set = *set;
	list_init(&g->all);
	g->evaluate_task.run = on_evaluate;
	g->stop_task.run = on_stopped;
	g->replan_task.run = on_replan;
	g->metrics = graph_metrics_new(g);
	return g;
}

static void free_generation(struct plan *p, struct arena *a)
{
	if (p)
		plan_fini(p);
	if (!a)
		return;
	arena_fini(a);
	free(a);
}

void graph_free(struct graph *g)
{
	if (!g)
		return;
	task_cancel(&g->evaluate_task);
	task_cancel(&g->stop_task);
	task_cancel(&g->replan_task);
	once_idle(&g->busy);
	LIST_EACH (n, &g->all, struct node, link) {
		node_release_deps(n);
		node_free(n);
	}
	graph_metrics_free(g->metrics);
	map_fini(&g->nodes);
	free_generation(g->plan, g->generation);
	free(g);
}

struct agent_context *graph_agent(const struct graph *g)
{
	return g->set.agent;
}

const struct plan *graph_plan(const struct graph *g)
{
	return g->plan;
}

/* One step for one node that is to go. */
static bool sweep_node(struct node *n)
{
	if (n->vertex)
		return false;
	if (n->state == NODE_RUNNING && n->holders == 0) {
		node_stop(n);
		return true;
	}
	if (n->state == NODE_NEW || n->state == NODE_STOPPED) {
		if (n->holders > 0) /* it cannot be: who holds it keeps it from stopping */
			return false;
		node_release_deps(n);
		node_free(n);
		return true;
	}
	return false;
}

/* Stops what may stop, frees what has stopped, until nothing moves. */
static void sweep(struct graph *g)
{
	bool moved = true;

	g->is_sweeping = true;
	while (moved) {
		moved = false;
		LIST_EACH (n, &g->all, struct node, link)
			moved |= sweep_node(n);
	}
	g->is_sweeping = false;
	if (list_is_empty(&g->all) && g->done)
		task_defer(&g->stop_task, g->set.agent->loop);
}

/* Called from inside a component: it is freed at the end of the turn. */
void graph_node_stopped(struct graph *g)
{
	if (!g->is_sweeping)
		task_defer(&g->stop_task, g->set.agent->loop);
}

static void on_stopped(struct task *t)
{
	struct graph *g = container_of(t, struct graph, stop_task);
	void (*done)(void *owner) = g->done;

	sweep(g);
	if (!done || !list_is_empty(&g->all))
		return;
	task_cancel(&g->stop_task);
	g->done = NULL;
	done(g->done_owner);
}

static struct node *place_node(struct graph *g, struct vertex *v)
{
	struct node *n = node_new(g, v);

	list_add_last(&g->all, &n->link);
	map_set(&g->nodes, v->node_id, n);
	return n;
}

/* Gives every vertex its node, and takes it from those that are gone. */
static void match_nodes(struct graph *g, struct plan *p)
{
	LIST_EACH (n, &g->all, struct node, link)
		n->vertex = NULL;
	for (size_t i = 0; i < p->n; i++) {
		struct node *n = map_find(&g->nodes, p->v[i]->node_id);

		if (n && n->c->type != p->v[i]->type)
			n = NULL; /* a custom component now has its name, or had it */
		p->v[i]->node = n;
		if (n)
			n->vertex = p->v[i];
	}
	LIST_EACH (n, &g->all, struct node, link)
		if (!n->vertex && map_find(&g->nodes, str_from(n->id)) == n)
			map_remove(&g->nodes, str_from(n->id));
	for (size_t i = 0; i < p->n; i++)
		if (!p->v[i]->node)
			p->v[i]->node = place_node(g, p->v[i]);
}

/* A type that cannot update starts anew beside the old one, which goes when nobody holds it. */
struct node *graph_replace(struct graph *g, struct vertex *v)
{
	v->node->vertex = NULL;
	map_remove(&g->nodes, v->node_id);
	v->node = place_node(g, v);
	return v->node;
}

static bool evaluate_vertex(struct graph *g, struct vertex *v, struct diags *d)
{
	bool ok;

	v->is_dirty = false;
	graph_metrics_begin(g->metrics);
	ok = node_evaluate(v->node, d);
	graph_metrics_end(g->metrics);
	graph_look(g, v);
	return ok;
}

static void log_failure(const struct vertex *v, const struct diag *why)
{
	char place[64] = "";
	size_t line, column;

	if (why->at.file) {
		range_position(why->at, &line, &column);
		snprintf(place, sizeof(place), STR_FMT ":%zu:%zu",
			STR_ARG(str_head(why->at.file->name, 40)), line, column);
	}
	log_error(v->node->id, "failed to evaluate config", KV("err", why->message),
		KV("at", (const char *)place));
}

static void evaluate_dirty(struct graph *g, struct vertex *v)
{
	struct arena a;
	struct diags d;

	arena_init(&a, 0);
	diags_init(&d, &a);
	evaluate_vertex(g, v, &d);
	for (size_t i = 0; i < d.n; i++)
		if (d.p[i].severity == DIAG_ERROR)
			log_failure(v, &d.p[i]);
	diags_fini(&d);
	arena_fini(&a);
}

/* Exports have changed: their users, and what changes in turn, each once, since users come
 * after what they use. */
static void on_evaluate(struct task *t)
{
	struct graph *g = container_of(t, struct graph, evaluate_task);

	for (size_t i = 0; g->plan && i < g->plan->n; i++)
		if (g->plan->sorted[i]->is_dirty)
			evaluate_dirty(g, g->plan->sorted[i]);
	once_idle(&g->busy);
	sweep(g);
}

void graph_dirty(struct graph *g, const struct vertex *v)
{
	for (size_t i = 0; i < v->n_users; i++)
		v->users[i]->is_dirty = true;
	if (v->n_users == 0)
		return;
	once_busy(g->set.agent->work, &g->busy);
	task_defer(&g->evaluate_task, g->set.agent->loop);
}

static struct component *find_instance(void *owner, struct str node_id)
{
	const struct graph *g = owner;
	const struct node *n = map_find(&g->nodes, node_id);

	return n && n->state == NODE_RUNNING ? n->c : NULL;
}

static const struct value *find_exported(void *owner, struct str node_id, const char *name)
{
	const struct graph *g = owner;
	const struct node *n = map_find(&g->nodes, node_id);

	for (size_t i = 0; n && n->c->type->exports && n->c->type->exports[i].name; i++)
		if (n->exports[i] && strcmp(n->c->type->exports[i].name, name) == 0)
			return &n->exports[i]->value;
	return NULL;
}

/* The texts once more, as trees that belong to a new generation. */
static struct file **parse_again(const struct plan *p, struct arena *a, struct diags *d)
{
	struct file **files = arena_new(a, struct file *, p->n_files + 1);

	for (size_t i = 0; i < p->n_files; i++) {
		const struct source *from = p->files[i]->source;
		struct source *src = arena_new(a, struct source, 1);

		*src = (struct source){arena_str(a, from->name), arena_str(a, from->text)};
		files[i] = parse_file(a, src, d);
	}
	return files;
}

/* What an import gives, or a collection has, is another than in the plan. */
static bool is_changed(const struct vertex *v)
{
	const struct node *n = v->node;

	if (!n || n->state != NODE_RUNNING)
		return false;
	if (v->kind == VERTEX_FOREACH)
		return n->exports[0] && !value_eq(&n->exports[0]->value, &v->collection);
	return v->type->import && plan_import_changed(v, n->c);
}

static void set_behind(struct node *n, const char *why)
{
	if (!why && !n->behind)
		return;
	n->behind = why != NULL;
	component_set_health(n->c, why ? HEALTH_UNHEALTHY : HEALTH_HEALTHY, why ? why : "");
}

static void say_refused(struct graph *g, const struct diag *first)
{
	char why[256];

	snprintf(why, sizeof(why), "what came last is wrong, what was before is in force: " STR_FMT,
		STR_ARG(str_head(first ? first->message : (struct str){0}, 150)));
	for (size_t i = 0; i < g->plan->n; i++)
		if (is_changed(g->plan->v[i]))
			set_behind(g->plan->v[i]->node, why);
}

static void log_replan(struct graph *g, enum graph_loaded how, const struct diags *d)
{
	const struct diag *first = NULL;
	char place[64] = "";
	size_t line, column;

	for (size_t i = 0; i < d->n && !first; i++)
		if (d->p[i].severity == DIAG_ERROR)
			first = &d->p[i];
	if (how == GRAPH_REFUSED)
		say_refused(g, first);
	if (first && first->at.file) {
		range_position(first->at, &line, &column);
		snprintf(place, sizeof(place), STR_FMT ":%zu:%zu",
			STR_ARG(str_head(first->at.file->name, 40)), line, column);
	}
	if (how == GRAPH_LOADED || !first)
		log_info(NULL, "the modules of the configuration have changed and are in force");
	else
		log_error(NULL, "the modules of the configuration have changed, and are wrong",
			KV("err", first->message), KV("at", (const char *)place),
			KV("hint", how == GRAPH_REFUSED ? "the old ones run on"
							: "the new ones run, but for what failed"));
}

/* The same texts with other modules: what an import gives or a collection has is another. */
static void on_replan(struct task *t)
{
	struct graph *g = container_of(t, struct graph, replan_task);
	struct arena *a = mem_new(struct arena, 1), texts;
	enum graph_loaded how;
	struct diags d;

	arena_init(a, 0);
	arena_init(&texts, 0);
	diags_init(&d, &texts);
	how = graph_load(g, a, parse_again(g->plan, a, &d), g->plan->n_files, &d);
	log_replan(g, how, &d);
	if (how == GRAPH_REFUSED) {
		arena_fini(a);
		free(a);
	}
	diags_fini(&d);
	arena_fini(&texts);
	once_idle(&g->busy);
}

void graph_look(struct graph *g, const struct vertex *v)
{
	if (!is_changed(v)) {
		if (v->node)
			set_behind(v->node, NULL);
		return;
	}
	once_busy(g->set.agent->work, &g->busy);
	task_defer(&g->replan_task, g->set.agent->loop);
}

static bool evaluate_all(struct graph *g, struct diags *d)
{
	bool ok = true;

	for (size_t i = 0; i < g->plan->n; i++)
		ok &= evaluate_vertex(g, g->plan->sorted[i], d);
	return ok;
}

/* Arguments and exports are parts of a custom component, which speaks for them. */
static void list_shown(struct graph *g)
{
	const struct plan *p = g->plan;

	g->shown = arena_new(g->generation, struct vertex *, p->n + 1);
	g->n_shown = 0;
	for (size_t i = 0; i < p->n; i++)
		if (p->sorted[i]->kind != VERTEX_ARGUMENT && p->sorted[i]->kind != VERTEX_EXPORT)
			g->shown[g->n_shown++] = p->sorted[i];
}

enum graph_loaded graph_load(struct graph *g, struct arena *generation, struct file *const *files,
	size_t n, struct diags *d)
{
	struct plan *old = g->plan;
	struct arena *old_generation = g->generation;
	const struct plan_live live = {g, find_instance, find_exported};
	const struct plan_settings set = {
		.types = g->set.types,
		.stability = g->set.stability,
		.ignore_unsupported = g->set.ignore_unsupported,
		.live = &live,
	};
	struct plan *p = plan_new(generation, &set, files, n, d);
	bool ok;

	if (d->errors > 0) {
		plan_fini(p);
		return GRAPH_REFUSED;
	}
	p->set.live = NULL;
	task_cancel(&g->replan_task);
	g->plan = p;
	g->generation = generation;
	list_shown(g);
	match_nodes(g, p);
	sweep(g);
	ok = evaluate_all(g, d);
	free_generation(old, old_generation);
	sweep(g);
	return ok ? GRAPH_LOADED : GRAPH_FAILED;
}

void graph_stop(struct graph *g, void (*done)(void *owner), void *owner)
{
	task_cancel(&g->evaluate_task);
	task_cancel(&g->replan_task);
	once_idle(&g->busy);
	LIST_EACH (n, &g->all, struct node, link)
		n->vertex = NULL;
	map_fini(&g->nodes);
	g->nodes = (struct map){0};
	if (g->plan)
		g->plan->n = g->n_shown = 0; /* nobody has a node any more */
	g->done = done;
	g->done_owner = owner;
	task_defer(&g->stop_task, g->set.agent->loop);
}

const struct left_out *graph_left_out(const struct graph *g, size_t *n)
{
	*n = g->plan ? g->plan->n_left_out : 0;
	return *n ? g->plan->left_out : NULL;
}

size_t graph_count(const struct graph *g)
{
	return g->n_shown;
}

struct graph_node_info graph_node(const struct graph *g, size_t i)
{
	const struct node *n = g->shown[i]->node;

	return (struct graph_node_info){
		.id = n->id,
		.type = n->c->type,
		.health = node_health(n),
		.reason = n->reason,
		.health_at = n->health_at,
	};
}

const char *graph_id_at(const struct graph *g, struct range at)
{
	for (size_t i = 0; at.file && i < graph_count(g); i++) {
		const struct range *block = &g->shown[i]->block->at;

		if (block->file == at.file && block->start <= at.start && at.start <= block->end)
			return g->shown[i]->node->id;
	}
	return NULL;
}
