#pragma once

/*
 * What the files of agent/graph know of an evaluated body, and components do not.
 *
 * An evaluated body is kept by its component for as long as its arguments are in force,
 * longer than the tree that it came from: names, labels and values are its own, or in
 * snapshots that are held as long, and stmt is only good until the tree is freed (decoding
 * uses it at once).
 */

#include "agent/graph/arg.h"

/* For lists that are being made here, and are constant for who gets them. */
static inline void *unconst(const void *p)
{
	union {
		const void *from;
		void *to;
	} u = {p};

	return u.to;
}

struct evaluated_item {
	const struct stmt *stmt;
	struct str name;
	struct value value;     /* attributes */
	struct evaluated *body; /* blocks; NULL: an attribute */
	bool unknown;           /* an attribute of which the value cannot be known by checking */
};

struct evaluated {
	const struct stmt *block;
	struct str name;
	struct str label;
	struct evaluated_item *items;
	size_t n;
	bool terse;   /* words of `alloy validate`: "expected array, got string" */
	bool unknown; /* some attribute in it is */
};

struct body_options {
	bool keep_going; /* an expression without a value is unknown, and the rest is evaluated */
	bool terse;
	/* Not to be evaluated: its value is unknown. NULL: every expression is evaluated. */
	bool (*skip)(void *owner, const struct expr *x);
	void *owner;
	struct arena *scratch;         /* for what expressions need while they run; NULL: a */
	const struct value_kept *kept; /* what need not be copied; NULL: everything is */
};

struct evaluated *body_evaluate_with(struct arena *a, const struct stmt *block,
	struct scope *scope, const struct body_options *o, struct diags *d);

/* One decoding. */
struct decoder {
	struct arena *a;
	struct diags *d;
	bool terse;
	const struct evaluated *owner; /* the component's own block, for warnings */
	size_t unrecognized;           /* names that the tables have not: errors, and left out */
};

/* args_decode() that says how many of its errors are names which no table has: if all are, what
 * was decoded is as good as if they had not been written. */
size_t args_decode_known(struct arena *a, const struct evaluated *e, const struct arg *table,
	void *out, size_t size, struct diags *d);

/* Where a value is: the expression that made it and, where the tree goes no further, the way
 * from there on: `local.file_match.x.targets` and "[3].__path__". */
struct place {
	const struct expr *x;
	struct str path;
};

/* Puts one value where the argument says. */
bool arg_value_decode(struct decoder *dec, const struct arg *arg, const struct value *v,
	const struct place *at, void *out);
void arg_value_default(struct arena *a, const struct arg *arg, void *out);
