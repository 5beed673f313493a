/*
 * discovery.kubelet: the pods that the node's kubelet has, as targets. It is asked again and again,
 * since a kubelet has no watch; discovery.kubernetes hears of a pod at once, and is the better
 * choice where the API server may be asked.
 *
 * Differences from Alloy, on purpose: a pod without an address has targets, as its lines are on
 * this node all the same; a container that has not been started has none yet.
 */

#include "agent/base/container_of.h"
#include "agent/base/err.h"
#include "agent/base/log.h"
#include "agent/base/vec.h"
#include "agent/component/common/http_client_args.h"
#include "agent/component/common/pod_export.h"
#include "agent/component/common/remote_poll.h"
#include "agent/graph/component.h"
#include "agent/graph/context.h"
#include "k8s/config.h"
#include "k8s/json.h"
#include "k8s/pod.h"

#include <stdlib.h>

#define SECOND (INT64_C(1000) * 1000 * 1000)
#define TIMEOUT (10 * SECOND)

enum {
	MAX_ANSWER = 32 << 20, /* some 3,000 pods of 10 kB */
};

struct kubelet_args {
	struct range at;
	struct str url;
	int64_t refresh_interval;
	struct arg_strs namespaces;
	struct http_client_args http;
};

static const struct arg kubelet_args[] = {
	ARG_PLACE(kubelet_args, at),
	ARG(kubelet_args, url, .type = ARG_STR, .def = "https://localhost:10250",
		.help = "Address of the kubelet."),
	ARG(kubelet_args, refresh_interval, .type = ARG_DURATION, .def = "5s",
		.help = "How often it is asked."),
	ARG(kubelet_args, namespaces, .type = ARG_STRS,
		.help = "Namespaces whose pods are wanted; empty: all."),
	HTTP_CLIENT_ARGS(kubelet_args, http),
	ARGS_END,
};

struct kubelet {
	struct component base;
	struct remote_poll poll;
	const struct kubelet_args *args;
};

static bool kubelet_check(const void *args, struct diags *d)
{
	const struct kubelet_args *a = args;
	bool ok = http_client_args_check(&a->http, d);

	if (!str_starts(a->url, "http://") && !str_starts(a->url, "https://")) {
		ok = diag_error(d, a->at, "url \"" STR_FMT "\" is not an address", STR_ARG(a->url));
		diag_hint(d, "it begins with http:// or https://");
	}
	if (a->refresh_interval < SECOND)
		ok = diag_error(d, a->at, "refresh_interval must be at least 1s");
	return ok;
}

/* The pods of one answer, each with a reference. */
struct pods {
	struct pod **p;
	size_t n, cap;
};

static void release(struct pods *v)
{
	for (size_t i = 0; i < v->n; i++)
		pod_release(v->p[i]);
	free(v->p);
}

static bool is_wanted(const struct kubelet_args *a, const struct pod *p)
{
	for (size_t i = 0; i < a->namespaces.n; i++)
		if (str_eq(a->namespaces.p[i], p->namespace))
			return true;
	return a->namespaces.n == 0;
}

/* An item that is no pod is left out; the rest is as good as before. */
static void read_pod(struct kubelet *k, struct str text, struct pods *out)
{
	struct arena scratch;
	struct pod *p;
	struct err e;

	arena_init(&scratch, 0);
	p = pod_parse(&scratch, text, &e);
	arena_fini(&scratch);
	if (!p) {
		log_debug(k->base.id, "a pod was left out", KV("err", (const char *)e.text));
		return;
	}
	if (is_wanted(k->args, p))
		*vec_add(out) = p;
	else
		pod_release(p);
}

static bool read_pods(struct kubelet *k, struct str text, struct pods *out, struct err *e)
{
	struct json j = json_from(text);
	bool has_items = false;
	struct str key;

	if (json_peek(&j) != '{')
		return err_set(e, "the answer is not a JSON object");
	for (json_enter_object(&j); json_next_key(&j, &key);) {
		if (!str_is(key, "items") || json_peek(&j) != '[') {
			/* null: there are none */
			has_items = has_items || (str_is(key, "items") && json_peek(&j) == 'n');
			json_skip(&j);
			continue;
		}
		has_items = true;
		for (json_enter_array(&j); json_next_item(&j);)
			read_pod(k, json_raw(&j), out);
	}
	if (j.is_bad)
		return err_set(e, "the answer is not well-formed JSON");
	return has_items || err_set(e, "the answer is not a list of pods");
}

static int by_name(const void *x, const void *y)
{
	const struct pod *a = *(const struct pod *const *)x;
	const struct pod *b = *(const struct pod *const *)y;
	int cmp = str_cmp(a->namespace, b->namespace);

	cmp = cmp ? cmp : str_cmp(a->name, b->name);
	return cmp ? cmp : str_cmp(a->uid, b->uid);
}

static bool is_started(const struct pod *p, const struct pod_container *c)
{
	return c->kind != POD_CONTAINER_EPHEMERAL &&
	       (c->id.n > 0 || !str_is(p->phase, "Pending"));
}

static void export_pods(struct kubelet *k, const struct pods *v)
{
	struct pod_targets t = {.heeds_wishes = k->base.agent->pod_annotations};
	struct arena a;

	arena_init(&a, 0);
	for (size_t i = 0; i < v->n; i++)
		for (size_t c = 0; c < v->p[i]->n_containers; c++)
			if (is_started(v->p[i], &v->p[i]->containers[c]))
				pod_targets_add(&a, &t, v->p[i], &v->p[i]->containers[c]);
	component_export(&k->base, "targets", pod_export(&a, &t));
	arena_fini(&a);
}

static bool on_answer(struct remote_poll *p, struct str answer, struct err *e)
{
	struct kubelet *k = container_of(p, struct kubelet, poll);
	struct pods v = {0};
	bool ok = read_pods(k, answer, &v, e);

	if (ok) {
		if (v.n > 1)
			qsort(v.p, v.n, sizeof(*v.p), by_name); /* NOLINT: pointers are sorted */
		export_pods(k, &v);
	}
	release(&v);
	return ok;
}

static bool kubelet_update(struct component *c, const void *args, struct err *e)
{
	struct kubelet *k = container_of(c, struct kubelet, base);
	const struct kubelet_args *a = args;
	struct http_settings http = {0};
	struct str url = a->url;
	struct arena scratch;
	bool ok;

	while (str_ends(url, "/"))
		url = str_head(url, url.n - 1);
	arena_init(&scratch, 0);
	http_client_args_settings(&a->http, &scratch, &http);
	http.timeout = TIMEOUT;
	ok = remote_poll_set(&k->poll,
		&(struct remote_poll_settings){
			.http = &http,
			.method = "GET",
			.url = arena_printf(&scratch, STR_FMT "/pods", STR_ARG(url)),
			.every = a->refresh_interval,
			.max = MAX_ANSWER,
		},
		e);
	arena_fini(&scratch);
	if (ok)
		k->args = a;
	return ok;
}

static bool kubelet_start(struct component *c, const void *args, struct err *e)
{
	struct kubelet *k = container_of(c, struct kubelet, base);

	k->poll.component = c;
	k->poll.take = on_answer;
	k->poll.hint = "the kubelet wants a token that may get nodes/proxy: bearer_token_file = "
		       "\"" K8S_ACCOUNT_DIR "/token\"; its certificate is often its own: "
		       "tls_config { insecure_skip_verify = true }";
	component_export(c, "targets", value_array(NULL, 0));
	return kubelet_update(c, args, e);
}

static void kubelet_stop(struct component *c)
{
	remote_poll_stop(&container_of(c, struct kubelet, base)->poll);
	component_stopped(c);
}

static const struct export_field kubelet_exports[] = {
	{"targets", ARG_TARGETS, NULL, "A target for each port of each container of each pod."},
	{NULL, ARG_END, NULL, NULL},
};

const struct component_type discovery_kubelet = {
	.name = "discovery.kubelet",
	.help = "Finds the pods that the node's kubelet has, with their metadata.",
	.stability = STABILITY_GA,
	.args = kubelet_args,
	.size = sizeof(struct kubelet),
	.args_size = sizeof(struct kubelet_args),
	.exports = kubelet_exports,
	.check = kubelet_check,
	.start = kubelet_start,
	.update = kubelet_update,
	.stop = kubelet_stop,
};
