#pragma once

/* A compiled statement or condition. */

#include "agent/flow/ottl/private.h"

struct ottl {
	struct arena arena;          /* the tree, and the text that it points into */
	struct ottl_node *editor;    /* NULL: a condition */
	struct ottl_node *condition; /* NULL: always */
	struct ottl_node *regexes;
};
