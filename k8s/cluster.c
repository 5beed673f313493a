/*
 * Clusters: found by a text that holds everything which makes a difference to what comes over the
 * wire. The list of them is the process': components come and go with reloads, and the one that
 * comes takes its reference before the one that goes gives its own back, so that a watch survives.
 */

#include "k8s/cluster.h"
#include "agent/base/ascii.h"

#include "agent/base/arena.h"
#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "agent/base/list.h"
#include "agent/base/log.h"
#include "agent/base/mem.h"
#include "agent/base/metric.h"
#include "agent/base/must.h"
#include "agent/loop/http_client.h"
#include "agent/loop/loop.h"
#include "k8s/config.h"
#include "k8s/pod_store.h"
#include "k8s/watch.h"

#include <stdlib.h>

/* One watch: of the pods of all namespaces, or of one. */
struct scope {
	struct cluster *cluster;
	struct watch_sink sink;
	struct watch *watch;
	bool is_complete;
};

struct cluster {
	struct list link;
	uint32_t refs;
	struct buf key;
	struct loop *loop;
	struct arena texts;
	struct http_target *target;
	struct pod_store *pods;
	struct scope *scopes;
	size_t n_scopes;
	int64_t spread;
	struct metric *count, *bytes;
};

static const struct metric_family count_family = {"invar_kubernetes_pods", METRIC_GAUGE,
	"Pods that the API server has, as far as they were asked for.", NULL};
static const struct metric_family bytes_family = {"invar_kubernetes_pods_bytes", METRIC_GAUGE,
	"Memory of these pods, and of those deleted within the last two minutes.", NULL};

static struct list clusters = {&clusters, &clusters};

static void make_key(struct buf *key, const void *loop, const struct cluster_settings *set)
{
	buf_printf(key, "%p ", loop);
	k8s_config_add_key(key, set->config);
	k8s_add_key(key, set->field_selector);
	k8s_add_key(key, set->label_selector);
	for (size_t i = 0; i < set->n_namespaces; i++)
		k8s_add_key(key, set->namespaces[i]);
}

static void on_begin(struct watch_sink *s)
{
	struct scope *c = container_of(s, struct scope, sink);

	pod_store_begin(c->cluster->pods, c);
}

static bool on_object(struct watch_sink *s, enum watch_event event, struct str object)
{
	struct scope *c = container_of(s, struct scope, sink);
	struct arena scratch;
	struct err e;
	struct pod *p;

	arena_init(&scratch, 0);
	p = pod_parse(&scratch, object, &e);
	arena_fini(&scratch);
	if (!p) {
		log_debug(NULL, "a pod was left out", KV("err", (const char *)e.text));
		return false;
	}
	pod_hold(p);
	pod_store_set(c->cluster->pods, c, p);
	if (event == WATCH_DELETED)
		pod_store_delete(c->cluster->pods, p->uid);
	pod_release(p);
	return true;
}

static void on_complete(struct watch_sink *s)
{
	struct scope *c = container_of(s, struct scope, sink);
	struct cluster *k = c->cluster;
	bool all = true;

	pod_store_complete(k->pods, c);
	c->is_complete = true;
	for (size_t i = 0; i < k->n_scopes; i++)
		all = all && k->scopes[i].is_complete;
	if (all)
		pod_store_set_synced(k->pods);
}

static void on_problem(struct watch_sink *s)
{
	struct scope *c = container_of(s, struct scope, sink);

	pod_store_touch(c->cluster->pods);
}

static void start_watch(struct cluster *c, struct scope *s, const struct cluster_settings *set,
	struct str namespace)
{
	struct watch_settings w = {
		.server = set->config->server,
		.path = STR("/api/v1/pods"),
		.resource = STR("pods"),
		.field_selector = set->field_selector,
		.label_selector = set->label_selector,
		.spread = c->spread,
	};

	*s = (struct scope){
		.cluster = c,
		.sink = {on_begin, on_object, on_complete, on_problem},
	};
	if (namespace.n)
		w.path = arena_printf(&c->texts, "/api/v1/namespaces/" STR_FMT "/pods",
			STR_ARG(namespace));
	s->watch = watch_new(c->loop, c->target, &w, &s->sink);
}

void cluster_hurry(struct cluster *c)
{
	for (size_t i = 0; i < c->n_scopes; i++)
		watch_hurry(c->scopes[i].watch);
}

int64_t cluster_spread(const struct cluster *c)
{
	return c->spread;
}

/* A name of a namespace goes into a path: nothing else may be in it. */
static bool check_namespace(struct str s, struct err *e)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!(ascii_is_lower(c) || ascii_is_digit(c) || c == '-'))
			return err_set(e, "\"" STR_FMT "\" is no name of a namespace", STR_ARG(s));
	}
	return s.n > 0 || err_set(e, "a namespace's name is empty");
}

static double read_count(void *owner)
{
	return (double)pod_store_count(((struct cluster *)owner)->pods);
}

static double read_bytes(void *owner)
{
	return (double)pod_store_bytes(((struct cluster *)owner)->pods);
}

static void make_metrics(struct cluster *c, const struct cluster_settings *set)
{
	struct buf names = {0};
	struct metric_label labels[4] = {
		{"server", NULL}, {"selector", NULL}, {"namespaces", NULL}};

	for (size_t i = 0; i < set->n_namespaces; i++)
		buf_printf(&names, "%s" STR_FMT, i ? "," : "", STR_ARG(set->namespaces[i]));
	buf_add_char(&names, 0);
	labels[0].value = arena_str(&c->texts, set->config->server).p;
	labels[1].value =
		arena_printf(&c->texts, STR_FMT "%s" STR_FMT, STR_ARG(set->field_selector),
			set->label_selector.n ? ";" : "", STR_ARG(set->label_selector))
			.p;
	labels[2].value = names.p;
	c->count = metric_new(&count_family, labels);
	c->bytes = metric_new(&bytes_family, labels);
	metric_set_reader(c->count, read_count, c);
	metric_set_reader(c->bytes, read_bytes, c);
	buf_fini(&names);
}

static struct cluster *cluster_new(struct loop *l, struct http_client *h,
	const struct cluster_settings *set, struct err *e)
{
	struct http_target *t;
	struct cluster *c;

	for (size_t i = 0; i < set->n_namespaces; i++) {
		if (!check_namespace(set->namespaces[i], e))
			return NULL;
	}
	t = http_target_new(h, &set->config->http, e);
	if (!t)
		return NULL;
	c = mem_new(struct cluster, 1);
	c->loop = l;
	c->target = t;
	c->spread = set->config->is_pod ? WATCH_SPREAD : 0;
	arena_init(&c->texts, 0);
	c->pods = pod_store_new(l);
	make_metrics(c, set);
	c->n_scopes = set->n_namespaces ? set->n_namespaces : 1;
	c->scopes = mem_new(struct scope, c->n_scopes);
	for (size_t i = 0; i < c->n_scopes; i++)
		start_watch(c, &c->scopes[i], set,
			set->n_namespaces ? set->namespaces[i] : (struct str){0});
	return c;
}

struct cluster *cluster_hold(struct loop *l, struct http_client *h,
	const struct cluster_settings *set, struct err *e)
{
	struct buf key = {0};
	struct cluster *c = NULL;

	make_key(&key, l, set);
	LIST_EACH (it, &clusters, struct cluster, link) {
		if (str_eq(buf_str(&it->key), buf_str(&key)))
			c = it;
	}
	if (!c) {
		c = cluster_new(l, h, set, e);
		if (c) {
			list_add_last(&clusters, &c->link);
			c->key = key;
			key = (struct buf){0};
		}
	}
	buf_fini(&key);
	if (c)
		c->refs++;
	return c;
}

void cluster_release(struct cluster *c)
{
	if (!c)
		return;
	must(c->refs > 0);
	if (--c->refs > 0)
		return;
	for (size_t i = 0; i < c->n_scopes; i++)
		watch_free(c->scopes[i].watch);
	metric_free(c->count);
	metric_free(c->bytes);
	pod_store_free(c->pods);
	http_target_free(c->target);
	list_remove(&c->link);
	arena_fini(&c->texts);
	buf_fini(&c->key);
	free(c->scopes);
	free(c);
}

struct pod_store *cluster_pods(struct cluster *c)
{
	return c->pods;
}

const char *cluster_problem(const struct cluster *c)
{
	for (size_t i = 0; i < c->n_scopes; i++) {
		const char *problem = watch_problem(c->scopes[i].watch);

		if (problem)
			return problem;
	}
	return NULL;
}

void cluster_node_selector(struct buf *out, struct str node)
{
	buf_printf(out, "spec.nodeName=" STR_FMT, STR_ARG(node));
}

bool cluster_selector_node(struct str rest, struct str *node)
{
	bool found = false;

	while (rest.n > 0) {
		struct str part = rest;
		struct str name, value;

		if (!str_cut(rest, ',', &part, &rest))
			rest = (struct str){0};
		if (!str_cut(part, '=', &name, &value) || !str_is(str_trim(name), "spec.nodeName"))
			continue;
		if (str_starts(value, "="))
			value = str_from_at(value, 1);
		*node = str_trim(value);
		found = true;
	}
	return found;
}
