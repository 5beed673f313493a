#pragma once

/* What blocks there are. */

#include "agent/graph/plan.h"

/* Sorted by name, NULL at the end. */
extern const struct component_type *const registry[];

/* The names that Alloy has and this program has not, sorted, NULL at the end: they are
 * refused by a message of their own. */
extern const char *const registry_foreign[];

struct plan_types registry_types(void);
