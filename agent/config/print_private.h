#pragma once

/* The formatter's halves: print.c walks the tree, print_token.c puts comments and white space
 * between the tokens, print_align.c sets the columns. */

#include "agent/base/buf.h"
#include "agent/config/ast.h"
#include "agent/config/token.h"

/* Text in cells. A cell ends with a tab or a line; cells above each other in lines that follow
 * each other form a column, and a column is as wide as its widest cell and a space. */
struct align_cell {
	size_t at; /* of its text */
	size_t n;
	size_t width; /* in characters; of the column once it is set */
	bool is_hard; /* ends with a tab of the indent: wide even if empty */
};

struct align_line {
	size_t cell; /* the first one */
	size_t n;
	size_t kept; /* up to here the line's text is never trimmed: of a string or comment */
};

struct align {
	struct buf text;
	struct {
		struct align_cell *p;
		size_t n, cap;
	} cells;
	struct {
		struct align_line *p;
		size_t n, cap;
	} lines;
	struct buf *out;
};

void align_init(struct align *l, struct buf *out);
void align_text(struct align *l, struct str s, bool keep); /* keep: blanks at its end stay */
void align_tab(struct align *l, bool is_hard);
void align_newline(struct align *l);
void align_break(struct align *l); /* a newline that no column crosses */
void align_end(struct align *l);   /* prints the rest; frees everything */

/* White space that waits for the next token, as comments may come before it. */
enum space {
	SPACE_NONE,
	SPACE_BLANK,
	SPACE_COLUMN, /* what is behind it is aligned */
	SPACE_NEWLINE,
	SPACE_BREAK, /* a newline that ends the columns */
	SPACE_INDENT,
	SPACE_UNINDENT,
};

#define SPACES_MAX 16

struct printer {
	struct align align;
	const struct file *file;
	struct {
		size_t *p; /* where each line begins */
		size_t n, cap;
	} line_starts;

	size_t comment; /* the next one to be printed */
	enum space spaces[SPACES_MAX];
	size_t n_spaces;
	int indent;
	int last_token;  /* enum token_kind; -1: white space */
	bool at_newline; /* of the output */
	bool any;        /* something was printed */

	/* Where the printer is in the source: exact behind printer_at(), else counted on. */
	size_t at;
	size_t line;
	size_t last_line; /* of the end of what was printed last */
};

void printer_init(struct printer *p, const struct file *f, struct buf *out);
void printer_end(struct printer *p); /* prints the comments that are left; frees everything */
size_t printer_line(const struct printer *p, size_t byte);
void printer_at(struct printer *p, size_t byte);
void printer_space(struct printer *p, enum space s);
void printer_token(struct printer *p, enum token_kind kind);
/* A name or a literal. */
void printer_text(struct printer *p, enum token_kind kind, struct str text);
