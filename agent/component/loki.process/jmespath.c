/*
 * A parser by binding powers (Pratt), as the reference implementations have it. It recurses no
 * deeper than DEPTH_MAX, and so does the search, which walks what is made here.
 */
#include "agent/component/loki.process/jmespath.h"
#include "agent/base/ascii.h"

#include "agent/base/err.h"
#include "agent/component/loki.process/jmespath_private.h"
#include "agent/component/loki.process/json.h"

#define STEPS_MAX 100
#define DEPTH_MAX 60
#define ARGS_MAX 64
#define NODES_MAX 500 /* the search recurses no deeper */

enum token {
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

struct parser {
	struct str s;
	size_t at;
	struct arena *a;
	struct err *e;
	size_t depth;
	size_t nodes;
	/* the token that is next */
	enum token token;
	size_t token_at;
	struct str text;
	int64_t number;
	enum jmes_compare compare;
};

static bool fail(struct parser *p, const char *what)
{
	return err_set(
		p->e, "could not compile JMES expression: byte %zu: %s", p->token_at, what);
}

/* --- tokens --- */

static bool is_name(char c, bool first)
{
	bool letter = ascii_is_letter(c) || c == '_';

	return letter || (!first && ascii_is_digit(c));
}

static char peek(const struct parser *p, size_t ahead)
{
	return (char)(p->at + ahead < p->s.n ? p->s.p[p->at + ahead] : 0);
}

/* Up to the next quote that has no backslash before it. The end is not taken. */
static bool find_end(struct parser *p, char quote, struct str *out)
{
	size_t from = ++p->at;

	while (p->at < p->s.n && p->s.p[p->at] != quote)
		p->at += p->s.p[p->at] == '\\' ? 2 : 1;
	if (p->at >= p->s.n)
		return fail(p, "the quote has no end");
	*out = str_head(str_from_at(p->s, from), p->at - from);
	return true;
}

/* 'text': only \' and \\ are escapes. It becomes JSON. */
static bool take_raw(struct parser *p)
{
	struct search s = {.a = p->a};
	struct str inner = {0};
	char *to;
	size_t n = 0;

	if (!find_end(p, '\'', &inner))
		return false;
	to = arena_new(p->a, char, inner.n + 1);
	for (size_t i = 0; i < inner.n; i++) {
		if (inner.p[i] == '\\' && i + 1 < inner.n &&
			(inner.p[i + 1] == '\'' || inner.p[i + 1] == '\\'))
			i++;
		to[n++] = inner.p[i];
	}
	p->at++;
	p->token = T_LITERAL;
	return jmes_quote(&s, (struct str){to, n}, &p->text);
}

/* `json`: \` is a backtick. What is no JSON is a text, as in older versions. */
static bool take_literal(struct parser *p)
{
	struct search s = {.a = p->a};
	struct str inner = {0};
	char *to;
	size_t n = 0;

	if (!find_end(p, '`', &inner))
		return false;
	to = arena_new(p->a, char, inner.n + 1);
	for (size_t i = 0; i < inner.n; i++) {
		if (inner.p[i] == '\\' && i + 1 < inner.n && inner.p[i + 1] == '`')
			i++;
		to[n++] = inner.p[i];
	}
	p->at++;
	p->token = T_LITERAL;
	p->text = str_trim((struct str){to, n});
	return json_is_valid(p->text) || jmes_quote(&s, p->text, &p->text);
}

static bool take_quoted(struct parser *p)
{
	size_t from = p->at;
	struct str inner = {0};
	struct str raw;

	if (!find_end(p, '"', &inner))
		return false;
	p->at++;
	raw = str_head(str_from_at(p->s, from), p->at - from);
	if (!json_is_valid(raw))
		return fail(p, "not a JSON string");
	p->token = T_QUOTED;
	p->text = arena_str(p->a, json_unquote(raw, p->a));
	return true;
}

static bool take_number(struct parser *p)
{
	size_t from = p->at++;

	while (peek(p, 0) >= '0' && peek(p, 0) <= '9')
		p->at++;
	p->token = T_NUMBER;
	return str_to_int(str_head(str_from_at(p->s, from), p->at - from), &p->number) ||
	       fail(p, "not a whole number");
}

static bool take_operator(struct parser *p)
{
	static const struct {
		const char *text;
		enum token token;
		enum jmes_compare compare;
	} all[] = {{"[?", T_FILTER, 0}, {"[]", T_FLATTEN, 0}, {"||", T_OR, 0}, {"&&", T_AND, 0},
		{"==", T_COMPARE, JMES_EQ}, {"!=", T_COMPARE, JMES_NE}, {"<=", T_COMPARE, JMES_LE},
		{">=", T_COMPARE, JMES_GE}, {"<", T_COMPARE, JMES_LT}, {">", T_COMPARE, JMES_GT},
		{".", T_DOT, 0}, {"*", T_STAR, 0}, {"[", T_LBRACKET, 0}, {"]", T_RBRACKET, 0},
		{"{", T_LBRACE, 0}, {"}", T_RBRACE, 0}, {"(", T_LPAREN, 0}, {")", T_RPAREN, 0},
		{",", T_COMMA, 0}, {":", T_COLON, 0}, {"@", T_CURRENT, 0}, {"&", T_REF, 0},
		{"|", T_PIPE, 0}, {"!", T_NOT, 0}};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (!str_starts(str_from_at(p->s, p->at), all[i].text))
			continue;
		p->at += strlen(all[i].text);
		p->token = all[i].token;
		p->compare = all[i].compare;
		return true;
	}
	return fail(p, "unknown character");
}

static bool next(struct parser *p)
{
	char c;

	while (p->at < p->s.n && strchr(" \t\r\n", p->s.p[p->at]) && p->s.p[p->at])
		p->at++;
	p->token_at = p->at;
	p->token = T_END;
	if (p->at >= p->s.n)
		return true;
	c = peek(p, 0);
	if (is_name(c, true)) {
		size_t from = p->at;

		while (is_name(peek(p, 0), false))
			p->at++;
		p->token = T_NAME;
		p->text = arena_str(p->a, str_head(str_from_at(p->s, from), p->at - from));
		return true;
	}
	if (c == '-' || ascii_is_digit(c))
		return take_number(p);
	if (c == '"')
		return take_quoted(p);
	if (c == '\'')
		return take_raw(p);
	return c == '`' ? take_literal(p) : take_operator(p);
}

static bool take(struct parser *p, enum token token, const char *what)
{
	if (p->token != token)
		return fail(p, what);
	return next(p);
}

/* --- expressions: NULL when there was an error --- */

static struct jmes_node *expression(struct parser *p, int power);

static struct jmes_node *make(struct parser *p, enum jmes_kind kind, struct jmes_node *left,
	struct jmes_node *right)
{
	struct jmes_node *n = arena_new(p->a, struct jmes_node, 1);

	p->nodes++;
	n->kind = kind;
	n->left = left;
	n->right = right;
	return n;
}

static struct jmes_node *current(struct parser *p)
{
	return make(p, JMES_CURRENT, NULL, NULL);
}

static struct jmes_node *refuse(struct parser *p, const char *what)
{
	fail(p, what);
	return NULL;
}

static bool add_arg(struct parser *p, struct jmes_node *to, struct str key, struct jmes_node *arg)
{
	if (!arg)
		return false;
	if (to->n_args == 0) {
		to->args = arena_new(p->a, struct jmes_node *, ARGS_MAX);
		to->keys = arena_new(p->a, struct str, ARGS_MAX);
	}
	if (to->n_args == ARGS_MAX)
		return fail(p, "too many parts");
	to->keys[to->n_args] = key;
	to->args[to->n_args++] = arg;
	return true;
}

/* Behind the bracket. */
static struct jmes_node *select_list(struct parser *p)
{
	struct jmes_node *n = make(p, JMES_LIST, NULL, NULL);

	do {
		if (n->n_args > 0 && !next(p))
			return NULL;
		if (!add_arg(p, n, (struct str){0}, expression(p, 0)))
			return NULL;
	} while (p->token == T_COMMA);
	return take(p, T_RBRACKET, "want , or ]") ? n : NULL;
}

/* Behind the brace. */
static struct jmes_node *select_hash(struct parser *p)
{
	struct jmes_node *n = make(p, JMES_HASH, NULL, NULL);

	do {
		struct str key;

		if (n->n_args > 0 && !next(p))
			return NULL;
		key = p->text;
		if (p->token != T_NAME && p->token != T_QUOTED)
			return refuse(p, "want a key");
		if (!next(p) || !take(p, T_COLON, "want :") ||
			!add_arg(p, n, key, expression(p, 0)))
			return NULL;
	} while (p->token == T_COMMA);
	return take(p, T_RBRACE, "want , or }") ? n : NULL;
}

static struct jmes_node *dot_right(struct parser *p, int power)
{
	if (p->token == T_NAME || p->token == T_QUOTED || p->token == T_STAR)
		return expression(p, power);
	if (p->token == T_LBRACKET)
		return next(p) ? select_list(p) : NULL;
	if (p->token == T_LBRACE)
		return next(p) ? select_hash(p) : NULL;
	return refuse(p, "want a name, *, [ or { behind the dot");
}

/* What each item of a projection goes through. */
static struct jmes_node *project_right(struct parser *p, int power)
{
	if (powers[p->token] < 10)
		return current(p);
	if (p->token == T_LBRACKET || p->token == T_FILTER)
		return expression(p, power);
	if (p->token == T_DOT)
		return next(p) ? dot_right(p, power) : NULL;
	return refuse(p, "unexpected part behind a projection");
}

static struct jmes_node *project(
	struct parser *p, enum jmes_kind kind, struct jmes_node *left, int power)
{
	struct jmes_node *right = project_right(p, power);

	return right ? make(p, kind, left, right) : NULL;
}

static struct jmes_node *filter(struct parser *p, struct jmes_node *left)
{
	struct jmes_node *test = expression(p, 0);
	struct jmes_node *n;

	if (!test || !take(p, T_RBRACKET, "want ]"))
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
static struct jmes_node *index_of(struct parser *p, struct jmes_node *left)
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
		if (!next(p))
			return NULL;
	}
	if (n->has[2] && n->slice[2] == 0)
		return refuse(p, "a step of 0");
	if (!take(p, T_RBRACKET, "want ]"))
		return NULL;
	return n->kind == JMES_INDEX ? n : project(p, JMES_PROJECT, n, powers[T_STAR]);
}

/* Behind a bracket: an index, a slice, or [*]. */
static struct jmes_node *bracket(struct parser *p, struct jmes_node *left)
{
	if (p->token == T_NUMBER || p->token == T_COLON)
		return index_of(p, left);
	if (!take(p, T_STAR, "want a number, : or *") || !take(p, T_RBRACKET, "want ]"))
		return NULL;
	return project(p, JMES_PROJECT, left, powers[T_STAR]);
}

/* [*] or [a, *]? Only a look ahead tells. */
static struct jmes_node *bracket_first(struct parser *p)
{
	struct parser ahead = *p;

	if (p->token == T_NUMBER || p->token == T_COLON)
		return bracket(p, current(p));
	if (p->token == T_STAR) {
		if (!next(&ahead))
			return refuse(p, "unknown character");
		if (ahead.token == T_RBRACKET)
			return bracket(p, current(p));
	}
	return select_list(p);
}

static struct jmes_node *call(struct parser *p, struct str name)
{
	struct jmes_node *n = make(p, JMES_CALL, NULL, NULL);

	n->func = jmes_func_find(name);
	if (!n->func)
		return refuse(p, "unknown function");
	while (p->token != T_RPAREN) {
		struct jmes_node *arg;

		if (n->n_args > 0 && !take(p, T_COMMA, "want , or )"))
			return NULL;
		arg = expression(p, 0);
		if (!add_arg(p, n, (struct str){0}, arg))
			return NULL;
		if ((arg->kind == JMES_REF) != ((int)n->n_args - 1 == n->func->ref))
			return refuse(p, "this function takes a &reference elsewhere, or none");
	}
	if (n->n_args < n->func->min || n->n_args > n->func->max)
		return refuse(p, "wrong number of arguments");
	return next(p) ? n : NULL;
}

static struct jmes_node *name(struct parser *p)
{
	bool quoted = p->token == T_QUOTED;
	struct str text = p->text;
	struct jmes_node *n;

	if (!next(p))
		return NULL;
	if (p->token == T_LPAREN) {
		if (quoted)
			return refuse(p, "a quoted name is no function");
		return next(p) ? call(p, text) : NULL;
	}
	n = make(p, JMES_FIELD, NULL, NULL);
	n->text = text;
	return n;
}

static struct jmes_node *unary(struct parser *p, enum jmes_kind kind, int power)
{
	struct jmes_node *n = expression(p, power);

	return n ? make(p, kind, n, NULL) : NULL;
}

/* What an expression begins with. */
static struct jmes_node *first(struct parser *p)
{
	enum token token = p->token;
	struct jmes_node *n;

	if (token == T_NAME || token == T_QUOTED)
		return name(p);
	n = make(p, JMES_LITERAL, NULL, NULL);
	n->text = p->text;
	if (!next(p))
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
		n = expression(p, 0);
		return n && take(p, T_RPAREN, "want )") ? n : NULL;
	default:
		return refuse(p, token == T_END ? "the expression ends too early"
						: "unexpected part of an expression");
	}
}

static struct jmes_node *binary(
	struct parser *p, enum jmes_kind kind, struct jmes_node *left, int power)
{
	enum jmes_compare compare = p->compare;
	struct jmes_node *right = expression(p, power);
	struct jmes_node *n = right ? make(p, kind, left, right) : NULL;

	if (n)
		n->compare = compare;
	return n;
}

static struct jmes_node *dot(struct parser *p, struct jmes_node *left)
{
	struct jmes_node *right;

	if (p->token == T_STAR)
		return next(p) ? project(p, JMES_VALUES, left, powers[T_DOT]) : NULL;
	right = dot_right(p, powers[T_DOT]);
	return right ? make(p, JMES_SUB, left, right) : NULL;
}

/* What goes on behind left. */
static struct jmes_node *further(struct parser *p, struct jmes_node *left)
{
	enum token token = p->token;
	enum jmes_compare compare = p->compare;

	if (!next(p))
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

static struct jmes_node *expression(struct parser *p, int power)
{
	struct jmes_node *left;
	size_t parts = 0;

	if (++p->depth > DEPTH_MAX)
		return refuse(p, "nested too deeply");
	left = first(p);
	while (left && power < powers[p->token]) {
		if (++parts > STEPS_MAX || p->nodes > NODES_MAX)
			return refuse(p, "too long");
		left = further(p, left);
	}
	p->depth--;
	return left;
}

/* --- paths --- */

/* False: the tree is more than names and indices. */
static bool add_steps(const struct jmes_node *n, struct jmespath *out)
{
	struct jmespath_step *s;

	if (n->kind == JMES_CURRENT)
		return true;
	if (n->kind == JMES_SUB)
		return add_steps(n->left, out) && add_steps(n->right, out);
	if (n->kind == JMES_INDEX && !add_steps(n->left, out))
		return false;
	if ((n->kind != JMES_FIELD && n->kind != JMES_INDEX) || out->n == STEPS_MAX)
		return false;
	s = &out->p[out->n++];
	*s = (struct jmespath_step){n->text, n->slice[0]};
	if (n->kind == JMES_FIELD && !s->key.p)
		s->key = STR("");
	return true;
}

bool jmespath_parse(struct arena *a, struct str text, struct jmespath *out, struct err *e)
{
	struct parser p = {.s = text, .a = a, .e = e};
	struct jmespath path = {0};

	if (!next(&p))
		return false;
	path.tree = expression(&p, 0);
	if (!path.tree)
		return false;
	if (p.token != T_END)
		return fail(&p, "unexpected part behind the expression");
	if (path.tree->kind == JMES_REF)
		return fail(&p, "a &reference is an argument only");
	path.p = arena_new(a, struct jmespath_step, STEPS_MAX);
	if (!add_steps(path.tree, &path))
		path.n = 0;
	*out = path;
	return true;
}

/* Of a key that is there twice the last counts, as in Go. */
static bool find_member(struct str object, struct str key, struct arena *a, struct str *out)
{
	struct str raw;
	struct str value;
	bool found = false;

	while (json_next(&object, &raw, &value)) {
		if (str_eq(json_unquote(raw, a), key)) {
			*out = value;
			found = true;
		}
	}
	return found;
}

static bool find_item(struct str array, int64_t index, struct str *out)
{
	struct str rest = array;
	int64_t n = 0;

	if (index < 0) {
		while (json_next(&rest, NULL, out))
			n++;
		index += n;
		rest = array;
	}
	for (; index >= 0 && json_next(&rest, NULL, out); index--) {
		if (index == 0)
			return true;
	}
	return false;
}

bool jmespath_find(const struct jmespath *path, size_t from, struct str value, struct arena *a,
	struct str *out)
{
	for (size_t i = from; i < path->n; i++) {
		const struct jmespath_step *s = &path->p[i];
		enum json_kind kind = json_kind(value);

		if (s->key.p && (kind != JSON_OBJECT || !find_member(value, s->key, a, &value)))
			return false;
		if (!s->key.p && (kind != JSON_ARRAY || !find_item(value, s->index, &value)))
			return false;
	}
	*out = value;
	return true;
}
