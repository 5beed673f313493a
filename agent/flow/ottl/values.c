/*
 * What has a value: literals, paths and their keys, lists and maps, calls, and sums of them. Each
 * level of parentheses, calls and lists is a level of recursion, and counted.
 */

#include "agent/base/ascii.h"
#include "agent/flow/ottl/parser.h"

enum {
	MAX_LIST = 256,
	MAX_KEYS = 16,
	MAX_OPERATORS = 512, /* they are a chain, down which it recurses */
};

struct ottl_node *ottl_new_node(struct ottl_parser *p, enum ottl_node_kind kind)
{
	struct ottl_node *n = arena_new(&p->o->arena, struct ottl_node, 1);

	n->kind = kind;
	n->at = p->start;
	return n;
}

bool ottl_enter(struct ottl_parser *p)
{
	if (++p->depth > OTTL_DEPTH)
		return OTTL_FAIL(p, p->start, "nested deeper than %d", OTTL_DEPTH);
	return true;
}

/* The list of nodes between here and close, commas between them; the opening one was taken. */
static bool parse_list(struct ottl_parser *p, const char *close, bool is_map, struct ottl_node *n)
{
	struct ottl_node *items[MAX_LIST] = {NULL};
	int each = is_map ? 2 : 1; /* a key and its value */

	while (!ottl_is_op(p, close)) {
		if (n->n > 0 && !ottl_want_op(p, ","))
			return false;
		if (n->n + 2 > MAX_LIST)
			return OTTL_FAIL(p, p->start, "more than %d elements", MAX_LIST / each);
		if (is_map && p->token != T_STRING)
			return OTTL_FAIL(p, p->start, "want a string as key");
		for (int i = 0; i < each; i++) {
			if (i == 1 && !ottl_want_op(p, ":"))
				return false;
			items[n->n] = ottl_parse_value(p);
			if (!items[n->n++])
				return false;
		}
	}
	n->args = arena_new(&p->o->arena, struct ottl_node *, n->n + 1);
	memcpy(n->args, items, n->n * sizeof(*items));
	return ottl_want_op(p, close);
}

/* ["key"][0] behind a path or a call. */
bool ottl_parse_keys(struct ottl_parser *p, struct ottl_node ***keys, size_t *n)
{
	struct ottl_node *found[MAX_KEYS] = {NULL};

	*n = 0;
	while (ottl_take_op(p, "[")) {
		if (*n == MAX_KEYS)
			return OTTL_FAIL(p, p->start, "more than %d keys", MAX_KEYS);
		found[*n] = ottl_parse_value(p);
		if (!found[(*n)++] || !ottl_want_op(p, "]"))
			return false;
	}
	*keys = arena_new(&p->o->arena, struct ottl_node *, *n + 1);
	memcpy(*keys, found, *n * sizeof(*found));
	return true;
}

static struct ottl_node *parse_path(struct ottl_parser *p)
{
	struct ottl_node *n = ottl_new_node(p, OTTL_PATH);
	size_t end = p->at;
	struct str name;

	ottl_next(p);
	while (ottl_is_op(p, ".") && p->start == end) {
		ottl_next(p);
		if (p->token != T_WORD || p->start != end + 1)
			return OTTL_FAIL(p, p->start, "want a name after \".\""), NULL;
		end = p->at;
		ottl_next(p);
	}
	name = (struct str){p->text.p + n->at, end - n->at};
	n->path = arena_new(&p->o->arena, struct ottl_path, 1);
	if (!ottl_path_resolve(p->context, name, n->path, p->e)) {
		ottl_fail_at(p, n->at);
		return NULL;
	}
	if (!ottl_parse_keys(p, &n->path->keys, &n->path->n_keys))
		return NULL;
	if (ottl_is_op(p, "."))
		return OTTL_FAIL(p, p->start, "a path has its keys at its end"), NULL;
	return n;
}

static struct ottl_node *parse_word(struct ottl_parser *p)
{
	struct ottl_node *n;

	if (ottl_is_keyword(p, "nil") || ottl_is_keyword(p, "true") || ottl_is_keyword(p, "false"))
		return ottl_parse_literal(p);
	if (!ascii_is_upper(p->s.p[0])) {
		if (ottl_is_called(p))
			return OTTL_FAIL(p, p->start,
				       STR_FMT "() changes something and is no value",
				       STR_ARG(p->s)),
			       NULL;
		return parse_path(p);
	}
	if (ottl_is_called(p))
		return ottl_parse_call(p, false);
	n = ottl_new_node(p, OTTL_LITERAL);
	n->literal.type = OTTL_INT;
	if (!ottl_enum_find(p->s, &n->literal.i))
		return OTTL_FAIL(p, p->start, "\"" STR_FMT "\" is no enum, and no call",
			       STR_ARG(p->s)),
		       NULL;
	ottl_next(p);
	return n;
}

static struct ottl_node *parse_primary(struct ottl_parser *p)
{
	struct ottl_node *n;

	switch (p->token) {
	case T_INT:
	case T_FLOAT:
		return ottl_parse_number(p);
	case T_STRING:
	case T_BYTES:
		return ottl_parse_literal(p);
	case T_WORD:
		return parse_word(p);
	case T_OP:
		break;
	case T_END:
		return OTTL_FAIL(p, p->start, "want a value at the end"), NULL;
	case T_BAD:
		return OTTL_FAIL(p, p->start, "\"%c\" begins nothing", p->s.p[0]), NULL;
	}
	if (ottl_is_op(p, "-") || ottl_is_op(p, "+"))
		return ottl_parse_signed(p);
	if (ottl_take_op(p, "(")) {
		n = ottl_parse_value(p);
		return n && ottl_want_op(p, ")") ? n : NULL;
	}
	n = ottl_new_node(p, ottl_is_op(p, "{") ? OTTL_MAP_OF : OTTL_LIST_OF);
	if (ottl_take_op(p, "["))
		return parse_list(p, "]", false, n) ? n : NULL;
	if (ottl_take_op(p, "{"))
		return parse_list(p, "}", true, n) ? n : NULL;
	return OTTL_FAIL(p, p->start, "want a value, not \"" STR_FMT "\"", STR_ARG(p->s)), NULL;
}

struct ottl_node *ottl_binary(struct ottl_parser *p, enum ottl_node_kind kind, enum ottl_op op,
	struct ottl_node *left, struct ottl_node *right, size_t at)
{
	struct ottl_node *n = ottl_new_node(p, kind);

	if (++p->operators > MAX_OPERATORS)
		return OTTL_FAIL(p, at, "more than %d operators", MAX_OPERATORS), NULL;
	n->at = at;
	n->op = op;
	n->n = 2;
	n->args = arena_new(&p->o->arena, struct ottl_node *, 2);
	n->args[0] = left;
	n->args[1] = right;
	return n;
}

static struct ottl_node *parse_product(struct ottl_parser *p)
{
	struct ottl_node *n = parse_primary(p);

	while (n && (ottl_is_op(p, "*") || ottl_is_op(p, "/"))) {
		enum ottl_op op = ottl_is_op(p, "*") ? OTTL_MUL : OTTL_DIV;
		size_t at = p->start;
		struct ottl_node *right;

		ottl_next(p);
		right = parse_primary(p);
		n = right ? ottl_binary(p, OTTL_MATH, op, n, right, at) : NULL;
	}
	return n;
}

struct ottl_node *ottl_parse_value(struct ottl_parser *p)
{
	struct ottl_node *n;

	if (!ottl_enter(p))
		return NULL;
	n = parse_product(p);
	while (n && (ottl_is_op(p, "+") || ottl_is_op(p, "-"))) {
		enum ottl_op op = ottl_is_op(p, "+") ? OTTL_ADD : OTTL_SUB;
		size_t at = p->start;
		struct ottl_node *right;

		ottl_next(p);
		right = parse_product(p);
		n = right ? ottl_binary(p, OTTL_MATH, op, n, right, at) : NULL;
	}
	p->depth--;
	return n;
}
