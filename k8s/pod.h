#pragma once

/*
 * One pod, with only what is needed of it: about 2 KiB where the API's object has 10. A pod is
 * one allocation, never changes once it is parsed (but for what its store keeps in it), and is
 * counted: whoever keeps a pointer beyond the call holds a reference.
 */

#include "agent/base/list.h"
#include "agent/base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct err;
struct json;

/* A label or an annotation. */
struct pod_pair {
	struct str name;
	struct str value;
};

struct pod_pairs {
	const struct pod_pair *p; /* sorted by name; a name is there once */
	size_t n;
};

struct pod_port {
	struct str name; /* empty: it has none */
	struct str protocol;
	int64_t number;
};

enum pod_container_kind {
	POD_CONTAINER,
	POD_CONTAINER_INIT,
	POD_CONTAINER_EPHEMERAL,
};

struct pod_container {
	enum pod_container_kind kind;
	struct str name;
	struct str image;
	struct str id; /* "containerd://…"; empty: it has not been started yet */
	int64_t restarts;
	const struct pod_port *ports;
	size_t n_ports;
};

struct pod_owner {
	struct str kind;
	struct str name;
	struct str uid;
	bool is_controller;
};

enum pod_ready {
	POD_READY_UNKNOWN,
	POD_READY_TRUE,
	POD_READY_FALSE,
};

struct pod {
	uint32_t refs;
	uint32_t size; /* bytes of the allocation */
	struct str uid;
	struct str log_uid; /* as the log folder has it: static pods have their config hash there */
	struct str name;
	struct str namespace;
	struct str node;
	struct str phase;
	struct str host_ip;
	struct str ip;         /* status.podIP; empty: none yet */
	const struct str *ips; /* status.podIPs and podIP, each once */
	size_t n_ips;
	enum pod_ready ready;
	bool is_host_network;
	int64_t created; /* Unix ns; 0: not given */
	int64_t started; /* status.startTime */
	int64_t deleted; /* deletionTimestamp; 0: nobody asked for its deletion */
	struct pod_pairs labels;
	struct pod_pairs annotations; /* a value above POD_VALUE_MAX is kept as empty */
	const struct pod_owner *owners;
	size_t n_owners;
	const struct pod_container
		*containers; /* init ones first, then the others, then ephemeral */
	size_t n_containers;

	/* The store's own. */
	struct list link;
	const void *scope;
	bool is_seen;
	int64_t gone_at; /* on the loop's clock; 0: the API server has it */
};

/* kubectl's last-applied-configuration is a copy of the pod in the pod; nobody relabels by it. */
#define POD_VALUE_MAX 4096

/*
 * A pod of the API's JSON (a watch event's object, or a list's item), with one reference, the
 * caller's. NULL, with e filled, if it is not an object, or has no uid, name or namespace.
 * What is of a wrong type counts as not given. scratch is used for the time of the call.
 */
struct pod *pod_parse(struct arena *scratch, struct str json, struct err *e);

struct pod *pod_hold(const struct pod *p); /* p itself */
void pod_release(const struct pod *p);     /* NULL is nothing */

/* The labels or annotations of any object, in a or in the JSON text. */
void pod_pairs_read(struct arena *a, struct json *j, struct pod_pairs *out);

/* Empty (p NULL): not there. */
struct str pod_pairs_find(const struct pod_pairs *v, struct str name);
const struct pod_container *pod_find_container(const struct pod *p, struct str name);
const struct pod_owner *pod_find_controller(const struct pod *p); /* NULL: it has none */

/* It has run to its end: nothing in it runs any more. */
bool pod_is_finished(const struct pod *p);

/* Are they equal in all that pod_parse() reads? */
bool pod_eq(const struct pod *a, const struct pod *b);
