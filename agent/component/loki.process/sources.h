#pragma once

/* The attribute `values` of stage.labels and stage.structured_metadata: a name, and the key
 * of its source; an empty source is the name itself. */

#include "agent/graph/arg.h"

bool sources_check(const struct arg_map *values, struct range at, struct diags *d);

static inline struct str source_of(const struct arg_pair *p)
{
	return p->value.n ? p->value : p->name;
}
