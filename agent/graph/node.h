#pragma once

/* An instance of a component in a graph: private to agent/graph. */

#include "agent/base/list.h"
#include "agent/graph/graph.h"
#include "agent/graph/snapshot.h"

enum node_state {
	NODE_NEW,      /* not started yet, or its start failed */
	NODE_RUNNING,  /* between start() and stop() */
	NODE_STOPPING, /* stop() was called; waits for component_stopped() */
	NODE_STOPPED,  /* to be freed */
};

/* The arguments of one evaluation: what they were evaluated to and decoded to, and the exports
 * that they point into. */
struct node_args {
	struct arena arena;
	struct snapshots held;
	struct evaluated *evaluated;
};

struct node {
	struct list link; /* graph.nodes */
	struct graph *graph;
	struct component *c;
	char *id;
	struct vertex *vertex; /* its place in the plan; NULL: it is to go */
	enum node_state state;

	struct node_args *args; /* in force; NULL: none are */
	struct node **deps;     /* what they point into; each counts this node as a holder */
	size_t n_deps;
	size_t holders;

	struct snapshot **exports; /* as type->exports; NULL: not set yet */

	bool waits;  /* the last evaluation did, for an export that is not there yet */
	bool failed; /* the last evaluation did; the arguments in force are older */
	bool behind; /* what it imports or collects is wrong; what was before is in force */
	enum health health;
	char reason[512];
	int64_t health_at;
};

struct node *node_new(struct graph *g, struct vertex *v);
void node_free(struct node *n);

/* Evaluates its block, and starts or updates the component if the arguments are new.
 * False: reported in d. */
bool node_evaluate(struct node *n, struct diags *d);
void node_stop(struct node *n);
void node_release_deps(struct node *n);
enum health node_health(const struct node *n);
void node_set_health(struct node *n, enum health h, const char *reason);

/* node.c → graph.c */
void graph_node_stopped(struct graph *g);
void graph_dirty(struct graph *g, const struct vertex *v); /* its users are evaluated later */
/* Is the plan still what its imports and collections say? Else it is made anew, later. */
void graph_look(struct graph *g, const struct vertex *v);
struct node *graph_replace(struct graph *g, struct vertex *v);
struct agent_context *graph_agent(const struct graph *g);
const struct plan *graph_plan(const struct graph *g);
