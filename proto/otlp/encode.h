#pragma once

/*
 * Compression of request bodies. An encoder keeps the library's work space and serves any
 * number of bodies, one after the other. Level 1 of libdeflate packs OTLP as well as zlib's
 * default, in a sixth of the time.
 */

#include "agent/base/buf.h"

struct encoder;
struct err;

/* name is what Content-Encoding will say: "gzip", "zlib", "deflate", "zstd", "snappy",
 * "x-snappy-framed"; "none" and
 * "" are none. level 0: the one that is best here. NULL, with e filled, if there is no such
 * encoding or level. */
struct encoder *encoder_new(struct str name, int level, struct err *e);
void encoder_free(struct encoder *c); /* NULL is nothing */

/* For the header Content-Encoding; NULL: none is sent. */
const char *encoder_name(const struct encoder *c);

/* Appends the compressed body. */
void encoder_run(struct encoder *c, struct str body, struct buf *out);
