#pragma once

/* What the files that read an expression's text share. */

#include "agent/component/loki.process/jmespath_private.h"

struct err;

enum jmes_token {
	T_END,
	T_NAME,
	T_QUOTED,
	T_LITERAL, /* `json` or 'raw'; .text is JSON */
	T_NUMBER,
	T_DOT,
	T_STAR,
	T_FILTER, /* [? */
	T_FLATTEN,
	T_LBRACKET,
	T_RBRACKET,
	T_LBRACE,
	T_RBRACE,
	T_LPAREN,
	T_RPAREN,
	T_COMMA,
	T_COLON,
	T_CURRENT,
	T_REF,
	T_PIPE,
	T_OR,
	T_AND,
	T_NOT,
	T_COMPARE,
};

struct jmes_parser {
	struct str s;
	size_t at;
	struct arena *a;
	struct err *e;
	size_t depth;
	size_t nodes;
	/* the token that is next */
	enum jmes_token token;
	size_t token_at;
	struct str text;
	int64_t number;
	enum jmes_compare compare;
};

/* agent/component/loki.process/jmespath_tokens.c */
bool jmes_fail(struct jmes_parser *p, const char *what); /* always false */
bool jmes_next(struct jmes_parser *p);
/* The next token, which has to be this one. */
bool jmes_take(struct jmes_parser *p, enum jmes_token token, const char *what);

/* agent/component/loki.process/jmespath_parse.c: up to an operator that binds no more than
 * power, with 0 the whole of it. NULL: e is set. */
struct jmes_node *jmes_expression(struct jmes_parser *p, int power);
