/*
 * What stands for itself in OTTL: numbers, texts, bytes in hex, true, false and nil. A text has
 * the escapes of Go's strconv.Unquote() but for those by number.
 */

#include "agent/base/ascii.h"
#include "agent/base/utf8.h"
#include "agent/flow/ottl/parser.h"

#include <stdlib.h>

enum {
	NUMBER_MAX = 64,
};

static int escaped(char c)
{
	static const char from[] = "abfnrtv\\\"'";
	static const char to[] = "\a\b\f\n\r\t\v\\\"'";
	const char *found = c ? strchr(from, c) : NULL;

	return found ? to[found - from] : -1;
}

/* As strconv.Unquote(), without \x and \u. */
static bool unquote(struct ottl_parser *p, struct str *out)
{
	char *text = arena_new(&p->o->arena, char, p->s.n);
	size_t n = 0;

	for (size_t i = 1; i + 1 < p->s.n; i++) {
		int c = (uint8_t)p->s.p[i];

		if (c == '\\') {
			c = escaped(p->s.p[++i]);
			if (c < 0)
				return OTTL_FAIL(p, p->start + i - 1,
					"\"\\%c\" is no escape; a backslash is written \"\\\\\"",
					p->s.p[i]);
		}
		text[n++] = (char)c;
	}
	*out = (struct str){text, n};
	if (!utf8_is_valid(*out))
		return OTTL_FAIL(p, p->start, "the string is not UTF-8");
	return true;
}

static bool parse_hex(struct ottl_parser *p, struct str *out)
{
	struct str digits = str_from_at(p->s, 2);
	char *bytes = arena_new(&p->o->arena, char, digits.n / 2 + 1);

	if (digits.n == 0 || digits.n % 2)
		return OTTL_FAIL(p, p->start, "bytes have two hex digits each");
	for (size_t i = 0; i < digits.n; i++) {
		char c = digits.p[i];
		int d = ascii_hex(c);

		if (d < 0)
			return OTTL_FAIL(p, p->start, "\"%c\" is no hex digit", c);
		bytes[i / 2] = (char)(i % 2 ? (bytes[i / 2] << 4) | d : d);
	}
	*out = (struct str){bytes, digits.n / 2};
	return true;
}

struct ottl_node *ottl_parse_number(struct ottl_parser *p)
{
	struct ottl_node *n = ottl_new_node(p, OTTL_LITERAL);
	char text[NUMBER_MAX + 1];

	if (p->s.n > NUMBER_MAX)
		return OTTL_FAIL(p, p->start, "the number is too long"), NULL;
	memcpy(text, p->s.p, p->s.n);
	text[p->s.n] = 0;
	if (p->token == T_FLOAT) {
		n->literal = (struct ottl_value){.type = OTTL_FLOAT, .f = strtod(text, NULL)};
	} else {
		n->literal.type = OTTL_INT;
		if (!str_to_int(p->s, &n->literal.i))
			return OTTL_FAIL(p, p->start, "the number is too large"), NULL;
	}
	ottl_next(p);
	return n;
}

struct ottl_node *ottl_parse_literal(struct ottl_parser *p)
{
	struct ottl_node *n = ottl_new_node(p, OTTL_LITERAL);

	if (p->token == T_STRING) {
		n->literal.type = OTTL_STR;
		if (!unquote(p, &n->literal.s))
			return NULL;
	} else if (p->token == T_BYTES) {
		n->literal.type = OTTL_BYTES;
		if (!parse_hex(p, &n->literal.s))
			return NULL;
	} else if (ottl_is_keyword(p, "true") || ottl_is_keyword(p, "false")) {
		n->literal = ottl_bool(ottl_is_keyword(p, "true"));
	}
	ottl_next(p); /* or nil */
	return n;
}

/* A number with a sign is a literal, too. */
struct ottl_node *ottl_parse_signed(struct ottl_parser *p)
{
	bool minus = ottl_is_op(p, "-");
	struct ottl_node *n;

	ottl_next(p);
	if (p->token != T_INT && p->token != T_FLOAT)
		return OTTL_FAIL(p, p->start, "want a number"), NULL;
	n = ottl_parse_number(p);
	if (n && minus) {
		n->literal.i = -n->literal.i;
		n->literal.f = -n->literal.f;
	}
	return n;
}
