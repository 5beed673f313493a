#pragma once

/* What the files of the evaluator share. */

#include "agent/config/eval.h"

struct eval {
	struct arena *a;
	struct scope *scope; /* NULL: none */
	struct diags *d;
};

/* An error about the value of x: its text goes before the words, its place with them. */
bool eval_error(struct eval *ev, const struct expr *x, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The same about item number item of x's value. */
bool eval_item_error(struct eval *ev, const struct expr *x, size_t item, const char *words);
bool eval_type_error(struct eval *ev, const struct expr *x, const struct value *got,
	const char *want);

bool eval_literal(struct eval *ev, const struct expr *x, struct value *out);
struct str literal_text(struct arena *a, struct str written); /* quotes and all; NUL after it */

bool eval_unary(struct eval *ev, const struct expr *x, const struct value *v, struct value *out);
/* l and r are the values of x's two sides. */
bool eval_binary(struct eval *ev, const struct expr *x, const struct value *l,
	const struct value *r, struct value *out);
bool eval_call(struct eval *ev, const struct expr *x, const struct value *f,
	const struct value *args, struct value *out);
