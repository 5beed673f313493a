#pragma once

/*
 * Content encodings of request and answer bodies, decoded whole into a buf, never to more than a
 * given size, so that a small body cannot become a large one. A decoder keeps the libraries'
 * work space; one serves any number of bodies, one after the other.
 */

#include "agent/base/buf.h"

struct err;
struct decoder;

enum decoded {
	DECODED,
	DECODE_BAD,       /* not what it is said to be, or cut off */
	DECODE_TOO_LARGE, /* more than max */
	DECODE_UNKNOWN,   /* no such encoding here */
};

struct decoder *decoder_new(void);
void decoder_free(struct decoder *d); /* NULL is nothing */

/* What Content-Encoding may say, besides nothing: one name, any case. */
#define DECODER_NAMES "gzip, deflate, zlib, zstd, snappy, lz4, identity"
bool decoder_knows(struct str encoding);

/*
 * Appends the decoded body to out. An empty body is empty in every encoding. Gzip may have
 * several members; deflate is zlib's format, or raw as some clients have it; snappy is
 * one block or a stream of them; lz4 is frames.
 * With anything but DECODED, out is as before and e says why.
 */
enum decoded decoder_run(struct decoder *d, struct str encoding, struct str body, size_t max,
	struct buf *out, struct err *e);
