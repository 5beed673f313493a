#pragma once

/*
 * Translates RE2 syntax to PCRE2's. Names of groups are taken out of the pattern (PCRE2's
 * may not begin with a digit), so group i is the i-th opening parenthesis in both.
 */

#include "agent/base/buf.h"
#include "agent/base/str.h"

struct err;

struct regex_syntax {
	struct buf pcre;
	struct {
		struct str *p; /* views into the pattern; [0] is the whole match */
		size_t n;
		size_t cap;
	} names;
};

/* On failure e has Go's words, and out is empty. */
bool regex_syntax_parse(struct str pattern, struct regex_syntax *out, struct err *e);
void regex_syntax_fini(struct regex_syntax *s);
