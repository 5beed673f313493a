#pragma once

/*
 * Loki's push request, written (messages and numbers: push.proto). A log line is encoded once,
 * when it comes, behind those of its stream; a stream is its label string and those bytes;
 * a request is its streams one after the other. Nothing is kept between calls but what a
 * push_clock remembers of the last second.
 */

#include "agent/base/str.h"

#include <stdint.h>

struct buf;

/* One pair of structured metadata. Both must be valid UTF-8: one that is not fails the
 * whole request at Loki. */
struct push_pair {
	struct str name;
	struct str value;
};

struct push_entry {
	int64_t time;                 /* Unix ns */
	struct str line;              /* any bytes */
	const struct push_pair *meta; /* in the order it is sent */
	size_t n_meta;
};

/* The encoded second of the entry before, for most lines come in the same one. Zeroed. */
struct push_clock {
	int64_t second;
	uint8_t n; /* 0: nothing remembered */
	char bytes[11];
};

/* Appends e as one entry field of a stream. One reservation, nothing else allocated. */
void push_encode_entry(struct buf *out, struct push_clock *c, const struct push_entry *e);

/* Appends one stream to a request: labels is {a="b", c="d"}, entries what
 * push_encode_entry() made. */
void push_encode_stream(struct buf *out, struct str labels, struct str entries);
size_t push_stream_size(size_t labels, size_t entries); /* bytes that this appends */

/* What batch_size counts of an entry, as Alloy does: the line and its metadata. */
size_t push_entry_weight(const struct push_entry *e);
