/*
 * Columns, as Go's text/tabwriter sets them for Alloy's formatter. Lines are gathered until one
 * ends with a break; then the widths are set and the lines printed. A cell's column ends where a
 * line has no such cell, so each run of cells is measured once, from its first line.
 */

#include "agent/base/utf8.h"
#include "agent/base/vec.h"
#include "agent/config/print_private.h"

#include <stdlib.h>

#define TAB_WIDTH 8

static void new_line(struct align *l)
{
	*vec_add(&l->lines) = (struct align_line){.cell = l->cells.n, .n = 1};
	*vec_add(&l->cells) = (struct align_cell){.at = l->text.n};
}

static struct align_cell *last_cell(struct align *l)
{
	return &l->cells.p[l->cells.n - 1];
}

static struct align_line *last_line(struct align *l)
{
	return &l->lines.p[l->lines.n - 1];
}

static size_t count_chars(struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return n;
}

void align_init(struct align *l, struct buf *out)
{
	*l = (struct align){.out = out};
	new_line(l);
}

void align_text(struct align *l, struct str s, bool keep)
{
	struct align_cell *c = last_cell(l);

	buf_add_str(&l->text, s);
	c->n += s.n;
	c->width += count_chars(s);
	if (keep)
		last_line(l)->kept = l->text.n;
}

void align_tab(struct align *l, bool is_hard)
{
	last_cell(l)->is_hard = is_hard;
	*vec_add(&l->cells) = (struct align_cell){.at = l->text.n};
	last_line(l)->n++;
}

void align_newline(struct align *l)
{
	new_line(l);
}

static struct align_cell *cell_at(struct align *l, size_t line, size_t column)
{
	return &l->cells.p[l->lines.p[line].cell + column];
}

/* The last cell of a line is of no column. */
static bool has_column(const struct align *l, size_t line, size_t column)
{
	return line < l->lines.n && column + 1 < l->lines.p[line].n;
}

static void set_column(struct align *l, size_t from, size_t column)
{
	bool is_empty = true;
	size_t width = 0, i;

	for (i = from; has_column(l, i, column); i++) {
		const struct align_cell *c = cell_at(l, i, column);

		width = c->width + 1 > width ? c->width + 1 : width;
		is_empty = is_empty && c->width == 0 && !c->is_hard;
	}
	for (i = from; has_column(l, i, column); i++)
		cell_at(l, i, column)->width = is_empty ? 0 : width;
}

static void print_padding(struct align *l, size_t text, size_t width, bool with_tabs)
{
	size_t n = with_tabs ? (width + TAB_WIDTH - 1) / TAB_WIDTH
			     : (width > text ? width - text : 0);

	while (n-- > 0)
		buf_add_char(l->out, with_tabs ? '\t' : ' ');
}

static void print_line(struct align *l, const struct align_line *line, size_t line_start)
{
	size_t keep = line_start;
	bool with_tabs = true; /* cells that are empty at its begin are the indent */

	for (size_t i = 0; i < line->n; i++) {
		const struct align_cell *c = &l->cells.p[line->cell + i];
		struct str text = str_head(str_from_at(buf_str(&l->text), c->at), c->n);

		with_tabs = with_tabs && c->n == 0;
		if (c->n)
			buf_add_str(l->out, text);
		if (line->kept > c->at && line->kept <= c->at + c->n)
			keep = l->out->n - (c->at + c->n - line->kept);
		if (i + 1 < line->n)
			print_padding(l, count_chars(text), c->width, with_tabs);
	}
	while (l->out->n > keep && strchr(" \t", l->out->p[l->out->n - 1]))
		l->out->n--;
}

static void print_lines(struct align *l)
{
	for (size_t i = 0; i < l->lines.n; i++)
		for (size_t column = 0; has_column(l, i, column); column++)
			if (i == 0 || !has_column(l, i - 1, column))
				set_column(l, i, column);
	for (size_t i = 0; i < l->lines.n; i++) {
		if (i > 0)
			buf_add_char(l->out, '\n');
		print_line(l, &l->lines.p[i], l->out->n);
	}
	buf_clear(&l->text);
	l->cells.n = 0;
	l->lines.n = 0;
}

void align_break(struct align *l)
{
	print_lines(l);
	buf_add_char(l->out, '\n');
	new_line(l);
}

void align_end(struct align *l)
{
	print_lines(l);
	buf_fini(&l->text);
	free(l->cells.p);
	free(l->lines.p);
}
