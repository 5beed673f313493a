#pragma once

/*
 * JSON texts, looked at without building a tree: a text is checked once, whole, without
 * recursion; then members and items are views of it.
 */

#include "agent/base/arena.h"
#include "agent/base/str.h"

#include <stdbool.h>

#define JSON_DEPTH_MAX 512

/* One value, white space around it, nothing else. The other functions want a valid text. */
bool json_is_valid(struct str text);

enum json_kind {
	JSON_NULL,
	JSON_BOOL,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT,
};
enum json_kind json_kind(struct str value);

/* The members of an object or the items of an array, one a call: *rest is the whole value
 * at first. key (raw, with its quotes) is NULL for arrays. False: no more. */
bool json_next(struct str *rest, struct str *key, struct str *value);

/* A raw string without its quotes and escapes: a view, or in a. */
struct str json_unquote(struct str raw, struct arena *a);

/*
 * A value as a text: strings unquoted; true and false; integers as they are written (Alloy
 * rounds those above 2^53), other numbers without exponent as Go prints a float64; arrays
 * and objects as JSON without white space, members in the order of the source. False: null.
 */
bool json_to_text(struct str value, struct arena *a, struct str *out);
