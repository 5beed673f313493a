#pragma once

/*
 * Names below /var/log/pods: NAMESPACE_POD_UID/CONTAINER/N.log, and the rotated N.log.TIME and
 * N.log.TIME.gz beside it (kubelet: kuberuntime/helpers.go, logs/container_log_manager.go).
 * Pure functions; parts are views into what is given.
 */

#include "agent/base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct buf;

struct log_path {
	struct str root; /* before the pod's folder, without the slash; p NULL: there is none */
	struct str namespace;
	struct str pod;
	struct str uid; /* a static pod's is its config hash */
	struct str container;
	int64_t restart;    /* N: which instance of the container */
	struct str rotated; /* "20261122-104049"; empty: this is the live file */
	bool is_gz;
};

/* False, and nothing set, if path is no such name. */
bool log_path_parse(struct str path, struct log_path *out);
void log_path_encode(struct buf *out, const struct log_path *p);

/* The pod's folder alone: "NAMESPACE_POD_UID". Sets namespace, pod and uid. */
bool log_path_parse_folder(struct str name, struct log_path *out);

/* The file alone: "0.log", "0.log.20261122-104049.gz". Sets restart, rotated and is_gz. */
bool log_path_parse_file(struct str name, struct log_path *out);
