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
	bool unknown;           /* an attribute that has no value */
	bool is_wrong;          /* it is unknown, and an error says why */
};

struct evaluated {
	const struct stmt *block;
	struct str name;
	struct str label;
	struct evaluated_item *items;
	size_t n;
	bool terse; /* words of `alloy validate`: "expected array, got string" */
};

/* What can be said of an expression without running anything. */
enum foresight {
	FORESEEN,
	FORESEEN_LATER, /* its value is unknown, and that is no mistake */
	FORESEEN_WRONG, /* an error says why it has no value */
};

struct body_options {
	bool keep_going; /* an expression without a value is unknown, and the rest is evaluated */
	bool terse;
	/* But for FORESEEN it is not evaluated. NULL: every expression is. */
	enum foresight (*foresee)(void *owner, const struct expr *x);
	void *owner;
	struct arena *scratch;         /* for what expressions need while they run; NULL: a */
	const struct value_kept *kept; /* what need not be copied; NULL: everything is */
};

struct evaluated *body_evaluate_with(struct arena *a, const struct stmt *block,
	struct scope *scope, const struct body_options *o, struct diags *d);

/* An argument that is not as it is written, since it is missing or wrong. It has its default, or
 * what is as good as that, and an error was reported. */
struct spoilt {
	const struct evaluated *e; /* the block it is in, or would be in */
	const struct arg *table;   /* that block's */
	const char *name;
};

struct spoils {
	struct spoilt *p;
	size_t n, cap;
	bool is_open; /* some will only have a value when it runs, so check() cannot be asked; not
	                 capsules, of which it only counts those that are there */
};

/* Whether check() says this of the arguments that are as they are written. It is not so if its
 * message names a spoilt argument of the block that it is about or of one in it, nor if that block
 * has spoilt ones and the message names no argument at all. */
bool spoils_allow(const struct spoils *s, const struct diag *said);

/* One decoding. */
struct decoder {
	struct arena *a;
	struct diags *d;
	bool terse;
	const struct evaluated *owner; /* the component's own block, for warnings */
	struct spoils *spoils;         /* NULL: nobody asks */
};

/* args_decode() that goes on as if what is wrong were not written, and tells what that is. Its
 * memory is the caller's, to free(). What check() gets of it has no NULL where a block is
 * required. */
void args_decode_spoilt(struct arena *a, const struct evaluated *e, const struct arg *table,
	void *out, size_t size, struct spoils *spoils, struct diags *d);

/* Where a value is: the expression that made it and, where the tree goes no further, the way
 * from there on: `local.file_match.x.targets` and "[3].__path__". */
struct place {
	const struct expr *x;
	struct str path;
};

/* Puts one value where the argument says. If it cannot be, what is there stays as good as if it
 * were not written. */
bool arg_value_decode(struct decoder *dec, const struct arg *arg, const struct value *v,
	const struct place *at, void *out);
void arg_value_default(struct arena *a, const struct arg *arg, void *out);

static inline bool arg_is_text(const struct arg *arg)
{
	return arg->type == ARG_STR || arg->type == ARG_SECRET;
}
