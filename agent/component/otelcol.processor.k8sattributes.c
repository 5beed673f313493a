/*
 * otelcol.processor.k8sattributes: adds to each resource what is known of the pod that sent it.
 *
 * Data never waits for metadata: what is not known yet is not added. Only the resource is
 * rewritten; spans are never looked at. Pods come from the one watch that the process has of its
 * node.
 */

#include "agent/base/address.h"
#include "agent/base/err.h"
#include "agent/base/log.h"
#include "agent/base/mem.h"
#include "agent/base/metric.h"
#include "agent/base/timestamp.h"
#include "agent/component/common/otelcol_fanout.h"
#include "agent/component/otelcol.processor.k8sattributes/args.h"
#include "agent/component/otelcol.processor.k8sattributes/associate.h"
#include "agent/component/otelcol.processor.k8sattributes/extract.h"
#include "agent/component/otelcol.processor.k8sattributes/strangers.h"
#include "agent/flow/regex.h"
#include "agent/graph/context.h"
#include "agent/loop/loop.h"
#include "k8s/cluster.h"
#include "k8s/config.h"
#include "k8s/pod_lookup.h"
#include "k8s/pod_store.h"
#include "proto/otlp/resource.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#define KEEP_BUFFER ((size_t)1 << 20)
#define IGNORE_ANNOTATION "opentelemetry.io/k8s-processor/ignore"

enum {
	FOUND,
	NOT_FOUND,
	RESULTS,
};

struct exclude {
	struct regex **p;
	size_t n;
};

struct k8sattributes {
	struct component base;
	const struct k8sattributes_args *args;
	struct consumer input;
	struct fanout out;
	struct cluster *cluster;   /* NULL: no pods are known */
	struct pod_lookup *lookup; /* for addresses of other nodes' pods; NULL: not wanted */
	struct strangers strangers;
	struct pod_subscriber on_pods;
	struct task health_task;
	char problem[sizeof(
		struct err)]; /* why there is no cluster; empty: there is one, or none is wanted */
	struct extract extract;
	struct exclude exclude;
	struct buf request;
	struct buf scratch;
	bool is_stopping;
	struct metric *associated[SIGNAL_KINDS][RESULTS];
};

static const struct metric_family associations_family = {"otelcol_otelsvc_k8s_pod_association",
	METRIC_COUNTER, "Resources of which the pod was looked for.", NULL};

static bool is_excluded(struct k8sattributes *k, const struct pod *p)
{
	if (str_is(pod_pairs_find(&p->annotations, STR(IGNORE_ANNOTATION)), "true"))
		return true;
	for (size_t i = 0; i < k->exclude.n; i++)
		if (regex_match(k->exclude.p[i], p->name))
			return true;
	return false;
}

static struct str peer_text(struct arena *a, const struct in6_addr *peer)
{
	char text[INET6_ADDRSTRLEN];

	return arena_str(a, str_from(address_print(text, peer)));
}

/* A peer that no watched pod is: another node's, which is looked up once, or nobody's. */
static const struct pod *find_stranger(
	struct k8sattributes *k, const struct in6_addr *peer, const struct otlp_part *part)
{
	bool is_nobodys = !k->lookup;
	const struct pod *pod = NULL;

	if (k->args->passthrough)
		return NULL;
	if (k->lookup)
		pod = pod_lookup_find(k->lookup, peer, &is_nobodys);
	if (!pod && is_nobodys)
		strangers_note(&k->strangers, &k->base, cluster_pods(k->cluster), peer,
			otlp_attr_find(part, STR("service.name")));
	return pod;
}

/* The attributes to add to one part; returns how many. */
static size_t attributes_of(struct k8sattributes *k, const struct telemetry *t,
	const struct otlp_part *p, struct arena *scratch, struct otlp_attr *add)
{
	struct pod_store *pods = k->cluster ? cluster_pods(k->cluster) : NULL;
	struct association who = associate(k->args, pods, p, &t->peer, scratch);
	size_t n = 0;

	if (who.is_only_peer && !who.pod && k->cluster && pod_store_is_synced(pods))
		who.pod = find_stranger(k, &t->peer, p);

	if (k->args->passthrough) {
		if (IN6_IS_ADDR_UNSPECIFIED(&t->peer))
			return 0;
		add[0] = (struct otlp_attr){STR("k8s.pod.ip"), peer_text(scratch, &t->peer)};
		return 1;
	}
	if (who.pod && is_excluded(k, who.pod))
		return 0;
	if (who.is_known)
		metric_add(k->associated[t->kind][who.pod ? FOUND : NOT_FOUND], 1);
	if (!who.pod)
		return 0;
	n = extract_run(&k->extract, who.pod, p, scratch, add);
	for (size_t i = 0; i < n; i++)
		if (str_is(add[i].key, "k8s.pod.ip"))
			return n;
	if (who.by_connection && n < EXTRACT_MAX)
		add[n++] = (struct otlp_attr){STR("k8s.pod.ip"), peer_text(scratch, &t->peer)};
	return n;
}

static enum consumed k8sattributes_consume(struct consumer *c, const struct telemetry *t)
{
	struct k8sattributes *k = container_of(c, struct k8sattributes, input);
	struct arena *scratch = loop_scratch(k->base.loop);
	struct wire_reader r = wire_read(t->bytes);
	struct otlp_attr add[EXTRACT_MAX];
	struct telemetry now = *t;
	struct otlp_part p;
	enum consumed result;

	if (!fanout_takes(&k->out, t->kind))
		return CONSUMER_NONE;
	buf_clear(&k->request);
	while (otlp_part_next(&r, &p)) {
		size_t n = p.is_resource ? attributes_of(k, t, &p, scratch, add) : 0;

		otlp_part_write(&p, add, n, &k->scratch, &k->request);
	}
	now.bytes = buf_str(&k->request);
	result = fanout_push(&k->out, &now);
	buf_clear(&k->request);
	buf_shrink(&k->request, KEEP_BUFFER);
	return result;
}

/* As container_of(), for what is const. */
static const struct k8sattributes *from_input(const struct consumer *c)
{
	return (const void *)((const char *)c - offsetof(struct k8sattributes, input));
}

static bool k8sattributes_takes(const struct consumer *c, enum signal_kind kind)
{
	return fanout_takes(&from_input(c)->out, kind);
}

static void exclude_fini(struct exclude *x)
{
	for (size_t i = 0; i < x->n; i++)
		regex_free(x->p[i]);
	free(x->p);
	*x = (struct exclude){0};
}

/* Without the block: what the Collector leaves out too. */
static bool exclude_init(struct exclude *x, const struct k8s_exclude_args *args, struct err *e)
{
	static const char *const usual[] = {"jaeger-agent", "jaeger-collector"};
	size_t n = args ? args->pod.n : 2;

	*x = (struct exclude){.p = mem_new(struct regex *, n + 1)};
	for (size_t i = 0; i < n; i++) {
		struct str name = args ? ((const struct k8s_exclude_pod *)args->pod.p)[i].name
				       : str_from(usual[i]);

		x->p[i] = regex_new(name, 0, e);
		if (!x->p[i]) {
			exclude_fini(x);
			return false;
		}
		x->n++;
	}
	return true;
}

static bool find_server(const struct k8sattributes_args *a, struct k8s_config *out, struct err *e)
{
	const char *home = getenv("HOME");
	const char *path = getenv("KUBECONFIG");
	char text[4096];

	if (str_is(a->auth_type, "serviceAccount"))
		return k8s_config_in_cluster(out, NULL, e);
	if (!path || !*path) {
		snprintf(text, sizeof(text), "%s/.kube/config", home ? home : "");
		path = text;
	}
	return k8s_config_kubeconfig(out, path, e);
}

/* A filter that leaves pods out on purpose is not gone round; that of the node is none of these. */
static bool may_look_up(const struct k8sattributes_args *a)
{
	const struct k8s_filter_args *f = a->filter;

	return !f || (f->namespace.n == 0 && f->field.n == 0 && f->label.n == 0);
}

static struct cluster *hold_cluster(struct k8sattributes *k, const struct k8sattributes_args *a,
	struct pod_lookup **lookup, struct err *e)
{
	struct str namespace = a->filter ? a->filter->namespace : (struct str){0};
	struct buf fields = {0};
	struct buf labels = {0};
	struct k8s_config config;
	struct cluster *c;

	if (!find_server(a, &config, e))
		return NULL;
	k8s_filter_selectors(a->filter, k->base.agent->node_name, &fields, &labels);
	c = cluster_hold(k->base.loop, k->base.agent->http,
		&(struct cluster_settings){
			.config = &config,
			.field_selector = buf_str(&fields),
			.label_selector = buf_str(&labels),
			.namespaces = &namespace,
			.n_namespaces = namespace.n ? 1 : 0,
		},
		e);
	if (c && may_look_up(a))
		*lookup = pod_lookup_new(k->base.loop, k->base.agent->http, &config, e);
	k8s_config_fini(&config);
	buf_fini(&fields);
	buf_fini(&labels);
	return c;
}

/* Data goes on without pods, so this is no failure to start, but it is not healthy either. */
static void set_cluster(struct k8sattributes *k, const struct k8sattributes_args *a)
{
	bool wanted = !a->passthrough && !str_is(a->auth_type, "none");
	struct pod_lookup *lookup = NULL;
	struct cluster *c = NULL;
	struct err e = {""};

	if (wanted)
		c = hold_cluster(k, a, &lookup, &e);
	snprintf(k->problem, sizeof(k->problem), "%s", c || !wanted ? "" : e.text);
	if (k->problem[0])
		log_error(k->base.id, "pods are not known, so nothing is added",
			KV("err", (const char *)k->problem),
			KV("hint", "in a cluster the agent needs a service account that may list "
				   "and watch pods"));
	pod_store_unsubscribe(&k->on_pods);
	cluster_release(k->cluster);
	pod_lookup_free(k->lookup);
	k->cluster = c;
	k->lookup = lookup;
	if (c)
		pod_store_subscribe(cluster_pods(c), &k->on_pods);
	task_defer(&k->health_task, k->base.loop);
}

static void set_health(struct k8sattributes *k)
{
	const char *problem = k->problem[0] ? k->problem : k->cluster ? cluster_problem(k->cluster)
								      : NULL;

	if (problem)
		component_set_health(&k->base, HEALTH_UNHEALTHY, problem);
	else
		component_set_health(&k->base, HEALTH_HEALTHY, "started component");
}

static void on_health(struct task *t)
{
	set_health(container_of(t, struct k8sattributes, health_task));
}

static void on_pods(struct pod_subscriber *w)
{
	set_health(container_of(w, struct k8sattributes, on_pods));
}

static bool otelcol_processor_k8sattributes_update(
	struct component *c, const void *args, struct err *e)
{
	struct k8sattributes *k = container_of(c, struct k8sattributes, base);
	const struct k8sattributes_args *a = args;
	struct extract extract;
	struct exclude exclude;

	if (!extract_init(&extract, a->extract, e))
		return false;
	if (!exclude_init(&exclude, a->exclude, e)) {
		extract_fini(&extract);
		return false;
	}
	if (k->args) {
		extract_fini(&k->extract);
		exclude_fini(&k->exclude);
	}
	k->extract = extract;
	k->exclude = exclude;
	set_cluster(k, a);
	k->args = a;
	fanout_set(&k->out, a->output);
	return true;
}

static void fini(struct k8sattributes *k)
{
	task_cancel(&k->health_task);
	pod_store_unsubscribe(&k->on_pods);
	cluster_release(k->cluster);
	pod_lookup_free(k->lookup);
	fanout_fini(&k->out);
	if (k->args) {
		extract_fini(&k->extract);
		exclude_fini(&k->exclude);
	}
	buf_fini(&k->request);
	buf_fini(&k->scratch);
	for (size_t i = 0; i < SIGNAL_KINDS; i++)
		for (size_t r = 0; r < RESULTS; r++)
			metric_free(k->associated[i][r]);
}

static void on_drained(struct fanout *f)
{
	struct k8sattributes *k = container_of(f, struct k8sattributes, out);

	if (!k->is_stopping)
		return;
	fini(k);
	component_stopped(&k->base);
}

static void make_metrics(struct k8sattributes *k)
{
	for (size_t i = 0; i < SIGNAL_KINDS; i++) {
		for (size_t r = 0; r < RESULTS; r++) {
			const struct metric_label labels[] = {
				{"component_id", k->base.id},
				{"component_path", "/"},
				{"otelcol_signal", signal_names[i]},
				{"status", r == FOUND ? "success" : "error"},
				{NULL, NULL},
			};

			k->associated[i][r] = metric_new(&associations_family, labels);
		}
	}
}

static bool otelcol_processor_k8sattributes_start(
	struct component *c, const void *args, struct err *e)
{
	struct k8sattributes *k = container_of(c, struct k8sattributes, base);

	fanout_init(&k->out, c->loop, c->agent->otlp_budget);
	k->out.drained = on_drained;
	k->on_pods.changed = on_pods;
	k->health_task.run = on_health;
	make_metrics(k);
	k->input = (struct consumer){k8sattributes_consume, k8sattributes_takes, c->id};
	if (!otelcol_processor_k8sattributes_update(c, args, e)) {
		fini(k);
		return false;
	}
	component_export(c, "input", value_capsule(&capsule_consumer, &k->input));
	return true;
}

static void otelcol_processor_k8sattributes_stop(struct component *c)
{
	struct k8sattributes *k = container_of(c, struct k8sattributes, base);

	k->is_stopping = true;
	if (fanout_is_empty(&k->out))
		on_drained(&k->out);
}

static const struct export_field exports[] = {
	{"input", ARG_CAPSULE, &capsule_consumer, "Takes traces, logs and metrics."},
	{NULL, ARG_END, NULL, NULL},
};

const struct component_type otelcol_processor_k8sattributes = {
	.name = "otelcol.processor.k8sattributes",
	.help = "Adds the attributes of the pod that sent it to telemetry data.",
	.stability = STABILITY_GA,
	.args = k8sattributes_args,
	.size = sizeof(struct k8sattributes),
	.args_size = sizeof(struct k8sattributes_args),
	.exports = exports,
	.check = k8sattributes_check,
	.start = otelcol_processor_k8sattributes_start,
	.update = otelcol_processor_k8sattributes_update,
	.stop = otelcol_processor_k8sattributes_stop,
};
