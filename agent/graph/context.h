#pragma once

/*
 * The services of the process that components share: made once by the agent, handed to
 * every component. Tests make their own.
 */

#include "agent/base/str.h"

#include <stdbool.h>

struct budget;
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

struct agent_context {
	struct loop *loop;
	struct notify *notify;
	struct http_client *http;
	struct budget *budget;
	struct tailer *tailer;
	struct str storage_path; /* folder for positions; each component has its own below it */
	struct str node_name;    /* HOSTNAME or K8S_NODE_NAME, else the host's name */
	struct str pod_logs;     /* "/var/log/pods", or what --pod-logs.path says */
	enum dry_run dry_run;
	bool once;         /* --once: read what is there, deliver it, exit */
	struct once *work; /* who is still busy (agent/flow/once.h); NULL without --once */
};
