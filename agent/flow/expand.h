#pragma once

/*
 * Templates of a regular expression's groups, as Go's Regexp.Expand has them: $1, ${1}x,
 * $name, $$; a name is as long as it can be, one that is unknown or took no part is empty,
 * and a dollar that begins no name stands for itself.
 */

#include "agent/base/arena.h"
#include "agent/flow/regex.h"

struct expand {
	struct expand_part *p;
	size_t n;
};
struct expand_part {
	struct str text;
	int group; /* -1: the text */
};

/* Compiled once, in a; text must live as long. */
void expand_init(struct expand *x, struct arena *a, const struct regex *re, struct str text);

/* After regex_match(): the text, in a or, when it is one piece, a view of that piece. */
struct str expand_run(const struct expand *x, const struct regex *re, struct arena *a);

/* The first reference that was hardly meant as it is: a number that goes on, as $1_ does, which is
 * the group of the name "1_", and no group has such a name. Its name, a view of text, and true. */
bool expand_find_slip(struct str text, struct str *name);
