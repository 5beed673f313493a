/*
 * loki.source.kubernetes: the logs of pods, served from this node's files.
 *
 * Alloy fetches them through the API server. Here every node's agent reads the files of its
 * own pods, with the labels that Alloy would give, so the API server has no load from logs
 * and nothing is lost or repeated when a stream is opened again. Targets of pods on other nodes
 * have no files here and are left to the agents there.
 */

#include "agent/base/container_of.h"
#include "agent/base/log.h"
#include "agent/base/mem.h"
#include "agent/base/metric.h"
#include "agent/component/common/k8s_client_args.h"
#include "agent/component/common/path_targets.h"
#include "agent/component/common/tail_labels.h"
#include "agent/graph/component.h"
#include "agent/graph/context.h"

#include <stdlib.h>

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

/* One container that is to be followed: its pattern, and the labels of its entries. */
struct container {
	struct arg_map target;
	struct arg_pair path; /* the only label that path_targets looks at */
	const struct labels *labels;
};

struct source_kubernetes {
	struct component base;
	struct tail_source tail;
	struct tail_health health;
	struct path_targets files;
	struct arena life; /* of what follows; made anew by each set */
	struct container *containers;
	size_t n;
	struct arg_map *patterns;
};

/* A label, or the override that a rule may have set in its place. */
static struct str either(const struct arg_map *t, const char *override, const char *name)
{
	struct str s = target_label(t, override);

	return s.n ? s : target_label(t, name);
}

/* The folder of a static pod is named by its config hash (kubernetes.io/config.hash), that
 * of others by the uid. */
static struct str folder_uid(const struct arg_map *t)
{
	struct str hash =
		target_label(t, "__meta_kubernetes_pod_annotation_kubernetes_io_config_hash");

	return hash.n ? hash : either(t, "__pod_uid__", "__meta_kubernetes_pod_uid");
}

/* Bytes with a meaning in patterns cannot be in the names of Kubernetes; a rule may have
 * put them there all the same. */
static bool is_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (strchr("/*?[]{}\\", s.p[i]))
			return false;
	}
	return s.n > 0;
}

static bool take_target(struct source_kubernetes *s, const struct arg_map *t, struct container *c)
{
	struct str ns = either(t, "__pod_namespace__", "__meta_kubernetes_namespace");
	struct str pod = either(t, "__pod_name__", "__meta_kubernetes_pod_name");
	struct str name =
		either(t, "__pod_container_name__", "__meta_kubernetes_pod_container_name");
	struct str uid = folder_uid(t);
	struct label more[2];

	if (!is_name(ns) || !is_name(pod) || !is_name(name) || !is_name(uid))
		return false;
	c->path.name = STR("__path__");
	c->path.value = arena_printf(&s->life,
		STR_FMT "/" STR_FMT "_" STR_FMT "_" STR_FMT "/" STR_FMT "/*.log",
		STR_ARG(s->base.agent->pod_logs), STR_ARG(ns), STR_ARG(pod), STR_ARG(uid),
		STR_ARG(name));
	c->target = (struct arg_map){&c->path, 1};
	more[0] = (struct label){STR("job"), str_from(s->base.id)};
	more[1] = (struct label){STR("instance"),
		arena_printf(&s->life, STR_FMT "/" STR_FMT ":" STR_FMT, STR_ARG(ns), STR_ARG(pod),
			STR_ARG(name))};
	c->labels = tail_labels(t, more, 2);
	return true;
}

static void forget_targets(struct source_kubernetes *s)
{
	for (size_t i = 0; i < s->n; i++)
		labels_release(s->containers[i].labels);
	s->n = 0;
	s->containers = NULL;
	arena_fini(&s->life);
}

static void follow(struct source_kubernetes *s)
{
	struct tail_target *v = mem_new(struct tail_target, s->files.n);

	for (size_t i = 0; i < s->files.n; i++) {
		size_t k = (size_t)(s->files.v[i].labels - s->patterns);

		v[i] = (struct tail_target){s->files.v[i].path, s->containers[k].labels};
	}
	tail_source_set(&s->tail, v, s->files.n);
	free(v);
}

static void on_files(struct path_targets *p)
{
	follow(container_of(p, struct source_kubernetes, files));
}

static void on_trouble(struct tail_source *s, const char *what)
{
	tail_health_report(&container_of(s, struct source_kubernetes, tail)->health, what);
}

static void set_targets(struct source_kubernetes *s, const struct arg_targets *targets)
{
	struct source_kubernetes old = *s;
	size_t refused = 0;

	s->life = (struct arena){0};
	s->n = 0;
	s->containers = arena_new(&s->life, struct container, targets->n + 1);
	s->patterns = arena_new(&s->life, struct arg_map, targets->n + 1);
	for (size_t i = 0; i < targets->n; i++) {
		if (!take_target(s, &targets->p[i], &s->containers[s->n])) {
			refused++;
			continue;
		}
		s->patterns[s->n] = s->containers[s->n].target;
		s->n++;
	}
	if (refused)
		log_warn(s->base.id,
			"targets without namespace, pod, container or uid are left out",
			KV("targets", (int64_t)refused),
			KV("hint", "they need the __meta_kubernetes_* labels of "
				   "discovery.kubernetes, or "
				   "__pod_namespace__, __pod_name__, __pod_container_name__ and "
				   "__pod_uid__"));
	path_targets_set(&s->files, (struct arg_targets){s->patterns, s->n}, 0, 0);
	follow(s);
	forget_targets(&old);
}

static bool source_update(struct component *c, const void *args, struct err *e)
{
	struct source_kubernetes *s = container_of(c, struct source_kubernetes, base);
	const struct source_args *a = args;

	(void)e;
	s->tail.to = (struct receivers){(struct receiver *const *)(const void *)a->forward_to.p,
		a->forward_to.n};
	set_targets(s, &a->targets);
	return true;
}

static bool source_start(struct component *c, const void *args, struct err *e)
{
	struct source_kubernetes *s = container_of(c, struct source_kubernetes, base);

	s->health.component = c;
	s->tail.id = c->id;
	s->tail.format = TAIL_CONTAINER;
	s->tail.trouble = on_trouble;
	s->tail.lines = &lines;
	s->tail.active = &active;
	s->files.changed = on_files;
	path_targets_start(&s->files, c->id, c->loop, c->agent->notify);
	tail_source_start(&s->tail, c->agent->tailer);
	return source_update(c, args, e);
}

static void on_stopped(struct tail_source *tail)
{
	struct source_kubernetes *s = container_of(tail, struct source_kubernetes, tail);

	forget_targets(s);
	component_stopped(&s->base);
}

static void source_stop(struct component *c)
{
	struct source_kubernetes *s = container_of(c, struct source_kubernetes, base);

	path_targets_stop(&s->files);
	s->tail.stopped = on_stopped;
	if (tail_source_stop(&s->tail))
		on_stopped(&s->tail);
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
