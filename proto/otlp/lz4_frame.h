#pragma once

/*
 * LZ4's frame format (lz4, doc/lz4_Frame_format.md 1.6.4, and lz4_Block_format.md), which HTTP's
 * "lz4" is in the Collector: any number of frames, linked or independent blocks, checksums. Not
 * taken are frames with a dictionary, which nobody could have given us, and those of before 2013.
 */

#include "agent/base/buf.h"
#include "agent/base/str.h"

#include <stdbool.h>

/* Appends at most max bytes. False: it is broken, cut, or (*is_too_large) too large; out is then as
 * before, or longer. */
bool lz4_frame_decode(struct str body, size_t max, struct buf *out, bool *is_too_large);
