/*
 * A parser by binding powers (Pratt), as the reference implementations have it. It recurses no
 * deeper than DEPTH_MAX, and so does the search, which walks what is made here.
 */

#include "agent/component/loki.process/jmespath_parser.h"

#define PARTS_MAX 100
#define DEPTH_MAX 60
#define ARGS_MAX 64
#define NODES_MAX 500 /* the search recurses no deeper */

static const int powers[] = {
	[T_PIPE] = 1,
	[T_OR] = 2,
	[T_AND] = 3,
	[T_COMPARE] = 5,
	[T_FLATTEN] = 9,
	[T_STAR] = 20,
	[T_FILTER] = 21,
	[T_DOT] = 40,
	[T_NOT] = 45,
	[T_LBRACE] = 50,
	[T_LBRACKET] = 55,
	[T_LPAREN] = 60,
};

static struct jmes_node *make(struct jmes_parser *p, enum jmes_kind kind, struct jmes_node *left,
	struct jmes_node *right)
{
	struct jmes_node *n = arena_new(p->a, struct jmes_node, 1);

	p->nodes++;
	n->kind = kind;
	n->left = left;
	n->right = right;
	return n;
}

static struct jmes_node *current(struct jmes_parser *p)
{
	return make(p, JMES_CURRENT, NULL, NULL);
}

static struct jmes_node *refuse(struct jmes_parser *p, const char *what)
{
	jmes_fail(p, what);
	return NULL;
}

static bool add_arg(
	struct jmes_parser *p, struct jmes_node *to, struct str key, struct jmes_node *arg)
{
	if (!arg)
		return false;
	if (to->n_args == 0) {
		to->args = arena_new(p->a, struct jmes_node *, ARGS_MAX);
		to->keys = arena_new(p->a, struct str, ARGS_MAX);
	}
	if (to->n_args == ARGS_MAX)
		return jmes_fail(p, "too many parts");
	to->keys[to->n_args] = key;
	to->args[to->n_args++] = arg;
	return true;
}

/* Behind the bracket. */
static struct jmes_node *select_list(struct jmes_parser *p)
{
	struct jmes_node *n = make(p, JMES_LIST, NULL, NULL);

	do {
		if (n->n_args > 0 && !jmes_next(p))
			return NULL;
		if (!add_arg(p, n, (struct str){0}, jmes_expression(p, 0)))
			return NULL;
	} while (p->token == T_COMMA);
	return jmes_take(p, T_RBRACKET, "want , or ]") ? n : NULL;
}

/* Behind the brace. */
static struct jmes_node *select_hash(struct jmes_parser *p)
{
	struct jmes_node *n = make(p, JMES_HASH, NULL, NULL);

	do {
		struct str key;

		if (n->n_args > 0 && !jmes_next(p))
			return NULL;
		if (p->token != T_NAME && p->token != T_QUOTED)
			return refuse(p, "want a key");
		if (!jmes_quote(&(struct search){.a = p->a}, p->text, &key))
			return refuse(p, "the key is too long");
		if (!jmes_next(p) || !jmes_take(p, T_COLON, "want :") ||
			!add_arg(p, n, key, jmes_expression(p, 0)))
			return NULL;
	} while (p->token == T_COMMA);
	return jmes_take(p, T_RBRACE, "want , or }") ? n : NULL;
}

static struct jmes_node *dot_right(struct jmes_parser *p, int power)
{
	if (p->token == T_NAME || p->token == T_QUOTED || p->token == T_STAR)
		return jmes_expression(p, power);
	if (p->token == T_LBRACKET)
		return jmes_next(p) ? select_list(p) : NULL;
	if (p->token == T_LBRACE)
		return jmes_next(p) ? select_hash(p) : NULL;
	return refuse(p, "want a name, *, [ or { behind the dot");
}

/* What each item of a projection goes through. */
static struct jmes_node *project_right(struct jmes_parser *p, int power)
{
	if (powers[p->token] < 10)
		return current(p);
	if (p->token == T_LBRACKET || p->token == T_FILTER)
		return jmes_expression(p, power);
	if (p->token == T_DOT)
		return jmes_next(p) ? dot_right(p, power) : NULL;
	return refuse(p, "unexpected part behind a projection");
}

static struct jmes_node *project(
	struct jmes_parser *p, enum jmes_kind kind, struct jmes_node *left, int power)
{
	struct jmes_node *right = project_right(p, power);

	return right ? make(p, kind, left, right) : NULL;
}

static struct jmes_node *filter(struct jmes_parser *p, struct jmes_node *left)
{
	struct jmes_node *test = jmes_expression(p, 0);
	struct jmes_node *n;

	if (!test || !jmes_take(p, T_RBRACKET, "want ]"))
		return NULL;
	if (p->token == T_FLATTEN)
		n = make(p, JMES_FILTER, left, current(p));
	else
		n = project(p, JMES_FILTER, left, powers[T_FILTER]);
	if (n)
		n->test = test;
	return n;
}

/* [1], [1:2], [::2]: behind the bracket. */
static struct jmes_node *index_of(struct jmes_parser *p, struct jmes_node *left)
{
	struct jmes_node *n = make(p, JMES_INDEX, left, NULL);
	size_t part = 0;

	for (; p->token == T_NUMBER || p->token == T_COLON;) {
		if (p->token == T_COLON) {
			n->kind = JMES_SLICE;
			if (++part > 2)
				return refuse(p, "too many colons");
		} else {
			if (n->has[part])
				return refuse(p, "want : or ]");
			n->has[part] = true;
			n->slice[part] = p->number;
		}
		if (!jmes_next(p))
			return NULL;
	}
	if (n->has[2] && n->slice[2] == 0)
		return refuse(p, "a step of 0");
	if (!jmes_take(p, T_RBRACKET, "want ]"))
		return NULL;
	return n->kind == JMES_INDEX ? n : project(p, JMES_PROJECT, n, powers[T_STAR]);
}

/* Behind a bracket: an index, a slice, or [*]. */
static struct jmes_node *bracket(struct jmes_parser *p, struct jmes_node *left)
{
	if (p->token == T_NUMBER || p->token == T_COLON)
		return index_of(p, left);
	if (!jmes_take(p, T_STAR, "want a number, : or *") || !jmes_take(p, T_RBRACKET, "want ]"))
		return NULL;
	return project(p, JMES_PROJECT, left, powers[T_STAR]);
}

/* [*] or [a, *]? Only a look ahead tells. */
static struct jmes_node *bracket_first(struct jmes_parser *p)
{
	struct jmes_parser ahead = *p;

	if (p->token == T_NUMBER || p->token == T_COLON)
		return bracket(p, current(p));
	if (p->token == T_STAR) {
		if (!jmes_next(&ahead))
			return refuse(p, "unknown character");
		if (ahead.token == T_RBRACKET)
			return bracket(p, current(p));
	}
	return select_list(p);
}

static struct jmes_node *call(struct jmes_parser *p, struct str name)
{
	struct jmes_node *n = make(p, JMES_CALL, NULL, NULL);

	n->func = jmes_func_find(name);
	if (!n->func)
		return refuse(p, "unknown function");
	while (p->token != T_RPAREN) {
		struct jmes_node *arg;

		if (n->n_args > 0 && !jmes_take(p, T_COMMA, "want , or )"))
			return NULL;
		arg = jmes_expression(p, 0);
		if (!add_arg(p, n, (struct str){0}, arg))
			return NULL;
		if ((arg->kind == JMES_REF) != ((int)n->n_args - 1 == n->func->ref))
			return refuse(p, "this function takes a &reference elsewhere, or none");
	}
	if (n->n_args < n->func->min || n->n_args > n->func->max)
		return refuse(p, "wrong number of arguments");
	return jmes_next(p) ? n : NULL;
}

static struct jmes_node *name(struct jmes_parser *p)
{
	bool quoted = p->token == T_QUOTED;
	struct str text = p->text;
	struct jmes_node *n;

	if (!jmes_next(p))
		return NULL;
	if (p->token == T_LPAREN) {
		if (quoted)
			return refuse(p, "a quoted name is no function");
		return jmes_next(p) ? call(p, text) : NULL;
	}
	n = make(p, JMES_FIELD, NULL, NULL);
	n->text = text;
	return n;
}

static struct jmes_node *unary(struct jmes_parser *p, enum jmes_kind kind, int power)
{
	struct jmes_node *n = jmes_expression(p, power);

	return n ? make(p, kind, n, NULL) : NULL;
}

/* What an expression begins with. */
static struct jmes_node *first(struct jmes_parser *p)
{
	enum jmes_token token = p->token;
	struct jmes_node *n;

	if (token == T_NAME || token == T_QUOTED)
		return name(p);
	n = make(p, JMES_LITERAL, NULL, NULL);
	n->text = p->text;
	if (!jmes_next(p))
		return NULL;
	switch ((int)token) {
	case T_LITERAL:
		return n;
	case T_CURRENT:
		return current(p);
	case T_STAR:
		if (p->token == T_RBRACKET)
			return make(p, JMES_VALUES, current(p), current(p));
		return project(p, JMES_VALUES, current(p), powers[T_STAR]);
	case T_FILTER:
		return filter(p, current(p));
	case T_FLATTEN:
		return project(p, JMES_PROJECT, make(p, JMES_FLATTEN, current(p), NULL),
			powers[T_FLATTEN]);
	case T_LBRACKET:
		return bracket_first(p);
	case T_LBRACE:
		return select_hash(p);
	case T_REF:
		return unary(p, JMES_REF, 0);
	case T_NOT:
		return unary(p, JMES_NOT, powers[T_NOT]);
	case T_LPAREN:
		n = jmes_expression(p, 0);
		return n && jmes_take(p, T_RPAREN, "want )") ? n : NULL;
	default:
		return refuse(p, token == T_END ? "the expression ends too early"
						: "unexpected part of an expression");
	}
}

static struct jmes_node *binary(
	struct jmes_parser *p, enum jmes_kind kind, struct jmes_node *left, int power)
{
	enum jmes_compare compare = p->compare;
	struct jmes_node *right = jmes_expression(p, power);
	struct jmes_node *n = right ? make(p, kind, left, right) : NULL;

	if (n)
		n->compare = compare;
	return n;
}

static struct jmes_node *dot(struct jmes_parser *p, struct jmes_node *left)
{
	struct jmes_node *right;

	if (p->token == T_STAR)
		return jmes_next(p) ? project(p, JMES_VALUES, left, powers[T_DOT]) : NULL;
	right = dot_right(p, powers[T_DOT]);
	return right ? make(p, JMES_SUB, left, right) : NULL;
}

/* What goes on behind left. */
static struct jmes_node *further(struct jmes_parser *p, struct jmes_node *left)
{
	enum jmes_token token = p->token;
	enum jmes_compare compare = p->compare;

	if (!jmes_next(p))
		return NULL;
	switch ((int)token) {
	case T_DOT:
		return dot(p, left);
	case T_PIPE:
		return binary(p, JMES_SUB, left, powers[T_PIPE]);
	case T_OR:
		return binary(p, JMES_OR, left, powers[T_OR]);
	case T_AND:
		return binary(p, JMES_AND, left, powers[T_AND]);
	case T_COMPARE:
		p->compare = compare;
		return binary(p, JMES_COMPARE, left, powers[T_COMPARE]);
	case T_FILTER:
		return filter(p, left);
	case T_FLATTEN:
		return project(p, JMES_PROJECT, make(p, JMES_FLATTEN, left, NULL),
			powers[T_FLATTEN]);
	case T_LBRACKET:
		return bracket(p, left);
	default:
		return refuse(p, "unexpected part of an expression");
	}
}

struct jmes_node *jmes_expression(struct jmes_parser *p, int power)
{
	struct jmes_node *left;
	size_t parts = 0;

	if (++p->depth > DEPTH_MAX)
		return refuse(p, "nested too deeply");
	left = first(p);
	while (left && power < powers[p->token]) {
		if (++parts > PARTS_MAX || p->nodes > NODES_MAX)
			return refuse(p, "too long");
		left = further(p, left);
	}
	p->depth--;
	return left;
}
