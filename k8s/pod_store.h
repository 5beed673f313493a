#pragma once

/*
 * The pods that a watch has told of. A pod that the API server has deleted is still found for
 * POD_STORE_GRACE, since its last lines and spans come after that. Those who subscribe are called
 * at the end of a turn in which something changed, once, however much it was.
 */

#include "k8s/pod.h"

#include <netinet/in.h>

struct loop;
struct pod_store;

#define POD_STORE_GRACE (INT64_C(120) * 1000 * 1000 * 1000)

struct pod_store *pod_store_new(struct loop *l);
void pod_store_free(struct pod_store *s); /* NULL is nothing; nobody is subscribed any more */

/* Look-ups. The pod is borrowed for this turn; pod_hold() it to keep it. NULL: not known. A pod
 * that the API server has is preferred to a deleted one. */
const struct pod *pod_store_find_uid(const struct pod_store *s, struct str uid);
/* By the uid in the log folder's name: that of a static pod is its config hash. */
const struct pod *pod_store_find_log_uid(const struct pod_store *s, struct str log_uid);
const struct pod *pod_store_find_name(const struct pod_store *s, struct str ns, struct str name);

/*
 * The pod that has this address (IPv4 as ::ffff:a.b.c.d), never one with hostNetwork. Running pods
 * come before those being deleted, and these before finished and deleted ones; of the latter kinds
 * the one with the newest startTime is taken. An address that two running pods claim is nobody's:
 * NULL.
 */
const struct pod *pod_store_find_ip(const struct pod_store *s, const struct in6_addr *ip);

/* "10.1.2.3" or "fd00::1" as pod_store_find_ip() wants it. False if it is no address. */
bool pod_store_parse_ip(struct str text, struct in6_addr *out);

/* All pods, deleted ones too (gone_at is not 0), in the order they came. */
#define POD_STORE_EACH(it, s) LIST_EACH (it, pod_store_pods(s), struct pod, link)
struct list *pod_store_pods(struct pod_store *s);
size_t pod_store_count(const struct pod_store *s); /* without deleted ones */
size_t pod_store_bytes(const struct pod_store *s); /* of all pods it holds */

/* True once everything has been listed, by every watch that feeds this store; it stays so. */
bool pod_store_is_synced(const struct pod_store *s);

struct pod_subscriber {
	void (*changed)(struct pod_subscriber *w);
	struct list link; /* zeroed before its first use */
};
void pod_store_subscribe(struct pod_store *s, struct pod_subscriber *w);
void pod_store_unsubscribe(struct pod_subscriber *w); /* twice is fine */

/*
 * For the watches that feed a store. scope is one watch; rounds are its lists: after begin() every
 * pod of it that exists is set again, and complete() takes those that were not for deleted.
 */
void pod_store_begin(struct pod_store *s, const void *scope);
void pod_store_set(struct pod_store *s, const void *scope, struct pod *p); /* takes the reference */
void pod_store_delete(struct pod_store *s, struct str uid);
void pod_store_complete(struct pod_store *s, const void *scope);
void pod_store_set_synced(struct pod_store *s);
void pod_store_touch(struct pod_store *s); /* calls the subscribers, for changes of another kind */
