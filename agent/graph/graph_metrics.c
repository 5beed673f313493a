/*
 * alloy_component_controller_* and alloy_component_evaluation_*: the names that dashboards
 * and alerts made for Alloy ask for (Alloy: internal/runtime/internal/controller/metrics.go).
 */

#include "agent/graph/graph_metrics.h"

#include "agent/base/mem.h"
#include "agent/base/metric.h"
#include "agent/graph/graph.h"

#include <stdlib.h>
#include <sys/resource.h>

#define HEALTHS 4
#define SLOW_SECONDS 60 /* Alloy's threshold for a slow evaluation */

static const double seconds[] = {.005, .025, .1, .5, 1, 5, 10, 30, 60, 120, 300, 600, 0};

static const struct metric_family running = {"alloy_component_controller_running_components",
	METRIC_GAUGE, "Total number of running components.", NULL};
static const struct metric_family evaluating = {"alloy_component_controller_evaluating",
	METRIC_GAUGE, "Tracks if the controller is currently in the middle of a graph evaluation.",
	NULL};
static const struct metric_family evaluation = {"alloy_component_evaluation_seconds",
	METRIC_HISTOGRAM, "Time spent performing component evaluation.", seconds};
static const struct metric_family waiting = {"alloy_component_dependencies_wait_seconds",
	METRIC_HISTOGRAM, "Time spent by components waiting to be evaluated.", seconds};
static const struct metric_family queue = {"alloy_component_evaluation_queue_size", METRIC_GAUGE,
	"Number of components waiting to be evaluated.", NULL};
static const struct metric_family slow = {"alloy_component_evaluation_slow_seconds",
	METRIC_COUNTER, "Number of seconds spent evaluating components that take longer than a "
			"minute.",
	NULL};

struct health_reader {
	const struct graph *graph;
	enum health health;
	struct metric *metric;
};

struct graph_metrics {
	struct health_reader by_health[HEALTHS];
	struct metric *evaluating, *evaluation, *waiting, *queue, *slow;
	double begun;
};

static double read_health(void *owner)
{
	const struct health_reader *r = owner;
	double n = 0;

	for (size_t i = 0; i < graph_count(r->graph); i++) {
		struct graph_node_info it = graph_node(r->graph, i);

		n += !it.type->is_config && it.health == r->health;
	}
	return n;
}

struct graph_metrics *graph_metrics_new(const struct graph *g)
{
	static const struct metric_label labels[] = {
		{"controller_id", ""}, {"controller_path", "/"}, {NULL, NULL}};
	struct graph_metrics *m = mem_new(struct graph_metrics, 1);

	for (size_t i = 0; i < HEALTHS; i++) {
		struct metric_label with_health[] = {{"controller_id", ""},
			{"controller_path", "/"},
			{"health_type", health_names[i]}, {NULL, NULL}};

		m->by_health[i] = (struct health_reader){g, (enum health)i, NULL};
		m->by_health[i].metric = metric_new(&running, with_health);
		metric_set_reader(m->by_health[i].metric, read_health, &m->by_health[i]);
	}
	m->evaluating = metric_new(&evaluating, labels);
	m->evaluation = metric_new(&evaluation, labels);
	m->waiting = metric_new(&waiting, labels);
	m->queue = metric_new(&queue, labels);
	m->slow = metric_new(&slow, labels);
	return m;
}

void graph_metrics_free(struct graph_metrics *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < HEALTHS; i++)
		metric_free(m->by_health[i].metric);
	metric_free(m->evaluating);
	metric_free(m->evaluation);
	metric_free(m->waiting);
	metric_free(m->queue);
	metric_free(m->slow);
	free(m);
}

/* The loop's clock stands still while a turn lasts; evaluating does not wait, so the processor's
 * time is its time. */
static double clock_seconds(void)
{
	struct rusage u;

	if (getrusage(RUSAGE_SELF, &u) == -1)
		return 0;
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

void graph_metrics_begin(struct graph_metrics *m)
{
	m->begun = clock_seconds();
	metric_set(m->evaluating, 1);
}

void graph_metrics_end(struct graph_metrics *m)
{
	double took = clock_seconds() - m->begun;

	metric_observe(m->evaluation, took);
	if (took > SLOW_SECONDS)
		metric_add(m->slow, took);
	metric_set(m->evaluating, 0);
}
