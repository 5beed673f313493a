#pragma once

/*
 * Regular expressions as Go's regexp package has them (RE2 syntax), run by PCRE2. What RE2
 * does not have is refused, and what the two spell differently is translated, so that a
 * configuration written for Alloy means the same here.
 *
 * PCRE2 backtracks, so a match has a limit of steps, and of time if the text is long; a pattern
 * that reaches it is said not to match, once in the log per pattern. Text is UTF-8; each byte that
 * is not valid counts as one U+FFFD, as in Go. A match allocates nothing as long as its text is
 * valid UTF-8.
 */

#include "agent/base/str.h"

struct err;

enum regex_flag {
	REGEX_WHOLE = 1 << 0, /* the whole text must match, and dot is any character: ^(?s:RE)$ */
};

/*
 * What the last match found. groups[0] is the whole match, groups[i].p is NULL for a group
 * that took no part; they point into the text that was matched, and are valid until the next
 * match.
 */
struct regex {
	struct str pattern;
	size_t n_groups;   /* the whole match included */
	struct str *names; /* n_groups of them; empty: no name */
	struct str *groups;
	struct regex_program *program;
};

#define REGEX_PATTERN_MAX 65536

/* NULL, with Go's words in e ("error parsing regexp: missing closing ]: `[a`"). */
struct regex *regex_new(struct str pattern, unsigned flags, struct err *e);
void regex_free(struct regex *re);

bool regex_match(struct regex *re, struct str text);

/*
 * Every match of a text, one behind the other, as Go's FindAll and ReplaceAll see them: none is
 * empty and right behind another. Text that is not UTF-8 is repaired first, so it->text takes the
 * place of what was given; it is good until the next use of re. The steps of all matches
 * together are limited too: then the rest has none, and the log says so.
 */
struct regex_each {
	struct str text;
	size_t at;
	size_t end;   /* of the match before */
	size_t count; /* how many there were */
};

void regex_each_init(struct regex_each *it, struct regex *re, struct str text);
bool regex_each_next(struct regex_each *it, struct regex *re); /* re without REGEX_WHOLE */

/* The group of that name, or -1. */
int regex_find_group(const struct regex *re, struct str name);
bool regex_has_names(const struct regex *re);

/* How often a match was given up at the limit of steps: for tests. */
size_t regex_gave_up(const struct regex *re);
