#pragma once

/*
 * remote.kubernetes.secret and remote.kubernetes.configmap: one named object, whose member `data`
 * is exported. They differ in the word in the URL and in what a value is. Each polls its one
 * object, as Alloy does, so that a Role with `get` of that name is enough.
 */

#include "agent/component/common/k8s_client_args.h"
#include "agent/component/common/remote_poll.h"
#include "agent/graph/component.h"

struct remote_object_kind {
	const char *plural; /* "secrets" */
	bool is_secret;     /* values are base64, and never printed */
	const char *hint;
};

struct remote_object_args {
	struct range at;
	struct str name;
	struct str namespace;
	int64_t poll_frequency;
	int64_t poll_timeout;
	const struct k8s_client_args *client;
};

extern const struct arg remote_object_args[];

struct remote_object {
	struct component base;
	struct remote_poll poll;
	const struct remote_object_kind *kind;
};

/* Parts of a component_type. */
bool remote_object_check(const void *args, struct diags *d);
bool remote_object_start(struct component *c, const struct remote_object_kind *kind,
	const struct remote_object_args *a, struct err *e);
bool remote_object_update(struct component *c, const void *args, struct err *e);
void remote_object_stop(struct component *c);
