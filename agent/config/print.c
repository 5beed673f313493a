/*
 * The formatter: how the tree is laid out. Lines are kept where the author broke them, blank
 * lines are kept (one at most), and a run of lines without one has its equal signs in a column.
 */

#include "agent/config/print.h"

#include "agent/config/print_private.h"

#define PASSES_MAX 8

static void print_expr(struct printer *p, const struct expr *x);

/* The text was at this byte; CRs of raw strings are no part of their value. */
static void print_at(struct printer *p, size_t byte, enum token_kind kind, struct str text)
{
	struct buf clean = {0};

	printer_at(p, byte);
	if (text.n == 0 || !memchr(text.p, '\r', text.n)) {
		printer_text(p, kind, text);
		return;
	}
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] != '\r')
			buf_add_char(&clean, text.p[i]);
	printer_text(p, kind, buf_str(&clean));
	buf_fini(&clean);
}

static void print_token_at(struct printer *p, size_t byte, enum token_kind kind)
{
	printer_at(p, byte);
	printer_token(p, kind);
}

static bool is_one_line(const struct printer *p, struct range at)
{
	return printer_line(p, at.start) == printer_line(p, at.end);
}

static void print_array(struct printer *p, const struct expr *x)
{
	size_t line = printer_line(p, x->at.start);

	print_token_at(p, x->at.start, TOKEN_LBRACK);
	for (size_t i = 0; i < x->n; i++) {
		const struct expr *item = x->items[i];
		bool is_below = printer_line(p, item->at.start) != line;

		if (is_below) { /* indented first, so that comments are too */
			printer_space(p, SPACE_INDENT);
			printer_space(p, SPACE_BREAK);
		} else if (i > 0) {
			printer_space(p, SPACE_BLANK);
		}
		line = printer_line(p, item->at.end);
		print_expr(p, item);
		if (i + 1 < x->n)
			printer_token(p, TOKEN_COMMA);
		if (is_below)
			printer_space(p, SPACE_UNINDENT);
	}
	if (x->n > 0 && line != printer_line(p, x->at.end)) {
		printer_token(p, TOKEN_COMMA);
		printer_space(p, SPACE_INDENT);
		printer_space(p, SPACE_BREAK);
		printer_space(p, SPACE_UNINDENT);
	}
	print_token_at(p, x->at.end, TOKEN_RBRACK);
}

/* A quoted key has no escapes: what is between its quotes is its name. */
static void print_key(struct printer *p, const struct object_field *f)
{
	struct str source = p->file->source->text;
	struct str text = {source.p + f->key_at.start, f->key_at.end - f->key_at.start + 1};
	struct buf b = {0};

	if (f->is_quoted && !memchr(f->key.p, '\\', f->key.n) && !memchr(f->key.p, '"', f->key.n) &&
		!memchr(f->key.p, '\n', f->key.n)) {
		buf_add_char(&b, '"');
		buf_add_str(&b, f->key);
		buf_add_char(&b, '"');
		text = buf_str(&b);
	}
	print_at(p, f->key_at.start, f->is_quoted ? TOKEN_STRING : TOKEN_IDENT, text);
	buf_fini(&b);
}

static void print_object(struct printer *p, const struct expr *x)
{
	size_t line = printer_line(p, x->at.start);

	print_token_at(p, x->at.start, TOKEN_LCURLY);
	printer_space(p, SPACE_INDENT);
	for (size_t i = 0; i < x->n; i++) {
		const struct object_field *f = &x->fields[i];

		if (printer_line(p, f->key_at.start) != line)
			printer_space(p, i > 0 && is_one_line(p, x->fields[i - 1].value->at)
						 ? SPACE_NEWLINE
						 : SPACE_BREAK);
		else if (i > 0)
			printer_space(p, SPACE_BLANK);
		line = printer_line(p, f->key_at.end);
		print_key(p, f);
		printer_space(p, SPACE_COLUMN);
		printer_token(p, TOKEN_ASSIGN);
		printer_space(p, SPACE_BLANK);
		print_expr(p, f->value);
		if (i + 1 < x->n)
			printer_token(p, TOKEN_COMMA);
	}
	if (x->n > 0 && line != printer_line(p, x->at.end)) {
		printer_token(p, TOKEN_COMMA);
		printer_space(p, SPACE_BREAK);
	}
	printer_space(p, SPACE_UNINDENT);
	print_token_at(p, x->at.end, TOKEN_RCURLY);
}

static void print_call(struct printer *p, const struct expr *x)
{
	size_t line = printer_line(p, x->operand->at.end);

	print_expr(p, x->operand);
	printer_token(p, TOKEN_LPAREN);
	for (size_t i = 0; i < x->n; i++) {
		bool is_below = printer_line(p, x->items[i]->at.start) != line;

		if (is_below) {
			printer_space(p, SPACE_BREAK);
			printer_space(p, SPACE_INDENT);
		}
		line = printer_line(p, x->items[i]->at.end);
		print_expr(p, x->items[i]);
		if (i + 1 < x->n) {
			printer_token(p, TOKEN_COMMA);
			printer_space(p, SPACE_BLANK);
		}
		if (is_below)
			printer_space(p, SPACE_UNINDENT);
	}
	if (x->n > 0 && line != printer_line(p, x->at.end)) {
		printer_token(p, TOKEN_COMMA);
		printer_space(p, SPACE_BREAK);
	}
	print_token_at(p, x->at.end, TOKEN_RPAREN);
}

static void print_binary(struct printer *p, const struct expr *x)
{
	print_expr(p, x->operand);
	printer_space(p, SPACE_BLANK);
	printer_token(p, (enum token_kind)x->token);
	printer_space(p, SPACE_BLANK);
	print_expr(p, x->index);
}

static void print_expr(struct printer *p, const struct expr *x)
{
	switch (x->kind) {
	case EXPR_LITERAL:
	case EXPR_IDENT:
		print_at(p, x->at.start, (enum token_kind)x->token, x->text);
		break;
	case EXPR_ARRAY:
		print_array(p, x);
		break;
	case EXPR_OBJECT:
		print_object(p, x);
		break;
	case EXPR_ACCESS:
		print_expr(p, x->operand);
		printer_token(p, TOKEN_DOT);
		print_at(p, x->text_at.start, TOKEN_IDENT, x->text);
		break;
	case EXPR_INDEX:
		print_expr(p, x->operand);
		printer_token(p, TOKEN_LBRACK);
		print_expr(p, x->index);
		print_token_at(p, x->at.end, TOKEN_RBRACK);
		break;
	case EXPR_CALL:
		print_call(p, x);
		break;
	case EXPR_UNARY:
		print_token_at(p, x->at.start, (enum token_kind)x->token);
		print_expr(p, x->operand);
		break;
	case EXPR_BINARY:
		print_binary(p, x);
		break;
	case EXPR_PAREN:
		print_token_at(p, x->at.start, TOKEN_LPAREN);
		print_expr(p, x->operand);
		print_token_at(p, x->at.end, TOKEN_RPAREN);
		break;
	}
}

static void print_body(struct printer *p, const struct body *body);

static void print_block(struct printer *p, const struct stmt *s)
{
	struct buf label = {0};

	print_at(p, s->name_at.start, TOKEN_IDENT, s->name);
	if (s->label.n) {
		buf_add_char(&label, '"');
		buf_add_str(&label, s->label);
		buf_add_char(&label, '"');
		printer_space(p, SPACE_BLANK);
		print_at(p, s->label_at.start, TOKEN_STRING, buf_str(&label));
		buf_fini(&label);
	}
	printer_space(p, SPACE_BLANK);
	print_token_at(p, s->body_start, TOKEN_LCURLY);
	printer_space(p, SPACE_INDENT);
	if (s->body->n > 0) {
		printer_space(p, SPACE_BREAK);
		print_body(p, s->body);
	} else {
		printer_space(p, SPACE_BLANK);
	}
	printer_space(p, SPACE_UNINDENT);
	print_token_at(p, s->body_end, TOKEN_RCURLY);
}

static void print_attribute(struct printer *p, const struct stmt *s)
{
	print_at(p, s->name_at.start, TOKEN_IDENT, s->name);
	printer_space(p, SPACE_COLUMN);
	printer_token(p, TOKEN_ASSIGN);
	printer_space(p, SPACE_BLANK);
	print_expr(p, s->value);
}

/* A statement of several lines is in no column with its neighbours. */
static void print_body(struct printer *p, const struct body *body)
{
	for (size_t i = 0; i < body->n; i++) {
		const struct stmt *s = &body->stmts[i];

		if (i > 0 && (s->is_block || printer_line(p, s->at.start) >
						     printer_line(p, s[-1].at.end) + 1))
			printer_space(p, SPACE_BREAK);
		if (s->is_block)
			print_block(p, s);
		else
			print_attribute(p, s);
		printer_space(p, is_one_line(p, s->at) ? SPACE_NEWLINE : SPACE_BREAK);
	}
}

void file_print(struct buf *out, const struct file *f)
{
	struct printer p;

	printer_init(&p, f, out);
	print_body(&p, &f->body);
	printer_end(&p);
}

static struct token next_token(struct scanner *s)
{
	struct token t;

	do
		t = scanner_take(s);
	while (t.kind == TOKEN_TERMINATOR || t.kind == TOKEN_COMMENT);
	return t;
}

/* Before a bracket that closes a comma means nothing. */
static struct token meaning(struct scanner *s, struct token *ahead)
{
	struct token t = *ahead;

	*ahead = next_token(s);
	if (t.kind == TOKEN_COMMA && (ahead->kind == TOKEN_RBRACK || ahead->kind == TOKEN_RCURLY ||
					     ahead->kind == TOKEN_RPAREN)) {
		t = *ahead;
		*ahead = next_token(s);
	}
	return t;
}

static bool is_same_text(struct str a, struct str b)
{
	size_t j = 0;

	if (a.n >= 2 && b.n >= 2 && a.p[0] == '`' && b.p[0] == '"') { /* an object's key */
		a = (struct str){a.p + 1, a.n - 2};
		b = (struct str){b.p + 1, b.n - 2};
	}
	for (size_t i = 0; i < a.n; i++) {
		if (a.p[i] == '\r')
			continue;
		if (j == b.n || a.p[i] != b.p[j++])
			return false;
	}
	return j == b.n;
}

/* The net below the formatter: whatever it printed, these are the tokens of the source. */
static bool has_same_tokens(const struct source *a, const struct source *b, struct diags *d)
{
	struct scanner x, y;
	struct token ahead_x, ahead_y, s, t;

	scanner_init(&x, a, d);
	scanner_init(&y, b, d);
	ahead_x = next_token(&x);
	ahead_y = next_token(&y);
	do {
		s = meaning(&x, &ahead_x);
		t = meaning(&y, &ahead_y);
		if (s.kind == TOKEN_STRING && s.text.n == 2 && t.kind == TOKEN_LCURLY)
			s = meaning(&x, &ahead_x); /* a label "" is none */
		if (s.kind != t.kind || !is_same_text(s.text, t.text))
			return false;
	} while (s.kind != TOKEN_EOF);
	return true;
}

static bool format_once(const struct source *src, struct buf *out, size_t *comments,
	struct diags *d)
{
	size_t before = d->errors;
	struct arena a;
	struct file *f;
	bool ok;

	arena_init(&a, 0);
	f = parse_file(&a, src, d);
	ok = d->errors == before;
	if (ok)
		file_print(out, f);
	buf_add_char(out, '\n');
	*comments = f->n_comments;
	arena_fini(&a);
	return ok;
}

/* A comment in an odd place may move on at a second pass, so that is made at once. */
bool source_format(const struct source *src, struct buf *out, struct diags *d)
{
	struct buf a = {0}, b = {0};
	size_t comments, again;
	bool ok = format_once(src, &a, &comments, d);

	for (int i = 0; ok && i < PASSES_MAX; i++) {
		struct source made = {src->name, buf_str(&a)};
		struct diags quiet;
		struct arena texts;
		struct buf swap = a;

		arena_init(&texts, 0);
		diags_init(&quiet, &texts);
		buf_clear(&b);
		if (!has_same_tokens(src, &made, &quiet) ||
			!format_once(&made, &b, &again, &quiet) || again != comments)
			ok = diag_error(d, (struct range){src, 0, 0},
				"cannot be formatted without changing what it means");
		diags_fini(&quiet);
		arena_fini(&texts);
		if (!ok || str_eq(buf_str(&a), buf_str(&b)))
			break;
		a = b;
		b = swap;
	}
	if (ok)
		buf_add_str(out, buf_str(&a));
	buf_fini(&a);
	buf_fini(&b);
	return ok;
}
