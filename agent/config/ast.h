#pragma once

/*
 * The syntax tree. It keeps what a formatter and modules need later: comments, the exact
 * position of everything, literals as they were written. All of it lives in the arena
 * given to parse().
 */

#include "agent/config/diag.h"

enum expr_kind {
	EXPR_LITERAL, /* number, float, string, bool, null: .text as written */
	EXPR_IDENT,
	EXPR_ARRAY,
	EXPR_OBJECT,
	EXPR_ACCESS, /* .operand . .text */
	EXPR_INDEX,  /* .operand [ .index ] */
	EXPR_CALL,   /* .operand ( .items ) */
	EXPR_UNARY,
	EXPR_BINARY,
	EXPR_PAREN,
};

struct expr {
	enum expr_kind kind;
	int token;       /* enum token_kind: of a literal, or the operator */
	struct range at; /* whole expression */
	struct str text;
	struct range text_at; /* of the name after the dot */
	struct expr *operand; /* left one of a binary */
	struct expr *index;   /* right one of a binary */
	struct expr **items;
	struct object_field *fields;
	size_t n;        /* of items or fields */
	uint32_t height; /* of the tree, itself included: at most 500, so that walks may recurse */
};

struct object_field {
	struct str key;
	bool is_quoted;
	struct range key_at;
	struct expr *value;
};

struct stmt {
	bool is_block;
	struct str name; /* attribute's name, or the block's, dots included */
	struct range name_at;
	struct range at;       /* the whole statement */
	struct expr *value;    /* attributes */
	struct str label;      /* blocks; empty: none */
	struct range label_at; /* file NULL: no label written */
	uint32_t body_start;   /* blocks: byte of { … */
	uint32_t body_end;     /* … and of } */
	struct body *body;
};

struct body {
	struct stmt *stmts;
	size_t n;
};

struct comment {
	struct str text; /* as written, with its // or slash-star */
	struct range at;
};

struct file {
	const struct source *source;
	struct body body;
	struct comment *comments;
	size_t n_comments;
};

/* Parses one file. Errors go to d; the tree of what could be understood is returned always
 * (never NULL). src must outlive it. */
struct file *parse_file(struct arena *a, const struct source *src, struct diags *d);
/* One expression alone (for defaults in argument tables, and tests). NULL on error. */
struct expr *parse_expr(struct arena *a, const struct source *src, struct diags *d);

/* The expression as configuration text on one line, literals as written; for messages. */
struct buf;
void expr_print(struct buf *out, const struct expr *x);
