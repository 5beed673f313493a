#pragma once

/*
 * JMESPath (jmespath.org/specification.html), as stage.json has it: the whole grammar, its
 * functions, and lower, upper, trim and split of the community's edition. What an
 * expression meets and makes are JSON texts. An expression is compiled once; a run has limits
 * of what it looks at and makes.
 */

#include "agent/base/arena.h"
#include "agent/base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct err;
struct jmes_node;

struct jmespath_step {
	struct str key; /* p NULL: an index */
	int64_t index;  /* below 0: from the end */
};

/* Most expressions are paths (a.b[0]); they are steps, the others a tree. */
struct jmespath {
	struct jmespath_step *p;
	size_t n; /* 0: the tree */
	struct jmes_node *tree;
};

bool jmespath_parse(struct arena *a, struct str text, struct jmespath *out, struct err *e);

/* A path, from step number `from` on, in a valid JSON value. False: there is nothing. */
bool jmespath_find(const struct jmespath *path, size_t from, struct str value, struct arena *a,
	struct str *out);

/* Any expression, on a valid JSON value. The result is a valid one too, a view or in a; null when
 * there is nothing. False: it failed (a wrong type, a limit). */
bool jmespath_search(const struct jmespath *x, struct str value, struct arena *a, struct str *out);
