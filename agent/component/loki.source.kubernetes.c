/*
 * loki.source.kubernetes: the logs of pods, served from this node's files.
 *
 * Alloy fetches them through the API server. Here every node's agent reads the files of its
 * own pods, with the labels that Alloy would give, so the API server has no load from logs
 * and nothing is lost or repeated when a stream is opened again. Targets of pods on other nodes
 * have no files here and are left to the agents there.
 */

#include "agent/base/container_of.h"
#include "agent/base/metric.h"
#include "agent/component/common/k8s_client_args.h"
#include "agent/component/common/pod_tail.h"
#include "agent/graph/component.h"

struct clustering_block {
	bool enabled;
};

static const struct arg clustering_args[] = {
	ARG(clustering_block, enabled, .type = ARG_BOOL, .flags = ARG_REQUIRED,
		.help = "Not needed: each node's agent reads its own pods."),
	ARGS_END,
};

struct source_args {
	struct arg_targets targets;
	struct arg_capsules forward_to;
	const struct k8s_client_args *client;
	const struct clustering_block *clustering;
};

static const struct arg source_args[] = {
	ARG(source_args, targets, .type = ARG_TARGETS, .flags = ARG_REQUIRED,
		.help = "Containers, with the labels that discovery.kubernetes gives to pods."),
	ARG(source_args, forward_to, .type = ARG_CAPSULES, .capsule = &capsule_logs_receiver,
		.flags = ARG_REQUIRED, .help = "Receivers of the entries."),
	ARG(source_args, client, .type = ARG_BLOCK, .block = k8s_client_args,
		.size = sizeof(struct k8s_client_args), .flags = ARG_NO_EFFECT,
		.help = "How Alloy reaches the API server; the files of the node need none."),
	ARG(source_args, clustering, .type = ARG_BLOCK, .block = clustering_args,
		.size = sizeof(struct clustering_block), .flags = ARG_NO_EFFECT,
		.help = "How Alloy shares the pods; here each node has its own."),
	ARGS_END,
};

static const struct metric_family lines = {"loki_source_kubernetes_read_lines_total",
	METRIC_COUNTER, "Number of lines read.", NULL};
static const struct metric_family active = {"loki_source_kubernetes_files_active", METRIC_GAUGE,
	"Number of log files that are followed.", NULL};

struct source_kubernetes {
	struct component base;
	struct pod_tail tail;
};

static bool source_update(struct component *c, const void *args, struct err *e)
{
	struct source_kubernetes *s = container_of(c, struct source_kubernetes, base);
	const struct source_args *a = args;

	(void)e;
	pod_tail_set(&s->tail, &a->targets,
		(struct receivers){(struct receiver *const *)(const void *)a->forward_to.p,
			a->forward_to.n});
	return true;
}

static bool source_start(struct component *c, const void *args, struct err *e)
{
	struct source_kubernetes *s = container_of(c, struct source_kubernetes, base);

	pod_tail_start(&s->tail, c, &lines, &active);
	return source_update(c, args, e);
}

static void source_stop(struct component *c)
{
	pod_tail_stop(&container_of(c, struct source_kubernetes, base)->tail);
}

const struct component_type loki_source_kubernetes = {
	.name = "loki.source.kubernetes",
	.help = "Forwards the logs of this node's pods.",
	.stability = STABILITY_GA,
	.args = source_args,
	.size = sizeof(struct source_kubernetes),
	.args_size = sizeof(struct source_args),
	.start = source_start,
	.update = source_update,
	.stop = source_stop,
};
