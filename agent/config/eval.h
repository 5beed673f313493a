#pragma once

/*
 * Evaluation of expressions. Names are looked up in a scope first, then in the standard
 * library (agent/config/stdlib.c).
 */

#include "agent/config/ast.h"
#include "agent/config/value.h"

/*
 * What names mean. resolve() gets the longest dotted chain that begins at an identifier
 * (`loki.write.default.receiver` is four parts) and says how many of its parts it
 * answered for and what they are; false when the first part means nothing to it.
 */
struct scope {
	bool (*resolve)(struct scope *s, const struct str *parts, size_t n, size_t *used,
		struct value *out);
	int stability; /* enum stability: functions below it are refused */
};

enum stability {
	STABILITY_EXPERIMENTAL,
	STABILITY_PUBLIC_PREVIEW,
	STABILITY_GA,
};

/* False, with an error in d, if it has no value. The result is in a or longer-lived.
 * scope NULL: only the standard library. */
bool eval_expr(struct arena *a, struct scope *scope, const struct expr *x, struct value *out,
	struct diags *d);

/* A reference: the longest uninterrupted dotted chain that begins at an identifier. */
struct ref {
	struct str *parts;
	size_t n;
	struct range at; /* the whole chain */
	struct range first_at;
};

/* Every reference in x, in order, calls' names (string.format) too. */
struct refs {
	struct ref *p;
	size_t n;
	size_t cap;
};
void expr_refs(struct arena *a, const struct expr *x, struct refs *out);

/* Is parts[0..n) a name of the standard library (or the beginning of one)? Deprecated ones
 * and those below a stability level are reported by check_stdlib(). */
bool stdlib_has(const struct str *parts, size_t n);
/* Warnings for deprecated names, errors for functions below the stability level. */
void stdlib_check(const struct ref *r, int stability, struct diags *d);
