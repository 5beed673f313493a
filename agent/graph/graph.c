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
	struct map nodes; /* those with a vertex, by id */
	struct list all;  /* those that stop, too */
	struct task evaluate_task;
	struct task stop_task;
	struct once_part busy; /* something is still to be evaluated */
	bool is_sweeping;
	void (*done)(void *owner);
	void *done_owner;
	struct graph_metrics *metrics;
};

static void on_evaluate(struct task *t);
static void on_stopped(struct task *t);

struct graph *graph_new(const struct graph_settings *set)
{
	struct graph *g = mem_new(struct graph, 1);

	g->set = *set;
	list_init(&g->all);
	g->evaluate_task.run = on_evaluate;
	g->stop_task.run = on_stopped;
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
	map_set(&g->nodes, v->id, n);
	return n;
}

/* Gives every vertex its node, and takes it from those that are gone. */
static void match_nodes(struct graph *g, struct plan *p)
{
	LIST_EACH (n, &g->all, struct node, link)
		n->vertex = NULL;
	for (size_t i = 0; i < p->n; i++) {
		struct node *n = map_find(&g->nodes, p->v[i]->id);

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
	map_remove(&g->nodes, v->id);
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

static bool evaluate_all(struct graph *g, struct diags *d)
{
	bool ok = true;

	for (size_t i = 0; i < g->plan->n; i++)
		ok &= evaluate_vertex(g, g->plan->sorted[i], d);
	return ok;
}

enum graph_loaded graph_load(struct graph *g, struct arena *generation, struct file *const *files,
	size_t n, struct diags *d)
{
	struct plan *old = g->plan;
	struct arena *old_generation = g->generation;
	const struct plan_settings set = {g->set.types, g->set.stability, false};
	struct plan *p = plan_new(generation, &set, files, n, d);
	bool ok;

	if (d->errors > 0) {
		plan_fini(p);
		return GRAPH_REFUSED;
	}
	g->plan = p;
	g->generation = generation;
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
	once_idle(&g->busy);
	LIST_EACH (n, &g->all, struct node, link)
		n->vertex = NULL;
	map_fini(&g->nodes);
	g->nodes = (struct map){0};
	if (g->plan)
		g->plan->n = 0; /* nobody has a node any more */
	g->done = done;
	g->done_owner = owner;
	task_defer(&g->stop_task, g->set.agent->loop);
}

size_t graph_count(const struct graph *g)
{
	return g->plan ? g->plan->n : 0;
}

struct graph_node_info graph_node(const struct graph *g, size_t i)
{
	const struct node *n = g->plan->sorted[i]->node;

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
		const struct range *block = &g->plan->v[i]->block->at;

		if (block->file == at.file && block->start <= at.start && at.start <= block->end)
			return g->plan->v[i]->node->id;
	}
	return NULL;
}
