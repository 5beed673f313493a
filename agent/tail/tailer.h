#pragma once

/*
 * The tailer follows files and pushes their lines on. One a process; its work for one
 * component is a tail_source, and each file of a source is a tail (agent/tail/tail.h).
 *
 * What it promises: a file's position moves only when all that was pushed of it has been
 * settled (agent/flow/ack.h). A file that is renamed or deleted stays open until it is
 * read to its end; the next file of that name is read after it. While the budget is full
 * nothing is read: the files wait.
 */

#include "agent/base/map.h"
#include "agent/flow/entry.h"
#include "agent/loop/loop.h"

#include <stdbool.h>
#include <stddef.h>

struct budget;
struct metric;
struct metric_family;
struct notify;
struct once;
struct tailer;

struct tailer_settings {
	struct loop *loop;
	struct notify *notify;
	struct budget *budget;
	struct once *once;     /* not NULL: at the end of a file there is nothing to wait for */
	const char *positions; /* file where positions are kept; NULL: none */
	uint64_t held_limit;   /* unread bytes of deleted files; 0: no limit */
	bool save;             /* false: positions are read, but never written */
};

struct tailer *tailer_new(const struct tailer_settings *s);
/* After every source has stopped. Saves; what is not settled by now is read again next time. */
void tailer_free(struct tailer *t);

enum tail_format {
	TAIL_PLAIN,     /* a line is an entry, its time is that of reading */
	TAIL_CONTAINER, /* CRI or Docker's JSON; pieces are joined; other lines as they are */
};

struct tail_target {
	struct str path;
	const struct labels *labels; /* a reference is taken */
};

/* Embedded in the component. The first part is the owner's, filled before the start and
 * changed at will. */
struct tail_source {
	const char *id;
	struct receivers to;
	enum tail_format format;
	/* a file that was there before the agent and has no position: only what comes */
	bool from_end;
	/* Something keeps a file from being read, in words; NULL: all is well again. */
	void (*trouble)(struct tail_source *s, const char *what);
	/* tail_source_stop() said false: now it has stopped */
	void (*stopped)(struct tail_source *s);
	/* Series per file (label path), and how many files are open; NULL: not counted. */
	const struct metric_family *lines;
	const struct metric_family *bytes;
	const struct metric_family *size;
	const struct metric_family *active;

	/* own */
	struct tailer *tailer;
	struct import *import; /* NULL: none */
	unsigned round;
	size_t n_tails;
	bool stopping;
	struct task done;
	struct metric *m_active;
};

void tail_source_start(struct tail_source *s, struct tailer *t);
/* After the start: where another agent stopped (agent/tail/import.h), for files of which
 * there is no position of our own. False: there is no such file. Others that cannot be read are
 * said. */
bool tail_source_import(struct tail_source *s, const char *file);
/* These files and no others. One that is not named any more is read to its end, then left; its
 * position is kept as long as the file is there. */
void tail_source_set(struct tail_source *s, const struct tail_target *v, size_t n);
/* Follows nothing any more. True: it has stopped, nothing is read or pushed after it. False: there
 * are deleted files with unread lines, which nobody can open again: those are still read and
 * pushed, and then s->stopped is called. */
bool tail_source_stop(struct tail_source *s);
