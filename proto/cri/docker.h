#pragma once

/*
 * One line of Docker's json-file log driver:
 *
 *	{"log":"the text\n","stream":"stdout","time":"2026-11-22T10:41:07.814458474Z"}
 *
 * A line over 16 KiB comes in pieces; all but the last have no newline at the end of "log".
 */

#include "agent/base/str.h"

#include <stdint.h>

struct buf;

struct docker_line {
	struct str content; /* without the newline at its end */
	struct str stream;
	struct str time_text;
	int64_t time; /* Unix ns; valid if has_time */
	bool has_time;
	bool is_partial; /* "log" does not end with a newline */
};

/*
 * line without its newline. Texts with escapes are written to *scratch, which is cleared
 * first; the others point into line. Members that are not known are passed over, to a
 * depth of 16. False: not a JSON object with a string "log".
 */
bool docker_parse(struct str line, struct buf *scratch, struct docker_line *out);
