/*
 * discovery.kubernetes: the pods of this node as targets; nodes and services too.
 *
 * Differences from Alloy, on purpose: only the own node's pods are watched, since the
 * logs of the others are not here; changes are exported within 50 ms, not 5 s; and pods are known
 * from their log folders too, so that an API server that is down, or has forgotten a pod, does not
 * keep its lines from being read.
 */

#include "agent/base/err.h"
#include "agent/base/log.h"
#include "agent/component/common/k8s_client_args.h"
#include "agent/component/common/pod_export.h"
#include "agent/component/discovery.kubernetes/others.h"
#include "agent/component/discovery.kubernetes/pod_mix.h"
#include "agent/flow/once.h"
#include "agent/graph/component.h"
#include "agent/graph/context.h"
#include "agent/loop/loop.h"
#include "k8s/cluster.h"
#include "k8s/config.h"
#include "k8s/object_roles.h"

#define COALESCE (50 * INT64_C(1000000))
#define SETTLE (100 * INT64_C(1000000)) /* after the first export, until its readers are busy */

struct attach_metadata_block {
	bool node;
	bool namespace;
};

static const struct arg attach_metadata_args[] = {
	ARG(attach_metadata_block, node, .type = ARG_BOOL, .def = "false",
		.help = "Attach the labels of the pod's node; wants the right to watch nodes."),
	ARG(attach_metadata_block, namespace, .type = ARG_BOOL, .def = "false",
		.help = "Attach the labels of the pod's namespace; wants the right to watch "
			"namespaces."),
	ARGS_END,
};

struct namespaces_block {
	struct arg_strs names;
	bool own_namespace;
};

static const struct arg namespaces_args[] = {
	ARG(namespaces_block, names, .type = ARG_STRS,
		.help = "Namespaces whose pods are wanted; empty: all."),
	ARG(namespaces_block, own_namespace, .type = ARG_BOOL, .def = "false",
		.help = "Add the namespace that the agent runs in."),
	ARGS_END,
};

struct selector_block {
	struct range at;
	struct str role;
	struct str field;
	struct str label;
};

static const struct arg selector_args[] = {
	ARG_PLACE(selector_block, at),
	ARG(selector_block, role, .type = ARG_STR, .flags = ARG_REQUIRED,
		.help = "What the selector applies to."),
	ARG(selector_block, field, .type = ARG_STR,
		.help = "Field selector, for the API server: \"spec.nodeName=node-1\"."),
	ARG(selector_block, label, .type = ARG_STR,
		.help = "Label selector, for the API server: \"app in (web, db)\"."),
	ARGS_END,
};

struct discovery_args {
	struct range at;
	struct str role;
	struct k8s_client_args client;
	const struct attach_metadata_block *attach_metadata;
	const struct namespaces_block *namespaces;
	struct arg_blocks selectors;
};

static const struct arg discovery_args[] = {
	ARG_PLACE(discovery_args, at),
	ARG(discovery_args, role, .type = ARG_STR, .flags = ARG_REQUIRED,
		.help = "What is discovered: pod, node, service. Others are taken, but give no "
			"targets."),
	K8S_CLIENT_ARGS(discovery_args, client),
	ARG(discovery_args, attach_metadata, .type = ARG_BLOCK, .block = attach_metadata_args,
		.size = sizeof(struct attach_metadata_block),
		.help = "Labels of other objects to attach."),
	ARG(discovery_args, namespaces, .type = ARG_BLOCK, .block = namespaces_args,
		.size = sizeof(struct namespaces_block), .help = "Namespaces to look into."),
	ARG(discovery_args, selectors, .type = ARG_BLOCK, .flags = ARG_REPEATED,
		.block = selector_args, .size = sizeof(struct selector_block),
		.help = "Which objects the API server is asked for."),
	ARGS_END,
};

struct discovery {
	struct component base;
	struct arena texts; /* of the settings in force */
	struct cluster *cluster;
	struct pod_mix mix;
	struct others others;
	struct pod_subscriber on_pods;
	struct pod_dirs_subscriber on_dirs;
	struct timer soon;    /* changes gather */
	struct timer patient; /* the first list has not come */
	struct timer held;    /* something is held back until then */
	struct timer settle;  /* for --once */
	struct once_part once;
	bool is_first_done; /* with these settings */
	bool is_sick;
	bool has_said; /* that only this node is watched */
	char no_cluster[512];
};

static const char *const roles[] = {
	"pod", "node", "service", "endpoints", "endpointslice", "ingress", NULL};

static bool is_role(struct str s)
{
	for (size_t i = 0; roles[i]; i++) {
		if (str_is(s, roles[i]))
			return true;
	}
	return false;
}

static bool check_role(struct str role, struct range at, struct diags *d)
{
	if (is_role(role))
		return true;
	diag_error(d, at, "unknown Kubernetes SD role \"" STR_FMT "\"", STR_ARG(role));
	diag_hint(d, "it is one of pod, node, service, endpoints, endpointslice and ingress");
	return false;
}

static bool discovery_check(const void *args, struct diags *d)
{
	const struct discovery_args *a = args;
	const struct selector_block *v = a->selectors.p;
	bool ok = k8s_client_args_check(&a->client, d);

	ok = check_role(a->role, a->at, d) && ok;
	for (size_t i = 0; i < a->selectors.n; i++) {
		if (!check_role(v[i].role, v[i].at, d))
			ok = false;
		else if (str_is(a->role, "pod") && !str_is(v[i].role, "pod"))
			ok = diag_error(d, v[i].at, "pod role supports only pod selectors");
	}
	return ok;
}

static void export_targets(struct discovery *d)
{
	struct pod_targets t = {.heeds_wishes = d->base.agent->pod_annotations};
	struct arena a;
	int64_t wait;

	arena_init(&a, 0);
	d->mix.is_cut_off = d->is_sick;
	wait = pod_mix_targets(&d->mix, &a, loop_now(d->base.loop), &t);
	/* The kubelet has heard of it from the API server, so that may be asked again. */
	if (d->mix.has_news && d->cluster)
		cluster_hurry(d->cluster);
	others_attach(&d->others, &a, &t);
	others_targets(&d->others, &a, &t);
	component_export(&d->base, "targets", pod_export(&a, &t));
	arena_fini(&a);
	if (wait)
		timer_set(&d->held, d->base.loop, wait);
	else
		timer_clear(&d->held);
	d->is_first_done = true;
	timer_clear(&d->soon);
	timer_clear(&d->patient);
	if (d->once.once && !wait)
		timer_set(&d->settle, d->base.loop, SETTLE);
}

static void set_health(struct discovery *d)
{
	const char *problem = d->cluster ? cluster_problem(d->cluster) : NULL;

	if (!d->cluster && d->no_cluster[0])
		problem = d->no_cluster;
	if (!problem)
		problem = others_problem(&d->others);
	if (problem)
		component_set_health(&d->base, HEALTH_UNHEALTHY, problem);
	else if (d->is_sick)
		component_set_health(&d->base, HEALTH_HEALTHY, "the API server is watched");
	d->is_sick = problem != NULL;
}

static bool is_synced(const struct discovery *d)
{
	return (!d->cluster || pod_store_is_synced(cluster_pods(d->cluster))) &&
	       others_is_synced(&d->others);
}

/* The first complete list is exported at once; what changes after it is gathered a little. */
static void on_change(struct discovery *d)
{
	if (!d->is_first_done && is_synced(d))
		export_targets(d);
	else if (d->is_first_done && !timer_is_set(&d->soon))
		timer_set(&d->soon, d->base.loop, COALESCE);
}

static void on_pods(struct pod_subscriber *w)
{
	struct discovery *d = container_of(w, struct discovery, on_pods);

	set_health(d);
	on_change(d);
}

static void on_others(struct others *o)
{
	struct discovery *d = container_of(o, struct discovery, others);

	set_health(d);
	on_change(d);
}

static void on_dirs(struct pod_dirs_subscriber *w)
{
	on_change(container_of(w, struct discovery, on_dirs));
}

static void on_soon(struct timer *t)
{
	export_targets(container_of(t, struct discovery, soon));
}

static void on_patient(struct timer *t)
{
	struct discovery *d = container_of(t, struct discovery, patient);

	log_warn(d->base.id, "the pods are not known yet, their log folders have to do",
		KV("hint", "lines are sent with what is known of their pods, and what the "
			   "folders' names tell, until the API server answers"));
	export_targets(d);
}

static void on_held(struct timer *t)
{
	export_targets(container_of(t, struct discovery, held));
}

static void on_settled(struct timer *t)
{
	once_idle(&container_of(t, struct discovery, settle)->once);
}

/* The selector of the role; of several the last, as in Prometheus. */
static struct selector_block selector_of(const struct discovery_args *a)
{
	const struct selector_block *v = a->selectors.p;
	struct selector_block s = {0};

	for (size_t i = 0; i < a->selectors.n; i++) {
		if (str_eq(v[i].role, a->role))
			s = v[i];
	}
	return s;
}

/* What is asked for, with its texts in d's arena. */
struct question {
	struct str field;
	struct str label;
	struct str *namespaces;
	size_t n_namespaces;
	bool is_own_node;
	bool has_others; /* folders alone can tell who belongs to it */
};

/* Only the pods of this node: the files of the others are not here. */
static void restrict_to_node(struct discovery *d, struct arena *texts, struct question *q)
{
	struct str own = d->base.agent->node_name;
	struct str node;

	if (cluster_selector_node(q->field, &node)) {
		q->is_own_node = str_eq(node, own);
		q->has_others = q->is_own_node && !memchr(q->field.p, ',', q->field.n);
		return;
	}
	q->is_own_node = true;
	q->has_others = q->field.n == 0;
	if (own.n == 0)
		return;
	q->field = arena_printf(texts, STR_FMT "%sspec.nodeName=" STR_FMT, STR_ARG(q->field),
		q->field.n ? "," : "", STR_ARG(own));
	if (!d->has_said)
		log_info(d->base.id, "only the pods of this node are watched", KV("node", own),
			KV("hint",
				"logs of other nodes' pods are read by the agents there; to say it "
				"yourself add selectors { role = \"pod\" field = "
				"\"spec.nodeName=…\" }"));
	d->has_said = true;
}

static struct question ask(struct discovery *d, struct arena *texts, const struct discovery_args *a,
	struct str own_namespace)
{
	struct selector_block s = selector_of(a);
	struct question q = {
		.field = arena_str(texts, str_trim(s.field)),
		.label = arena_str(texts, str_trim(s.label)),
	};
	size_t n = a->namespaces ? a->namespaces->names.n : 0;

	q.namespaces = arena_new(texts, struct str, n + 1);
	for (size_t i = 0; i < n; i++)
		q.namespaces[q.n_namespaces++] = arena_str(texts, a->namespaces->names.p[i]);
	if (a->namespaces && a->namespaces->own_namespace && own_namespace.n)
		q.namespaces[q.n_namespaces++] = arena_str(texts, own_namespace);
	if (str_is(a->role, "pod"))
		restrict_to_node(d, texts, &q);
	q.has_others = q.has_others && q.label.n == 0;
	return q;
}

/* Takes what is new and lets go of what was: in this order, so that a watch both want lives on. */
static void switch_to(struct discovery *d, struct cluster *cluster, struct arena texts,
	const struct question *q)
{
	struct agent_context *g = d->base.agent;
	struct pod_dirs *dirs =
		q->is_own_node && g->notify ? pod_dirs_hold(g->loop, g->notify, g->pod_logs) : NULL;

	pod_store_unsubscribe(&d->on_pods);
	pod_dirs_unsubscribe(&d->on_dirs);
	if (d->cluster != cluster || d->mix.dirs != dirs) {
		struct map none = {0};

		pod_mix_fini(&d->mix);
		d->mix.kept = none;
	}
	pod_dirs_release(d->mix.dirs);
	cluster_release(d->cluster);
	arena_fini(&d->texts);
	d->texts = texts;
	d->cluster = cluster;
	d->mix.pods = cluster ? cluster_pods(cluster) : NULL;
	d->mix.dirs = dirs;
	d->mix.has_others = q->has_others;
	d->mix.namespaces = q->namespaces;
	d->mix.n_namespaces = q->n_namespaces;
	d->mix.node = g->node_name;
	if (cluster)
		pod_store_subscribe(d->mix.pods, &d->on_pods);
	if (dirs)
		pod_dirs_subscribe(dirs, &d->on_dirs);
}

/* In a pod, or not: without an API server the folders alone are looked at. */
static bool find_own_cluster(struct discovery *d, struct k8s_config *out)
{
	struct err e;

	if (k8s_config_in_cluster(out, NULL, &e))
		return true;
	if (strcmp(d->no_cluster, e.text) != 0)
		log_warn(d->base.id, "no API server, pods are known from their log folders only",
			KV("err", (const char *)e.text));
	memcpy(d->no_cluster, e.text, sizeof(d->no_cluster));
	*out = (struct k8s_config){0};
	return false;
}

/* Which objects beside the pods are watched. */
static bool start_others(struct discovery *d, const struct discovery_args *a,
	const struct k8s_config *config, const struct question *q, struct err *e)
{
	struct others_wish w = {
		.role = object_role_find(a->role),
		.namespaces = q->namespaces,
		.n_namespaces = q->n_namespaces,
	};

	if (w.role) {
		w.field = q->field;
		w.label = q->label;
	} else if (a->attach_metadata) {
		w.attach_namespace = a->attach_metadata->namespace;
		w.attach_node = a->attach_metadata->node;
		if (q->is_own_node)
			w.node = d->base.agent->node_name;
	}
	return others_start(&d->others, d->base.loop, d->base.agent->http, config, &w, e);
}

/* The watches of an API server, and what they feed. */
static bool watch(struct discovery *d, const struct discovery_args *a,
	const struct k8s_config *config, const struct question *q, struct cluster **cluster,
	struct err *e)
{
	*cluster = NULL;
	if (str_is(a->role, "pod")) {
		*cluster = cluster_hold(d->base.loop, d->base.agent->http,
			&(struct cluster_settings){
				.config = config,
				.field_selector = q->field,
				.label_selector = q->label,
				.namespaces = q->namespaces,
				.n_namespaces = q->n_namespaces,
			},
			e);
		if (!*cluster)
			return false;
	}
	if (start_others(d, a, config, q, e))
		return true;
	cluster_release(*cluster);
	return false;
}

static bool configure(struct discovery *d, const struct discovery_args *a, struct err *e)
{
	struct cluster *cluster = NULL;
	struct k8s_config config;
	struct question q;
	struct arena texts;
	bool has_server = true;
	bool ok = true;

	if (a->client.kubeconfig_file.n || a->client.api_server.n) {
		if (!k8s_client_args_config(&a->client, &config, e))
			return false;
	} else {
		has_server = find_own_cluster(d, &config);
	}
	arena_init(&texts, 0);
	q = ask(d, &texts, a, config.namespace);
	if (has_server) {
		ok = watch(d, a, &config, &q, &cluster, e);
		k8s_config_fini(&config);
		d->no_cluster[0] = 0;
	} else {
		others_stop(&d->others);
	}
	if (!ok) {
		arena_fini(&texts);
		return false;
	}
	switch_to(d, cluster, texts, &q);
	return true;
}

/* A role that is not there: no targets, and a word about it. */
static void discover_nothing(struct discovery *d, const struct discovery_args *a)
{
	struct question q = {0};
	struct arena texts;

	log_warn(d->base.id, "this role has no targets here", KV("role", a->role),
		KV("hint", "its targets join services and pods of the whole cluster, which the "
			   "agent of a node does not watch; roles pod, node and service have "
			   "targets"));
	arena_init(&texts, 0);
	others_stop(&d->others);
	switch_to(d, NULL, texts, &q);
	timer_clear(&d->patient);
	timer_clear(&d->soon);
	export_targets(d);
}

static bool discovery_update(struct component *c, const void *args, struct err *e)
{
	struct discovery *d = container_of(c, struct discovery, base);
	const struct discovery_args *a = args;
	struct cluster *before = d->cluster;

	if (!str_is(a->role, "pod") && !object_role_find(a->role)) {
		discover_nothing(d, a);
		return true;
	}
	if (!configure(d, a, e))
		return false;
	d->is_first_done = d->is_first_done && d->cluster == before && !d->others.target;
	/* Counted from when the API server has been asked: folders tell less, and with other labels
	 * lines would be of another stream. */
	timer_clear(&d->patient);
	if (str_is(a->role, "pod"))
		timer_set(&d->patient, c->loop,
			POD_MIX_WAIT + (d->cluster ? cluster_spread(d->cluster) : 0));
	set_health(d);
	if (is_synced(d))
		export_targets(d);
	return true;
}

static bool discovery_start(struct component *c, const void *args, struct err *e)
{
	struct discovery *d = container_of(c, struct discovery, base);

	d->on_pods.changed = on_pods;
	d->on_dirs.changed = on_dirs;
	d->others.changed = on_others;
	d->soon.fire = on_soon;
	d->patient.fire = on_patient;
	d->held.fire = on_held;
	d->settle.fire = on_settled;
	component_export(c, "targets", value_array(NULL, 0));
	once_busy(c->agent->work, &d->once);
	if (discovery_update(c, args, e))
		return true;
	others_stop(&d->others);
	once_idle(&d->once);
	return false;
}

static void discovery_stop(struct component *c)
{
	struct discovery *d = container_of(c, struct discovery, base);
	struct timer *const timers[] = {&d->soon, &d->patient, &d->held, &d->settle};

	for (size_t i = 0; i < sizeof(timers) / sizeof(timers[0]); i++)
		timer_clear(timers[i]);
	pod_store_unsubscribe(&d->on_pods);
	pod_dirs_unsubscribe(&d->on_dirs);
	pod_mix_fini(&d->mix);
	others_stop(&d->others);
	pod_dirs_release(d->mix.dirs);
	cluster_release(d->cluster);
	arena_fini(&d->texts);
	once_idle(&d->once);
	component_stopped(c);
}

static const struct export_field discovery_exports[] = {
	{"targets", ARG_TARGETS, NULL,
		"A target for each port of each container of each pod; for each node; for each "
		"port of each service."},
	{NULL, ARG_END, NULL, NULL},
};

const struct component_type discovery_kubernetes = {
	.name = "discovery.kubernetes",
	.help = "Finds the pods of this node, with their metadata; and nodes and services.",
	.stability = STABILITY_GA,
	.args = discovery_args,
	.size = sizeof(struct discovery),
	.args_size = sizeof(struct discovery_args),
	.exports = discovery_exports,
	.check = discovery_check,
	.start = discovery_start,
	.update = discovery_update,
	.stop = discovery_stop,
};
