#pragma once

/* The block `client` of the components that talk to the API server: which one, and how. */

#include "agent/component/common/http_client_args.h"

#include <stdbool.h>

struct err;
struct k8s_config;

struct k8s_client_args {
	struct str api_server;
	struct str kubeconfig_file;
	struct http_client_args http;
};

extern const struct arg k8s_client_args[];

/* clang-format off */
/* The rows, for an owner that has them among its own: K8S_CLIENT_ARGS(owner, client) */
#define K8S_CLIENT_ARGS(owner, field) \
	ARG_NAMED(owner, "api_server", field.api_server, .type = ARG_STR, .def = "", \
		.help = "Address of the API server. Empty: that of the agent's cluster."), \
	ARG_NAMED(owner, "kubeconfig_file", field.kubeconfig_file, .type = ARG_STR, .def = "", \
		.help = "A kubeconfig file, which says where the API server is."), \
	HTTP_CLIENT_ARGS(owner, field.http)
/* clang-format on */

/* In the argument table of a component that has the block:
 *	ARG(owner, client, .type = ARG_BLOCK, K8S_CLIENT_ARGS_BLOCK), */
#define K8S_CLIENT_ARGS_BLOCK \
	.block = k8s_client_args, .size = sizeof(struct k8s_client_args), \
	.help = "How the API server is reached; without it as a pod of its cluster."

/* NULL, the block is not written, is fine. */
bool k8s_client_args_check(const struct k8s_client_args *a, struct diags *d);

/* What the block means (NULL: the service account of the pod); the caller clears *out by
 * k8s_config_fini(). False, with e filled, and nothing to clear, if it cannot be used. */
bool k8s_client_args_config(const struct k8s_client_args *a, struct k8s_config *out, struct err *e);

/* May it be the name of an object (DNS-1123 subdomain), so that it is one part of a path? */
bool k8s_name_is_valid(struct str s);
