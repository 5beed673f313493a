#pragma once

/*
 * JSON (RFC 8259), pulled a value at a time by who knows what should come, without building a
 * tree. Numbers are given as their text, so that 64-bit integers stay exact (libcjson makes
 * doubles of them, which is why it is not used here). Strings are checked for UTF-8, unless
 * any_bytes is set. All functions return false with *e filled when the text is not what was asked
 * for; the first failure ends the reading.
 */

#include "agent/base/buf.h"
#include "agent/base/str.h"

#include <stdbool.h>

struct err;

enum {
	JSON_SKIP_DEPTH = 512, /* objects and arrays inside each other in what is skipped */
};

struct json_reader {
	struct str text;
	size_t at;
	struct buf scratch; /* the last string that had escapes; free with buf_fini() */
	struct err *e;
	bool any_bytes; /* strings may hold control characters, and what is no UTF-8 */
};

/* The first character of the next value, white space skipped; 0 at the end. */
char json_reader_peek(struct json_reader *r);

/* The string is a view into the text, or into scratch until the next string is read. */
bool json_reader_string(struct json_reader *r, struct str *out);
bool json_reader_number(struct json_reader *r, struct str *out);
bool json_reader_bool(struct json_reader *r, bool *out);
bool json_reader_null(struct json_reader *r);
bool json_reader_skip(struct json_reader *r); /* any value */

/*
 * json_reader_enter(r, '{') or '[' first; then json_reader_more() before each member or element,
 * until it says false, which is either the end (r->at is behind it) or a failure: *failed says
 * which. n counts from 0.
 */
bool json_reader_enter(struct json_reader *r, char open);
bool json_reader_more(struct json_reader *r, char close, size_t n, bool *failed);
bool json_reader_key(struct json_reader *r, struct str *key); /* with its colon */

bool json_reader_end(struct json_reader *r); /* nothing but white space follows */
bool json_reader_fail(struct json_reader *r, const char *what);
