#pragma once

/*
 * Requests that wait to be sent, packed as they go over the wire, in order. One that was taken is
 * the queue's still, until it is done. They are in memory, or on disk (disk.h) when there is a
 * storage: then only where they are is remembered, until they are taken. What is in memory is
 * charged to the process' budget.
 */

#include "agent/base/list.h"
#include "agent/base/str.h"
#include "agent/component/common/otelcol_export/disk.h"

#include <stdint.h>

struct ack;
struct budget;
struct client;
struct err;
struct storage;

struct queued {
	struct list link;
	uint32_t items;
	uint32_t n;
	int64_t since;         /* first try; 0: none yet */
	int64_t interval;      /* of its retries */
	const char *format;    /* how it is packed; as the two below */
	const char *body;      /* NULL: on disk, and not taken yet */
	char *block;           /* what holds it, if it is not behind this */
	struct client *client; /* as the body; NULL: nobody */
	uint32_t client_n;     /* bytes of it on disk */
	struct ack *ack;       /* given back when it is done; NULL: nobody asks, or it is on disk */
	struct disk_place place;
};

/* What is to be queued. */
struct queue_entry {
	struct str body; /* copied */
	uint32_t items;
	const char *format; /* see struct export_protocol; lives as long as the process */
	enum signal_kind kind;
	struct client *client; /* held; NULL: nobody. At most RECORD_CLIENT_MAX bytes of pairs */
	struct ack *ack;       /* NULL: nobody asks */
};

struct export_queue {
	struct budget *budget;
	struct list waiting;
	size_t requests; /* waiting, and taken but not done */
	size_t queued;   /* waiting */
	size_t items;    /* … in these */
	size_t bytes;
	size_t memory;     /* requests that are not on disk */
	struct disk *disk; /* NULL: what comes is kept in memory */
	struct list disks; /* … and those of earlier settings, of which something waits */
	bool is_leaving;   /* what is on disk stays there */
	uint64_t lost;     /* items that could not be read from disk; the owner sets it back */
};

void export_queue_init(struct export_queue *q, struct budget *b);

/* What waits in memory must have been taken; what is on disk stays there. */
void export_queue_fini(struct export_queue *q);

/* What comes from now on is kept in the folder `name` of s (NULL: in memory), and what is there
 * from an earlier life waits too. On failure nothing has changed. id is borrowed. */
bool export_queue_keep(struct export_queue *q, struct storage *s, struct str name,
	enum signal_kind kind, const char *id, struct err *e);

/* In memory it holds the ack until it is done; what is on disk is safe, so the ack is settled when
 * who brought it gives it back. is_first: it is a part of one that was at the head. False: the disk
 * does not take it, *e says why. */
bool export_queue_add(
	struct export_queue *q, const struct queue_entry *entry, bool is_first, struct err *e);

/* The n that were added last are not kept after all; of one is_first, that one. */
void export_queue_undo(struct export_queue *q, size_t n, bool is_first);

/* The oldest; NULL: none waits, which must be asked for even if queued was not 0. */
struct queued *export_queue_take(struct export_queue *q);

/* It has been delivered, or given up and counted. Frees r, and may settle its ack: the last thing
 * that the caller does with its state, for more data may come at once. */
void export_queue_done(struct export_queue *q, struct queued *r);

/* The same of one in memory that nobody sends any more: its ack fails. */
void export_queue_lose(struct export_queue *q, struct queued *r);

/* It is on disk, and stays there for the next life of the process. Frees r. */
static inline bool queued_is_kept(const struct queued *r)
{
	return r->place.segment;
}
void export_queue_leave(struct export_queue *q, struct queued *r);
void export_queue_leave_waiting(struct export_queue *q); /* all that wait there, for good */

/* One that was taken gets another body (copied). */
void export_queue_repack(
	struct export_queue *q, struct queued *r, struct str body, const char *format);
