#pragma once

/*
 * Loki's push request, read. The bytes may come from anywhere: every length is checked, nothing
 * recurses, unknown fields are passed over, groups are refused. What is given out are views
 * into the request. Fields given twice: the last counts, as protobuf has it; a timestamp given
 * twice is merged.
 */

#include "proto/loki/push.h"

#include <stdbool.h>

struct push_cursor {
	const char *p;
	const char *end;
};

enum push_step {
	PUSH_ITEM, /* one more */
	PUSH_END,  /* no more, and all was well */
	PUSH_BAD,  /* not a push request; the cursor stands where it went wrong */
};

struct push_cursor push_read(struct str bytes);

/* The next stream of a request: the bytes of its StreamAdapter. */
enum push_step push_read_stream(struct push_cursor *request, struct str *stream);

/* The label string of a stream. False: it is malformed somewhere. */
bool push_read_labels(struct str stream, struct str *labels);

/* The next entry of a stream. raw is the whole field, to be copied elsewhere as it is. meta
 * and n_meta of e stay empty: pairs is where push_read_pair() begins. Any of raw, e and
 * pairs may be NULL. */
enum push_step push_read_entry(struct push_cursor *stream, struct str *raw, struct push_entry *e,
	struct push_cursor *pairs);
enum push_step push_read_pair(struct push_cursor *pairs, struct push_pair *pair);

/* Entries, and their weight as push_entry_weight() has it. False: malformed. */
bool push_read_count(struct str request, size_t *entries, size_t *weight);
