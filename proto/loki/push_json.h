#pragma once

/* Loki's push request in JSON ({"streams": [{"stream": {…}, "values": [[time, line, {…}]]}]}), made
 * into the same request in protobuf, so that what follows knows one form only. */

#include "agent/base/str.h"

#include <stdbool.h>

/* Pairs of structured metadata that an entry may have; Loki takes 128. */
#define PUSH_JSON_META_MAX 1024

struct buf;
struct err;

/* Appends the request to out. False: out is as before and e says what is wrong, in Loki's way.
 * What it appends is at most some four times as long as the text. */
bool push_json_parse(struct str text, struct buf *out, struct err *e);
