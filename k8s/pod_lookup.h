#pragma once

/*
 * Pods of addresses that no watch knows: each address is asked for once, and what came is
 * remembered for minutes, also that there is none. The API server has to look at every pod for an
 * answer (status.podIP has no index there), so there is one question at a time, and a second
 * between two.
 */

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct http_client;
struct k8s_config;
struct loop;
struct pod;
struct pod_lookup;

/* config is copied. NULL and e: its settings cannot be used. */
struct pod_lookup *pod_lookup_new(
	struct loop *l, struct http_client *h, const struct k8s_config *config, struct err *e);
void pod_lookup_free(struct pod_lookup *s); /* NULL is nothing */

/* The pod that has this address, as far as is known now; never one with hostNetwork, nor one of
 * two. NULL: it is asked for, if that is due. The pod is borrowed for this turn. *is_nobodys: the
 * server has said that there is none. */
const struct pod *pod_lookup_find(
	struct pod_lookup *s, const struct in6_addr *address, bool *is_nobodys);
