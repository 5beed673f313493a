/*
 * Lines are read from the files of the node, with the labels that Alloy would give to what it gets
 * from the API server: that has no load from logs then, and nothing is lost or repeated when a
 * stream is opened again. Containers of other nodes have no files here.
 */

#include "agent/component/common/pod_tail.h"

#include "agent/base/container_of.h"
#include "agent/base/log.h"
#include "agent/base/mem.h"
#include "agent/graph/component.h"
#include "agent/graph/context.h"

#include <stdlib.h>

/* One container that is to be followed: its pattern, and the labels of its entries. */
struct pod_container_tail {
	struct arg_map target;
	struct arg_pair path; /* the only label that path_targets looks at */
	const struct labels *labels;
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

static bool take_target(struct pod_tail *s, const struct arg_map *t, struct pod_container_tail *c)
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
		STR_ARG(s->component->agent->pod_logs), STR_ARG(ns), STR_ARG(pod), STR_ARG(uid),
		STR_ARG(name));
	c->target = (struct arg_map){&c->path, 1};
	more[0] = (struct label){STR("job"), str_from(s->component->id)};
	more[1] = (struct label){STR("instance"),
		arena_printf(&s->life, STR_FMT "/" STR_FMT ":" STR_FMT, STR_ARG(ns), STR_ARG(pod),
			STR_ARG(name))};
	c->labels = tail_labels(t, more, 2, s->keeps_meta);
	return true;
}

static void forget_targets(struct pod_tail *s)
{
	for (size_t i = 0; i < s->n; i++)
		labels_release(s->containers[i].labels);
	s->n = 0;
	s->containers = NULL;
	arena_fini(&s->life);
}

static void follow(struct pod_tail *s)
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
	follow(container_of(p, struct pod_tail, files));
}

static void on_trouble(struct tail_source *s, const char *what)
{
	tail_health_report(&container_of(s, struct pod_tail, tail)->health, what);
}

void pod_tail_set(struct pod_tail *s, const struct arg_targets *targets, struct receivers to)
{
	struct pod_tail old = *s;
	size_t refused = 0;

	s->tail.to = to;
	s->tail.from_end = s->from_end;
	s->life = (struct arena){0};
	s->n = 0;
	s->containers = arena_new(&s->life, struct pod_container_tail, targets->n + 1);
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
		log_warn(s->component->id,
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

void pod_tail_start(struct pod_tail *s, struct component *c, const struct metric_family *lines,
	const struct metric_family *active)
{
	s->component = c;
	s->health.component = c;
	s->tail.id = c->id;
	s->tail.format = TAIL_CONTAINER;
	s->tail.trouble = on_trouble;
	s->tail.lines = lines;
	s->tail.active = active;
	s->files.changed = on_files;
	path_targets_start(&s->files, c->id, c->loop, c->agent->notify);
	tail_source_start(&s->tail, c->agent->tailer);
}

static void on_stopped(struct tail_source *tail)
{
	struct pod_tail *s = container_of(tail, struct pod_tail, tail);

	forget_targets(s);
	component_stopped(s->component);
}

void pod_tail_stop(struct pod_tail *s)
{
	path_targets_stop(&s->files);
	s->tail.stopped = on_stopped;
	if (tail_source_stop(&s->tail))
		on_stopped(&s->tail);
}
