#pragma once

/*
 * The services of the process that components share: made once by the agent, handed to
 * every component. Tests make their own.
 */

#include "agent/base/str.h"

#include <stdbool.h>

struct budget;
struct err;
struct http_client;
struct loop;
struct notify;
struct once;
struct tailer;

enum dry_run {
	DRY_RUN_OFF,
	DRY_RUN_TEXT, /* sinks print for people instead of sending; nothing is saved */
	DRY_RUN_JSON, /* … one JSON object a line */
};

/* What the block `http` says of the agent's own HTTP server. */
struct agent_http {
	struct str tls_cert_pem; /* both set: HTTPS */
	struct str tls_key_pem;
	struct str tls_client_ca_pem;
	bool has_basic_auth;
	struct str username;
	struct str password;
	bool has_filter;           /* without one every path asks for the password */
	bool filter_authenticates; /* paths that begin so ask; else all others do */
	const struct str *filter_paths;
	size_t n_filter_paths;
};

struct agent_context {
	struct loop *loop;
	struct notify *notify;
	struct http_client *http;
	struct budget *budget; /* of logs */
	struct budget *otlp_budget;
	struct tailer *tailer;
	struct str storage_path; /* folder for positions; each component has its own below it */
	uint64_t backlog_limit;  /* bytes on disk for each loki.write; 0: none */
	struct str node_name;    /* HOSTNAME or K8S_NODE_NAME, else the host's name */
	struct str pod_logs;     /* "/var/log/pods", or what --pod-logs.path says */
	bool pod_annotations;    /* pods may steer: k8s/pod_wishes.h */
	enum dry_run dry_run;
	bool once;         /* --once: read what is there, deliver it, exit */
	struct once *work; /* who is still busy (agent/flow/once.h); NULL without --once */
	/* Sets the HTTP server up anew, at once or at the end of this turn; the texts are copied.
	 * NULL: there is none (tests). */
	bool (*configure_http)(struct agent_context *a, const struct agent_http *h, struct err *e);
};
