/*
 * The parser: expressions. Left-associative operators are climbed by precedence; ^ binds to the
 * right and looser than a sign, as in Alloy. A tree's height is bounded like its nesting, because
 * a chain such as 1+1+1... is as deep as it is long.
 */

#include "agent/config/parse.h"

#include "agent/base/vec.h"

#include <stdlib.h>

static struct expr *new_expr(struct parser *p, enum expr_kind kind, size_t start)
{
	struct expr *x = arena_new(p->a, struct expr, 1);

	x->kind = kind;
	x->at = parser_range(p, start, start);
	x->height = 1;
	return x;
}

/* x is above below: counts the height. */
static void put_above(struct parser *p, struct expr *x, const struct expr *below)
{
	if (below->height >= x->height)
		x->height = below->height + 1;
	if (x->height > DEPTH_MAX)
		parser_give_up(p, "nested deeper than", DEPTH_MAX);
}

static struct expr *parse_bad(struct parser *p)
{
	struct expr *x = new_expr(p, EXPR_LITERAL, p->t.at);

	parser_error(p, "expected expression, got %s", token_name(p->t.kind));
	x->token = TOKEN_NULL;
	x->text = STR("null");
	while (p->t.kind != TOKEN_EOF && p->t.kind != TOKEN_TERMINATOR &&
		p->t.kind != TOKEN_RPAREN && p->t.kind != TOKEN_RCURLY &&
		p->t.kind != TOKEN_RBRACK && p->t.kind != TOKEN_COMMA)
		parser_next(p);
	return x;
}

static void parse_list(struct parser *p, enum token_kind until, struct expr *out)
{
	struct {
		struct expr **p;
		size_t n, cap;
	} v = {0};

	while (p->t.kind != until && p->t.kind != TOKEN_EOF) {
		struct expr *item = parse_expression(p);

		*vec_add(&v) = item;
		put_above(p, out, item);
		if (p->t.kind == until)
			break;
		if (p->t.kind != TOKEN_COMMA)
			parser_error(p, "missing ',' in expression list");
		parser_next(p);
	}
	out->n = v.n;
	out->items = arena_new(p->a, struct expr *, v.n + 1);
	if (v.n)
		memcpy(out->items, v.p, v.n * sizeof(*v.p));
	free(v.p);
}

/* A key in quotes is what is between them, escapes as they are written; "" stays two quotes. */
static void parse_field(struct parser *p, struct object_field *f)
{
	struct str text = p->t.text;

	*f = (struct object_field){.key = text};
	f->key_at = parser_range(p, p->t.at, p->t.at + (text.n ? text.n - 1 : 0));
	if (p->t.kind == TOKEN_STRING || p->t.kind == TOKEN_IDENT) {
		if (p->t.kind == TOKEN_STRING && text.n > 2) {
			f->key = (struct str){text.p + 1, text.n - 2};
			f->is_quoted = true;
		}
		parser_next(p);
	} else {
		parser_error(p, "expected field name (string or identifier), got %s",
			token_name(p->t.kind));
		parser_skip_to(p, TOKEN_ASSIGN);
	}
	parser_expect(p, TOKEN_ASSIGN);
	f->value = parse_expression(p);
}

static void parse_fields(struct parser *p, struct expr *out)
{
	struct {
		struct object_field *p;
		size_t n, cap;
	} v = {0};

	while (p->t.kind != TOKEN_RCURLY && p->t.kind != TOKEN_EOF) {
		struct object_field f;

		parse_field(p, &f);
		*vec_add(&v) = f;
		put_above(p, out, f.value);
		if (p->t.kind == TOKEN_RCURLY)
			break;
		if (p->t.kind != TOKEN_COMMA)
			parser_error(p, "missing ',' in field list");
		parser_next(p);
	}
	out->n = v.n;
	out->fields = arena_new(p->a, struct object_field, v.n + 1);
	if (v.n)
		memcpy(out->fields, v.p, v.n * sizeof(*v.p));
	free(v.p);
}

static struct expr *parse_paren(struct parser *p)
{
	struct expr *x = new_expr(p, EXPR_PAREN, p->t.at);

	parser_next(p);
	x->operand = parse_expression(p);
	put_above(p, x, x->operand);
	x->at.end = parser_expect(p, TOKEN_RPAREN).at;
	return x;
}

static struct expr *parse_array(struct parser *p)
{
	struct expr *x = new_expr(p, EXPR_ARRAY, p->t.at);

	parser_next(p);
	parse_list(p, TOKEN_RBRACK, x);
	x->at.end = parser_expect(p, TOKEN_RBRACK).at;
	return x;
}

static struct expr *parse_object(struct parser *p)
{
	struct expr *x = new_expr(p, EXPR_OBJECT, p->t.at);

	parser_next(p);
	parse_fields(p, x);
	x->at.end = parser_expect(p, TOKEN_RCURLY).at;
	return x;
}

static struct expr *parse_primary(struct parser *p)
{
	struct expr *x;

	if (p->t.kind == TOKEN_LPAREN)
		return parse_paren(p);
	if (p->t.kind == TOKEN_LBRACK)
		return parse_array(p);
	if (p->t.kind == TOKEN_LCURLY)
		return parse_object(p);
	if (p->t.kind < TOKEN_IDENT || p->t.kind > TOKEN_NULL)
		return parse_bad(p);
	x = new_expr(p, p->t.kind == TOKEN_IDENT ? EXPR_IDENT : EXPR_LITERAL, p->t.at);
	x->token = (int)p->t.kind;
	x->text = p->t.text;
	x->at.end = (uint32_t)(p->t.at + p->t.text.n - 1);
	parser_next(p);
	return x;
}

static struct expr *parse_access(struct parser *p, struct expr *operand)
{
	struct expr *x = new_expr(p, EXPR_ACCESS, operand->at.start);
	struct token name;
	size_t end;

	parser_next(p);
	name = parser_expect(p, TOKEN_IDENT);
	end = name.at + (name.text.n ? name.text.n - 1 : 0);
	x->operand = operand;
	x->text = name.text;
	x->text_at = parser_range(p, name.at, end);
	x->at.end = (uint32_t)end;
	put_above(p, x, operand);
	return x;
}

static struct expr *parse_index(struct parser *p, struct expr *operand)
{
	struct expr *x = new_expr(p, EXPR_INDEX, operand->at.start);

	parser_next(p);
	x->operand = operand;
	x->index = parse_expression(p);
	x->at.end = parser_expect(p, TOKEN_RBRACK).at;
	put_above(p, x, operand);
	put_above(p, x, x->index);
	return x;
}

static struct expr *parse_call(struct parser *p, struct expr *operand)
{
	struct expr *x = new_expr(p, EXPR_CALL, operand->at.start);

	parser_next(p);
	x->operand = operand;
	parse_list(p, TOKEN_RPAREN, x);
	x->at.end = parser_expect(p, TOKEN_RPAREN).at;
	put_above(p, x, operand);
	return x;
}

/* Behind an expression came a string or a {: somebody assigns a block. It is read to its end, to
 * say so once. False: it was no block either, and the rest of the statement is skipped. */
static bool parse_misplaced_block(struct parser *p, const struct expr *x)
{
	struct body ignored;
	struct token end;

	if (p->t.kind == TOKEN_STRING)
		parser_next(p);
	if (parser_expect(p, TOKEN_LCURLY).kind != TOKEN_LCURLY) {
		parser_skip_statement(p);
		return false;
	}
	parse_body(p, TOKEN_RCURLY, &ignored);
	end = parser_expect(p, TOKEN_RCURLY);
	if (end.kind != TOKEN_RCURLY) {
		parser_skip_statement(p);
		return false;
	}
	diag_error(p->d, parser_range(p, x->at.start, end.at),
		"cannot use a block as an expression");
	return true;
}

static struct expr *parse_operand(struct parser *p)
{
	struct expr *x = parse_primary(p);

	for (;;) {
		if (p->t.kind == TOKEN_DOT)
			x = parse_access(p, x);
		else if (p->t.kind == TOKEN_LBRACK)
			x = parse_index(p, x);
		else if (p->t.kind == TOKEN_LPAREN)
			x = parse_call(p, x);
		else if ((p->t.kind != TOKEN_STRING && p->t.kind != TOKEN_LCURLY) ||
			 !parse_misplaced_block(p, x))
			return x;
	}
}

static struct expr *parse_unary(struct parser *p)
{
	struct expr *x;

	if (p->t.kind != TOKEN_NOT && p->t.kind != TOKEN_SUB)
		return parse_operand(p);
	x = new_expr(p, EXPR_UNARY, p->t.at);
	x->token = (int)p->t.kind;
	if (!parser_enter(p)) {
		parser_leave(p);
		return parse_bad(p);
	}
	parser_next(p);
	x->operand = parse_unary(p);
	parser_leave(p);
	x->at.end = x->operand->at.end;
	put_above(p, x, x->operand);
	return x;
}

static struct expr *new_binary(struct parser *p, int token, struct expr *left, struct expr *right)
{
	struct expr *x = new_expr(p, EXPR_BINARY, left->at.start);

	x->token = token;
	x->operand = left;
	x->index = right;
	x->at.end = right->at.end;
	put_above(p, x, left);
	put_above(p, x, right);
	return x;
}

static struct expr *parse_pow(struct parser *p)
{
	struct expr *left = parse_unary(p);
	struct expr *right;

	if (p->t.kind != TOKEN_POW)
		return left;
	if (!parser_enter(p)) {
		parser_leave(p);
		return left;
	}
	parser_next(p);
	right = parse_pow(p);
	parser_leave(p);
	return new_binary(p, TOKEN_POW, left, right);
}

static int precedence(enum token_kind k)
{
	if (k == TOKEN_OR)
		return 1;
	if (k == TOKEN_AND)
		return 2;
	if (k >= TOKEN_EQ && k <= TOKEN_GTE)
		return 3;
	if (k == TOKEN_ADD || k == TOKEN_SUB)
		return 4;
	if (k >= TOKEN_MUL && k <= TOKEN_MOD)
		return 5;
	return 0;
}

/* Operators of this precedence and above; at most five of these are on the stack at once. */
static struct expr *parse_binary(struct parser *p, int lowest)
{
	struct expr *left = parse_pow(p);

	for (;;) {
		int op = (int)p->t.kind;
		int prec = precedence(p->t.kind);

		if (prec < lowest)
			return left;
		parser_next(p);
		left = new_binary(p, op, left, parse_binary(p, prec + 1));
	}
}

struct expr *parse_expression(struct parser *p)
{
	struct expr *x = parser_enter(p) ? parse_binary(p, 1) : parse_bad(p);

	parser_leave(p);
	return x;
}
