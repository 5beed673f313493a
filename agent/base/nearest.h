#pragma once

/* What a word that is not known was probably meant to be, for messages. */

#include "agent/base/str.h"

struct nearest {
	struct str word;
	const char *best; /* of those tried; NULL: none is near */
	size_t least;
};

void nearest_init(struct nearest *n, struct str word);
/* name must live as long as n->best is looked at. */
void nearest_try(struct nearest *n, const char *name);
