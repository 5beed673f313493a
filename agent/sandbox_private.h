#pragma once

/* The parts of the sandbox: sandbox.c says what is allowed, sandbox_paths.c and
 * sandbox_config.c find it, sandbox_landlock.c and sandbox_seccomp.c tell the kernel. */

#include "agent/sandbox.h"

#include <linux/filter.h>
#include <stddef.h>

struct buf;

/* sandbox_landlock.c */

enum access {
	ACCESS_READ, /* files and folders */
	ACCESS_WRITE /* also make, change, rename and remove them */
};

struct landlock {
	int fd;        /* of the set of rules */
	int abi;       /* what the kernel knows of it; 0: nothing */
	bool is_tight; /* threads that run already are bound too */
};

/* False, errno set: the kernel has no Landlock, or may not be asked. */
bool landlock_open(struct landlock *l);
/* Allows a path and what is below it. False, errno set: it does not exist, or … */
bool landlock_allow(struct landlock *l, const char *path, enum access access);
/* From here on for good; closes the set. False, errno set: nothing has changed. */
bool landlock_enter(struct landlock *l);

/* sandbox_seccomp.c */

/* The filter: at most max instructions into out, their number returned. tools: for a build with
 * sanitizers, which look into their own process with ptrace when it ends. pid: this process. */
size_t seccomp_filter(struct sock_filter *out, size_t max, unsigned pid, bool tools);
#define SECCOMP_FILTER_MAX 1024

/* False, errno set. no_new_privs must be set. */
bool seccomp_enter(const struct sock_filter *filter, size_t n);

/* sandbox_paths.c */

/* Absolute paths, each with its access, none below another of the same kind. */
struct sandbox_paths {
	struct sandbox_path {
		char *path;
		enum access access;
		bool is_file;
	} * p;
	size_t n, cap;
};

void sandbox_paths_fini(struct sandbox_paths *s);
/* The path and what is below it, links resolved. Nothing happens if it does not exist. */
void sandbox_paths_add(struct sandbox_paths *s, const char *path, enum access access);
/* A file that may be replaced by another of its name, as a ConfigMap's are: its folder, and
 * the folder that it leads to; but only the file where the folder is one like /etc. */
void sandbox_paths_add_file(struct sandbox_paths *s, const char *path);
/* What a pattern or path of the configuration may come to mean. False: its folder is one like
 * /etc, which is not opened by a pattern. */
bool sandbox_paths_add_pattern(struct sandbox_paths *s, struct str pattern);
bool sandbox_paths_cover(const struct sandbox_paths *s, const char *path);
bool sandbox_paths_cover_write(const struct sandbox_paths *s, const char *path);

/* Where the links lead that a container runtime puts below the pods' log folder: the folder
 * that holds the containers' folders (/var/lib/docker/containers). */
void sandbox_paths_add_runtime(struct sandbox_paths *s, const char *pod_logs);

/* sandbox_config.c */

/* Calls found(owner, text) for every string of the configuration that begins with a slash, and
 * for what environment variables say that its calls name. */
void sandbox_config_paths(const struct config *config, void (*found)(void *owner, struct str text),
	void *owner);

/* The same for what the components write: the folders of otelcol.storage.file. */
void sandbox_config_written(const struct config *config,
	void (*found)(void *owner, struct str text), void *owner);
