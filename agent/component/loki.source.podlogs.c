/*
 * loki.source.podlogs: the logs of the pods that PodLogs objects select.
 *
 * Alloy fetches them through the API server, of every node. Here each node's agent watches the
 * objects and the pods of its node, and reads their files (as loki.source.kubernetes does):
 * node_filter and clustering are not needed. Objects select pods of any namespace; the component's
 * own selectors select the objects.
 */

#include "agent/base/buf.h"
#include "agent/base/container_of.h"
#include "agent/base/err.h"
#include "agent/base/log.h"
#include "agent/base/metric.h"
#include "agent/component/common/k8s_client_args.h"
#include "agent/component/common/pod_tail.h"
#include "agent/component/loki.source.podlogs/spec.h"
#include "agent/flow/once.h"
#include "agent/graph/component.h"
#include "agent/graph/context.h"
#include "agent/loop/http_client.h"
#include "agent/loop/loop.h"
#include "k8s/cluster.h"
#include "k8s/config.h"
#include "k8s/object_roles.h"
#include "k8s/pod_store.h"
#include "k8s/watch.h"

#include <stdlib.h>

#define COALESCE (50 * INT64_C(1000000))

/* ---- arguments ---- */

struct expression_block {
	struct range at;
	struct str key;
	struct str operator;
	struct arg_strs values;
};

static const struct arg expression_args[] = {
	ARG_PLACE(expression_block, at),
	ARG(expression_block, key, .type = ARG_STR, .flags = ARG_REQUIRED, .help = "Label."),
	ARG(expression_block, operator, .type = ARG_STR, .flags = ARG_REQUIRED,
		.help = "In, NotIn, Exists or DoesNotExist."),
	ARG(expression_block, values, .type = ARG_STRS, .help = "Values, for In and NotIn."),
	ARGS_END,
};

struct selector_block {
	struct range at;
	struct arg_map match_labels;
	struct arg_blocks match_expression;
};

static const struct arg selector_args[] = {
	ARG_PLACE(selector_block, at),
	ARG(selector_block, match_labels, .type = ARG_MAP, .help = "Labels and their values."),
	ARG(selector_block, match_expression, .type = ARG_BLOCK, .flags = ARG_REPEATED,
		.block = expression_args, .size = sizeof(struct expression_block),
		.help = "A condition; all of them must hold."),
	ARGS_END,
};

struct clustering_block {
	bool enabled;
};

static const struct arg clustering_args[] = {
	ARG(clustering_block, enabled, .type = ARG_BOOL, .flags = ARG_REQUIRED,
		.help = "Not needed: each node's agent reads its own pods."),
	ARGS_END,
};

struct node_filter_block {
	bool enabled;
	struct str node_name;
};

static const struct arg node_filter_args[] = {
	ARG(node_filter_block, enabled, .type = ARG_BOOL, .def = "false",
		.help = "Only pods of one node; here they are always those of this node."),
	ARG(node_filter_block, node_name, .type = ARG_STR,
		.help = "Another node's name: nothing is read here then."),
	ARGS_END,
};

struct podlogs_args {
	struct range at;
	struct arg_capsules forward_to;
	const struct k8s_client_args *client;
	const struct selector_block *selector;
	const struct selector_block *namespace_selector;
	const struct clustering_block *clustering;
	const struct node_filter_block *node_filter;
	bool preserve_discovered_labels;
	bool tail_from_end;
};

static const struct arg podlogs_args[] = {
	ARG_PLACE(podlogs_args, at),
	ARG(podlogs_args, forward_to, .type = ARG_CAPSULES, .capsule = &capsule_logs_receiver,
		.flags = ARG_REQUIRED, .help = "Receivers of the entries."),
	ARG(podlogs_args, preserve_discovered_labels, .type = ARG_BOOL, .def = "false",
		.help = "Whether entries keep the labels __meta_*, for rules that follow; none is "
			"sent to Loki."),
	ARG(podlogs_args, tail_from_end, .type = ARG_BOOL, .def = "false",
		.help = "Whether of a file without a position only what comes is read."),
	ARG(podlogs_args, client, .type = ARG_BLOCK, K8S_CLIENT_ARGS_BLOCK),
	ARG(podlogs_args, selector, .type = ARG_BLOCK, .block = selector_args,
		.size = sizeof(struct selector_block), .help = "Which PodLogs count, by labels."),
	ARG(podlogs_args, namespace_selector, .type = ARG_BLOCK, .block = selector_args,
		.size = sizeof(struct selector_block),
		.help = "Which PodLogs count, by the labels of their namespaces."),
	ARG(podlogs_args, node_filter, .type = ARG_BLOCK, .block = node_filter_args,
		.size = sizeof(struct node_filter_block), .help = "Pods of one node."),
	ARG(podlogs_args, clustering, .type = ARG_BLOCK, .block = clustering_args,
		.size = sizeof(struct clustering_block), .flags = ARG_NO_EFFECT,
		.help = "How Alloy shares the pods; here each node has its own."),
	ARGS_END,
};

static const struct metric_family lines_family = {"loki_source_podlogs_read_lines_total",
	METRIC_COUNTER, "Number of lines read.", NULL};
static const struct metric_family active_family = {"loki_source_podlogs_files_active",
	METRIC_GAUGE, "Number of log files that are followed.", NULL};

static bool add_expression(struct arena *a, const struct expression_block *x,
	struct label_selector *out, struct err *e)
{
	struct label_requirement r = {.key = x->key, .values = x->values.p, .n = x->values.n};

	if (!label_operator_parse(x->operator, & r.operator))
		return err_set(e,
			"operator \"" STR_FMT
			"\" is not a valid label selector operator, which are In, NotIn, "
			"Exists and DoesNotExist",
			STR_ARG(x->operator));
	return label_selector_add(a, out, r, e);
}

/* b NULL: everything is selected. Everything is in a, or the arguments'. */
static bool make_selector(struct arena *a, const struct selector_block *b,
	struct label_selector *out, struct err *e)
{
	const struct expression_block *x = b ? b->match_expression.p : NULL;

	*out = (struct label_selector){0};
	for (size_t i = 0; b && i < b->match_labels.n; i++) {
		struct label_requirement r = {
			b->match_labels.p[i].name, LABEL_IN, &b->match_labels.p[i].value, 1};

		if (!label_selector_add(a, out, r, e))
			return false;
	}
	for (size_t i = 0; b && i < b->match_expression.n; i++)
		if (!add_expression(a, &x[i], out, e))
			return false;
	return true;
}

/* Each expression by itself, so that one that is wrong hides none. */
static bool check_selector(const struct selector_block *b, struct diags *d)
{
	const struct expression_block *x = b ? b->match_expression.p : NULL;
	struct label_selector s;
	bool ok = true;
	struct err e;

	if (!b)
		return true;
	for (size_t i = 0; i < b->match_expression.n; i++) {
		s = (struct label_selector){0};
		if (!add_expression(d->arena, &x[i], &s, &e))
			ok = diag_error(d, x[i].at, "%s", e.text);
	}
	if (ok && !make_selector(d->arena, b, &s, &e))
		ok = diag_error(d, b->at, "%s", e.text);
	return ok;
}

static bool podlogs_check(const void *args, struct diags *d)
{
	const struct podlogs_args *a = args;
	bool ok = k8s_client_args_check(a->client, d);

	ok = check_selector(a->selector, d) && ok;
	return check_selector(a->namespace_selector, d) && ok;
}

/* ---- the instance ---- */

/* What is asked of which API server. */
struct watched {
	struct k8s_config config;
	struct arena settings; /* of the selectors */
	struct label_selector of_namespaces;
	struct http_target *target;
	struct cluster *cluster; /* the pods of the node */
	struct objects *objects;
	struct objects *namespaces; /* NULL: nobody has asked for their labels yet */
};

struct podlogs {
	struct component base;
	const struct podlogs_args *args;
	struct watched from;
	struct pod_tail tail;
	struct pod_subscriber on_pods;
	struct timer soon; /* changes gather */
	struct once_part once;
	struct label_list list; /* for relabelling */
	bool is_sick;
	bool has_targets; /* they have been set once, with these settings */
};

/* ---- from objects and pods to targets ---- */

/* One run. */
struct run {
	struct podlogs *s;
	struct arena *a;
	struct arg_map *targets;
	size_t n, cap;
};

/* Label sets of a namespace, in the order of object_namespace. */
enum {
	OWN,
	LENT,
};

static struct pod_target labels_of(const struct podlogs *s, struct str namespace, size_t which)
{
	const struct object *o = NULL;

	if (s->from.namespaces)
		o = objects_find(s->from.namespaces, (struct str){0}, namespace);
	return o ? o->targets[which] : (struct pod_target){0};
}

static bool namespace_matches(const struct podlogs *s, const struct label_selector *sel,
	struct str name)
{
	struct pod_target own;
	struct pod_pairs labels;

	if (sel->n == 0)
		return true;
	if (!objects_find(s->from.namespaces, (struct str){0}, name))
		return false;
	_Static_assert(sizeof(struct pod_label) == sizeof(struct pod_pair), "both are pairs");
	own = labels_of(s, name, OWN);
	labels = (struct pod_pairs){(const struct pod_pair *)(const void *)own.v, own.n};
	return label_selector_matches(sel, &labels);
}

static void add_labels(struct podlogs *s, const struct pod_target *t)
{
	for (size_t i = 0; i < t->n; i++)
		label_list_set(&s->list, t->v[i].name, t->v[i].value);
}

static void add_label(struct podlogs *s, const char *name, struct str value)
{
	label_list_set(&s->list, str_from(name), value);
}

/* The labels that rules see. */
static void put_labels(struct podlogs *s, const struct pod_target *t, const struct object *o,
	const struct pod *p, const struct pod_container *c)
{
	struct pod_target lent = labels_of(s, p->namespace, LENT);

	label_list_init(&s->list, NULL, 0);
	add_labels(s, &o->targets[0]);
	add_labels(s, &lent);
	add_labels(s, t);
	add_label(s, "__pod_namespace__", p->namespace);
	add_label(s, "__pod_name__", p->name);
	add_label(s, "__pod_container_name__", c->name);
	add_label(s, "__pod_uid__", p->log_uid);
}

static int by_name(const void *x, const void *y)
{
	return str_cmp(((const struct arg_pair *)x)->name, ((const struct arg_pair *)y)->name);
}

static void keep_target(struct run *r, const struct object *o, struct str container)
{
	struct label_list *l = &r->s->list;
	struct arg_pair *v = arena_new(r->a, struct arg_pair, l->n + 1);
	struct arg_map *more;
	size_t n = 0;

	if (label_list_find(l, STR("job")).n == 0)
		v[n++] = (struct arg_pair){STR("job"),
			arena_printf(r->a, STR_FMT "/" STR_FMT ":" STR_FMT, STR_ARG(o->namespace),
				STR_ARG(o->name), STR_ARG(container))};
	for (size_t i = 0; i < l->n; i++)
		v[n++] = (struct arg_pair){l->p[i].name, l->p[i].value};
	qsort(v, n, sizeof(*v), by_name);
	if (r->n == r->cap) {
		r->cap = r->cap ? 2 * r->cap : 64;
		more = arena_new(r->a, struct arg_map, r->cap);
		if (r->n)
			memcpy(more, r->targets, r->n * sizeof(*more));
		r->targets = more;
	}
	r->targets[r->n++] = (struct arg_map){v, n};
}

static void add_pod(struct run *r, const struct object *o, const struct pod *p)
{
	const struct podlogs_spec *spec = o->extra;
	struct podlogs *s = r->s;

	for (size_t i = 0; i < p->n_containers; i++) {
		struct pod_targets t = {.heeds_wishes = s->base.agent->pod_annotations};
		struct pod_container c = p->containers[i];

		c.n_ports = 0; /* a file is read once, however many ports there are */
		if (c.kind == POD_CONTAINER_EPHEMERAL)
			continue;
		pod_targets_add(r->a, &t, p, &c);
		if (t.n == 0) /* its pod wishes not to be read */
			continue;
		put_labels(s, &t.p[0], o, p, &c);
		if (!spec->rules || relabel_apply(spec->rules, &s->list, r->a))
			keep_target(r, o, c.name);
	}
}

/* What may not be read is nobody's label: the objects that go by it select nothing. */
static bool is_usable(const struct podlogs *s, const struct podlogs_spec *spec)
{
	return !spec->reads_namespaces || objects_is_synced(s->from.namespaces);
}

/* Deleted pods stay for a while, as their last lines may not have been read. */
static void add_object(struct run *r, const struct object *o)
{
	const struct podlogs_spec *spec = o->extra;
	struct podlogs *s = r->s;

	if (!is_usable(s, spec) || !namespace_matches(s, &s->from.of_namespaces, o->namespace))
		return;
	POD_STORE_EACH(p, cluster_pods(s->from.cluster))
	{
		if (label_selector_matches(&spec->pods, &p->labels) &&
			namespace_matches(s, &spec->namespaces, p->namespace))
			add_pod(r, o, p);
	}
}

static void on_changed(void *owner);

/* Their labels are asked for when a selector or a rule wants them, or who comes after. True: they
 * are known, or not needed, or may not be read: other objects do not wait for the one that wants
 * them. */
static bool has_namespaces(struct podlogs *s, const struct object *const *v, size_t n)
{
	bool is_needed = s->from.of_namespaces.n > 0 || s->args->preserve_discovered_labels;

	for (size_t i = 0; i < n; i++) {
		const struct podlogs_spec *spec = v[i]->extra;

		is_needed = is_needed || spec->namespaces.n > 0 || spec->reads_namespaces;
	}
	if (is_needed && !s->from.namespaces)
		s->from.namespaces = objects_new(s->base.loop,
			&(struct objects_settings){
				.target = s->from.target,
				.server = s->from.config.server,
				.path = STR("/api/v1/namespaces"),
				.resource = STR("namespaces"),
				.reader = &object_namespace,
				.changed = on_changed,
				.owner = s,
			});
	return !is_needed || objects_is_synced(s->from.namespaces) ||
	       objects_problem(s->from.namespaces);
}

/* What is known is not all until each watch has had its list. */
static void follow(struct podlogs *s)
{
	const struct object *const *v;
	struct run r = {.s = s};
	struct arena a;
	size_t n;

	if (!objects_is_synced(s->from.objects) ||
		!pod_store_is_synced(cluster_pods(s->from.cluster)))
		return;
	arena_init(&a, 0);
	r.a = &a;
	v = objects_sorted(s->from.objects, &a, &n);
	if (has_namespaces(s, v, n)) {
		for (size_t i = 0; i < n; i++)
			add_object(&r, v[i]);
		pod_tail_set(&s->tail, &(struct arg_targets){r.targets, r.n},
			(struct receivers){
				(struct receiver *const *)(const void *)s->args->forward_to.p,
				s->args->forward_to.n});
		s->has_targets = true;
		once_idle(&s->once);
	}
	arena_fini(&a);
}

/* ---- changes ---- */

static void set_health(struct podlogs *s)
{
	const char *problem = objects_problem(s->from.objects);

	if (!problem)
		problem = cluster_problem(s->from.cluster);
	if (!problem && s->from.namespaces)
		problem = objects_problem(s->from.namespaces);
	if (problem)
		component_set_health(&s->base, HEALTH_UNHEALTHY, problem);
	else if (s->is_sick)
		component_set_health(&s->base, HEALTH_HEALTHY, "the API server is watched");
	s->is_sick = problem != NULL;
}

/* The first complete lists count at once; what changes after them is gathered a little. */
static void on_changed(void *owner)
{
	struct podlogs *s = owner;

	set_health(s);
	if (!s->has_targets)
		follow(s);
	else if (!timer_is_set(&s->soon))
		timer_set(&s->soon, s->base.loop, COALESCE);
}

static void on_pods(struct pod_subscriber *w)
{
	on_changed(container_of(w, struct podlogs, on_pods));
}

static void on_soon(struct timer *t)
{
	follow(container_of(t, struct podlogs, soon));
}

/* ---- life ---- */

static void forget(struct watched *w)
{
	objects_free(w->objects);
	objects_free(w->namespaces);
	cluster_release(w->cluster);
	if (w->target)
		http_target_free(w->target);
	arena_fini(&w->settings);
	k8s_config_fini(&w->config);
	*w = (struct watched){0};
}

/* The pods of this node, or of the one that node_filter names, whose files are not here. */
static struct str node_of(const struct podlogs *s, const struct podlogs_args *a)
{
	const struct node_filter_block *f = a->node_filter;
	struct str own = s->base.agent->node_name;

	if (!f || !f->enabled || f->node_name.n == 0 || str_eq(f->node_name, own))
		return own;
	log_warn(s->base.id, "node_filter names another node: its files are not here",
		KV("node_name", f->node_name), KV("own", own),
		KV("hint", "leave node_name out: each node's agent reads its own pods"));
	return f->node_name;
}

static void watch_objects(struct podlogs *s, struct watched *w,
	const struct label_selector *selector)
{
	struct buf text = {0};

	label_selector_print(&text, selector);
	w->objects = objects_new(s->base.loop,
		&(struct objects_settings){
			.target = w->target,
			.server = w->config.server,
			.path = STR("/apis/monitoring.grafana.com/v1alpha2/podlogs"),
			.resource = STR("podlogs"),
			.label_selector = buf_str(&text),
			.spread = w->config.is_pod ? WATCH_SPREAD : 0,
			.reader = &podlogs_reader,
			.changed = on_changed,
			.owner = s,
		});
	buf_fini(&text);
}

/* On failure what there is of *w is the caller's to forget. */
static bool watch(struct podlogs *s, const struct podlogs_args *a, struct watched *w,
	struct err *e)
{
	struct label_selector selector;
	struct buf field = {0};

	if (!make_selector(&w->settings, a->selector, &selector, e) ||
		!make_selector(&w->settings, a->namespace_selector, &w->of_namespaces, e))
		return false;
	w->target = http_target_new(s->base.agent->http, &w->config.http, e);
	if (!w->target)
		return false;
	cluster_node_selector(&field, node_of(s, a));
	w->cluster = cluster_hold(s->base.loop, s->base.agent->http,
		&(struct cluster_settings){
			.config = &w->config,
			.field_selector = buf_str(&field),
		},
		e);
	buf_fini(&field);
	if (w->cluster)
		watch_objects(s, w, &selector);
	return w->cluster != NULL;
}

/* What is new, in place of what was; the tail goes on meanwhile. */
static bool configure(struct podlogs *s, const struct podlogs_args *a, struct err *e)
{
	struct watched w = {0};

	if (!k8s_client_args_config(a->client, &w.config, e))
		return false;
	arena_init(&w.settings, 0);
	if (!watch(s, a, &w, e)) {
		forget(&w);
		return false;
	}
	pod_store_unsubscribe(&s->on_pods);
	timer_clear(&s->soon);
	forget(&s->from);
	s->from = w;
	pod_store_subscribe(cluster_pods(s->from.cluster), &s->on_pods);
	return true;
}

static bool podlogs_update(struct component *c, const void *args, struct err *e)
{
	struct podlogs *s = container_of(c, struct podlogs, base);
	const struct podlogs_args *a = args;

	if (!configure(s, a, e))
		return false;
	s->args = a;
	s->has_targets = false;
	s->tail.keeps_meta = a->preserve_discovered_labels;
	s->tail.from_end = a->tail_from_end;
	set_health(s);
	return true;
}

static bool podlogs_start(struct component *c, const void *args, struct err *e)
{
	struct podlogs *s = container_of(c, struct podlogs, base);

	s->on_pods.changed = on_pods;
	s->soon.fire = on_soon;
	if (!podlogs_update(c, args, e))
		return false;
	pod_tail_start(&s->tail, c, &lines_family, &active_family);
	once_busy(c->agent->work, &s->once);
	return true;
}

static void podlogs_stop(struct component *c)
{
	struct podlogs *s = container_of(c, struct podlogs, base);

	pod_store_unsubscribe(&s->on_pods);
	timer_clear(&s->soon);
	forget(&s->from);
	label_list_fini(&s->list);
	once_idle(&s->once);
	pod_tail_stop(&s->tail);
}

const struct component_type loki_source_podlogs = {
	.name = "loki.source.podlogs",
	.help = "Forwards the logs of this node's pods that PodLogs objects select.",
	.stability = STABILITY_GA,
	.args = podlogs_args,
	.size = sizeof(struct podlogs),
	.args_size = sizeof(struct podlogs_args),
	.check = podlogs_check,
	.start = podlogs_start,
	.update = podlogs_update,
	.stop = podlogs_stop,
};
