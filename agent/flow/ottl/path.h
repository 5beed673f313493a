#pragma once

/* What reading and writing of paths share. */

#include "agent/flow/ottl/field.h"

struct otlp_message *ottl_path_message(struct ottl_run *r, enum ottl_context c);
/* Key i of the path, which has to be a string. */
bool ottl_path_key(struct ottl_run *r, const struct ottl_path *p, size_t i, struct str *out);
/* A span's status, as kind says: its code or its message. number is the field that it is. */
struct ottl_value ottl_path_status(
	const struct otlp_message *span, enum field_kind kind, uint32_t number);
