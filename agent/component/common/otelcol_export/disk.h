#pragma once

/*
 * The folder of one queue on disk. Requests are appended to a file, until that is long and a next
 * one is begun; when one has been dealt with, a byte in its head says so, and when all in a file
 * have been, the file is removed. Nothing else is written, so a process that is killed
 * leaves what it had acknowledged; with `fsync` so does a machine that loses power.
 *
 * What cannot be read is passed over and counted, and its file is renamed to .corrupt instead of
 * being removed. A few of these are kept.
 */

#include "agent/base/buf.h"
#include "agent/base/list.h"
#include "agent/component/common/otelcol_export/record.h"

struct disk;
struct err;
struct segment;
struct storage;

/* Where a request is. */
struct disk_place {
	struct segment *segment; /* NULL: nowhere on disk */
	uint64_t at;
};

/* Opens the folder `name` below the storage's, or makes it; takes a reference of s. id is
 * whose log messages these are, borrowed. */
struct disk *disk_open(
	struct storage *s, struct str name, enum signal_kind kind, const char *id, struct err *e);
void disk_close(struct disk *d); /* every place has been given back; NULL is nothing */

/* The same folder, whose settings may be others now. */
bool disk_is_at(const struct disk *d, const struct storage *s);
void disk_set_storage(struct disk *d, struct storage *s);

/* The next request of an earlier life; false: there are no more. The caller has its place then. */
bool disk_next(struct disk *d, struct record *r, struct disk_place *at);

/* Another name, below the same storage. False: it keeps the one it has. */
bool disk_rename(struct disk *d, struct str name, struct err *e);
bool disk_is_empty(const struct disk *d);

/* Keeps a request, r->n bytes together. False: it is not kept, and *e says why. */
bool disk_append(struct disk *d, const struct record *r, struct str client, struct str body,
	struct disk_place *at, struct err *e);

/* Head and what is behind it, of which r->n is known, in memory to be freed; NULL: it cannot be
 * read (any more), which has been said and counted. */
char *disk_read(const struct disk_place *at, uint32_t n);

/* Gives the place back: the request has been dealt with, or is left for the next life. */
void disk_done(const struct disk_place *at);
void disk_leave(const struct disk_place *at);
/* Nothing will be added soon: a file of which all has been dealt with goes at once. */
void disk_rest(struct disk *d);
struct disk *disk_of(const struct disk_place *at);

/* For who keeps a list of them. */
struct list *disk_link(struct disk *d);
struct disk *disk_from_link(struct list *link);
