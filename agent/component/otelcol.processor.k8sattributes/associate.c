/* A key (address, uid, namespace and name) finds the pod; the other sources then must agree. */

#include "agent/component/otelcol.processor.k8sattributes/associate.h"

#include "agent/component/otelcol.processor.k8sattributes/extract.h"
#include "k8s/pod_store.h"

enum {
	MAX_SOURCES = 4,
};

/* One source that is there. */
struct key {
	bool is_address;
	struct in6_addr address;
	struct str name;
	struct str value;
};

static bool is_address_name(struct str name)
{
	return str_is(name, "k8s.pod.ip") || str_is(name, "ip") || str_is(name, "host.name");
}

static bool from_peer(const struct in6_addr *peer, struct key *k)
{
	*k = (struct key){.is_address = true, .address = *peer};
	return !IN6_IS_ADDR_UNSPECIFIED(peer);
}

/* An attribute; one that should be an address and is none is not there (host.name mostly). */
static bool from_attr(const struct otlp_part *part, struct str name, struct key *k)
{
	*k = (struct key){.name = name, .value = otlp_attr_find(part, name)};
	if (k->value.n == 0)
		return false;
	if (!is_address_name(name))
		return true;
	k->is_address = true;
	return pod_store_parse_ip(k->value, &k->address);
}

static bool has_address(const struct pod *p, const struct in6_addr *address)
{
	struct in6_addr own;

	for (size_t i = 0; i < p->n_ips && !p->is_host_network; i++)
		if (pod_store_parse_ip(p->ips[i], &own) && IN6_ARE_ADDR_EQUAL(&own, address))
			return true;
	return false;
}

static bool has_container_id(const struct pod *p, struct str id)
{
	for (size_t i = 0; i < p->n_containers; i++)
		if (p->containers[i].id.n > id.n &&
			str_eq(str_from_at(p->containers[i].id, p->containers[i].id.n - id.n), id))
			return true;
	return false;
}

static bool agrees(const struct pod *p, const struct key *k, struct arena *a)
{
	if (k->is_address)
		return has_address(p, &k->address);
	if (str_is(k->name, "container.id"))
		return has_container_id(p, k->value);
	return str_eq(extract_field(p, k->name, a), k->value);
}

static bool all_agree(const struct pod *p, const struct key *keys, size_t n, struct arena *a)
{
	for (size_t i = 0; i < n; i++)
		if (!agrees(p, &keys[i], a))
			return false;
	return true;
}

static struct str value_of(const struct key *keys, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (str_is(keys[i].name, name))
			return keys[i].value;
	return (struct str){0};
}

/* All pods have to be looked at when no key of the store is among the sources. */
static const struct pod *search(
	struct pod_store *pods, const struct key *keys, size_t n, struct arena *a)
{
	const struct pod *found = NULL;

	POD_STORE_EACH(p, pods)
	{
		if (!all_agree(p, keys, n, a) || (found && p->gone_at))
			continue;
		if (found && !found->gone_at)
			return NULL; /* two of them: nobody's */
		found = p;
	}
	return found;
}

static const struct pod *find(
	struct pod_store *pods, const struct key *keys, size_t n, struct arena *a)
{
	struct str uid = value_of(keys, n, "k8s.pod.uid");
	struct str name = value_of(keys, n, "k8s.pod.name");
	struct str ns = value_of(keys, n, "k8s.namespace.name");
	const struct pod *p = NULL;

	if (uid.n > 0) {
		p = pod_store_find_uid(pods, uid);
	} else if (name.n > 0 && ns.n > 0) {
		p = pod_store_find_name(pods, ns, name);
	} else {
		size_t i = 0;

		while (i < n && !keys[i].is_address)
			i++;
		if (i == n)
			return search(pods, keys, n, a);
		p = pod_store_find_ip(pods, &keys[i].address);
	}
	return p && all_agree(p, keys, n, a) ? p : NULL;
}

static bool try_block(const struct k8s_association_args *v, struct pod_store *pods,
	const struct otlp_part *part, const struct in6_addr *peer, struct arena *a,
	struct association *out)
{
	const struct k8s_source_args *s = v->source.p;
	struct key keys[MAX_SOURCES];
	size_t n = v->source.n < MAX_SOURCES ? v->source.n : MAX_SOURCES;

	*out = (struct association){.is_known = true};
	for (size_t i = 0; i < n; i++) {
		bool connection = str_is(s[i].from, "connection");

		if (connection ? !from_peer(peer, &keys[i]) : !from_attr(part, s[i].name, &keys[i]))
			return false;
		out->by_connection |= connection;
	}
	out->is_only_peer = out->by_connection && n == 1;
	out->pod = pods ? find(pods, keys, n, a) : NULL;
	return true;
}

/* Without any association: the attributes k8s.pod.ip, then ip, the connection, then host.name. */
static bool try_default(struct pod_store *pods, const struct otlp_part *part,
	const struct in6_addr *peer, struct association *out)
{
	static const char *const names[] = {"k8s.pod.ip", "ip", NULL, "host.name"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct key k;

		if (names[i] ? !from_attr(part, str_from(names[i]), &k) : !from_peer(peer, &k))
			continue;
		*out = (struct association){.is_known = true,
			.by_connection = !names[i],
			.is_only_peer = !names[i]};
		out->pod = pods ? pod_store_find_ip(pods, &k.address) : NULL;
		return true;
	}
	return false;
}

struct association associate(const struct k8sattributes_args *args, struct pod_store *pods,
	const struct otlp_part *part, const struct in6_addr *peer, struct arena *scratch)
{
	const struct k8s_association_args *v = args->pod_association.p;
	struct association r;

	if (args->pod_association.n == 0)
		return try_default(pods, part, peer, &r) ? r : (struct association){0};
	for (size_t i = 0; i < args->pod_association.n; i++)
		if (try_block(&v[i], pods, part, peer, scratch, &r))
			return r;
	return (struct association){0};
}
