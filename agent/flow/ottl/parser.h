#pragma once

/* What the files that read OTTL's text share: the parser, its tokens, and who parses what. Each
 * parser of a part returns NULL, or false, when e is set. */

#include "agent/flow/ottl/compiled.h"
#include "agent/flow/ottl/private.h"

enum ottl_token {
	T_END,
	T_BYTES,
	T_FLOAT,
	T_INT,
	T_STRING,
	T_WORD, /* lower or upper case */
	T_OP,   /* == != < <= > >= + - * / = ( ) { } [ ] , . : */
	T_BAD,
};

struct ottl_parser {
	struct ottl *o;
	enum ottl_context context;
	struct str text;
	size_t at; /* behind the token */
	enum ottl_token token;
	struct str s; /* the token */
	size_t start; /* of it */
	unsigned depth;
	unsigned operators;
	struct err *e;
	size_t wrong; /* where, when e is set */
};

#define OTTL_FAIL(p, place, ...) (err_set((p)->e, __VA_ARGS__), ottl_fail_at((p), (place)))

/* agent/flow/ottl/tokens.c */
bool ottl_fail_at(struct ottl_parser *p, size_t at); /* always false */
void ottl_next(struct ottl_parser *p);
/* Whether a parenthesis follows the word that is the token. */
bool ottl_is_called(const struct ottl_parser *p);
bool ottl_is_op(const struct ottl_parser *p, const char *op);
bool ottl_is_keyword(const struct ottl_parser *p, const char *word);
bool ottl_take_op(struct ottl_parser *p, const char *op);
bool ottl_want_op(struct ottl_parser *p, const char *op);

/* agent/flow/ottl/literals.c */
struct ottl_node *ottl_parse_number(struct ottl_parser *p);
struct ottl_node *ottl_parse_signed(struct ottl_parser *p);
struct ottl_node *ottl_parse_literal(struct ottl_parser *p); /* a text, bytes, true, false or nil */

/* agent/flow/ottl/calls.c */
struct ottl_node *ottl_parse_call(struct ottl_parser *p, bool is_editor);

/* agent/flow/ottl/values.c */
struct ottl_node *ottl_new_node(struct ottl_parser *p, enum ottl_node_kind kind);
/* One level deeper; the caller takes it back from p->depth. */
bool ottl_enter(struct ottl_parser *p);
struct ottl_node *ottl_binary(struct ottl_parser *p, enum ottl_node_kind kind, enum ottl_op op,
	struct ottl_node *left, struct ottl_node *right, size_t at);
/* ["key"][0] behind a path or a call. */
bool ottl_parse_keys(struct ottl_parser *p, struct ottl_node ***keys, size_t *n);
struct ottl_node *ottl_parse_value(struct ottl_parser *p);
