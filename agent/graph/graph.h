#pragma once

/*
 * The running configuration. A graph holds the instances of components, keeps them as the
 * newest configuration says, and passes exports on when they change.
 *
 * An instance is stopped only when no other one's arguments point into it any more (they
 * are counted), so sources stop first, and what fails to be updated keeps what it needs.
 */

#include "agent/graph/plan.h"

struct agent_context;
struct graph;

struct graph_settings {
	struct agent_context *agent;
	struct plan_types types;
	int stability; /* enum stability: the lowest that is allowed */
	bool ignore_unsupported;
};

struct graph *graph_new(const struct graph_settings *set);
void graph_free(struct graph *g); /* everything in it has stopped, or the process ends */

enum graph_loaded {
	GRAPH_LOADED,
	GRAPH_REFUSED, /* nothing was touched: the old configuration runs on */
	GRAPH_FAILED,  /* it is in force, but some components could not start or be updated */
};

/* Makes the files the configuration. They were parsed without error into generation, which was
 * made by mem_new() and belongs to the graph from here on, unless it is REFUSED. */
enum graph_loaded graph_load(struct graph *g, struct arena *generation, struct file *const *files,
	size_t n, struct diags *d);

/* Stops everything, sources first. done is called once all have delivered what they held;
 * not inside this call. */
void graph_stop(struct graph *g, void (*done)(void *owner), void *owner);

/* For /metrics, /-/healthy and the UI: each node in the order of evaluation. */
struct graph_node_info {
	const char *id;
	const struct component_type *type;
	enum health health;
	const char *reason;
	int64_t health_at; /* Unix ns */
};
/* With ignore_unsupported: what the configuration has and does not run. */
const struct left_out *graph_left_out(const struct graph *g, size_t *n);
size_t graph_count(const struct graph *g);
struct graph_node_info graph_node(const struct graph *g, size_t i);
/* The id of the block that a place is in; NULL: of none. */
const char *graph_id_at(const struct graph *g, struct range at);
extern const char *const health_names[]; /* "unknown", "healthy", … */
