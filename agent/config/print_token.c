/*
 * Tokens and what is between them. White space that the tree asks for waits until the next
 * token, because a comment that stands before that token in the source comes first and brings
 * its own lines. So all that is needed is to know, at each token, where it was in the source;
 * where the tree does not say (commas), it is counted on from the token before.
 *
 * The rules are those of Alloy's formatter (Alloy: syntax/printer), so that both give the same
 * bytes.
 */

#include "agent/base/must.h"
#include "agent/base/vec.h"
#include "agent/config/print_private.h"

#include <stdlib.h>

#define NEWLINES_MAX 2 /* one empty line */
#define FOR_EVER SIZE_MAX

void printer_init(struct printer *p, const struct file *f, struct buf *out)
{
	struct str text = f->source->text;

	*p = (struct printer){.file = f, .line = 1, .at_newline = true, .last_token = -1};
	align_init(&p->align, out);
	*vec_add(&p->line_starts) = 0;
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] == '\n')
			*vec_add(&p->line_starts) = i + 1;
}

size_t printer_line(const struct printer *p, size_t byte)
{
	size_t low = 0, high = p->line_starts.n;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (p->line_starts.p[middle] <= byte)
			low = middle;
		else
			high = middle;
	}
	return low + 1;
}

void printer_at(struct printer *p, size_t byte)
{
	p->at = byte;
	p->line = printer_line(p, byte);
}

static void put_indent(struct printer *p)
{
	if (!p->at_newline)
		return;
	for (int i = 0; i < p->indent; i++)
		align_tab(&p->align, true);
	p->at += (size_t)p->indent;
	p->at_newline = false;
}

static void put_newlines(struct printer *p, bool is_break, size_t n)
{
	put_indent(p);
	for (size_t i = 0; i < n; i++) {
		if (is_break)
			align_break(&p->align);
		else
			align_newline(&p->align);
	}
	p->at += n;
	p->line += n;
	p->at_newline = true;
}

static void put_blank(struct printer *p)
{
	put_indent(p);
	align_text(&p->align, STR(" "), false);
	p->at++;
}

static void put_column(struct printer *p, bool is_hard)
{
	put_indent(p);
	align_tab(&p->align, is_hard);
	p->at++;
}

/* A string's own newlines are lines like others, only that nothing of them is changed. */
static void put_lines(struct printer *p, struct str s)
{
	struct str line, rest = s;

	while (str_cut(rest, '\n', &line, &rest)) {
		align_text(&p->align, line, true);
		align_newline(&p->align);
	}
	align_text(&p->align, rest, s.n > rest.n);
}

/* It is at this byte of this line. A comment is one piece whatever is in it. */
static void put_text(struct printer *p, size_t at, size_t line, struct str s, bool is_comment)
{
	put_indent(p);
	p->at = at + s.n;
	p->line = line;
	for (size_t i = 0; i < s.n; i++)
		p->line += s.p[i] == '\n';
	if (is_comment)
		align_text(&p->align, s, true);
	else
		put_lines(p, s);
	p->last_line = p->line;
	p->at_newline = false;
	p->any = true;
}

static void put_spaces(struct printer *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		switch (p->spaces[i]) {
		case SPACE_NONE:
			break;
		case SPACE_BLANK:
			put_blank(p);
			break;
		case SPACE_COLUMN:
			put_column(p, false);
			break;
		case SPACE_NEWLINE:
			put_newlines(p, false, 1);
			break;
		case SPACE_BREAK:
			put_newlines(p, true, 1);
			break;
		case SPACE_INDENT:
			p->indent++;
			break;
		case SPACE_UNINDENT:
			must(p->indent > 0);
			p->indent--;
			break;
		}
	}
	p->n_spaces -= n;
	memmove(p->spaces, p->spaces + n, p->n_spaces * sizeof(p->spaces[0]));
}

void printer_space(struct printer *p, enum space s)
{
	if (p->n_spaces == SPACES_MAX)
		put_spaces(p, SPACES_MAX);
	p->spaces[p->n_spaces++] = s;
	p->last_token = -1;
}

static bool is_indent(enum space s)
{
	return s == SPACE_INDENT || s == SPACE_UNINDENT;
}

/* The comment is on a line of its own. Of the white space that waits only a change of the indent
 * before the first newline is for it. */
static void begin_own_line(struct printer *p, size_t line)
{
	size_t n = 0;

	while (n < p->n_spaces && is_indent(p->spaces[n]))
		n++;
	if (n < p->n_spaces)
		p->spaces[n] = SPACE_NONE;
	else
		n = 0;
	put_spaces(p, n);
	if (p->last_line && line > p->last_line)
		put_newlines(p, true,
			line - p->last_line > NEWLINES_MAX ? NEWLINES_MAX : line - p->last_line);
}

static void begin_comment(struct printer *p, const struct comment *c, size_t next_line)
{
	size_t line = printer_line(p, c->at.start);

	if (!p->any)
		return;
	if (line != p->last_line)
		begin_own_line(p, line);
	else if (line == next_line)
		put_blank(p);
	else
		put_column(p, true);
}

static bool is_block_comment(const struct comment *c)
{
	return c->text.p[1] == '*';
}

/* CRs say nothing here, as everywhere in the language. */
static void put_comment(struct printer *p, const struct comment *c)
{
	struct buf clean = {0};

	for (size_t i = 0; i < c->text.n; i++)
		if (c->text.p[i] != '\r')
			buf_add_char(&clean, c->text.p[i]);
	put_text(p, c->at.start, printer_line(p, c->at.start), buf_str(&clean), true);
	buf_fini(&clean);
}

/* Behind the last comment before a token. */
static void end_comments(struct printer *p, const struct comment *last, size_t next_line)
{
	size_t end = printer_line(p, last->at.end);
	size_t newlines = next_line > p->last_line ? next_line - p->last_line : 0;
	bool is_break = false;

	if (is_block_comment(last) && next_line == end)
		put_blank(p);
	for (size_t i = 0; i < p->n_spaces; i++) {
		is_break |= p->spaces[i] == SPACE_BREAK;
		if (!is_indent(p->spaces[i]))
			p->spaces[i] = SPACE_NONE;
	}
	put_spaces(p, p->n_spaces);
	if (newlines == 0 && !is_block_comment(last))
		newlines = 1; /* what follows must not become part of it */
	if (newlines > 0)
		put_newlines(p, is_break, newlines > NEWLINES_MAX ? NEWLINES_MAX : newlines);
}

/* Nothing but white space is between them, and no empty line: they stay together. */
static bool belong_together(const struct printer *p, const struct comment *a,
	const struct comment *b)
{
	const char *text = p->file->source->text.p;

	if (printer_line(p, b->at.start) > printer_line(p, a->at.end) + 1)
		return false;
	for (size_t i = (size_t)a->at.end + 1; i < b->at.start; i++)
		if (!strchr(" \t\r\n", text[i]))
			return false;
	return true;
}

static const struct comment *put_group(struct printer *p, size_t next_line)
{
	const struct comment *c = &p->file->comments[p->comment];

	for (;;) {
		begin_comment(p, c, next_line);
		put_comment(p, c);
		p->comment++;
		if (p->comment == p->file->n_comments || !belong_together(p, c, c + 1))
			return c;
		c++;
	}
}

static bool is_comment_before(const struct printer *p, size_t byte)
{
	return p->comment < p->file->n_comments &&
	       p->file->comments[p->comment].at.start <= byte;
}

static void put_what_waits(struct printer *p)
{
	const struct comment *last = NULL;
	size_t next = p->at, next_line = p->line;

	while (is_comment_before(p, next))
		last = put_group(p, next_line);
	if (last)
		end_comments(p, last, next_line);
	else
		put_spaces(p, p->n_spaces);
}

/* A text that stands at p->at. */
static void put_token(struct printer *p, struct str s)
{
	size_t at = p->at, line = p->line;

	put_what_waits(p);
	put_text(p, at, line, s, false);
}

void printer_token(struct printer *p, enum token_kind kind)
{
	/* 1 .a is not 1.a */
	if (p->last_token == TOKEN_NUMBER && kind == TOKEN_DOT)
		printer_space(p, SPACE_BLANK);
	p->last_token = (int)kind;
	put_token(p, str_from(token_name(kind)));
}

void printer_text(struct printer *p, enum token_kind kind, struct str text)
{
	p->last_token = (int)kind;
	put_token(p, text);
}

void printer_end(struct printer *p)
{
	while (is_comment_before(p, FOR_EVER))
		put_group(p, FOR_EVER);
	align_end(&p->align);
	free(p->line_starts.p);
}
