#pragma once

/* Private to agent/tail: the files in a tail's folder that have, or had, its name. */

#include "agent/tail/tail.h"

/* One file of the folder. */
struct sibling {
	char *name;
	struct file_id id;
	const struct position *known; /* NULL: not one of those that positions know */
	const struct position *copy;  /* of one of those, as far as its head and length tell */
	bool is_cut;                  /* it is one of those, but its bytes are others */
};

struct siblings {
	struct sibling *p;
	size_t n;
	size_t cap;
};

/* Oldest first, the file of the name itself last; list: what positions know of the tail. False: it
 * cannot be found out now which there are, the tail is blocked, and out is empty. */
bool siblings_list(struct tail *t, const struct position *list, struct siblings *out);
void siblings_fini(struct siblings *s);
