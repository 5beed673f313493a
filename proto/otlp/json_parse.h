#pragma once

/*
 * OTLP/JSON to protobuf, once on entry; from then on the bytes go the way of all. The mapping is
 * that of the OTLP specification: keys in lowerCamelCase (snake_case is taken too), ids in
 * hex, other bytes in base64, 64-bit integers as strings or numbers, exactly, enums as numbers (or
 * names), "NaN" and "Infinity"; null is absent, unknown keys are ignored.
 */

#include "proto/otlp/types.h"

struct buf;
struct err;

/*
 * Appends the protobuf of one JSON object of type t. The result is still to be validated
 * (otlp_walk() looks at the sizes of ids). On failure *out is as before, and e says what is wrong
 * at which byte.
 */
bool otlp_json_parse(const struct otlp_type *t, struct str json, struct buf *out, struct err *e);
