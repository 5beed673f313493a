#pragma once

/*
 * The pods that have a log folder on this node, learnt from the folders alone: the API server
 * may be down, slow, or have forgotten a pod that still has lines to read. One instance a root
 * folder, shared. A root that is not there yet is waited for.
 */

#include "agent/base/list.h"
#include "agent/base/str.h"

#include <stddef.h>
#include <stdint.h>

struct loop;
struct notify;
struct pod_dirs;

struct pod_dir_container {
	struct str name;
	int64_t since; /* loop_now() when its folder was first seen */
};

struct pod_dir {
	struct str namespace;
	struct str pod;
	struct str uid; /* of the folder: compare with pod.log_uid */
	const struct pod_dir_container *containers;
	size_t n_containers;
	int64_t since;
	struct list link;
};

/* A reference. */
struct pod_dirs *pod_dirs_hold(struct loop *l, struct notify *n, struct str root);
void pod_dirs_release(struct pod_dirs *d);

/* All of them, in the order they were found. */
#define POD_DIRS_EACH(it, d) LIST_EACH (it, pod_dirs_all(d), struct pod_dir, link)
struct list *pod_dirs_all(struct pod_dirs *d);
const struct pod_dir *pod_dirs_find(const struct pod_dirs *d, struct str uid); /* NULL: no folder */

/* Called at the end of a turn in which a folder came or went, once. */
struct pod_dirs_subscriber {
	void (*changed)(struct pod_dirs_subscriber *w);
	struct list link; /* zeroed before its first use */
};
void pod_dirs_subscribe(struct pod_dirs *d, struct pod_dirs_subscriber *w);
void pod_dirs_unsubscribe(struct pod_dirs_subscriber *w); /* twice is fine */
