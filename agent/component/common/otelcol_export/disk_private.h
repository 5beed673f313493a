#pragma once

/* The files of a queue on disk (segment.c), for who writes and reads requests in them (disk.c). */

#include "agent/base/list.h"
#include "agent/component/common/otelcol_export/disk.h"

enum { SEGMENT_NAME_MAX = 40 };

struct segment {
	struct list link;
	struct disk *disk;
	uint64_t number;
	uint64_t size;
	size_t waiting; /* requests in it that have not been dealt with */
	size_t held;    /* … of which somebody has the place */
	int fd;         /* -1: closed */
	bool is_read;   /* all in it is known */
	bool is_bad;    /* something in it could not be read */
};

struct disk {
	struct list link;
	struct storage *storage;
	const char *id;
	enum signal_kind kind;
	char *path;
	int dir;
	int lock;
	struct list segments; /* oldest first */
	struct segment *writing;
	struct segment *reading; /* its scan is below */
	struct segment *last;    /* used last; it and the two above may be open */
	struct record_scan scan;
	uint64_t next;
	bool is_known; /* all that an earlier life left */
	bool is_named; /* the names of all files, and of the folder, are on the disk itself */
	bool is_sick;  /* the last append failed, which has been said */
};

/* "0000000000000001.queue" */
void segment_name(const struct segment *g, const char *ending, char name[SEGMENT_NAME_MAX]);
struct segment *segment_new(struct disk *d, uint64_t number);
void segment_free(struct segment *g);

/* Those that are used stay open: what is written, what is scanned, and the last of the others. */
bool segment_open(struct segment *g); /* false, errno set: it cannot be */
void segment_close(struct segment *g);

/* Files are short where little may be kept, so that what has been sent makes room. */
uint64_t segment_limit(const struct disk *d);
void segment_settle(struct segment *g); /* ends it if it is of no use any more */
void segment_end(struct segment *g);    /* nothing in it waits: it goes, or is set aside */

/* Calls found() for each file of this ending. False, errno set: the folder cannot be read. */
bool disk_each_file(struct disk *d, const char *ending,
	void (*found)(struct disk *d, const char *name, void *owner), void *owner);
uint64_t disk_size_of(const struct disk *d, const char *name);
/* Removes the oldest of what was set aside, if it is more than keep. */
bool disk_drop_corrupt(struct disk *d, size_t keep);
