#pragma once

/*
 * How far each file has been delivered, and its form on disk: one JSON object a line, so
 * that a person can read it; the last line has a count and a checksum. A file is known by
 * device and inode, and, as inodes are used again, by its birth and a hash of its first bytes.
 */

#include "agent/base/map.h"

#include <stdbool.h>
#include <stdint.h>

struct buf;
struct err;

#define POSITION_HEAD 1024 /* bytes of a file's beginning that are hashed, at most */

struct position {
	char *key;  /* source and path, see tail_key(); owned */
	char *name; /* of the file in its folder, when it was saved; owned */
	uint64_t device;
	uint64_t inode;
	uint64_t born;   /* Unix ns of its creation; 0: the file system does not say */
	uint32_t head_n; /* bytes hashed */
	uint64_t head_hash;
	uint64_t offset;
	bool missing;          /* not where it was; while it is looked for */
	struct position *next; /* of the same key, newer */
};

/* Positions that no tail has claimed. */
struct positions {
	struct map by_key; /* struct position, oldest first */
	size_t n;
};

void positions_fini(struct positions *p);
void positions_put(struct positions *p, struct position *one);        /* takes it over; goes last */
struct position *positions_take(struct positions *p, struct str key); /* the list; the caller's */
/* One of those that are it, and the caller's then; or NULL. */
struct position *positions_claim(struct positions *p,
	bool (*is_it)(const struct position *one, const void *arg), const void *arg);
bool positions_has(const struct positions *p, struct str key);
void position_free(struct position *list);

/* Text from disk. False, and p untouched, if it is not whole or not of this form. */
bool positions_parse(struct positions *p, struct str text, struct err *e);

void positions_print_start(struct buf *out);
void positions_print(struct buf *out, const struct position *one);
void positions_print_all(struct buf *out, const struct positions *p);
void positions_print_end(struct buf *out);
