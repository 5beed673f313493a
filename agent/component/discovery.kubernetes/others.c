/* One watch each, not shared between components: few have them, and what they watch changes
 * seldom. */

#include "agent/component/discovery.kubernetes/others.h"

#include "agent/base/arena.h"
#include "agent/base/err.h"
#include "agent/base/mem.h"
#include "agent/loop/http_client.h"
#include "k8s/config.h"
#include "k8s/object_roles.h"
#include "k8s/watch.h"

#include <stdlib.h>

static void on_changed(void *owner)
{
	struct others *o = owner;

	o->changed(o);
}

static struct objects *watch_role(struct others *o, struct loop *l, const struct k8s_config *config,
	const struct object_role *role, struct str namespace, struct str field, struct str label)
{
	struct objects *made;
	struct str path;
	struct arena a;

	arena_init(&a, 0);
	path = objects_path(&a, role->prefix, role->plural, namespace);
	made = objects_new(l, &(struct objects_settings){
				      .target = o->target,
				      .server = config->server,
				      .path = path,
				      .resource = str_from(role->plural),
				      .field_selector = field,
				      .label_selector = label,
				      .spread = config->is_pod ? WATCH_SPREAD : 0,
				      .reader = &role->reader,
				      .changed = on_changed,
				      .owner = o,
			      });
	arena_fini(&a);
	return made;
}

static void watch_nodes(struct others *o, struct loop *l, const struct k8s_config *config,
	struct str node)
{
	struct arena a;
	struct str field = {0};

	arena_init(&a, 0);
	if (node.n > 0)
		field = arena_printf(&a, "metadata.name=" STR_FMT, STR_ARG(node));
	o->nodes = watch_role(o, l, config, &object_role_node_labels, (struct str){0}, field,
		(struct str){0});
	arena_fini(&a);
}

bool others_start(struct others *o, struct loop *l, struct http_client *h,
	const struct k8s_config *config, const struct others_wish *w, struct err *e)
{
	bool by_namespace = w->role && w->role->is_namespaced && w->n_namespaces > 0;

	others_stop(o);
	if (!w->role && !w->attach_namespace && !w->attach_node)
		return true;
	o->target = http_target_new(h, &config->http, e);
	if (!o->target)
		return false;
	o->n = by_namespace ? w->n_namespaces : w->role != NULL;
	o->of_role = mem_new(struct objects *, o->n + 1);
	for (size_t i = 0; i < o->n; i++)
		o->of_role[i] = watch_role(o, l, config, w->role,
			by_namespace ? w->namespaces[i] : (struct str){0}, w->field, w->label);
	if (w->attach_namespace)
		o->namespaces = watch_role(o, l, config, &object_role_namespace_labels,
			(struct str){0}, (struct str){0}, (struct str){0});
	if (w->attach_node)
		watch_nodes(o, l, config, w->node);
	return true;
}

void others_stop(struct others *o)
{
	for (size_t i = 0; i < o->n; i++)
		objects_free(o->of_role[i]);
	free(o->of_role);
	objects_free(o->namespaces);
	objects_free(o->nodes);
	if (o->target)
		http_target_free(o->target);
	*o = (struct others){.changed = o->changed};
}

bool others_is_synced(const struct others *o)
{
	for (size_t i = 0; i < o->n; i++)
		if (!objects_is_synced(o->of_role[i]))
			return false;
	return (!o->namespaces || objects_is_synced(o->namespaces)) &&
	       (!o->nodes || objects_is_synced(o->nodes));
}

const char *others_problem(const struct others *o)
{
	const char *problem = NULL;

	for (size_t i = 0; i < o->n && !problem; i++)
		problem = objects_problem(o->of_role[i]);
	if (!problem && o->namespaces)
		problem = objects_problem(o->namespaces);
	if (!problem && o->nodes)
		problem = objects_problem(o->nodes);
	return problem;
}

static void add_target(struct arena *a, struct pod_targets *out, struct pod_target t)
{
	struct pod_target *more;

	if (out->n == out->cap) {
		out->cap = out->cap ? 2 * out->cap : 64;
		more = arena_new(a, struct pod_target, out->cap);
		if (out->n)
			memcpy(more, out->p, out->n * sizeof(*more));
		out->p = more;
	}
	out->p[out->n++] = t;
}

void others_targets(const struct others *o, struct arena *a, struct pod_targets *out)
{
	for (size_t i = 0; i < o->n; i++) {
		size_t n;
		const struct object *const *v = objects_sorted(o->of_role[i], a, &n);

		for (size_t k = 0; k < n; k++)
			for (size_t t = 0; t < v[k]->n_targets; t++)
				add_target(a, out, v[k]->targets[t]);
	}
}

static struct str label_of(const struct pod_target *t, const char *name)
{
	for (size_t i = 0; i < t->n; i++)
		if (str_is(t->v[i].name, name))
			return t->v[i].value;
	return (struct str){0};
}

static void append(struct arena *a, struct pod_target *t, const struct object *o)
{
	const struct pod_target *more;
	struct pod_label *v;

	if (!o || o->n_targets == 0)
		return;
	more = &o->targets[0];
	v = arena_new(a, struct pod_label, t->n + more->n);
	memcpy(v, t->v, t->n * sizeof(*v));
	memcpy(v + t->n, more->v, more->n * sizeof(*v));
	*t = (struct pod_target){v, t->n + more->n};
}

void others_attach(const struct others *o, struct arena *a, struct pod_targets *t)
{
	for (size_t i = 0; i < t->n; i++) {
		struct str namespace = label_of(&t->p[i], "__meta_kubernetes_namespace");
		struct str node = label_of(&t->p[i], "__meta_kubernetes_pod_node_name");

		if (o->namespaces)
			append(a, &t->p[i],
				objects_find(o->namespaces, (struct str){0}, namespace));
		if (o->nodes)
			append(a, &t->p[i], objects_find(o->nodes, (struct str){0}, node));
	}
}
