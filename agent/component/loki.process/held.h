#pragma once

/*
 * An entry that a stage keeps beyond the call that brought it: a copy of all that it borrows,
 * in one piece of memory. The ack is the stage's own affair, since one that joins lines has
 * acks of many.
 */

#include "agent/component/loki.process/stage.h"

struct held {
	const struct labels *labels; /* references; NULL: it holds nothing, as at first */
	const struct labels *base;
	int64_t time;
	struct str line;
	struct label *meta;
	size_t n_meta;
	struct extracted_item *items;
	size_t n_items;
	void *memory;
	size_t cap;
};

/* In place of what it held before. line is what is kept as the line; it may be empty. */
void held_keep(struct held *h, const struct work *w, struct str line);
/* Twice is fine. */
void held_fini(struct held *h);

/* Makes w the entry again, without an ack; it borrows from h. */
void held_restore(const struct held *h, struct work *w, struct arena *a);
