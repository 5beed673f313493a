#pragma once

/*
 * A file, or a folder, that is looked at when it changes: import.file, local.file.
 *
 * The folder is watched, not the file: what replaces a file by a rename, as the kubelet does with
 * the links of a mounted ConfigMap or Secret, is a change in the folder. If a folder is asked for,
 * the one above is watched too, since it may be replaced as a whole. It is also looked at every
 * poll_frequency, for file systems that tell nothing (NFS).
 */

#include "agent/base/arena.h"
#include "agent/graph/arg.h"
#include "agent/loop/loop.h"
#include "agent/loop/notify.h"

struct component;

struct watched_file_args {
	struct range at; /* of the owner's block */
	struct str filename;
	struct str detector;
	int64_t poll_frequency;
};

extern const char *const watched_file_detectors[];

/* clang-format off */
#define WATCHED_FILE_ARGS(owner, field, what) \
	ARG_PLACE(owner, field.at), \
	ARG_NAMED(owner, "filename", field.filename, .type = ARG_STR, .flags = ARG_REQUIRED, \
		.help = what), \
	ARG_NAMED(owner, "detector", field.detector, .type = ARG_STR, .def = "fsnotify", \
		.one_of = watched_file_detectors, \
		.help = "fsnotify: changes are seen at once; poll: only every poll_frequency."), \
	ARG_NAMED(owner, "poll_frequency", field.poll_frequency, .type = ARG_DURATION, \
		.def = "1m", .help = "How often it is read without a sign of a change.")
/* clang-format on */

bool watched_file_check(const struct watched_file_args *a, struct diags *d);

/* Embedded in its owner, zeroed, then the first part filled. */
struct watched_file {
	struct component *component;
	void (*look)(struct watched_file *f); /* something may have changed */

	struct str path; /* its own, and NUL-terminated */

	/* its own */
	struct notify_watch watch; /* of the folder that is asked for, or that the file is in */
	struct notify_watch above; /* of the one that the folder is in; only its name counts */
	struct timer poll;
	struct timer soon;
	struct arena texts;
	const char *parent; /* of path */
	struct str name;    /* of path in it */
	bool is_folder;     /* as it was seen last */
	int64_t every;
	bool is_watched;
};

void watched_file_start(struct watched_file *f);
/* Watches from now on; the owner reads it for the first time itself. */
void watched_file_set(struct watched_file *f, const struct watched_file_args *a);
void watched_file_stop(struct watched_file *f);

/* The length of the folder in a path, with its slash; 0: it has none. */
size_t watched_file_folder(struct str path);
