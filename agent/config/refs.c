/* References: what an expression names. A chain a.b.c is one; an index or a call ends it. */

#include "agent/config/eval.h"

static void add_ref(struct arena *a, const struct expr *x, size_t n, struct refs *out)
{
	struct ref *r;
	size_t at = n;

	if (out->n == out->cap) {
		struct ref *more = arena_new(a, struct ref, out->cap ? out->cap * 2 : 8);

		if (out->n)
			memcpy(more, out->p, out->n * sizeof(*more));
		out->p = more;
		out->cap = out->cap ? out->cap * 2 : 8;
	}
	r = &out->p[out->n++];
	*r = (struct ref){.parts = arena_new(a, struct str, n), .n = n, .at = x->at};
	for (; x->kind == EXPR_ACCESS; x = x->operand)
		r->parts[--at] = x->text;
	r->parts[0] = x->text;
	r->first_at = x->at;
}

/* The height of x is bounded by the parser. */
void expr_refs(struct arena *a, const struct expr *x, struct refs *out)
{
	const struct expr *root = x;
	size_t n = 1;

	for (; root->kind == EXPR_ACCESS; root = root->operand)
		n++;
	if (root->kind == EXPR_IDENT) {
		add_ref(a, x, n, out);
		return;
	}
	if (root->operand)
		expr_refs(a, root->operand, out);
	if (root->index)
		expr_refs(a, root->index, out);
	for (size_t i = 0; i < root->n; i++)
		expr_refs(a, root->items ? root->items[i] : root->fields[i].value, out);
}
