#pragma once

/* Where the backends of otelcol.exporter.loadbalancing come from: a list, a name, or a Service. */

#include "agent/base/str.h"
#include "agent/graph/arg.h"

struct agent_context;
struct err;
struct resolver;

struct static_args {
	struct range at;
	struct arg_strs hostnames;
};
struct dns_args {
	struct range at;
	struct str hostname;
	struct str port;
	int64_t interval;
	int64_t timeout;
};
struct kubernetes_args {
	struct range at;
	struct str service;
	struct value ports;
	int64_t timeout;
	bool return_hostnames;
};
struct resolver_args {
	struct range at;
	struct static_args *fixed;
	struct dns_args *dns;
	struct kubernetes_args *kubernetes;
	void *aws_cloud_map;
};
extern const struct arg resolver_args[];

bool resolver_check(const struct resolver_args *a, struct diags *d);

struct resolver_settings {
	const struct resolver_args *args; /* they outlive it */
	struct agent_context *agent;
	const char *id; /* whose log messages these are */
	/* Other backends: host:port, sorted, each once; valid for the call. Never called with
	 * none because of an error: what was known stays. */
	void (*found)(void *owner, const char *const *names, size_t n);
	void *owner;
};

/* found() may be called at once. NULL, with e filled: it cannot be. */
struct resolver *resolver_new(const struct resolver_settings *set, struct err *e);
void resolver_free(struct resolver *r); /* NULL is nothing */
