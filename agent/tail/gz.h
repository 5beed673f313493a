#pragma once

/*
 * The bytes of a compressed rotated log, from an offset of the uncompressed content on.
 * Read once, forwards: what was missed while the agent was away.
 */

#include "agent/base/buf.h"

#include <stdint.h>
#include <sys/types.h>

struct gz;

/* Takes over fd. NULL and errno, EBADMSG if it is not gzip; fd is closed then. */
struct gz *gz_open(int fd);
void gz_rewind(struct gz *g); /* the next read may be of what was read before */
void gz_close(struct gz *g);

/* As pread(): up to n bytes from offset on, which may not be before what was asked for last.
 * 0 at the end; -1 and errno EBADMSG when the data is broken or cut short (all before it has been
 * given). After another errno it may be tried again. */
ssize_t gz_read(struct gz *g, char *to, size_t n, uint64_t offset);
