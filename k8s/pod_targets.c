/*
 * Labels of targets, under the names that Prometheus gives them. Those of a pod are many, and are
 * made once for the targets of its containers that follow each other.
 */

#include "k8s/pod_targets.h"
#include "agent/base/ascii.h"

#include "agent/base/arena.h"
#include "agent/base/must.h"
#include "k8s/pod.h"
#include "k8s/pod_dirs.h"
#include "k8s/pod_wishes.h"

#include <stdio.h>
#include <stdlib.h>

/* One target that is being made. */
struct draft {
	struct arena *a;
	struct pod_label *v;
	size_t n;
	size_t cap;
};

struct str pod_targets_label_name(struct arena *a, const char *prefix, struct str name)
{
	size_t n = strlen(prefix);
	char *p = arena_new(a, char, n + name.n + 1);

	for (size_t i = 0; i < n; i++)
		p[i] = prefix[i];
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];
		bool ok = ascii_is_alnum(c);

		p[n + i] = '_';
		if (ok)
			p[n + i] = c;
	}
	return (struct str){p, n + name.n};
}

static void add(struct draft *d, struct str name, struct str value)
{
	must(d->n < d->cap);
	d->v[d->n++] = (struct pod_label){name, value.p ? value : STR("")};
}

/* __meta_kubernetes_<rest> */
#define ADD(d, rest, value) add((d), STR("__meta_kubernetes_" rest), (value))

static void add_pairs(struct draft *d, const struct pod_pairs *v, const char *prefix,
	const char *present)
{
	for (size_t i = 0; i < v->n; i++) {
		add(d, pod_targets_label_name(d->a, prefix, v->p[i].name), v->p[i].value);
		add(d, pod_targets_label_name(d->a, present, v->p[i].name), STR("true"));
	}
}

static void add_pod(struct draft *d, const struct pod *p)
{
	static const struct str ready[] = {
		[POD_READY_UNKNOWN] = {"unknown", 7},
		[POD_READY_TRUE] = {"true", 4},
		[POD_READY_FALSE] = {"false", 5},
	};
	const struct pod_owner *owner = pod_find_controller(p);

	ADD(d, "namespace", p->namespace);
	ADD(d, "pod_name", p->name);
	ADD(d, "pod_ip", p->ip);
	ADD(d, "pod_uid", p->log_uid);
	ADD(d, "pod_phase", p->phase);
	ADD(d, "pod_ready", ready[p->ready]);
	ADD(d, "pod_node_name", p->node);
	ADD(d, "pod_host_ip", p->host_ip);
	if (owner && owner->kind.n)
		ADD(d, "pod_controller_kind", owner->kind);
	if (owner && owner->name.n)
		ADD(d, "pod_controller_name", owner->name);
	add_pairs(d, &p->labels, "__meta_kubernetes_pod_label_",
		"__meta_kubernetes_pod_labelpresent_");
	add_pairs(d, &p->annotations, "__meta_kubernetes_pod_annotation_",
		"__meta_kubernetes_pod_annotationpresent_");
}

static void add_container(struct draft *d, const struct pod_container *c)
{
	ADD(d, "pod_container_name", c->name);
	ADD(d, "pod_container_id", c->id);
	ADD(d, "pod_container_image", c->image);
	ADD(d, "pod_container_init", c->kind == POD_CONTAINER_INIT ? STR("true") : STR("false"));
}

static void add_port(struct draft *d, const struct pod_port *port)
{
	ADD(d, "pod_container_port_name", port->name);
	ADD(d, "pod_container_port_number",
		arena_printf(d->a, "%lld", (long long)port->number));
	ADD(d, "pod_container_port_protocol", port->protocol);
}

static void add_address(struct draft *d, struct str ip, const struct pod_port *port)
{
	bool is_v6 = ip.n > 0 && memchr(ip.p, ':', ip.n) != NULL;

	if (ip.n == 0)
		return;
	if (!port)
		add(d, STR("__address__"), ip);
	else
		add(d, STR("__address__"),
			arena_printf(d->a, is_v6 ? "[" STR_FMT "]:%lld" : STR_FMT ":%lld",
				STR_ARG(ip), (long long)port->number));
}

static int by_name(const void *x, const void *y)
{
	const struct pod_label *a = x;
	const struct pod_label *b = y;
	int cmp = str_cmp(a->name, b->name);

	return cmp ? cmp : str_cmp(a->value, b->value);
}

/* Sorted, and of two that have become one name the last. */
static void finish(struct draft *d, struct pod_targets *out)
{
	struct pod_target *p = out->p;
	size_t n = 0;

	qsort(d->v, d->n, sizeof(*d->v), by_name);
	for (size_t i = 0; i < d->n; i++) {
		if (n > 0 && str_eq(d->v[n - 1].name, d->v[i].name))
			n--;
		d->v[n++] = d->v[i];
	}
	if (out->n == out->cap) {
		out->cap = out->cap ? out->cap * 2 : 64;
		p = arena_new(d->a, struct pod_target, out->cap);
		if (out->n)
			memcpy(p, out->p, out->n * sizeof(*p));
		out->p = p;
	}
	p[out->n++] = (struct pod_target){d->v, n};
}

#define OWN_LABELS 16 /* of a target, beside those of its pod */

static void make_base(struct arena *a, struct pod_targets *out, const struct pod *p)
{
	size_t cap = OWN_LABELS + 2 * (p->labels.n + p->annotations.n);
	struct draft d = {a, arena_new(a, struct pod_label, cap), 0, cap};

	add_pod(&d, p);
	out->last = p;
	out->base = (struct pod_target){d.v, d.n};
}

static struct draft start(struct arena *a, const struct pod_target *base)
{
	size_t cap = OWN_LABELS + base->n;
	struct draft d = {a, arena_new(a, struct pod_label, cap), base->n, cap};

	if (base->n)
		memcpy(d.v, base->v, base->n * sizeof(*d.v));
	return d;
}

void pod_targets_add(struct arena *a, struct pod_targets *out, const struct pod *p,
	const struct pod_container *c)
{
	struct pod_wishes wishes = {0};

	if (out->heeds_wishes)
		wishes = pod_wishes_find(p, c);
	if (wishes.excluded)
		return;
	if (out->last != p)
		make_base(a, out, p);
	for (size_t i = 0; i < (c->n_ports ? c->n_ports : 1); i++) {
		const struct pod_port *port = c->n_ports ? &c->ports[i] : NULL;
		struct draft d = start(a, &out->base);

		add_container(&d, c);
		if (port)
			add_port(&d, port);
		add_address(&d, p->ip, port);
		if (wishes.tenant.n)
			add(&d, STR("__pod_tenant__"), wishes.tenant);
		if (wishes.firstline.n)
			add(&d, STR("__pod_multiline__"), wishes.firstline);
		finish(&d, out);
	}
}

void pod_targets_add_dir(struct arena *a, struct pod_targets *out, const struct pod_dir *dir,
	struct str container, struct str node)
{
	struct draft d = start(a, &(struct pod_target){NULL, 0});

	ADD(&d, "namespace", dir->namespace);
	ADD(&d, "pod_name", dir->pod);
	ADD(&d, "pod_uid", dir->uid);
	ADD(&d, "pod_container_name", container);
	ADD(&d, "pod_node_name", node);
	finish(&d, out);
}
