/*
 * The language on hostile input: parse, evaluate every expression without a scope, gather its
 * references, convert its value, and print what was found wrong.
 */

#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "agent/base/must.h"
#include "agent/config/eval.h"
#include "agent/config/read.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void convert(struct arena *a, const struct value *v)
{
	struct err e;
	struct str s;
	int64_t i;
	uint64_t u;
	double f;
	bool b;

	value_to_bool(v, &b, &e);
	value_to_int(v, &i, &e);
	value_to_uint(v, &u, &e);
	value_to_float(v, &f, &e);
	value_to_str(a, v, &s, &e);
	value_to_secret(a, v, &s, &e);
	value_to_duration(v, &i, &e);
	value_to_size(v, &i, &e);
}

static void try_expr(const struct expr *x, struct diags *d)
{
	struct refs refs = {0};
	struct buf text = {0};
	struct arena scratch;
	struct value v;

	arena_init(&scratch, 0);
	expr_refs(&scratch, x, &refs);
	for (size_t i = 0; i < refs.n; i++)
		stdlib_check(&refs.p[i], STABILITY_GA, d);
	if (eval_expr(&scratch, NULL, x, &v, d)) {
		struct value copy = value_copy(&scratch, &v);

		value_print(&text, &copy);
		value_eq(&v, &copy);
		convert(&scratch, &v);
	}
	buf_fini(&text);
	arena_fini(&scratch);
}

static void try_body(const struct body *body, struct diags *d)
{
	for (size_t i = 0; i < body->n; i++) {
		const struct stmt *s = &body->stmts[i];

		must(s->at.start <= s->at.end);
		if (s->is_block)
			try_body(s->body, d);
		else
			try_expr(s->value, d);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct source src = {STR("fuzz"), {(const char *)data, size}};
	struct buf out = {0};
	struct arena a;
	struct diags d;
	struct file *f;

	arena_init(&a, 0);
	diags_init(&d, &a);
	source_check(&src, &d);
	f = parse_file(&a, &src, &d);
	for (size_t i = 0; i < f->n_comments; i++)
		must(f->comments[i].text.n >= 2);
	try_body(&f->body, &d);
	d.n = d.n > 5 ? 5 : d.n; /* the printing of many would take most of the time */
	diags_print(&out, &d, size & 1);
	buf_fini(&out);
	diags_fini(&d);
	arena_fini(&a);
	return 0;
}
