#pragma once

/* Small files, whole: settings that are read again, state that is saved. Blocking, so only
 * for what is small and rare. */

#include "agent/base/buf.h"

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct stat;

/* ns since its content changed, by the system's clock; negative if that was put back. */
int64_t file_age(const struct stat *st);

/* 0, or an errno; EFBIG if it is longer than max, ENOTSUP if it is a pipe. Appends to *out. */
int file_read(const char *path, struct buf *out, size_t max);

/* Replaces path by text, at once or not at all: written beside it, synced, renamed. 0, or an
 * errno. */
int file_replace(const char *path, struct str text);

/* The same on a thread of its own, for what is saved while the loop has other work.
 * Embedded in its owner; done() is set by it, error is valid in done(). One at a time. */
struct file_write {
	void (*done)(struct file_write *w);
	int error;
	bool busy;
	const char *path; /* borrowed until done */
	struct buf text;
	struct file_work *work;
};

/* takes the bytes */
void file_write_start(struct file_write *w, struct loop *l, const char *path, struct buf *text);
/* until it is done; not inside a callback */
void file_write_wait(struct file_write *w, struct loop *l);
