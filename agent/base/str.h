#pragma once

/*
 * A str is a borrowed run of bytes: pointer and length, no terminator, never freed. It is
 * passed and returned by value. Who owns the bytes is said by the function that made it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
	const char *p;
	size_t n;
};

#define STR(lit) ((struct str){(lit), sizeof(lit) - 1})
#define STR_FMT "%.*s"
#define STR_ARG(s) (int)(s).n, (s).p

static inline struct str str_from(const char *text) /* text ends with NUL; NULL is empty */
{
	return (struct str){text, text ? strlen(text) : 0};
}

bool str_eq(struct str a, struct str b);
bool str_is(struct str s, const char *text);
int str_cmp(struct str a, struct str b); /* bytewise; <0, 0, >0 */
bool str_starts(struct str s, const char *prefix);
bool str_ends(struct str s, const char *suffix);
bool str_eq_nocase(struct str a, struct str b); /* ASCII letters only */
struct str str_trim(struct str s);              /* without space, tab, CR, LF at both ends */
uint64_t str_hash(struct str s);                /* not for input that may be chosen to collide
                                                   beyond the bounds of its table */

/* The part from byte at on, or n bytes of it; beyond the end it is empty or shorter. */
struct str str_from_at(struct str s, size_t at);
struct str str_head(struct str s, size_t n);

/* Where needle begins in s, or -1. */
ptrdiff_t str_find(struct str s, struct str needle);

/* Decimal number with an optional sign, nothing else around it. False, and nothing set, if
 * it is not one or does not fit. */
bool str_to_int(struct str s, int64_t *out);

/* Splits s at the first c: *head before it, *tail after it. False, and nothing set, if s
 * has no c. */
bool str_cut(struct str s, char c, struct str *head, struct str *tail);
