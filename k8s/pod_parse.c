/*
 * From the API's JSON to a pod. An object is read once, from its text, into a draft whose texts are
 * views; then the draft is measured and copied into one allocation. Reading and keeping are apart
 * so that both stay simple: the same walk over the draft measures it and copies it.
 */

#include "k8s/pod.h"

#include "agent/base/arena.h"
#include "agent/base/err.h"
#include "agent/base/mem.h"
#include "agent/base/must.h"
#include "agent/base/timestamp.h"
#include "k8s/json.h"

#include <stdlib.h>

/* What status says of a container, until it is joined with what spec says. */
struct status {
	struct str name;
	struct str id;
	int64_t restarts;
};

struct draft {
	struct arena *a;
	struct pod pod;
	struct pod_container *of[3]; /* by enum pod_container_kind */
	size_t n_of[3];
	struct status *statuses[3];
	size_t n_statuses[3];
};

static int64_t read_time(struct json *j, struct arena *a)
{
	int64_t ns = 0;

	timestamp_parse(json_str(j, a), &ns);
	return ns;
}

static int by_name(const void *x, const void *y)
{
	const struct pod_pair *a = x;
	const struct pod_pair *b = y;
	int cmp = str_cmp(a->name, b->name);

	return cmp ? cmp : str_cmp(a->value, b->value);
}

void pod_pairs_read(struct arena *a, struct json *j, struct pod_pairs *out)
{
	struct pod_pair *v = arena_new(a, struct pod_pair, json_count(j) + 1);
	struct str key;
	size_t n = 0;
	size_t kept = 0;

	for (json_enter_object(j); json_next_key(j, &key); n++) {
		v[n].name = json_unescape(key, a);
		v[n].value = json_str(j, a);
		if (v[n].value.n > POD_VALUE_MAX)
			v[n].value.n = 0;
	}
	qsort(v, n, sizeof(*v), by_name);
	for (size_t i = 0; i < n; i++) {
		if (kept == 0 || !str_eq(v[kept - 1].name, v[i].name))
			v[kept++] = v[i];
	}
	*out = (struct pod_pairs){v, kept};
}

static void read_owners(struct draft *d, struct json *j)
{
	struct pod_owner *v = arena_new(d->a, struct pod_owner, json_count(j) + 1);
	struct str key;
	size_t n = 0;

	for (json_enter_array(j); json_next_item(j); n++) {
		for (json_enter_object(j); json_next_key(j, &key);) {
			if (str_is(key, "kind"))
				v[n].kind = json_str(j, d->a);
			else if (str_is(key, "name"))
				v[n].name = json_str(j, d->a);
			else if (str_is(key, "uid"))
				v[n].uid = json_str(j, d->a);
			else if (str_is(key, "controller"))
				v[n].is_controller = json_bool(j);
			else
				json_skip(j);
		}
	}
	d->pod.owners = v;
	d->pod.n_owners = n;
}

static void read_metadata(struct draft *d, struct json *j)
{
	struct pod *p = &d->pod;
	struct str key;

	for (json_enter_object(j); json_next_key(j, &key);) {
		if (str_is(key, "name"))
			p->name = json_str(j, d->a);
		else if (str_is(key, "namespace"))
			p->namespace = json_str(j, d->a);
		else if (str_is(key, "uid"))
			p->uid = json_str(j, d->a);
		else if (str_is(key, "creationTimestamp"))
			p->created = read_time(j, d->a);
		else if (str_is(key, "deletionTimestamp"))
			p->deleted = read_time(j, d->a);
		else if (str_is(key, "labels"))
			pod_pairs_read(d->a, j, &p->labels);
		else if (str_is(key, "annotations"))
			pod_pairs_read(d->a, j, &p->annotations);
		else if (str_is(key, "ownerReferences"))
			read_owners(d, j);
		else
			json_skip(j);
	}
}

static void read_ports(struct draft *d, struct json *j, struct pod_container *c)
{
	struct pod_port *v = arena_new(d->a, struct pod_port, json_count(j) + 1);
	struct str key;
	size_t n = 0;

	for (json_enter_array(j); json_next_item(j); n++) {
		v[n].protocol = STR("TCP");
		for (json_enter_object(j); json_next_key(j, &key);) {
			if (str_is(key, "name"))
				v[n].name = json_str(j, d->a);
			else if (str_is(key, "protocol"))
				v[n].protocol = json_str(j, d->a);
			else if (str_is(key, "containerPort"))
				v[n].number = json_int(j);
			else
				json_skip(j);
		}
	}
	c->ports = v;
	c->n_ports = n;
}

static void read_containers(struct draft *d, struct json *j, enum pod_container_kind kind)
{
	struct pod_container *v = arena_new(d->a, struct pod_container, json_count(j) + 1);
	struct str key;
	size_t n = 0;

	for (json_enter_array(j); json_next_item(j); n++) {
		v[n].kind = kind;
		for (json_enter_object(j); json_next_key(j, &key);) {
			if (str_is(key, "name"))
				v[n].name = json_str(j, d->a);
			else if (str_is(key, "image"))
				v[n].image = json_str(j, d->a);
			else if (str_is(key, "ports"))
				read_ports(d, j, &v[n]);
			else
				json_skip(j);
		}
	}
	d->of[kind] = v;
	d->n_of[kind] = n;
}

static void read_spec(struct draft *d, struct json *j)
{
	struct str key;

	for (json_enter_object(j); json_next_key(j, &key);) {
		if (str_is(key, "nodeName"))
			d->pod.node = json_str(j, d->a);
		else if (str_is(key, "hostNetwork"))
			d->pod.is_host_network = json_bool(j);
		else if (str_is(key, "containers"))
			read_containers(d, j, POD_CONTAINER);
		else if (str_is(key, "initContainers"))
			read_containers(d, j, POD_CONTAINER_INIT);
		else if (str_is(key, "ephemeralContainers"))
			read_containers(d, j, POD_CONTAINER_EPHEMERAL);
		else
			json_skip(j);
	}
}

static void read_statuses(struct draft *d, struct json *j, enum pod_container_kind kind)
{
	struct status *v = arena_new(d->a, struct status, json_count(j) + 1);
	struct str key;
	size_t n = 0;

	for (json_enter_array(j); json_next_item(j); n++) {
		for (json_enter_object(j); json_next_key(j, &key);) {
			if (str_is(key, "name"))
				v[n].name = json_str(j, d->a);
			else if (str_is(key, "containerID"))
				v[n].id = json_str(j, d->a);
			else if (str_is(key, "restartCount"))
				v[n].restarts = json_int(j);
			else
				json_skip(j);
		}
	}
	d->statuses[kind] = v;
	d->n_statuses[kind] = n;
}

static enum pod_ready ready_from(struct str status)
{
	if (str_is(status, "True"))
		return POD_READY_TRUE;
	return str_is(status, "False") ? POD_READY_FALSE : POD_READY_UNKNOWN;
}

static void read_conditions(struct draft *d, struct json *j)
{
	struct str key;

	for (json_enter_array(j); json_next_item(j);) {
		struct str type = {0};
		struct str status = {0};

		for (json_enter_object(j); json_next_key(j, &key);) {
			if (str_is(key, "type"))
				type = json_str(j, d->a);
			else if (str_is(key, "status"))
				status = json_str(j, d->a);
			else
				json_skip(j);
		}
		if (str_is(type, "Ready"))
			d->pod.ready = ready_from(status);
	}
}

static void read_ips(struct draft *d, struct json *j)
{
	struct str *v = arena_new(d->a, struct str, json_count(j) + 2); /* one for podIP */
	struct str key;
	size_t n = 0;

	for (json_enter_array(j); json_next_item(j);) {
		for (json_enter_object(j); json_next_key(j, &key);) {
			if (str_is(key, "ip"))
				v[n] = json_str(j, d->a);
			else
				json_skip(j);
		}
		if (v[n].n)
			n++;
	}
	d->pod.ips = v;
	d->pod.n_ips = n;
}

static void read_status(struct draft *d, struct json *j)
{
	struct pod *p = &d->pod;
	struct str key;

	for (json_enter_object(j); json_next_key(j, &key);) {
		if (str_is(key, "phase"))
			p->phase = json_str(j, d->a);
		else if (str_is(key, "podIP"))
			p->ip = json_str(j, d->a);
		else if (str_is(key, "podIPs"))
			read_ips(d, j);
		else if (str_is(key, "hostIP"))
			p->host_ip = json_str(j, d->a);
		else if (str_is(key, "startTime"))
			p->started = read_time(j, d->a);
		else if (str_is(key, "conditions"))
			read_conditions(d, j);
		else if (str_is(key, "containerStatuses"))
			read_statuses(d, j, POD_CONTAINER);
		else if (str_is(key, "initContainerStatuses"))
			read_statuses(d, j, POD_CONTAINER_INIT);
		else if (str_is(key, "ephemeralContainerStatuses"))
			read_statuses(d, j, POD_CONTAINER_EPHEMERAL);
		else
			json_skip(j);
	}
}

/* podIPs begins with podIP (it is an API rule), or was not there at all. */
static void join_ips(struct draft *d)
{
	struct pod *p = &d->pod;
	struct str *v;

	for (size_t i = 0; i < p->n_ips; i++) {
		if (p->ip.n == 0 || str_eq(p->ips[i], p->ip)) {
			p->ip = p->ips[i];
			return;
		}
	}
	if (p->ip.n == 0)
		return;
	v = arena_new(d->a, struct str, p->n_ips + 1);
	v[0] = p->ip;
	for (size_t i = 0; i < p->n_ips; i++)
		v[i + 1] = p->ips[i];
	p->ips = v;
	p->n_ips++;
}

static void join_status(const struct draft *d, struct pod_container *c, size_t likely)
{
	const struct status *v = d->statuses[c->kind];
	size_t n = d->n_statuses[c->kind];

	for (size_t k = 0; k < n; k++) {
		const struct status *s = &v[(likely + k) % n];

		if (!str_eq(s->name, c->name))
			continue;
		c->id = s->id;
		c->restarts = s->restarts;
		return;
	}
}

static void join_containers(struct draft *d)
{
	static const enum pod_container_kind order[] = {
		POD_CONTAINER_INIT,
		POD_CONTAINER,
		POD_CONTAINER_EPHEMERAL,
	};
	struct pod_container *v =
		arena_new(d->a, struct pod_container, d->n_of[0] + d->n_of[1] + d->n_of[2] + 1);
	size_t n = 0;

	for (size_t k = 0; k < 3; k++) {
		for (size_t i = 0; i < d->n_of[order[k]]; i++, n++) {
			v[n] = d->of[order[k]][i];
			join_status(d, &v[n], i);
		}
	}
	d->pod.containers = v;
	d->pod.n_containers = n;
}

/* kubelet names a static pod's folder by its config hash, and says so on the mirror pod. */
static void join_log_uid(struct pod *p)
{
	p->log_uid = p->uid;
	if (!pod_pairs_find(&p->annotations, STR("kubernetes.io/config.mirror")).p)
		return;
	p->log_uid = pod_pairs_find(&p->annotations, STR("kubernetes.io/config.hash"));
	if (p->log_uid.n == 0)
		p->log_uid = pod_pairs_find(&p->annotations, STR("kubernetes.io/config.mirror"));
}

/* The memory of a pod while it is measured (base NULL) and while it is filled. */
struct pack {
	char *base;
	size_t n;
};

static const void *keep(struct pack *k, const void *p, size_t size, size_t count)
{
	size_t n = size * count;

	if (n == 0)
		return NULL;
	k->n = (k->n + 7) & ~(size_t)7;
	if (k->base)
		p = memcpy(k->base + k->n, p, n);
	k->n += n;
	return p;
}

static void keep_str(struct pack *k, const struct str *const_s)
{
	struct str *s = (struct str *)(uintptr_t)const_s; /* NOLINT: the draft's, or ours */

	if (s->p == NULL)
		return;
	if (k->base) {
		if (s->n)
			memcpy(k->base + k->n, s->p, s->n);
		s->p = k->base + k->n; /* zeroed: the NUL is there */
	}
	k->n += s->n + 1;
}

static void keep_pairs(struct pack *k, struct pod_pairs *v)
{
	v->p = keep(k, v->p, sizeof(*v->p), v->n);
	for (size_t i = 0; i < v->n; i++) {
		keep_str(k, &v->p[i].name);
		keep_str(k, &v->p[i].value);
	}
}

static void keep_container(struct pack *k, const struct pod_container *const_c)
{
	struct pod_container *c = (struct pod_container *)(uintptr_t)const_c; /* NOLINT: too */

	keep_str(k, &c->name);
	keep_str(k, &c->image);
	keep_str(k, &c->id);
	c->ports = keep(k, c->ports, sizeof(*c->ports), c->n_ports);
	for (size_t i = 0; i < c->n_ports; i++) {
		keep_str(k, &c->ports[i].name);
		keep_str(k, &c->ports[i].protocol);
	}
}

static void keep_pod(struct pack *k, struct pod *p)
{
	struct str *const texts[] = {&p->uid, &p->log_uid, &p->name, &p->namespace, &p->node,
		&p->phase, &p->host_ip, &p->ip};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		keep_str(k, texts[i]);
	p->ips = keep(k, p->ips, sizeof(*p->ips), p->n_ips);
	for (size_t i = 0; i < p->n_ips; i++)
		keep_str(k, &p->ips[i]);
	keep_pairs(k, &p->labels);
	keep_pairs(k, &p->annotations);
	p->owners = keep(k, p->owners, sizeof(*p->owners), p->n_owners);
	for (size_t i = 0; i < p->n_owners; i++) {
		keep_str(k, &p->owners[i].kind);
		keep_str(k, &p->owners[i].name);
		keep_str(k, &p->owners[i].uid);
	}
	p->containers = keep(k, p->containers, sizeof(*p->containers), p->n_containers);
	for (size_t i = 0; i < p->n_containers; i++)
		keep_container(k, &p->containers[i]);
}

static struct pod *copy_of(struct pod *draft)
{
	struct pack k = {NULL, sizeof(struct pod)};
	size_t size;
	struct pod *p;

	keep_pod(&k, draft);
	size = k.n;
	must(size <= UINT32_MAX);
	k = (struct pack){mem_new(char, size), sizeof(struct pod)};
	p = (struct pod *)(void *)k.base;
	*p = *draft;
	p->refs = 1;
	p->size = (uint32_t)size;
	list_init(&p->link);
	keep_pod(&k, p);
	must(k.n == size);
	return p;
}

struct pod *pod_parse(struct arena *scratch, struct str text, struct err *e)
{
	struct draft d = {.a = scratch};
	struct json j = json_from(text);
	struct str key;

	if (json_peek(&j) != '{') {
		err_set(e, "a pod is not a JSON object");
		return NULL;
	}
	for (json_enter_object(&j); json_next_key(&j, &key);) {
		if (str_is(key, "metadata"))
			read_metadata(&d, &j);
		else if (str_is(key, "spec"))
			read_spec(&d, &j);
		else if (str_is(key, "status"))
			read_status(&d, &j);
		else
			json_skip(&j);
	}
	if (!json_is_done(&j)) {
		err_set(e, "a pod is not valid JSON");
		return NULL;
	}
	if (d.pod.uid.n == 0 || d.pod.name.n == 0 || d.pod.namespace.n == 0) {
		err_set(e, "a pod has no uid, name or namespace");
		return NULL;
	}
	join_ips(&d);
	join_containers(&d);
	join_log_uid(&d.pod);
	return copy_of(&d.pod);
}
