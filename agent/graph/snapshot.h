#pragma once

/*
 * An exported value. It never changes: when a component exports another one, that is another
 * snapshot, and who evaluated with the old one holds it for as long as its arguments point
 * into it. So a list of a thousand targets is in memory once for all who refer to it.
 */

#include "agent/config/value.h"

struct snapshot {
	size_t holders;
	struct arena arena; /* all that value points to, but for capsules */
	struct value value;
};

struct snapshot *snapshot_new(const struct value *v); /* copies v; the caller holds it */
void snapshot_release(struct snapshot *s);            /* NULL: nothing */

/* Those that one evaluation has looked at; each is held, once. Zeroed before its first use. */
struct snapshots {
	struct snapshot **p;
	size_t n, cap;
};

void snapshots_add(struct snapshots *all, struct snapshot *s);
/* Does what p points to live as long as these are held? */
bool snapshots_have(const struct snapshots *all, const void *p);
void snapshots_release(struct snapshots *all);
