#pragma once

/*
 * The pods of one API server, shared: components that ask the same server the same question
 * get the same cluster, with one watch (one a namespace, if namespaces are given) and one store.
 */

#include "agent/base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cluster;
struct err;
struct http_client;
struct k8s_config;
struct loop;
struct pod_store;

struct cluster_settings {
	const struct k8s_config *config; /* copied */
	struct str field_selector;       /* "spec.nodeName=node-1"; empty: all */
	struct str label_selector;
	const struct str *namespaces; /* n 0: all of them */
	size_t n_namespaces;
};

/* A reference to it; watches begin with the first one. NULL, with e filled, if the settings
 * cannot be used (a file that cannot be read, …); never because a server does not answer. */
struct cluster *cluster_hold(struct loop *l, struct http_client *h,
	const struct cluster_settings *set, struct err *e);
void cluster_release(struct cluster *c); /* NULL is nothing; the last one ends the watches */

/* Its subscribers are called when the problem changes too. */
struct pod_store *cluster_pods(struct cluster *c);

/* Why the pods are not up to date, in words for the operator; NULL: they are, or nothing is
 * known yet. */
const char *cluster_problem(const struct cluster *c);

/* There is something new on the node, of which the API server would know: watch_hurry(). */
void cluster_hurry(struct cluster *c);

/* ns: the API server is first asked within so long of the beginning, at a moment of chance, so that
 * not all nodes ask at once; 0: at once. */
int64_t cluster_spread(const struct cluster *c);

/* The field selector that restricts to one node: "spec.nodeName=NODE". Texts are in out. */
struct buf;
void cluster_node_selector(struct buf *out, struct str node);
/* Does a field selector choose a node? *node is what it says. */
bool cluster_selector_node(struct str field_selector, struct str *node);
