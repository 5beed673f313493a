#pragma once

/*
 * Protobuf as OTLP/JSON, for people and for tests (--dry-run=json): fields in the order of the
 * schema, ids in hex, 64-bit integers as strings, what is absent left out. Unknown fields do not
 * show.
 */

#include "proto/otlp/types.h"

struct buf;

/* Appends one JSON object without line breaks. The bytes have passed otlp_walk(), or are of an
 * answer; what cannot be read of them is left out. */
void otlp_json_print(const struct otlp_type *t, struct str message, struct buf *out);
