/* Pods: references, look-ups in one, and whether two are the same. pod_parse.c makes them. */

#include "k8s/pod.h"

#include "agent/base/must.h"

#include <stdlib.h>

/* The count is not part of what is const. */
static struct pod *counted(const struct pod *p)
{
	return (struct pod *)(uintptr_t)p; /* NOLINT: see above */
}

struct pod *pod_hold(const struct pod *const_p)
{
	struct pod *p = counted(const_p);

	must(p->refs > 0 && p->refs < UINT32_MAX);
	p->refs++;
	return p;
}

void pod_release(const struct pod *const_p)
{
	struct pod *p = counted(const_p);

	if (!p)
		return;
	must(p->refs > 0);
	if (--p->refs > 0)
		return;
	must(list_is_empty(&p->link));
	free(p);
}

struct str pod_pairs_find(const struct pod_pairs *v, struct str name)
{
	size_t lo = 0;
	size_t hi = v->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int cmp = str_cmp(v->p[mid].name, name);

		if (cmp == 0)
			return v->p[mid].value;
		if (cmp < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return (struct str){0};
}

const struct pod_container *pod_find_container(const struct pod *p, struct str name)
{
	for (size_t i = 0; i < p->n_containers; i++) {
		if (str_eq(p->containers[i].name, name))
			return &p->containers[i];
	}
	return NULL;
}

const struct pod_owner *pod_find_controller(const struct pod *p)
{
	for (size_t i = 0; i < p->n_owners; i++) {
		if (p->owners[i].is_controller)
			return &p->owners[i];
	}
	return NULL;
}

bool pod_is_finished(const struct pod *p)
{
	return str_is(p->phase, "Succeeded") || str_is(p->phase, "Failed");
}

static bool pairs_eq(const struct pod_pairs *a, const struct pod_pairs *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		if (!str_eq(a->p[i].name, b->p[i].name) || !str_eq(a->p[i].value, b->p[i].value))
			return false;
	}
	return true;
}

static bool owners_eq(const struct pod *a, const struct pod *b)
{
	if (a->n_owners != b->n_owners)
		return false;
	for (size_t i = 0; i < a->n_owners; i++) {
		const struct pod_owner *x = &a->owners[i];
		const struct pod_owner *y = &b->owners[i];

		if (!str_eq(x->kind, y->kind) || !str_eq(x->name, y->name) ||
			!str_eq(x->uid, y->uid) || x->is_controller != y->is_controller)
			return false;
	}
	return true;
}

static bool container_eq(const struct pod_container *a, const struct pod_container *b)
{
	if (a->kind != b->kind || !str_eq(a->name, b->name) || !str_eq(a->image, b->image) ||
		!str_eq(a->id, b->id) || a->restarts != b->restarts || a->n_ports != b->n_ports)
		return false;
	for (size_t i = 0; i < a->n_ports; i++) {
		const struct pod_port *x = &a->ports[i];
		const struct pod_port *y = &b->ports[i];

		if (!str_eq(x->name, y->name) || !str_eq(x->protocol, y->protocol) ||
			x->number != y->number)
			return false;
	}
	return true;
}

static bool containers_eq(const struct pod *a, const struct pod *b)
{
	if (a->n_containers != b->n_containers)
		return false;
	for (size_t i = 0; i < a->n_containers; i++) {
		if (!container_eq(&a->containers[i], &b->containers[i]))
			return false;
	}
	return true;
}

static bool ips_eq(const struct pod *a, const struct pod *b)
{
	if (a->n_ips != b->n_ips || !str_eq(a->ip, b->ip))
		return false;
	for (size_t i = 0; i < a->n_ips; i++) {
		if (!str_eq(a->ips[i], b->ips[i]))
			return false;
	}
	return true;
}

bool pod_eq(const struct pod *a, const struct pod *b)
{
	return a->size == b->size && a->ready == b->ready && a->created == b->created &&
	       a->started == b->started && a->deleted == b->deleted &&
	       a->is_host_network == b->is_host_network && str_eq(a->uid, b->uid) &&
	       str_eq(a->log_uid, b->log_uid) && str_eq(a->name, b->name) &&
	       str_eq(a->namespace, b->namespace) && str_eq(a->node, b->node) &&
	       str_eq(a->phase, b->phase) && str_eq(a->host_ip, b->host_ip) && ips_eq(a, b) &&
	       pairs_eq(&a->labels, &b->labels) && pairs_eq(&a->annotations, &b->annotations) &&
	       owners_eq(a, b) && containers_eq(a, b);
}
