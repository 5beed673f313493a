#pragma once

/*
 * The one inotify instance of the process (a node has 128 of them). Directories are
 * watched, not files; several parts may watch the same directory. The mask is tight:
 * what a kubelet's own walks cause is never seen (reference: inotify(7)).
 *
 * Events are read 64 KiB at a time, at most every NOTIFY_INTERVAL, and those that follow
 * each other for the same name are one. When the kernel's queue has run over, every
 * watcher gets NOTIFY_OVERFLOW and looks at its directory anew.
 *
 * When the system has no watch or no instance left, that is said in the log, and the directory is
 * polled instead: its watchers get NOTIFY_OVERFLOW every NOTIFY_POLL_INTERVAL until a
 * watch can be had.
 */

#include "agent/base/list.h"
#include "agent/base/str.h"

#include <stdint.h>

struct loop;
struct notify;

/* After a read the queue is left alone for so long: under load the kernel merges and we wake at
 * most a hundred times a second; after quiet the first event is seen at once. */
#define NOTIFY_INTERVAL (INT64_C(10) * 1000 * 1000)
#define NOTIFY_POLL_INTERVAL (INT64_C(10) * 1000 * 1000 * 1000)

enum notify_event {
	NOTIFY_MODIFY = 1,      /* name has new bytes */
	NOTIFY_CREATE = 2,      /* name came to be here, by creation or by a rename */
	NOTIFY_CLOSE_WRITE = 4, /* one writer of name is done */
	NOTIFY_GONE = 8,        /* name was deleted, or renamed away */
	NOTIFY_SELF_GONE = 16,  /* the directory itself is gone; the watch has ended */
	NOTIFY_OVERFLOW = 32,   /* events were lost */
};

/* One part's interest in one directory, embedded in its owner. cookie pairs the two ends
 * of a rename (GONE of the old name, CREATE of the new one); 0 if there was none. */
struct notify_watch {
	void (*changed)(struct notify_watch *w, unsigned events, struct str name, uint32_t cookie);
	struct list link;
	struct notify_dir *dir; /* NULL: not watching */
};

struct notify *notify_new(struct loop *l);
void notify_free(struct notify *n);

/* 0, or -1 and errno: ENOENT, ENOTDIR, EACCES, … Symbolic links in dir are followed. A watch
 * that is started already is left as it is. changed() is never called from in here. */
int notify_start(struct notify *n, struct notify_watch *w, const char *dir);
void notify_stop(struct notify_watch *w); /* inside its own callback too */
