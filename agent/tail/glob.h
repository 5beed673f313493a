#pragma once

/*
 * File name patterns as Alloy's local.file_match takes them (doublestar): * ? [class] within
 * one part of a path, ** for any number of parts, {a,b} for alternatives. Pure functions.
 */

#include "agent/base/arena.h"
#include "agent/base/str.h"

#include <stdbool.h>

/* At most this many patterns come out of one with alternatives. */
#define GLOB_MAX_ALTERNATIVES ((size_t)64)

struct glob_list {
	struct str *p; /* NUL after each */
	size_t n;
};

/* The pattern with each {a,b} written out. False: braces do not match, or too many. */
bool glob_alternatives(struct arena *a, struct str pattern, struct glob_list *out);

/* Does one part of a path match one part of a pattern (no slash in either)? Both have a NUL
 * after their end. A leading dot needs no dot in the pattern. */
bool glob_part_matches(const char *pattern, const char *name);

bool glob_is_plain(struct str part); /* holds none of * ? [ \ */

/* Does the whole path match (** included, braces not)? */
bool glob_path_matches(struct str pattern, struct str path);
