#pragma once

/*
 * What a stage remembers of the label sets it has seen lately: from this set, changed like
 * this, came that one. Lines of one file have one set, so nearly every line is answered by
 * comparing a pointer. A few sets are remembered, since the lines of some files take turns.
 */

#include "agent/flow/labels.h"

#define MEMO_SLOTS 16 /* a power of two */

struct memo_slot {
	const struct labels *in;  /* NULL: free; a reference is held */
	const struct labels *out; /* a reference is held; NULL: what tag says is all there is */
	uint64_t tag;
};

struct memo {
	struct memo_slot slots[MEMO_SLOTS];
};

/* The slot where it would be. It is known if slot->in is in and slot->tag is tag. */
static inline struct memo_slot *memo_slot(struct memo *m, const struct labels *in, uint64_t tag)
{
	uint64_t h = ((uint64_t)(uintptr_t)in >> 4) * UINT64_C(0x9e3779b97f4a7c15) +
		     tag * UINT64_C(0xd6e8feb86659fd93);

	return &m->slots[h >> 60 & (MEMO_SLOTS - 1)];
}

static inline bool memo_knows(const struct memo_slot *s, const struct labels *in, uint64_t tag)
{
	return s->in == in && s->tag == tag;
}

/* Puts in place of what was there. Takes over the reference on out. */
void memo_set(struct memo_slot *s, const struct labels *in, uint64_t tag, const struct labels *out);

/* in with these labels set, or, where a value is empty, without them. tag stands for the list
 * of names: the same names, the same tag. The result is the memo's, good until its next call. */
const struct labels *memo_change(struct memo *m, const struct labels *in, uint64_t tag,
	const struct label *change, size_t n);

void memo_clear(struct memo *m);
