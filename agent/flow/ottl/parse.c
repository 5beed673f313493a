/*
 * Text to tree, by recursive descent with a limit on the depth. What can be known now is
 * checked now: names of functions, paths and enums, numbers of arguments, regular expressions.
 * Here are statements and conditions; what they are made of is in values.c, calls.c, literals.c.
 */

#include "agent/base/ascii.h"
#include "agent/base/mem.h"
#include "agent/flow/ottl/parser.h"

#include <stdlib.h>

static struct ottl_node *parse_or(struct ottl_parser *p);

static const struct {
	const char *text;
	enum ottl_op op;
} comparisons[] = {{"==", OTTL_EQ}, {"!=", OTTL_NE}, {"<=", OTTL_LE}, {">=", OTTL_GE},
	{"<", OTTL_LT}, {">", OTTL_GT}};

static bool is_comparison(const struct ottl_parser *p, enum ottl_op *op)
{
	for (size_t i = 0; i < sizeof(comparisons) / sizeof(*comparisons); i++) {
		if (!ottl_is_op(p, comparisons[i].text))
			continue;
		*op = comparisons[i].op;
		return true;
	}
	return false;
}

/* Whether the token is an operator of one of these characters. */
static bool is_one_of(const struct ottl_parser *p, const char *chars)
{
	return p->token == T_OP && p->s.n == 1 && strchr(chars, p->s.p[0]);
}

/* Whether the parenthesis here is around a condition, or around a calculation: what decides is
 * the operator that follows it, or a condition's word inside it. */
static bool is_condition_in_parens(const struct ottl_parser *p)
{
	struct ottl_parser ahead = *p;
	unsigned open = 0;
	enum ottl_op op;

	do {
		if (is_one_of(&ahead, "([{"))
			open++;
		else if (is_one_of(&ahead, ")]}"))
			open--;
		else if (is_comparison(&ahead, &op) || ottl_is_keyword(&ahead, "and") ||
			 ottl_is_keyword(&ahead, "or") || ottl_is_keyword(&ahead, "not"))
			return true;
		if (ahead.token == T_END || ahead.token == T_BAD)
			return false;
		ottl_next(&ahead);
	} while (open > 0);
	return !is_comparison(&ahead, &op) && !is_one_of(&ahead, "+-*/");
}

static struct ottl_node *parse_test(struct ottl_parser *p)
{
	struct ottl_node *n;
	struct ottl_node *right;
	enum ottl_op op = OTTL_EQ;
	size_t at;

	if (ottl_is_keyword(p, "not")) {
		n = ottl_new_node(p, OTTL_NOT);
		ottl_next(p);
		if (!ottl_enter(p))
			return NULL;
		right = parse_test(p);
		p->depth--;
		n->args = arena_new(&p->o->arena, struct ottl_node *, 1);
		n->args[0] = right;
		n->n = 1;
		return right ? n : NULL;
	}
	if (ottl_is_op(p, "(") && is_condition_in_parens(p)) {
		ottl_next(p);
		n = parse_or(p);
		return n && ottl_want_op(p, ")") ? n : NULL;
	}
	n = ottl_parse_value(p);
	if (!n)
		return NULL;
	at = p->start;
	if (is_comparison(p, &op)) {
		ottl_next(p);
		right = ottl_parse_value(p);
		return right ? ottl_binary(p, OTTL_COMPARE, op, n, right, at) : NULL;
	}
	if (n->kind == OTTL_CALL || (n->kind == OTTL_LITERAL && n->literal.type == OTTL_BOOL))
		return n;
	return OTTL_FAIL(p, at, "want a comparison: ==, !=, <, <=, > or >="), NULL;
}

static struct ottl_node *parse_and(struct ottl_parser *p)
{
	struct ottl_node *n = parse_test(p);

	while (n && ottl_is_keyword(p, "and")) {
		size_t at = p->start;
		struct ottl_node *right;

		ottl_next(p);
		right = parse_test(p);
		n = right ? ottl_binary(p, OTTL_AND, OTTL_EQ, n, right, at) : NULL;
	}
	return n;
}

static struct ottl_node *parse_or(struct ottl_parser *p)
{
	struct ottl_node *n;

	if (!ottl_enter(p))
		return NULL;
	n = parse_and(p);
	while (n && ottl_is_keyword(p, "or")) {
		size_t at = p->start;
		struct ottl_node *right;

		ottl_next(p);
		right = parse_and(p);
		n = right ? ottl_binary(p, OTTL_OR, OTTL_EQ, n, right, at) : NULL;
	}
	p->depth--;
	return n;
}

static bool parse_statement(struct ottl_parser *p)
{
	if (p->token != T_WORD || ascii_is_upper(p->s.p[0]) || !ottl_is_called(p))
		return OTTL_FAIL(p, p->start, "a statement begins with a function that changes "
					      "something, as set(…)");
	p->o->editor = ottl_parse_call(p, true);
	if (!p->o->editor)
		return false;
	if (ottl_is_keyword(p, "where")) {
		ottl_next(p);
		p->o->condition = parse_or(p);
		if (!p->o->condition)
			return false;
	}
	return true;
}

static bool parse_all(struct ottl_parser *p, bool is_statement)
{
	if (p->text.n > OTTL_TEXT_MAX)
		return OTTL_FAIL(p, 0, "the text is longer than %d bytes", OTTL_TEXT_MAX);
	ottl_next(p);
	if (is_statement) {
		if (!parse_statement(p))
			return false;
	} else {
		p->o->condition = parse_or(p);
		if (!p->o->condition)
			return false;
	}
	if (p->token != T_END)
		return OTTL_FAIL(p, p->start, "\"" STR_FMT "\" is too much", STR_ARG(p->s));
	return true;
}

static struct ottl *compile(
	enum ottl_context c, struct str text, bool is_statement, size_t *at, struct err *e)
{
	struct ottl *o = mem_new(struct ottl, 1);
	struct ottl_parser p = {.o = o, .context = c, .e = e};

	arena_init(&o->arena, 0);
	p.text = arena_str(&o->arena, text);
	if (parse_all(&p, is_statement))
		return o;
	*at = p.wrong < text.n ? p.wrong : text.n ? text.n - 1
						  : 0;
	ottl_free(o);
	return NULL;
}

struct ottl *ottl_statement(enum ottl_context c, struct str text, size_t *at, struct err *e)
{
	return compile(c, text, true, at, e);
}

struct ottl *ottl_condition(enum ottl_context c, struct str text, size_t *at, struct err *e)
{
	return compile(c, text, false, at, e);
}

void ottl_free(struct ottl *o)
{
	if (!o)
		return;
	for (struct ottl_node *n = o->regexes; n; n = n->next_regex)
		regex_free(n->re);
	arena_fini(&o->arena);
	free(o);
}
