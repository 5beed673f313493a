/*
 * The parser: statements, and how it goes on after an error. It reports one error a source line,
 * as Alloy's does, and gives a tree of what it understood. Nesting is bounded (DEPTH_MAX), so
 * that all who walk the tree may recurse.
 */

#include "agent/config/parse.h"

#include "agent/base/buf.h"
#include "agent/base/must.h"
#include "agent/base/vec.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void note_comment(struct parser *p)
{
	size_t end = p->t.at + (p->t.text.n ? p->t.text.n - 1 : 0);

	*vec_add(&p->comments) =
		(struct comment){.text = p->t.text, .at = parser_range(p, p->t.at, end)};
}

void parser_give_up(struct parser *p, const char *why, size_t limit)
{
	if (p->gave_up)
		return;
	p->gave_up = true;
	diag_error(p->d, parser_range(p, p->t.at, p->t.at), "%s %zu", why, limit);
	diag_hint(p->d, "the rest of this file was not read");
	p->t = (struct token){.kind = TOKEN_EOF, .at = (uint32_t)p->src->text.n};
}

void parser_next(struct parser *p)
{
	if (p->gave_up)
		return;
	do {
		p->t = scanner_take(&p->scanner);
		if (p->t.kind == TOKEN_COMMENT)
			note_comment(p);
		if (p->d->errors - p->errors_before >= ERRORS_MAX) {
			parser_give_up(p, "too many errors: more than", ERRORS_MAX);
			return;
		}
	} while (p->t.kind == TOKEN_COMMENT);
}

void parser_init(struct parser *p, struct arena *a, const struct source *src, struct diags *d)
{
	*p = (struct parser){.a = a, .src = src, .d = d, .line = 1, .errors_before = d->errors};
	if (src->text.n > SOURCE_MAX) {
		p->gave_up = true;
		p->t.kind = TOKEN_EOF;
		diag_error(d, (struct range){0}, STR_FMT ": larger than 16 MiB",
			STR_ARG(src->name));
		return;
	}
	scanner_init(&p->scanner, src, d);
	parser_next(p);
}

struct range parser_range(const struct parser *p, size_t start, size_t end)
{
	return (struct range){p->src, (uint32_t)start, (uint32_t)end};
}

/* The current token's line. Tokens only go forward, so the newlines are counted once. */
static size_t current_line(struct parser *p)
{
	while (p->line_at < p->t.at) {
		const char *from = p->src->text.p + p->line_at;
		const char *nl = memchr(from, '\n', p->t.at - p->line_at);

		p->line_at = nl ? p->line_at + (size_t)(nl - from) + 1 : p->t.at;
		p->line += nl != NULL;
	}
	return p->line;
}

void parser_error(struct parser *p, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	if (p->gave_up || p->error_line == current_line(p))
		return;
	p->error_line = p->line;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	diag_error(p->d, parser_range(p, p->t.at, p->t.at), "%s", text);
}

struct token parser_expect(struct parser *p, enum token_kind kind)
{
	struct token t = p->t;

	if (t.kind != kind)
		parser_error(p, "expected %s, got %s", token_name(kind), token_name(t.kind));
	parser_next(p);
	return t;
}

void parser_skip_to(struct parser *p, enum token_kind kind)
{
	while (p->t.kind != TOKEN_EOF && p->t.kind != kind)
		parser_next(p);
}

/* To the terminator that ends the statement: one that is outside of all brackets. */
void parser_skip_statement(struct parser *p)
{
	int64_t curly = 0, square = 0, round = 0;

	for (; p->t.kind != TOKEN_EOF; parser_next(p)) {
		curly += (p->t.kind == TOKEN_LCURLY) - (p->t.kind == TOKEN_RCURLY);
		square += (p->t.kind == TOKEN_LBRACK) - (p->t.kind == TOKEN_RBRACK);
		round += (p->t.kind == TOKEN_LPAREN) - (p->t.kind == TOKEN_RPAREN);
		if (p->t.kind == TOKEN_TERMINATOR && curly <= 0 && square <= 0 && round <= 0)
			return;
	}
}

bool parser_enter(struct parser *p)
{
	if (++p->depth <= DEPTH_MAX)
		return true;
	parser_give_up(p, "nested deeper than", DEPTH_MAX);
	return false;
}

void parser_leave(struct parser *p)
{
	must(p->depth > 0);
	p->depth--;
}

struct block_name {
	struct str name;
	struct range name_at;
	size_t parts;
	struct str label;
	struct range label_at; /* file NULL: none */
};

static void quoted_error(struct parser *p, const char *what, struct str got)
{
	struct buf b = {0};

	buf_add_quoted(&b, str_head(got, 100));
	parser_error(p, "%s, but got " STR_FMT, what, STR_ARG(buf_str(&b)));
	buf_fini(&b);
}

/* Stands on what is neither = nor { behind a name. */
static void parse_label(struct parser *p, struct block_name *out)
{
	struct str text = p->t.text;

	if (p->t.kind != TOKEN_STRING) {
		parser_error(p, "expected block label, got %s", token_name(p->t.kind));
		parser_next(p);
		return;
	}
	if (text.p[0] != '"')
		quoted_error(p, "expected block label to be a double quoted string", text);
	if (text.n > 2) {
		out->label = (struct str){text.p + 1, text.n - 2};
		if (!is_identifier(out->label))
			quoted_error(p, "expected block label to be a valid identifier",
				out->label);
	}
	out->label_at = parser_range(p, p->t.at, p->t.at + text.n - 1);
	parser_next(p);
}

static bool parse_block_name(struct parser *p, struct block_name *out)
{
	struct buf name = {0};
	size_t end = p->t.at + p->t.text.n;

	if (p->t.kind != TOKEN_IDENT) {
		parser_error(p, "expected identifier, got %s", token_name(p->t.kind));
		return false;
	}
	*out = (struct block_name){.parts = 1};
	out->name_at = parser_range(p, p->t.at, end - 1);
	buf_add_str(&name, p->t.text);
	parser_next(p);
	while (p->t.kind == TOKEN_DOT) {
		parser_next(p);
		if (p->t.kind != TOKEN_IDENT)
			parser_error(p, "expected identifier, got %s", token_name(p->t.kind));
		buf_add_char(&name, '.');
		buf_add_str(&name, p->t.text);
		end = p->t.at + (p->t.text.n ? p->t.text.n : 1);
		out->parts++;
		parser_next(p);
	}
	out->name = arena_str(p->a, buf_str(&name));
	out->name_at.end = (uint32_t)(end - 1);
	buf_fini(&name);
	if (p->t.kind != TOKEN_ASSIGN && p->t.kind != TOKEN_LCURLY)
		parse_label(p, out);
	return true;
}

static void parse_attribute(struct parser *p, const struct block_name *n, struct stmt *out)
{
	parser_next(p);
	if (n->parts != 1)
		diag_error(p->d,
			parser_range(p, n->name_at.start, n->name_at.start + n->name.n - 1),
			"attribute names may only consist of a single identifier with no \".\"");
	else if (n->label_at.file)
		diag_error(p->d, n->label_at, "attribute names may not have labels");
	*out = (struct stmt){.name = n->name, .name_at = n->name_at, .value = parse_expression(p)};
	out->at = parser_range(p, n->name_at.start, out->value->at.end);
}

static void parse_block(struct parser *p, const struct block_name *n, struct stmt *out)
{
	*out = (struct stmt){.is_block = true,
		.name = n->name,
		.name_at = n->name_at,
		.label = n->label,
		.label_at = n->label_at,
		.body = arena_new(p->a, struct body, 1)};
	out->body_start = parser_expect(p, TOKEN_LCURLY).at;
	parse_body(p, TOKEN_RCURLY, out->body);
	out->body_end = parser_expect(p, TOKEN_RCURLY).at;
	out->at = parser_range(p, n->name_at.start, out->body_end);
}

/* False: there was none, and the parser stands at the next identifier. */
static bool parse_statement(struct parser *p, struct stmt *out)
{
	struct block_name n;

	if (!parse_block_name(p, &n)) {
		parser_skip_to(p, TOKEN_IDENT);
		return false;
	}
	if (p->t.kind == TOKEN_ASSIGN) {
		parse_attribute(p, &n, out);
		return true;
	}
	if (p->t.kind == TOKEN_LCURLY) {
		parse_block(p, &n, out);
		return true;
	}
	parser_error(p, "expected %s, got %s",
		n.parts == 1 && n.label.n == 0 ? "attribute assignment or block body"
					       : "block body",
		token_name(p->t.kind));
	parser_skip_to(p, TOKEN_IDENT);
	return false;
}

static void parse_statements(struct parser *p, enum token_kind until, struct body *out)
{
	struct {
		struct stmt *p;
		size_t n, cap;
	} v = {0};

	while (p->t.kind != until && p->t.kind != TOKEN_EOF) {
		struct stmt s;

		if (parse_statement(p, &s))
			*vec_add(&v) = s;
		if (p->t.kind == until)
			break;
		if (p->t.kind != TOKEN_TERMINATOR) {
			parser_error(p, "expected TERMINATOR, got %s", token_name(p->t.kind));
			parser_skip_statement(p);
		}
		parser_next(p);
	}
	out->n = v.n;
	out->stmts = arena_new(p->a, struct stmt, v.n + 1);
	if (v.n)
		memcpy(out->stmts, v.p, v.n * sizeof(*v.p));
	free(v.p);
}

void parse_body(struct parser *p, enum token_kind until, struct body *out)
{
	*out = (struct body){0};
	if (parser_enter(p))
		parse_statements(p, until, out);
	parser_leave(p);
}

struct file *parse_file(struct arena *a, const struct source *src, struct diags *d)
{
	struct file *f = arena_new(a, struct file, 1);
	struct parser p;

	parser_init(&p, a, src, d);
	f->source = src;
	parse_body(&p, TOKEN_EOF, &f->body);
	f->n_comments = p.comments.n;
	f->comments = arena_new(a, struct comment, p.comments.n + 1);
	if (p.comments.n)
		memcpy(f->comments, p.comments.p, p.comments.n * sizeof(*p.comments.p));
	free(p.comments.p);
	return f;
}

struct expr *parse_expr(struct arena *a, const struct source *src, struct diags *d)
{
	size_t before = d->errors;
	struct parser p;
	struct expr *x;

	parser_init(&p, a, src, d);
	x = parse_expression(&p);
	if (p.t.kind == TOKEN_TERMINATOR)
		parser_next(&p);
	if (p.t.kind != TOKEN_EOF)
		parser_error(&p, "expected EOF, got %s", token_name(p.t.kind));
	free(p.comments.p);
	return d->errors > before ? NULL : x;
}
