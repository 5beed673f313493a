#pragma once

/*
 * Messages out of a stream of bytes (RFC 6587): each begins with its length in bytes (octet
 * counting), or ends with a newline; a message says by its first byte which it is.
 */

#include "agent/base/buf.h"

#include <stdbool.h>

struct syslog_frames {
	size_t max;     /* bytes of a message; a longer one is skipped */
	char delimiter; /* '\n', or '\0' */
	bool is_raw;    /* no octet counting: a message may begin with a digit */

	struct buf held;  /* of messages that are not complete */
	size_t at;        /* in held: the next message */
	size_t skip;      /* bytes of a counted message that are to be skipped */
	bool is_skipping; /* … up to the delimiter */
	uint64_t too_long;
};

/* More bytes have come; copied. The messages that are complete are had by _next(). */
void syslog_frames_add(struct syslog_frames *f, const void *p, size_t n);
/* Valid until the next _add(). Empty ones are left out. */
bool syslog_frames_next(struct syslog_frames *f, struct str *message);
/* What is left at the end of the stream is a message too. */
bool syslog_frames_last(struct syslog_frames *f, struct str *message);
size_t syslog_frames_held(const struct syslog_frames *f); /* bytes of messages that are not whole */
/* Gives back the memory that only a burst needed; after the last _next(). */
void syslog_frames_trim(struct syslog_frames *f);
void syslog_frames_fini(struct syslog_frames *f);
