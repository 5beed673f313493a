#pragma once

/* The controller's series of /metrics, with Alloy's names. Private to agent/graph. */

struct graph;
struct graph_metrics;

struct graph_metrics *graph_metrics_new(const struct graph *g);
void graph_metrics_free(struct graph_metrics *m);
void graph_metrics_begin(struct graph_metrics *m); /* one evaluation */
void graph_metrics_end(struct graph_metrics *m);
