/*
 * Diagnostics and their text. The form is Alloy's (syntax/diag/printer.go), byte for byte, because
 * people and editors know it. Columns count bytes; carets are one a character.
 */

#include "agent/config/diag.h"

#include "agent/base/buf.h"
#include "agent/base/mem.h"
#include "agent/base/must.h"
#include "agent/base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define TAB_WIDTH 4
#define LINE_MAX_SHOWN 2000 /* bytes; a longer one is cut, so that it cannot flood the terminal */
#define WINDOW_MAX 100      /* lines; of a longer range the middle is left out */
#define RED "\x1b[31;1m"
#define YELLOW "\x1b[33;1m"
#define BOLD "\x1b[1m"
#define PLAIN "\x1b[0m"

void diags_init(struct diags *d, struct arena *a)
{
	*d = (struct diags){.arena = a};
}

void diags_fini(struct diags *d)
{
	free(d->p);
	*d = (struct diags){0};
}

static struct str vformat(struct arena *a, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));
static struct str vformat(struct arena *a, const char *fmt, va_list ap)
{
	va_list again;
	char *p;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	must(n >= 0);
	p = arena_new(a, char, (size_t)n + 1);
	vsnprintf(p, (size_t)n + 1, fmt, ap);
	return (struct str){p, (size_t)n};
}

static struct diag *add(struct diags *d, enum severity severity, struct range at)
{
	if (d->n == d->cap) {
		d->cap = d->cap ? d->cap * 2 : 8;
		d->p = mem_resize(d->p, d->cap * sizeof(*d->p));
	}
	d->p[d->n] = (struct diag){.severity = severity, .at = at};
	if (severity == DIAG_ERROR)
		d->errors++;
	return &d->p[d->n++];
}

bool diag_error(struct diags *d, struct range at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(d, DIAG_ERROR, at)->message = vformat(d->arena, fmt, ap);
	va_end(ap);
	return false;
}

bool diag_warning(struct diags *d, struct range at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(d, DIAG_WARNING, at)->message = vformat(d->arena, fmt, ap);
	va_end(ap);
	return false;
}

void diag_hint(struct diags *d, const char *fmt, ...)
{
	va_list ap;

	must(d->n > 0);
	va_start(ap, fmt);
	d->p[d->n - 1].hint = vformat(d->arena, fmt, ap);
	va_end(ap);
}

struct place {
	size_t line;
	size_t column;
};

static struct place place_of(struct str text, size_t at)
{
	struct place p = {1, 1};
	size_t from = 0;

	if (at > text.n)
		at = text.n;
	while (from < at) {
		const char *nl = memchr(text.p + from, '\n', at - from);

		if (!nl)
			break;
		from = (size_t)(nl - text.p) + 1;
		p.line++;
	}
	p.column = at - from + 1;
	return p;
}

void range_position(struct range at, size_t *line, size_t *column)
{
	struct place p = {0, 0};

	if (at.file)
		p = place_of(at.file->text, at.start);
	*line = p.line;
	*column = p.column;
}

static void fill(struct buf *out, size_t n, char c)
{
	while (n-- > 0)
		buf_add_char(out, c);
}

static bool in_range(size_t line, size_t column, struct place start, struct place end)
{
	if (line < start.line || line > end.line)
		return false;
	if (line == start.line)
		return column >= start.column;
	if (line == end.line)
		return column <= end.column;
	return true;
}

static void print_line(struct buf *out, struct str line)
{
	for (size_t at = 0; at < line.n;) {
		size_t n = utf8_length(line, at);

		if (line.p[at] == '\t' || line.p[at] == '\v')
			fill(out, TAB_WIDTH, ' ');
		else if (n == 0)
			buf_add_str(out, STR("\xef\xbf\xbd"));
		else if (line.p[at] != '\r')
			buf_add(out, line.p + at, n);
		at += n ? n : 1;
	}
	buf_add_char(out, '\n');
}

static void print_focus(struct buf *out, struct str line, size_t number, struct place start,
	struct place end)
{
	char blank = end.line > start.line ? '_' : ' ';
	size_t at = 0;

	while (at < line.n) {
		size_t n = utf8_length(line, at);

		if (number == end.line && at + 1 > end.column)
			break;
		if (line.p[at] == '\t' || line.p[at] == '\v')
			fill(out, TAB_WIDTH, blank);
		else
			buf_add_char(out, in_range(number, at + 1, start, end) ? '^' : blank);
		at += n ? n : 1;
	}
	buf_add_char(out, '\n');
}

/* The line of text that begins at byte *at, as much of it as is shown; *at moves behind it. */
static struct str take_line(struct str text, size_t *at)
{
	const char *from = text.p + *at;
	const char *nl = *at < text.n ? memchr(from, '\n', text.n - *at) : NULL;
	size_t n = nl ? (size_t)(nl - from) : text.n - *at;

	*at += n + 1;
	return (struct str){from, n > LINE_MAX_SHOWN ? LINE_MAX_SHOWN : n};
}

static void print_window(struct buf *out, struct range r)
{
	struct str text = r.file->text;
	struct place start = place_of(text, r.start);
	struct place end = place_of(text, r.end > r.start ? r.end : r.start);
	size_t lines = place_of(text, text.n).line;
	size_t first = start.line > 1 ? start.line - 1 : 1;
	size_t last = end.line < lines ? end.line + 1 : lines;
	bool multiline = end.line > start.line;
	size_t at = 0;
	char digits[24];
	int width = snprintf(digits, sizeof(digits), "%zu", last);

	for (size_t i = 1; i < first; i++)
		take_line(text, &at);
	for (size_t i = first; i <= last; i++) {
		struct str line = take_line(text, &at);

		if (last - first >= WINDOW_MAX && i - first >= WINDOW_MAX / 2 &&
			last - i >= WINDOW_MAX / 2) {
			if (i - first == WINDOW_MAX / 2)
				buf_printf(out, "%*s | ...\n", width, "");
			continue;
		}
		buf_printf(out, "%*zu | ", width, i);
		if (multiline)
			buf_add(out, in_range(i, 0, start, end) ? "| " : "  ", 2);
		print_line(out, line);
		if (i != start.line && !(multiline && i == end.line))
			continue;
		fill(out, (size_t)width, ' ');
		if (multiline)
			buf_add_str(out, i == start.line ? STR(" |  _") : STR(" | |_"));
		else
			buf_add_str(out, STR(" | "));
		print_focus(out, line, i, start, end);
	}
}

static void print_header(struct buf *out, const struct diag *d, bool colour)
{
	const char *name = d->severity == DIAG_ERROR ? "Error: " : "Warning: ";
	const char *shade = d->severity == DIAG_ERROR ? RED : YELLOW;
	size_t line, column;

	buf_printf(out, "%s%s%s%s", colour ? shade : "", name, colour ? PLAIN : "",
		colour ? BOLD : "");
	if (d->at.file) {
		range_position(d->at, &line, &column);
		buf_printf(out, STR_FMT ":%zu:%zu: ", STR_ARG(d->at.file->name), line, column);
	}
	buf_add_str(out, d->message);
	buf_add_str(out, colour ? STR(PLAIN "\n") : STR("\n"));
}

void diags_print(struct buf *out, const struct diags *d, bool colour)
{
	for (size_t i = 0; i < d->n; i++) {
		if (i > 0)
			buf_add_char(out, '\n');
		print_header(out, &d->p[i], colour);
		if (d->p[i].at.file) {
			buf_add_char(out, '\n');
			print_window(out, d->p[i].at);
		}
		if (d->p[i].hint.n)
			buf_printf(out, "%shint: " STR_FMT "\n", d->p[i].at.file ? "\n" : "",
				STR_ARG(d->p[i].hint));
	}
}
