#pragma once

/*
 * What a stage remembers of the label sets it has seen lately: from this set, changed like
 * this, came that one. Lines of one file have one set, so nearly every line is answered by
 * comparing a pointer. A few sets are remembered, since the lines of some files take turns.
 */

#include "agent/flow/labels.h"

#define MEMO_SLOTS 32 /* pairs, and a power of two */

struct memo_slot {
	const struct labels *in;  /* NULL: free; a reference is held */
	const struct labels *out; /* a reference is held; what NULL means is the stage's affair */
	uint64_t tag;
};

struct memo {
	struct memo_slot slots[MEMO_SLOTS]; /* in pairs, the newer one first */
};

static inline bool memo_knows(const struct memo_slot *s, const struct labels *in, uint64_t tag)
{
	return s->in == in && s->tag == tag;
}

/* Makes the first of a pair free for something new. */
void memo_make_room(struct memo_slot *pair);

/* hint spreads what in and tag do not tell apart. */
static inline struct memo_slot *memo_pair(struct memo *m, const struct labels *in, uint64_t tag,
	uint64_t hint)
{
	uint64_t h = ((uint64_t)(uintptr_t)in >> 4) + (tag + hint) * UINT64_C(0xd6e8feb86659fd93);

	return &m->slots[(h * UINT64_C(0x9e3779b97f4a7c15) >> 40) & (MEMO_SLOTS - 2)];
}

/* The slot where it is, which memo_knows() then, or where it is to be put. */
static inline struct memo_slot *memo_slot(struct memo *m, const struct labels *in, uint64_t tag)
{
	struct memo_slot *pair = memo_pair(m, in, tag, 0);

	if (memo_knows(pair, in, tag))
		return pair;
	if (memo_knows(pair + 1, in, tag))
		return pair + 1;
	memo_make_room(pair);
	return pair;
}

/* Puts it there. Takes over the reference on out. */
void memo_set(struct memo_slot *s, const struct labels *in, uint64_t tag, const struct labels *out);

/* in with these labels set, or, where a value is empty, without them. tag stands for the list
 * of names: the same names, the same tag. The result is the memo's, good until its next call. */
const struct labels *memo_change(struct memo *m, const struct labels *in, uint64_t tag,
	const struct label *change, size_t n);

void memo_clear(struct memo *m);
