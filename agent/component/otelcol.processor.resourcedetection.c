/*
 * otelcol.processor.resourcedetection: adds to each resource what is known of where the agent
 * runs: the environment's OTEL_RESOURCE_ATTRIBUTES, the system, the node.
 *
 * All is found out once, at the start; only a node's uid comes later, from the API server, and
 * data does not wait for it. Detectors of clouds are refused: on a node of Kubernetes what they
 * say is in the labels of the node.
 */

#include "agent/base/err.h"
#include "agent/base/log.h"
#include "agent/base/mem.h"
#include "agent/base/timestamp.h"
#include "agent/base/utf8.h"
#include "agent/base/vec.h"
#include "agent/component/common/otelcol_editor.h"
#include "agent/component/otelcol.processor.resourcedetection/system.h"
#include "agent/graph/context.h"
#include "agent/loop/http_client.h"
#include "agent/loop/loop.h"
#include "k8s/config.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	MAX_NODE = 1 << 20, /* bytes of a Node as JSON; images make it long */
	MAX_NODE_NAME = 253,
	NAME_ROOM = 64,
};

#define RETRY_PAUSE (30 * NS_PER_SEC)

struct enabled_args {
	bool enabled;
};

struct system_attributes {
	struct enabled_args *p[SYSTEM_ATTRIBUTES];
};

struct system_args {
	struct range at;
	struct arg_strs hostname_sources;
	struct system_attributes *resource_attributes;
};

struct node_attributes {
	struct enabled_args *name;
	struct enabled_args *uid;
};

struct node_args {
	struct str auth_type;
	struct str context;
	struct str node_from_env_var;
	struct node_attributes *resource_attributes;
};

struct detection_args {
	struct range at;
	struct arg_strs detectors;
	bool override;
	int64_t timeout;
	bool fail_on_missing_metadata;
	struct system_args *system;
	struct node_args *kubernetes_node;
	struct otelcol_output *output;
	struct otelcol_debug_metrics *debug_metrics;
};

struct found {
	struct str key;
	struct str any;
};

struct detection {
	struct component base;
	struct otelcol_editor editor;
	struct otlp_visitor visitor;
	const struct detection_args *args;
	struct arena arena; /* what was found */
	struct {
		struct found *p;
		size_t n, cap;
	} found;
	struct timer timer; /* to ask for the node again */
	struct http_target *server;
	struct http_call call;
	struct str url;
};

static const struct arg enabled_args[] = {
	ARG(enabled_args, enabled, .type = ARG_BOOL, .flags = ARG_REQUIRED,
		.help = "Whether the attribute is added."),
	ARGS_END,
};

/* clang-format off */
#define ENABLED(text, i, on) \
	{ .name = text, .type = ARG_BLOCK, .block = enabled_args, \
		.size = sizeof(struct enabled_args), \
		.offset = offsetof(struct system_attributes, p) + \
			(i) * sizeof(struct enabled_args *), \
		.help = "By default " on "." }
/* clang-format on */

static const struct arg system_attributes_args[] = {
	ENABLED("host.name", SYSTEM_HOST_NAME, "added"),
	ENABLED("os.type", SYSTEM_OS_TYPE, "added"),
	ENABLED("host.arch", SYSTEM_HOST_ARCH, "left out"),
	ENABLED("host.id", SYSTEM_HOST_ID, "left out"),
	ENABLED("host.ip", SYSTEM_HOST_IP, "left out"),
	ENABLED("host.mac", SYSTEM_HOST_MAC, "left out"),
	ENABLED("os.description", SYSTEM_OS_DESCRIPTION, "left out"),
	ENABLED("os.name", SYSTEM_OS_NAME, "left out"),
	ENABLED("os.version", SYSTEM_OS_VERSION, "left out"),
	ARGS_END,
};

static const struct arg system_args[] = {
	ARG_PLACE(system_args, at),
	ARG(system_args, hostname_sources, .type = ARG_STRS, .def = "[\"dns\", \"os\"]",
		.help = "os: the host's name; dns: its long name, if /etc/hosts has one."),
	ARG(system_args, resource_attributes, .type = ARG_BLOCK, .block = system_attributes_args,
		.size = sizeof(struct system_attributes), .help = "Which attributes are added."),
	ARGS_END,
};

static const struct arg node_attributes_args[] = {
	ARG_NAMED(node_attributes, "k8s.node.name", name, .type = ARG_BLOCK, .block = enabled_args,
		.size = sizeof(struct enabled_args), .help = "By default added."),
	ARG_NAMED(node_attributes, "k8s.node.uid", uid, .type = ARG_BLOCK, .block = enabled_args,
		.size = sizeof(struct enabled_args), .help = "By default added."),
	ARGS_END,
};

static const char *const auth_types[] = {"none", "serviceAccount", "kubeConfig", NULL};

static const struct arg node_args[] = {
	ARG(node_args, auth_type, .type = ARG_STR, .def = "none", .one_of = auth_types,
		.help = "How the API server is asked for the uid: none and serviceAccount by the "
			"service account, kubeConfig by $KUBECONFIG."),
	ARG(node_args, context, .type = ARG_STR, .flags = ARG_NO_EFFECT,
		.help = "The context of the kubeconfig; the current one is taken."),
	ARG(node_args, node_from_env_var, .type = ARG_STR, .def = "K8S_NODE_NAME",
		.help = "The environment variable that has the node's name."),
	ARG(node_args, resource_attributes, .type = ARG_BLOCK, .block = node_attributes_args,
		.size = sizeof(struct node_attributes), .help = "Which attributes are added."),
	ARGS_END,
};

static const struct arg detection_args[] = {
	ARG_PLACE(detection_args, at),
	ARG(detection_args, detectors, .type = ARG_STRS, .def = "[\"env\"]",
		.help = "env, system, kubernetes_node; of one attribute the first detector's coun"
			"ts."),
	ARG(detection_args, override, .type = ARG_BOOL, .def = "true",
		.help = "Whether attributes that are there already are replaced."),
	ARG(detection_args, timeout, .type = ARG_DURATION, .flags = ARG_NO_EFFECT, .def = "5s",
		.help = "Nothing that is waited for is asked."),
	ARG(detection_args, fail_on_missing_metadata, .type = ARG_BOOL, .flags = ARG_NO_EFFECT,
		.help = "What is not known is left out."),
	ARG(detection_args, system, .type = ARG_BLOCK, .flags = ARG_ALWAYS, .block = system_args,
		.size = sizeof(struct system_args), .help = "The detector system."),
	ARG(detection_args, kubernetes_node, .type = ARG_BLOCK, .flags = ARG_ALWAYS,
		.block = node_args, .size = sizeof(struct node_args),
		.help = "The detector kubernetes_node."),
	ARG(detection_args, output, .type = ARG_BLOCK, .flags = ARG_REQUIRED, OTELCOL_OUTPUT),
	ARG(detection_args, debug_metrics, .type = ARG_BLOCK, OTELCOL_DEBUG_METRICS),
	ARGS_END,
};

static bool on_resource(struct otlp_visitor *v, struct otlp_place *p)
{
	struct detection *x = container_of(v, struct detection, visitor);

	for (size_t i = 0; i < x->found.n; i++) {
		const struct found *f = &x->found.p[i];
		const struct otlp_slot *s = otlp_message_attr(&p->resource, f->key);

		if (!s || (x->args->override && !otlp_any_eq(s->any, f->any)))
			otlp_message_set_attr(&p->resource, f->key, f->any);
	}
	return true;
}

static bool run(struct otelcol_editor *e, struct telemetry *t)
{
	struct detection *x = container_of(e, struct detection, editor);

	otelcol_editor_pass(e, t, &x->visitor);
	return true;
}

/* The first detector that knows an attribute has it. */
static void add(struct detection *x, struct str key, struct str any)
{
	if (!any.p)
		return;
	for (size_t i = 0; i < x->found.n; i++)
		if (str_eq(x->found.p[i].key, key))
			return;
	*vec_add(&x->found) = (struct found){arena_str(&x->arena, key), any};
}

static void add_text(void *owner, struct str key, struct str value)
{
	struct detection *x = owner;

	if (utf8_is_valid(key) && utf8_is_valid(value))
		add(x, key, otlp_any_string(&x->arena, value));
}

static void detect_system(struct detection *x)
{
	const struct system_args *a = x->args->system;
	bool is_dns = a->hostname_sources.n > 0 && str_is(a->hostname_sources.p[0], "dns");

	for (int i = 0; i < SYSTEM_ATTRIBUTES; i++) {
		const struct enabled_args *on =
			a->resource_attributes ? a->resource_attributes->p[i] : NULL;

		if (on ? on->enabled : i == SYSTEM_HOST_NAME || i == SYSTEM_OS_TYPE)
			add(x, str_from(system_attribute_names[i]),
				system_attribute(&x->arena, (enum system_attribute)i, is_dns));
	}
}

static void ask_again(struct detection *x, const char *why)
{
	log_warn(x->base.id, "the node's uid is not known", KV("err", why),
		KV("hint", "the service account must be allowed to get nodes; or leave the uid "
			   "out: resource_attributes { k8s.node.uid { enabled = false } }"));
	timer_set(&x->timer, x->base.loop, RETRY_PAUSE);
}

static void on_node(struct http_call *call, enum http_outcome outcome)
{
	struct detection *x = container_of(call, struct detection, call);
	cJSON *node;
	const char *uid;

	if (outcome != HTTP_ANSWERED || call->status != 200) {
		char status[NAME_ROOM];

		snprintf(status, sizeof(status), "status %d", call->status);
		ask_again(x, outcome == HTTP_ANSWERED ? status : call->error);
		return;
	}
	node = cJSON_ParseWithLength(call->answer.p, call->answer.n);
	uid = cJSON_GetStringValue(
		cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(node, "metadata"),
			"uid"));
	if (uid)
		add_text(x, STR("k8s.node.uid"), str_from(uid));
	cJSON_Delete(node);
	if (!uid)
		ask_again(x, "the answer is no Node");
}

static void on_timer(struct timer *t)
{
	struct detection *x = container_of(t, struct detection, timer);

	http_call_start(x->server, &x->call);
}

static bool find_server(const struct node_args *a, struct k8s_config *c, struct err *e)
{
	const char *path = getenv("KUBECONFIG");

	if (!str_is(a->auth_type, "kubeConfig"))
		return k8s_config_in_cluster(c, NULL, e);
	return path && *path ? k8s_config_kubeconfig(c, path, e)
			     : err_set(e, "KUBECONFIG is not set");
}

static void ask_for_node(struct detection *x, struct str name)
{
	struct k8s_config config = {0};
	struct err e;

	if (!find_server(x->args->kubernetes_node, &config, &e)) {
		log_warn(x->base.id, "the node's uid is not known",
			KV("err", (const char *)e.text));
		return;
	}
	config.http.timeout = 10 * NS_PER_SEC;
	x->server = http_target_new(x->base.agent->http, &config.http, &e);
	x->url = arena_printf(&x->arena, STR_FMT "/api/v1/nodes/" STR_FMT, STR_ARG(config.server),
		STR_ARG(name));
	k8s_config_fini(&config);
	if (!x->server) {
		log_warn(x->base.id, "the node's uid is not known",
			KV("err", (const char *)e.text));
		return;
	}
	x->call.method = "GET";
	x->call.url = x->url;
	x->call.max_answer = MAX_NODE;
	x->call.accept_gzip = true;
	x->call.done = on_node;
	http_call_start(x->server, &x->call);
}

static bool is_node_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!((s.p[i] >= 'a' && s.p[i] <= 'z') || (s.p[i] >= '0' && s.p[i] <= '9') ||
			    s.p[i] == '-' || s.p[i] == '.'))
			return false;
	return s.n > 0 && s.n <= MAX_NODE_NAME;
}

static void detect_node(struct detection *x)
{
	const struct node_args *a = x->args->kubernetes_node;
	const struct node_attributes *r = a->resource_attributes;
	struct str name = str_from(getenv(a->node_from_env_var.n ? a->node_from_env_var.p : "-"));

	if (name.n == 0)
		name = x->base.agent->node_name;
	if (!is_node_name(name)) {
		log_warn(x->base.id, "the node's name is not known", KV("name", name),
			KV("hint", "set K8S_NODE_NAME from spec.nodeName"));
		return;
	}
	if (!r || !r->name || r->name->enabled)
		add_text(x, STR("k8s.node.name"), name);
	if (!r || !r->uid || r->uid->enabled)
		ask_for_node(x, name);
}

static void fini(struct otelcol_editor *e)
{
	struct detection *x = container_of(e, struct detection, editor);

	timer_clear(&x->timer);
	http_call_cancel(&x->call);
	http_target_free(x->server);
	free(x->found.p);
	arena_fini(&x->arena);
}

static bool otelcol_processor_resourcedetection_start(
	struct component *c, const void *args, struct err *e)
{
	struct detection *x = container_of(c, struct detection, base);

	(void)e;
	x->args = args;
	x->visitor.resource = on_resource;
	x->timer.fire = on_timer;
	arena_init(&x->arena, 0);
	for (size_t i = 0; i < x->args->detectors.n; i++) {
		struct str d = x->args->detectors.p[i];

		if (str_is(d, "env"))
			system_parse_attributes(&x->arena,
				str_from(getenv("OTEL_RESOURCE_ATTRIBUTES")), add_text, x);
		else if (str_is(d, "system"))
			detect_system(x);
		else
			detect_node(x);
	}
	x->editor.run = run;
	x->editor.fini = fini;
	otelcol_editor_start(&x->editor, c, "resourcedetection");
	otelcol_editor_set_output(&x->editor, x->args->output);
	return true;
}

static void otelcol_processor_resourcedetection_stop(struct component *c)
{
	otelcol_editor_stop(&container_of(c, struct detection, base)->editor);
}

static bool detection_check(const void *args, struct diags *d)
{
	const struct detection_args *a = args;
	bool ok = otelcol_output_check(a->output, d);

	if (a->detectors.n == 0)
		ok = diag_error(d, a->at, "at least one detector must be specified: detectors is "
					  "empty");
	for (size_t i = 0; i < a->detectors.n; i++)
		if (!str_is(a->detectors.p[i], "env") && !str_is(a->detectors.p[i], "system") &&
			!str_is(a->detectors.p[i], "kubernetes_node"))
			ok = diag_error(d, a->at,
				"detectors: \"" STR_FMT
				"\" is not supported, only env, system and kubernetes_node are",
				STR_ARG(a->detectors.p[i]));
	for (size_t i = 0; i < a->system->hostname_sources.n; i++)
		if (!str_is(a->system->hostname_sources.p[i], "os") &&
			!str_is(a->system->hostname_sources.p[i], "dns"))
			ok = diag_error(d, a->system->at,
				"hostname_sources: \"" STR_FMT "\" is not supported, only os and "
				"dns "
				"are",
				STR_ARG(a->system->hostname_sources.p[i]));
	return ok;
}

const struct component_type otelcol_processor_resourcedetection = {
	.name = "otelcol.processor.resourcedetection",
	.help = "Adds to resources what is known of the host and the node.",
	.stability = STABILITY_GA,
	.args = detection_args,
	.size = sizeof(struct detection),
	.args_size = sizeof(struct detection_args),
	.exports = otelcol_editor_exports,
	.check = detection_check,
	.start = otelcol_processor_resourcedetection_start,
	.stop = otelcol_processor_resourcedetection_stop,
};
