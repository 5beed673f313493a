/* A target is first put together in an array of its own, as nobody knows how many labels there will
 * be; then it is sorted, as pods' targets are. */

#include "k8s/object_roles.h"

#include "agent/base/arena.h"
#include "k8s/json.h"

#include <stdlib.h>

struct draft {
	struct arena *a;
	struct pod_label *v;
	size_t n, cap;
};

static void add(struct draft *d, struct str name, struct str value)
{
	struct pod_label *more;

	if (d->n == d->cap) {
		d->cap = d->cap ? 2 * d->cap : 32;
		more = arena_new(d->a, struct pod_label, d->cap);
		if (d->n)
			memcpy(more, d->v, d->n * sizeof(*d->v));
		d->v = more;
	}
	d->v[d->n++] = (struct pod_label){name, value.p ? value : STR("")};
}

/* __meta_kubernetes_<rest> */
#define ADD(d, rest, value) add((d), STR("__meta_kubernetes_" rest), (value))

static int by_name(const void *x, const void *y)
{
	const struct pod_label *a = x;
	const struct pod_label *b = y;
	int cmp = str_cmp(a->name, b->name);

	return cmp ? cmp : str_cmp(a->value, b->value);
}

static void put_target(struct draft *d, struct pod_targets *out)
{
	struct pod_target *more;
	size_t n = 0;

	if (d->n > 1)
		qsort(d->v, d->n, sizeof(*d->v), by_name);
	for (size_t i = 0; i < d->n; i++) { /* names that have become one: the last */
		if (n > 0 && str_eq(d->v[n - 1].name, d->v[i].name))
			n--;
		d->v[n++] = d->v[i];
	}
	if (out->n == out->cap) {
		out->cap = out->cap ? 2 * out->cap : 4;
		more = arena_new(d->a, struct pod_target, out->cap);
		if (out->n)
			memcpy(more, out->p, out->n * sizeof(*more));
		out->p = more;
	}
	out->p[out->n++] = (struct pod_target){d->v, n};
}

static void add_pairs(struct draft *d, const struct pod_pairs *v, const char *kind,
	const char *what)
{
	struct str prefix = arena_printf(d->a, "__meta_kubernetes_%s_%s_", kind, what);
	struct str present = arena_printf(d->a, "__meta_kubernetes_%s_%spresent_", kind, what);

	for (size_t i = 0; i < v->n; i++) {
		add(d, pod_targets_label_name(d->a, prefix.p, v->p[i].name), v->p[i].value);
		add(d, pod_targets_label_name(d->a, present.p, v->p[i].name), STR("true"));
	}
}

static void add_head(struct draft *d, const struct object_head *h, const char *kind)
{
	add_pairs(d, &h->labels, kind, "label");
	add_pairs(d, &h->annotations, kind, "annotation");
}

/* ---- nodes ---- */

enum {
	ADDRESSES_MAX = 32,
};

struct node {
	struct str provider_id;
	int64_t port; /* of the kubelet */
	struct pod_pair addresses[ADDRESSES_MAX + 1];
	size_t n_addresses;
};

static bool has_type(const struct node *n, struct str type)
{
	for (size_t i = 0; i < n->n_addresses; i++)
		if (str_eq(n->addresses[i].name, type))
			return true;
	return false;
}

/* Of several of a type the first. */
static void read_addresses(struct json *j, struct arena *a, struct node *n)
{
	struct str key;

	for (json_enter_array(j); json_next_item(j);) {
		struct pod_pair *p = &n->addresses[n->n_addresses];

		*p = (struct pod_pair){0};
		for (json_enter_object(j); json_next_key(j, &key);) {
			if (str_is(key, "type"))
				p->name = json_str(j, a);
			else if (str_is(key, "address"))
				p->value = json_str(j, a);
			else
				json_skip(j);
		}
		if (!has_type(n, p->name) && n->n_addresses < ADDRESSES_MAX)
			n->n_addresses++;
	}
}

static void read_endpoints(struct json *j, struct node *n)
{
	struct str key;

	for (json_enter_object(j); json_next_key(j, &key);) {
		if (!str_is(key, "kubeletEndpoint")) {
			json_skip(j);
			continue;
		}
		for (json_enter_object(j); json_next_key(j, &key);) {
			if (str_is(key, "Port"))
				n->port = json_int(j);
			else
				json_skip(j);
		}
	}
}

static void read_node(struct arena *a, struct str json, struct node *n)
{
	struct json j = json_from(json);
	struct str key;

	for (json_enter_object(&j); json_next_key(&j, &key);) {
		if (!str_is(key, "spec") && !str_is(key, "status")) {
			json_skip(&j);
			continue;
		}
		for (json_enter_object(&j); json_next_key(&j, &key);) {
			if (str_is(key, "providerID"))
				n->provider_id = json_str(&j, a);
			else if (str_is(key, "addresses"))
				read_addresses(&j, a, n);
			else if (str_is(key, "daemonEndpoints"))
				read_endpoints(&j, n);
			else
				json_skip(&j);
		}
	}
}

static struct str find_address(const struct node *n)
{
	static const char *const order[] = {"InternalIP", "InternalDNS", "ExternalIP",
		"ExternalDNS",
		"LegacyHostIP", "Hostname"};

	for (size_t k = 0; k < sizeof(order) / sizeof(*order); k++)
		for (size_t i = 0; i < n->n_addresses; i++)
			if (str_is(n->addresses[i].name, order[k]))
				return n->addresses[i].value;
	return (struct str){0};
}

/* Without an address there is no target, as in Prometheus. */
static bool read_node_target(struct arena *a, const struct object_head *h, struct str json,
	struct pod_targets *out, void **extra)
{
	struct draft d = {.a = a};
	struct node n = {0};
	struct str address;

	(void)extra;
	read_node(a, json, &n);
	address = find_address(&n);
	if (address.n == 0)
		return true;
	add(&d, STR("__address__"),
		arena_printf(a,
			memchr(address.p, ':', address.n) ? "[" STR_FMT "]:%lld" : STR_FMT ":%lld",
			STR_ARG(address), (long long)n.port));
	add(&d, STR("instance"), h->name);
	ADD(&d, "node_name", h->name);
	ADD(&d, "node_provider_id", n.provider_id);
	add_head(&d, h, "node");
	for (size_t i = 0; i < n.n_addresses; i++)
		add(&d,
			pod_targets_label_name(
				a, "__meta_kubernetes_node_address_", n.addresses[i].name),
			n.addresses[i].value);
	put_target(&d, out);
	return true;
}

/* ---- services ---- */

struct service {
	struct str type;
	struct str cluster_ip;
	struct str external_name;
	struct str load_balancer_ip;
	struct pod_port *ports;
	size_t n_ports;
};

static void read_ports(struct json *j, struct arena *a, struct service *s)
{
	struct str key;

	s->ports = arena_new(a, struct pod_port, json_count(j) + 1);
	for (json_enter_array(j); json_next_item(j); s->n_ports++) {
		struct pod_port *p = &s->ports[s->n_ports];

		for (json_enter_object(j); json_next_key(j, &key);) {
			if (str_is(key, "name"))
				p->name = json_str(j, a);
			else if (str_is(key, "protocol"))
				p->protocol = json_str(j, a);
			else if (str_is(key, "port"))
				p->number = json_int(j);
			else
				json_skip(j);
		}
	}
}

static void read_service(struct arena *a, struct str json, struct service *s)
{
	struct json j = json_from(json);
	struct str key;

	for (json_enter_object(&j); json_next_key(&j, &key);) {
		if (!str_is(key, "spec")) {
			json_skip(&j);
			continue;
		}
		for (json_enter_object(&j); json_next_key(&j, &key);) {
			if (str_is(key, "type"))
				s->type = json_str(&j, a);
			else if (str_is(key, "clusterIP"))
				s->cluster_ip = json_str(&j, a);
			else if (str_is(key, "externalName"))
				s->external_name = json_str(&j, a);
			else if (str_is(key, "loadBalancerIP"))
				s->load_balancer_ip = json_str(&j, a);
			else if (str_is(key, "ports"))
				read_ports(&j, a, s);
			else
				json_skip(&j);
		}
	}
}

static void put_service_port(struct arena *a, const struct object_head *h, const struct service *s,
	const struct pod_port *port, struct pod_targets *out)
{
	struct draft d = {.a = a};
	struct str number = arena_printf(a, "%lld", (long long)port->number);

	add(&d, STR("__address__"),
		arena_printf(a, STR_FMT "." STR_FMT ".svc:" STR_FMT, STR_ARG(h->name),
			STR_ARG(h->namespace), STR_ARG(number)));
	ADD(&d, "namespace", h->namespace);
	ADD(&d, "service_name", h->name);
	ADD(&d, "service_type", s->type);
	if (str_is(s->type, "ExternalName"))
		ADD(&d, "service_external_name", s->external_name);
	else
		ADD(&d, "service_cluster_ip", s->cluster_ip);
	if (str_is(s->type, "LoadBalancer"))
		ADD(&d, "service_loadbalancer_ip", s->load_balancer_ip);
	ADD(&d, "service_port_name", port->name);
	ADD(&d, "service_port_number", number);
	ADD(&d, "service_port_protocol", port->protocol);
	add_head(&d, h, "service");
	put_target(&d, out);
}

static bool read_service_targets(struct arena *a, const struct object_head *h, struct str json,
	struct pod_targets *out, void **extra)
{
	struct service s = {0};

	(void)extra;
	read_service(a, json, &s);
	for (size_t i = 0; i < s.n_ports; i++)
		put_service_port(a, h, &s, &s.ports[i], out);
	return true;
}

/* ---- labels to attach ---- */

static bool read_namespace_labels(struct arena *a, const struct object_head *h, struct str json,
	struct pod_targets *out, void **extra)
{
	struct draft d = {.a = a};

	(void)json;
	(void)extra;
	add_head(&d, h, "namespace");
	if (d.n > 0)
		put_target(&d, out);
	return true;
}

static bool read_node_labels(struct arena *a, const struct object_head *h, struct str json,
	struct pod_targets *out, void **extra)
{
	struct draft d = {.a = a};

	(void)json;
	(void)extra;
	ADD(&d, "node_name", h->name);
	add_head(&d, h, "node");
	put_target(&d, out);
	return true;
}

static bool read_namespace(struct arena *a, const struct object_head *h, struct str json,
	struct pod_targets *out, void **extra)
{
	struct draft own = {.a = a};
	struct draft lent = {.a = a};

	(void)json;
	(void)extra;
	for (size_t i = 0; i < h->labels.n; i++)
		add(&own, h->labels.p[i].name, h->labels.p[i].value);
	put_target(&own, out);
	add_head(&lent, h, "namespace");
	put_target(&lent, out);
	return true;
}

/* ---- the table ---- */

static const struct object_role roles[] = {
	{"node", "/api/v1", "nodes", false, {read_node_target, NULL}},
	{"service", "/api/v1", "services", true, {read_service_targets, NULL}},
};

const struct object_role object_role_namespace_labels = {
	"namespace", "/api/v1", "namespaces", false, {read_namespace_labels, NULL}};
const struct object_role object_role_node_labels = {
	"node", "/api/v1", "nodes", false, {read_node_labels, NULL}};
const struct object_reader object_namespace = {read_namespace, NULL};

const struct object_role *object_role_find(struct str name)
{
	for (size_t i = 0; i < sizeof(roles) / sizeof(*roles); i++)
		if (str_is(name, roles[i].name))
			return &roles[i];
	return NULL;
}
