#pragma once

/*
 * The place of a progress, kept over lives of the agent: a small file below the storage path,
 * named after the component, replaced whole within a second of a change. What the file
 * held before stays until then. Nothing is written in a dry run.
 */

#include "agent/component/common/progress.h"
#include "agent/loop/file.h"

struct component;

#define PLACE_MAX 4096

/* Embedded in its owner, zeroed. */
struct place_file {
	struct component *component;
	struct progress *progress;
	struct file_write write;
	struct timer soon;
	struct buf path; /* empty: nothing is kept */
	bool is_due;     /* the place moved while a write was under way */
	void (*stopped)(struct component *c);
	bool is_sick; /* the last write failed, which has been said */
};

/* Reads the file; the progress, whose moved() it takes, starts where that says. */
void place_file_start(struct place_file *f, struct component *c, struct progress *p);
/* Writes what is new and lets go of the progress; stopped() is called when it is written, at once
 * if it is. */
void place_file_stop(struct place_file *f, void (*stopped)(struct component *c));
