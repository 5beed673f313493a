#pragma once

/*
 * Where the API server is and how to prove who we are: from the pod's own service account, from
 * a kubeconfig file, or from a configuration's api_server argument.
 */

#include "agent/base/arena.h"
#include "agent/loop/http_client.h"

struct buf;
struct err;

struct k8s_config {
	struct arena arena;        /* all texts are here */
	struct str server;         /* "https://10.96.0.1:443", no slash at the end */
	struct http_settings http; /* token files are read again for every request */
	struct str namespace;      /* our own; empty: not known */
	struct str from;           /* for messages: "the service account", "kubeconfig /etc/…" */
	bool is_pod;               /* we run in the cluster, on many nodes at once */
};

#define K8S_ACCOUNT_DIR "/var/run/secrets/kubernetes.io/serviceaccount"

/* Each fills a struct that k8s_config_fini() clears later. False, with e filled, and nothing to
 * clear, if it cannot be used. */

/* KUBERNETES_SERVICE_HOST and _PORT, and the files of the service account in dir (NULL:
 * K8S_ACCOUNT_DIR). */
bool k8s_config_in_cluster(struct k8s_config *c, const char *dir, struct err *e);
/* The current context of a kubeconfig file; relative paths in it are relative to the file. */
bool k8s_config_kubeconfig(struct k8s_config *c, const char *path, struct err *e);
/* A server, http or https, and settings (copied) from elsewhere. */
bool k8s_config_server(struct k8s_config *c, struct str url, const struct http_settings *http,
	struct err *e);
void k8s_config_fini(struct k8s_config *c);

/* Adds a text that is the same for configurations that mean the same server, asked in the same way,
 * and for no others; it holds secrets. k8s_add_key() adds a part of such a key. */
void k8s_config_add_key(struct buf *key, const struct k8s_config *c);
void k8s_add_key(struct buf *key, struct str part);

/* All texts of from, copied into a. */
struct http_settings k8s_config_copy_http(struct arena *a, const struct http_settings *from);
