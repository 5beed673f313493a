#pragma once

/* What the converters share: functions that make a value of values. Each file has a table of its
 * own (agent/flow/ottl/private.h). */

#include "agent/flow/ottl/private.h"

#define CONVERTER(name) \
	static bool call_##name( \
		struct ottl_run *r, const struct ottl_node *n, struct ottl_value *out)

/* An argument of this type, and nothing that could be made one. */
bool ottl_arg_of(struct ottl_run *r, const struct ottl_node *n, size_t i, enum ottl_type type,
	struct ottl_value *out);
bool ottl_arg_str(struct ottl_run *r, const struct ottl_node *n, size_t i, struct str *out);
/* The text in b, which is freed. False: it is too long for a value. */
bool ottl_give(struct ottl_run *r, struct buf *b, struct ottl_value *out);
