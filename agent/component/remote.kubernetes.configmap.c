/*
 * remote.kubernetes.configmap: the data of one ConfigMap, for other components' arguments.
 */

#include "agent/component/common/remote_object.h"

static const struct remote_object_kind kind = {
	.plural = "configmaps",
	.is_secret = false,
	.hint = "is the name right, and does a Role let the agent's service account get this "
		"ConfigMap?",
};

static bool configmap_start(struct component *c, const void *args, struct err *e)
{
	return remote_object_start(c, &kind, args, e);
}

static const struct export_field configmap_exports[] = {
	{"data", ARG_MAP, NULL, "The values by their keys, as strings."},
	{0},
};

const struct component_type remote_kubernetes_configmap = {
	.name = "remote.kubernetes.configmap",
	.help = "Reads the data of a ConfigMap of Kubernetes.",
	.stability = STABILITY_GA,
	.args = remote_object_args,
	.size = sizeof(struct remote_object),
	.args_size = sizeof(struct remote_object_args),
	.exports = configmap_exports,
	.check = remote_object_check,
	.start = configmap_start,
	.update = remote_object_update,
	.stop = remote_object_stop,
};
