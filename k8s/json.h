#pragma once

/*
 * A cursor over JSON text (RFC 8259), which reads what is asked for and skips the rest: of a pod's
 * object nine tenths are of no use here, and no tree of it is made. Every call that reads a value
 * leaves the cursor behind it. A value that is not of the wanted type is skipped and reads as
 * empty, 0 or false. After a mistake in the text is_bad is set, and nothing more is read.
 *
 *	for (json_enter_object(&j); json_next_key(&j, &key);) {
 *		if (str_is(key, "name"))
 *			name = json_str(&j, a);
 *		else
 *			json_skip(&j);
 *	}
 */

#include "agent/base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct arena;

#define JSON_DEPTH_MAX 256 /* of what is skipped */

struct json {
	struct str text;
	size_t at;
	bool is_bad;
	bool is_first; /* nothing of the innermost object or array has been read */
	bool is_empty; /* what was entered is not there: the next json_next_…() says false */
};

struct json json_from(struct str text);

/* '{', '[', '"', 't', 'f', 'n', '0' (a number), or 0: the end, or no value. Reads nothing. */
char json_peek(struct json *j);

void json_enter_object(struct json *j);
void json_enter_array(struct json *j);
/* The next member; false after the last one, which leaves the object. key is as written, with
 * its escapes; json_unescape() it to keep it. */
bool json_next_key(struct json *j, struct str *key);
bool json_next_item(struct json *j);

/* A view into the text where it holds no escape and is valid UTF-8, else in a. */
struct str json_str(struct json *j, struct arena *a);
struct str json_unescape(struct str raw, struct arena *a);
int64_t json_int(struct json *j); /* a fraction or what does not fit reads as 0 */
bool json_bool(struct json *j);
void json_skip(struct json *j);
struct str json_raw(struct json *j); /* the value's own text */

/* How many members or items the object or array has that comes next; it is not read. */
size_t json_count(const struct json *j);

/* Nothing but white space is left, and nothing was wrong. */
bool json_is_done(struct json *j);
