#pragma once

/* The tokens of the language, and what cuts a source into them (Alloy: syntax/scanner). */

#include "agent/config/diag.h"

enum token_kind {
	TOKEN_ILLEGAL,
	TOKEN_EOF,
	TOKEN_COMMENT,
	TOKEN_IDENT,
	TOKEN_NUMBER,
	TOKEN_FLOAT,
	TOKEN_STRING,
	TOKEN_BOOL,
	TOKEN_NULL,
	TOKEN_OR,
	TOKEN_AND,
	TOKEN_NOT,
	TOKEN_ASSIGN,
	TOKEN_EQ,
	TOKEN_NEQ,
	TOKEN_LT,
	TOKEN_LTE,
	TOKEN_GT,
	TOKEN_GTE,
	TOKEN_ADD,
	TOKEN_SUB,
	TOKEN_MUL,
	TOKEN_DIV,
	TOKEN_MOD,
	TOKEN_POW,
	TOKEN_LCURLY,
	TOKEN_RCURLY,
	TOKEN_LPAREN,
	TOKEN_RPAREN,
	TOKEN_LBRACK,
	TOKEN_RBRACK,
	TOKEN_COMMA,
	TOKEN_DOT,
	TOKEN_TERMINATOR,
};

const char *token_name(enum token_kind kind); /* as messages show it: IDENT, {, TERMINATOR */

struct token {
	enum token_kind kind;
	uint32_t at;     /* byte where it begins */
	struct str text; /* as written: names, literals, comments; empty for the others */
};

struct scanner {
	const struct source *src;
	struct diags *d;
	size_t at;   /* byte where ch begins */
	size_t next; /* byte behind it */
	size_t seen; /* up to here characters were checked, so that none is reported twice */
	int32_t ch;  /* the character; -1 at the end */
	bool term;   /* the next newline is a TERMINATOR */
};

/* Errors go to d. The source is at most SOURCE_MAX bytes. */
#define SOURCE_MAX ((size_t)16 << 20)
void scanner_init(struct scanner *s, const struct source *src, struct diags *d);
struct token scanner_take(struct scanner *s); /* at the end TOKEN_EOF, again and again */

bool is_identifier(struct str s);
