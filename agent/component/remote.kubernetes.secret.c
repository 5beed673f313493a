/*
 * remote.kubernetes.secret: the data of one Secret, for other components' arguments.
 * Values are secrets: a password takes them as they are, a plain string only through
 * convert.nonsensitive().
 */

#include "agent/component/common/remote_object.h"

static const struct remote_object_kind kind = {
	.plural = "secrets",
	.is_secret = true,
	.hint = "is the name right, and does a Role let the agent's service account get this "
		"Secret?",
};

static bool secret_start(struct component *c, const void *args, struct err *e)
{
	return remote_object_start(c, &kind, args, e);
}

static const struct export_field secret_exports[] = {
	{"data", ARG_MAP, NULL, "The values by their keys, as secrets."},
	{0},
};

const struct component_type remote_kubernetes_secret = {
	.name = "remote.kubernetes.secret",
	.help = "Reads the data of a Secret of Kubernetes.",
	.stability = STABILITY_GA,
	.args = remote_object_args,
	.size = sizeof(struct remote_object),
	.args_size = sizeof(struct remote_object_args),
	.exports = secret_exports,
	.check = remote_object_check,
	.start = secret_start,
	.update = remote_object_update,
	.stop = remote_object_stop,
};
