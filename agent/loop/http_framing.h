#pragma once

/* How long a request's body is, and whether everybody would say the same. */

#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

struct http_framing {
	unsigned hosts;
	unsigned lengths;
	unsigned encodings;
	bool is_chunked; /* the one encoding is chunked */
	bool is_odd;     /* a name that others may read differently */
	int64_t length;  /* -1: not a number */
};

void http_framing_read(struct MHD_Connection *c, struct http_framing *f);

/* Whether the length of the body can be read in one way only (RFC 9112, 3.2, 6.1, 6.3 and
 * 11.2). is_old: the request is HTTP/1.0, which has no encodings. */
bool http_framing_is_clear(const struct http_framing *f, bool is_old);
