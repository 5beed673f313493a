/* Only the last address is watched: where senders are masqueraded there is one, or few. */

#include "agent/component/otelcol.processor.k8sattributes/strangers.h"

#include "agent/base/address.h"
#include "agent/base/log.h"
#include "agent/base/timestamp.h"
#include "agent/graph/component.h"
#include "agent/loop/loop.h"
#include "k8s/pod_store.h"

#include <arpa/inet.h>

#define FIX \
	"send to a Service with internalTrafficPolicy: Local in place of a hostPort, or run the " \
	"agent with hostNetwork, or set OTEL_RESOURCE_ATTRIBUTES=k8s.pod.uid=$(POD_UID) in the " \
	"sender"

static void remember(struct strangers *s, const struct in6_addr *peer, struct str service)
{
	uint64_t hash = str_hash(service);

	if (!IN6_ARE_ADDR_EQUAL(&s->suspect, peer)) {
		s->suspect = *peer;
		s->n_names = 0;
	}
	for (size_t i = 0; i < s->n_names; i++)
		if (s->names[i] == hash)
			return;
	if (service.n > 0 && s->n_names < STRANGERS_NAMES)
		s->names[s->n_names++] = hash;
}

/* The node's own address, or that of what runs in its network. */
static bool is_nodes(struct pod_store *pods, const struct in6_addr *peer)
{
	struct in6_addr own;

	POD_STORE_EACH(p, pods)
	{
		if (pod_store_parse_ip(p->host_ip, &own) && IN6_ARE_ADDR_EQUAL(&own, peer))
			return true;
		for (size_t i = 0; i < p->n_ips && p->is_host_network; i++)
			if (pod_store_parse_ip(p->ips[i], &own) && IN6_ARE_ADDR_EQUAL(&own, peer))
				return true;
	}
	return false;
}

void strangers_note(struct strangers *s, const struct component *c, struct pod_store *pods,
	const struct in6_addr *peer, struct str service)
{
	char text[INET6_ADDRSTRLEN];
	const char *address;

	remember(s, peer, service);
	if (!log_is_due(&s->warned_at, loop_now(c->loop)))
		return;
	address = address_print(text, peer);
	if (is_nodes(pods, peer))
		log_warn(c->id,
			"data came from the node's own address: its sender has hostNetwork, or the "
			"network puts this address in the place of the sender's",
			KV("address", address), KV("hint", FIX));
	else if (s->n_names == STRANGERS_NAMES)
		log_warn(c->id,
			"data of several programs came from one address that is no pod's: the "
			"network puts it in the place of theirs",
			KV("address", address), KV("hint", FIX));
	else
		log_warn(c->id,
			"data came from an address that is not a pod's; its pod is not known",
			KV("address", address), KV("hint", FIX));
}
