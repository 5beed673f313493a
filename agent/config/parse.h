#pragma once

/* What the two halves of the parser share: statements in parse.c, expressions in parse_expr.c. */

#include "agent/config/ast.h"
#include "agent/config/token.h"

#define DEPTH_MAX 500  /* of nested blocks, brackets and operators */
#define ERRORS_MAX 200 /* of one file; what comes after is noise */

struct parser {
	struct arena *a;
	const struct source *src;
	struct diags *d;
	struct scanner scanner;
	struct token t; /* the current one, never a comment */
	struct {
		struct comment *p;
		size_t n;
		size_t cap;
	} comments;
	size_t depth;
	size_t errors_before; /* d->errors when this file began */
	bool gave_up;         /* all that follows is TOKEN_EOF */
	size_t line;          /* of byte line_at */
	size_t line_at;
	size_t error_line; /* of the last error; a second one there is not reported */
};

void parser_init(struct parser *p, struct arena *a, const struct source *src, struct diags *d);
void parser_next(struct parser *p);
void parser_give_up(struct parser *p, const char *why, size_t limit);

/* Takes the current token; reports it if it is not of this kind. */
struct token parser_expect(struct parser *p, enum token_kind kind);
void parser_error(struct parser *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
struct range parser_range(const struct parser *p, size_t start, size_t end);
void parser_skip_to(struct parser *p, enum token_kind kind);
void parser_skip_statement(struct parser *p);

/* A deeper level. False, and the parser has given up, if it is one too many. */
bool parser_enter(struct parser *p);
void parser_leave(struct parser *p);

void parse_body(struct parser *p, enum token_kind until, struct body *out);
struct expr *parse_expression(struct parser *p);
