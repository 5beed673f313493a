/*
 * Text to tree, by recursive descent with a limit on the depth. What can be known now is
 * checked now: names of functions, paths and enums, numbers of arguments, regular expressions.
 */

#include "agent/base/ascii.h"
#include "agent/flow/ottl/compiled.h"
#include "agent/flow/ottl/private.h"

#include "agent/base/mem.h"
#include "agent/base/utf8.h"

#include <stdlib.h>

enum {
	MAX_ARGS = 16,
	MAX_LIST = 256,
	MAX_KEYS = 16,
	MAX_OPERATORS = 512, /* they are a chain, down which it recurses */
	NUMBER_MAX = 64,
};

enum token {
	T_END,
	T_BYTES,
	T_FLOAT,
	T_INT,
	T_STRING,
	T_WORD, /* lower or upper case */
	T_OP,   /* == != < <= > >= + - * / = ( ) { } [ ] , . : */
	T_BAD,
};

struct parser {
	struct ottl *o;
	enum ottl_context context;
	struct str text;
	size_t at; /* behind the token */
	enum token token;
	struct str s; /* the token */
	size_t start; /* of it */
	unsigned depth;
	unsigned operators;
	struct err *e;
	size_t wrong; /* where, when e is set */
};

static bool fail_at(struct parser *p, size_t at)
{
	p->wrong = at;
	return false;
}

#define FAIL(p, place, ...) (err_set((p)->e, __VA_ARGS__), fail_at((p), (place)))

static bool is_word(char c)
{
	return ascii_is_alnum(c) || c == '_';
}

static char char_at(const struct parser *p, size_t i)
{
	return i < p->text.n ? p->text.p[i] : 0;
}

static size_t skip_digits(const struct parser *p, size_t i)
{
	while (ascii_is_digit(char_at(p, i)))
		i++;
	return i;
}

/* A number's end; *is_float says which kind it is. */
static size_t number_end(const struct parser *p, size_t i, bool *is_float)
{
	size_t end = skip_digits(p, i);

	*is_float = char_at(p, end) == '.' && ascii_is_digit(char_at(p, end + 1));
	if (!*is_float)
		return end;
	end = skip_digits(p, end + 1);
	if (char_at(p, end) == 'e' || char_at(p, end) == 'E') {
		size_t sign = char_at(p, end + 1) == '-' || char_at(p, end + 1) == '+';

		if (ascii_is_digit(char_at(p, end + 1 + sign)))
			end = skip_digits(p, end + 1 + sign);
	}
	return end;
}

static size_t string_end(const struct parser *p, size_t i)
{
	for (i++; i < p->text.n; i++) {
		if (p->text.p[i] == '\\')
			i++;
		else if (p->text.p[i] == '"')
			return i + 1;
	}
	return 0;
}

static void next(struct parser *p)
{
	size_t i = p->at;
	size_t end;
	bool is_float = false;
	char c;

	while (memchr(" \t\r\n", char_at(p, i), 4) && i < p->text.n)
		i++;
	p->start = i;
	c = char_at(p, i);
	end = i + 1;
	if (i >= p->text.n) {
		p->token = T_END;
		end = i;
	} else if (c == '0' && char_at(p, i + 1) == 'x') {
		p->token = T_BYTES;
		for (end = i + 2; is_word(char_at(p, end));)
			end++;
	} else if (ascii_is_digit(c) || (c == '.' && ascii_is_digit(char_at(p, i + 1)))) {
		end = number_end(p, i, &is_float);
		p->token = is_float ? T_FLOAT : T_INT;
	} else if (c == '"') {
		end = string_end(p, i);
		p->token = end ? T_STRING : T_BAD;
		end = end ? end : p->text.n;
	} else if (is_word(c) && c != '_') {
		p->token = T_WORD;
		while (is_word(char_at(p, end)))
			end++;
	} else {
		p->token = memchr("=!<>+-*/(){}[],.:", c, 17) ? T_OP : T_BAD;
		if (memchr("=!<>", c, 4) && char_at(p, i + 1) == '=')
			end++;
	}
	p->s = (struct str){p->text.p + i, end - i};
	p->at = end;
}

/* Whether a parenthesis follows the word that is the token. */
static bool is_called(const struct parser *p)
{
	size_t i = p->at;

	while (i < p->text.n && memchr(" \t\r\n", p->text.p[i], 4))
		i++;
	return char_at(p, i) == '(';
}

static bool is_op(const struct parser *p, const char *op)
{
	return p->token == T_OP && str_is(p->s, op);
}

static bool is_keyword(const struct parser *p, const char *word)
{
	return p->token == T_WORD && str_is(p->s, word);
}

static bool take_op(struct parser *p, const char *op)
{
	if (!is_op(p, op))
		return false;
	next(p);
	return true;
}

static bool want_op(struct parser *p, const char *op)
{
	if (take_op(p, op))
		return true;
	if (p->token == T_END)
		return FAIL(p, p->start, "want \"%s\" at the end", op);
	return FAIL(p, p->start, "want \"%s\", not \"" STR_FMT "\"", op, STR_ARG(p->s));
}

static struct ottl_node *new_node(struct parser *p, enum ottl_node_kind kind)
{
	struct ottl_node *n = arena_new(&p->o->arena, struct ottl_node, 1);

	n->kind = kind;
	n->at = p->start;
	return n;
}

static struct ottl_node *parse_value(struct parser *p);
static struct ottl_node *parse_or(struct parser *p);

static bool enter(struct parser *p)
{
	if (++p->depth > OTTL_DEPTH)
		return FAIL(p, p->start, "nested deeper than %d", OTTL_DEPTH);
	return true;
}

static int escaped(char c)
{
	static const char from[] = "abfnrtv\\\"'";
	static const char to[] = "\a\b\f\n\r\t\v\\\"'";
	const char *found = c ? strchr(from, c) : NULL;

	return found ? to[found - from] : -1;
}

/* As strconv.Unquote(), without \x and \u. */
static bool unquote(struct parser *p, struct str *out)
{
	char *text = arena_new(&p->o->arena, char, p->s.n);
	size_t n = 0;

	for (size_t i = 1; i + 1 < p->s.n; i++) {
		int c = (uint8_t)p->s.p[i];

		if (c == '\\') {
			c = escaped(p->s.p[++i]);
			if (c < 0)
				return FAIL(p, p->start + i - 1,
					"\"\\%c\" is no escape; a backslash is written \"\\\\\"",
					p->s.p[i]);
		}
		text[n++] = (char)c;
	}
	*out = (struct str){text, n};
	if (!utf8_is_valid(*out))
		return FAIL(p, p->start, "the string is not UTF-8");
	return true;
}

static bool parse_hex(struct parser *p, struct str *out)
{
	struct str digits = str_from_at(p->s, 2);
	char *bytes = arena_new(&p->o->arena, char, digits.n / 2 + 1);

	if (digits.n == 0 || digits.n % 2)
		return FAIL(p, p->start, "bytes have two hex digits each");
	for (size_t i = 0; i < digits.n; i++) {
		char c = digits.p[i];
		int d = ascii_hex(c);

		if (d < 0)
			return FAIL(p, p->start, "\"%c\" is no hex digit", c);
		bytes[i / 2] = (char)(i % 2 ? (bytes[i / 2] << 4) | d : d);
	}
	*out = (struct str){bytes, digits.n / 2};
	return true;
}

static struct ottl_node *parse_number(struct parser *p)
{
	struct ottl_node *n = new_node(p, OTTL_LITERAL);
	char text[NUMBER_MAX + 1];

	if (p->s.n > NUMBER_MAX)
		return FAIL(p, p->start, "the number is too long"), NULL;
	memcpy(text, p->s.p, p->s.n);
	text[p->s.n] = 0;
	if (p->token == T_FLOAT) {
		n->literal = (struct ottl_value){.type = OTTL_FLOAT, .f = strtod(text, NULL)};
	} else {
		n->literal.type = OTTL_INT;
		if (!str_to_int(p->s, &n->literal.i))
			return FAIL(p, p->start, "the number is too large"), NULL;
	}
	next(p);
	return n;
}

/* The list of nodes between here and close, commas between them; the opening one was taken. */
static bool parse_list(struct parser *p, const char *close, bool is_map, struct ottl_node *n)
{
	struct ottl_node *items[MAX_LIST] = {NULL};
	int each = is_map ? 2 : 1; /* a key and its value */

	while (!is_op(p, close)) {
		if (n->n > 0 && !want_op(p, ","))
			return false;
		if (n->n + 2 > MAX_LIST)
			return FAIL(p, p->start, "more than %d elements", MAX_LIST / each);
		if (is_map && p->token != T_STRING)
			return FAIL(p, p->start, "want a string as key");
		for (int i = 0; i < each; i++) {
			if (i == 1 && !want_op(p, ":"))
				return false;
			items[n->n] = parse_value(p);
			if (!items[n->n++])
				return false;
		}
	}
	n->args = arena_new(&p->o->arena, struct ottl_node *, n->n + 1);
	memcpy(n->args, items, n->n * sizeof(*items));
	return want_op(p, close);
}

/* ["key"][0] behind a path or a call. */
static bool parse_keys(struct parser *p, struct ottl_node ***keys, size_t *n)
{
	struct ottl_node *found[MAX_KEYS] = {NULL};

	*n = 0;
	while (take_op(p, "[")) {
		if (*n == MAX_KEYS)
			return FAIL(p, p->start, "more than %d keys", MAX_KEYS);
		found[*n] = parse_value(p);
		if (!found[(*n)++] || !want_op(p, "]"))
			return false;
	}
	*keys = arena_new(&p->o->arena, struct ottl_node *, *n + 1);
	memcpy(*keys, found, *n * sizeof(*found));
	return true;
}

static struct ottl_node *parse_path(struct parser *p)
{
	struct ottl_node *n = new_node(p, OTTL_PATH);
	size_t end = p->at;
	struct str name;

	next(p);
	while (is_op(p, ".") && p->start == end) {
		next(p);
		if (p->token != T_WORD || p->start != end + 1)
			return FAIL(p, p->start, "want a name after \".\""), NULL;
		end = p->at;
		next(p);
	}
	name = (struct str){p->text.p + n->at, end - n->at};
	n->path = arena_new(&p->o->arena, struct ottl_path, 1);
	if (!ottl_path_resolve(p->context, name, n->path, p->e)) {
		fail_at(p, n->at);
		return NULL;
	}
	if (!parse_keys(p, &n->path->keys, &n->path->n_keys))
		return NULL;
	if (is_op(p, "."))
		return FAIL(p, p->start, "a path has its keys at its end"), NULL;
	return n;
}

/* Parameter i of a function: its name and letter. False: there are fewer. */
static bool param_at(const struct ottl_function *fn, size_t i, struct str *name, char *letter,
	bool *optional)
{
	struct str rest = str_from(fn->params);
	struct str word;
	struct str kind;

	*optional = false;
	for (;;) {
		if (rest.n == 0)
			return false;
		if (!str_cut(rest, ' ', &word, &rest)) {
			word = rest;
			rest.n = 0;
		}
		if (str_is(word, "|")) {
			*optional = true;
			continue;
		}
		if (i-- > 0)
			continue;
		if (!str_cut(word, ':', name, &kind))
			return false;
		*letter = kind.p[0];
		return true;
	}
}

static bool is_string(const struct ottl_node *n)
{
	return n->kind == OTTL_LITERAL && n->literal.type == OTTL_STR;
}

/* Whether an argument is what its letter says. */
static bool check_arg(struct parser *p, struct ottl_node *call, struct ottl_node *arg,
	struct str name, char letter)
{
	const char *wanted = NULL;

	switch (letter) {
	case 'P':
		wanted = arg->kind == OTTL_PATH ? NULL : "a path";
		break;
	case 'M':
		wanted = arg->kind == OTTL_PATH && ottl_path_is_map(arg->path) ? NULL
									       : "a path of a map";
		break;
	case 'S':
	case 'R':
		wanted = is_string(arg) ? NULL : "a string";
		break;
	case 'I':
		wanted = arg->kind == OTTL_LITERAL && arg->literal.type == OTTL_INT ? NULL
										    : "a number";
		break;
	case 'L':
	case 'l':
		wanted = arg->kind == OTTL_LIST_OF || letter == 'l' ? NULL : "a list";
		for (size_t i = 0; letter == 'L' && !wanted && i < arg->n; i++)
			wanted = is_string(arg->args[i]) ? NULL : "a list of strings";
		break;
	default:
		break;
	}
	if (wanted)
		return FAIL(p, arg->at, "%s() wants %s as \"" STR_FMT "\"", call->fn->name, wanted,
			STR_ARG(name));
	if (letter != 'R')
		return true;
	call->re = regex_new(arg->literal.s, 0, p->e);
	return call->re || fail_at(p, arg->at);
}

/* From here on the statement frees the regular expression of a call, whoever made it. */
static void own_regex(struct parser *p, struct ottl_node *call)
{
	if (!call->re)
		return;
	call->next_regex = p->o->regexes;
	p->o->regexes = call;
}

/* name = at an argument: which parameter that is; -1: it has no name; -2: failed. */
static int arg_name(struct parser *p, const struct ottl_function *fn)
{
	struct parser ahead = *p;
	struct str name;
	char letter;
	bool optional;

	if (p->token != T_WORD)
		return -1;
	next(&ahead);
	if (!is_op(&ahead, "="))
		return -1;
	for (int i = 0; param_at(fn, (size_t)i, &name, &letter, &optional); i++) {
		if (!str_eq(name, p->s))
			continue;
		next(p);
		next(p);
		return i;
	}
	FAIL(p, p->start, "%s() has no argument \"" STR_FMT "\"", fn->name, STR_ARG(p->s));
	return -2;
}

static bool parse_args(struct parser *p, struct ottl_node *n)
{
	size_t position = 0;
	struct str name;
	bool optional;
	char letter;

	n->args = arena_new(&p->o->arena, struct ottl_node *, MAX_ARGS);
	n->n = MAX_ARGS;
	for (size_t count = 0; !is_op(p, ")"); count++) {
		struct ottl_node *arg;
		int named;

		if (count > 0 && !want_op(p, ","))
			return false;
		named = arg_name(p, n->fn);
		if (named == -2)
			return false;
		position = named >= 0 ? (size_t)named : position;
		if (!param_at(n->fn, position, &name, &letter, &optional))
			return FAIL(p, p->start, "%s() has too many arguments", n->fn->name);
		arg = parse_value(p);
		if (!arg || !check_arg(p, n, arg, name, letter))
			return false;
		n->args[position++] = arg;
	}
	for (size_t i = 0; param_at(n->fn, i, &name, &letter, &optional); i++)
		if (!n->args[i] && !optional)
			return FAIL(p, p->start, "%s() wants \"" STR_FMT "\"", n->fn->name,
				STR_ARG(name));
	return want_op(p, ")");
}

static const struct ottl_function *find_function(
	const struct ottl_function *list, struct str name)
{
	for (; list->name; list++)
		if (str_is(name, list->name))
			return list;
	return NULL;
}

static struct ottl_node *parse_call(struct parser *p, bool is_editor)
{
	struct ottl_node *n = new_node(p, OTTL_CALL);
	bool ok;

	n->fn = find_function(is_editor ? ottl_editors : ottl_converters, p->s);
	if (!n->fn && !is_editor)
		n->fn = find_function(ottl_time_converters, p->s);
	if (!n->fn)
		return FAIL(p, p->start, "function " STR_FMT "() is not known, or not supported",
			       STR_ARG(p->s)),
		       NULL;
	if (n->fn->only_span && p->context != OTTL_SPAN)
		return FAIL(p, p->start, "%s() is for context span only", n->fn->name), NULL;
	next(p);
	ok = want_op(p, "(") && enter(p) && parse_args(p, n);
	if (ok && n->fn->prepare && !n->fn->prepare(&p->o->arena, n, p->e))
		ok = fail_at(p, n->at);
	own_regex(p, n);
	if (!ok)
		return NULL;
	p->depth--;
	return is_editor || parse_keys(p, &n->keys, &n->n_keys) ? n : NULL;
}

static struct ottl_node *parse_literal(struct parser *p)
{
	struct ottl_node *n = new_node(p, OTTL_LITERAL);

	if (p->token == T_STRING) {
		n->literal.type = OTTL_STR;
		if (!unquote(p, &n->literal.s))
			return NULL;
	} else if (p->token == T_BYTES) {
		n->literal.type = OTTL_BYTES;
		if (!parse_hex(p, &n->literal.s))
			return NULL;
	} else if (is_keyword(p, "true") || is_keyword(p, "false")) {
		n->literal = ottl_bool(is_keyword(p, "true"));
	}
	next(p); /* or nil */
	return n;
}

static struct ottl_node *parse_word(struct parser *p)
{
	struct ottl_node *n;

	if (is_keyword(p, "nil") || is_keyword(p, "true") || is_keyword(p, "false"))
		return parse_literal(p);
	if (!ascii_is_upper(p->s.p[0])) {
		if (is_called(p))
			return FAIL(p, p->start,
				       STR_FMT "() changes something and is no value",
				       STR_ARG(p->s)),
			       NULL;
		return parse_path(p);
	}
	if (is_called(p))
		return parse_call(p, false);
	n = new_node(p, OTTL_LITERAL);
	n->literal.type = OTTL_INT;
	if (!ottl_enum_find(p->s, &n->literal.i))
		return FAIL(p, p->start, "\"" STR_FMT "\" is no enum, and no call",
			       STR_ARG(p->s)),
		       NULL;
	next(p);
	return n;
}

static struct ottl_node *parse_sum(struct parser *p);

/* A number with a sign is a literal, too. */
static struct ottl_node *parse_signed(struct parser *p)
{
	bool minus = is_op(p, "-");
	struct ottl_node *n;

	next(p);
	if (p->token != T_INT && p->token != T_FLOAT)
		return FAIL(p, p->start, "want a number"), NULL;
	n = parse_number(p);
	if (n && minus) {
		n->literal.i = -n->literal.i;
		n->literal.f = -n->literal.f;
	}
	return n;
}

static struct ottl_node *parse_primary(struct parser *p)
{
	struct ottl_node *n;

	switch (p->token) {
	case T_INT:
	case T_FLOAT:
		return parse_number(p);
	case T_STRING:
	case T_BYTES:
		return parse_literal(p);
	case T_WORD:
		return parse_word(p);
	case T_OP:
		break;
	case T_END:
		return FAIL(p, p->start, "want a value at the end"), NULL;
	case T_BAD:
		return FAIL(p, p->start, "\"%c\" begins nothing", p->s.p[0]), NULL;
	}
	if (is_op(p, "-") || is_op(p, "+"))
		return parse_signed(p);
	if (take_op(p, "(")) {
		n = parse_sum(p);
		return n && want_op(p, ")") ? n : NULL;
	}
	n = new_node(p, is_op(p, "{") ? OTTL_MAP_OF : OTTL_LIST_OF);
	if (take_op(p, "["))
		return parse_list(p, "]", false, n) ? n : NULL;
	if (take_op(p, "{"))
		return parse_list(p, "}", true, n) ? n : NULL;
	return FAIL(p, p->start, "want a value, not \"" STR_FMT "\"", STR_ARG(p->s)), NULL;
}

static struct ottl_node *binary(struct parser *p, enum ottl_node_kind kind, enum ottl_op op,
	struct ottl_node *left, struct ottl_node *right, size_t at)
{
	struct ottl_node *n = new_node(p, kind);

	if (++p->operators > MAX_OPERATORS)
		return FAIL(p, at, "more than %d operators", MAX_OPERATORS), NULL;
	n->at = at;
	n->op = op;
	n->n = 2;
	n->args = arena_new(&p->o->arena, struct ottl_node *, 2);
	n->args[0] = left;
	n->args[1] = right;
	return n;
}

static struct ottl_node *parse_product(struct parser *p)
{
	struct ottl_node *n = parse_primary(p);

	while (n && (is_op(p, "*") || is_op(p, "/"))) {
		enum ottl_op op = is_op(p, "*") ? OTTL_MUL : OTTL_DIV;
		size_t at = p->start;
		struct ottl_node *right;

		next(p);
		right = parse_primary(p);
		n = right ? binary(p, OTTL_MATH, op, n, right, at) : NULL;
	}
	return n;
}

static struct ottl_node *parse_sum(struct parser *p)
{
	struct ottl_node *n;

	if (!enter(p))
		return NULL;
	n = parse_product(p);
	while (n && (is_op(p, "+") || is_op(p, "-"))) {
		enum ottl_op op = is_op(p, "+") ? OTTL_ADD : OTTL_SUB;
		size_t at = p->start;
		struct ottl_node *right;

		next(p);
		right = parse_product(p);
		n = right ? binary(p, OTTL_MATH, op, n, right, at) : NULL;
	}
	p->depth--;
	return n;
}

static struct ottl_node *parse_value(struct parser *p)
{
	return parse_sum(p);
}

static bool comparison_op(struct parser *p, enum ottl_op *op)
{
	static const struct {
		const char *text;
		enum ottl_op op;
	} ops[] = {{"==", OTTL_EQ}, {"!=", OTTL_NE}, {"<=", OTTL_LE}, {">=", OTTL_GE},
		{"<", OTTL_LT}, {">", OTTL_GT}};

	for (size_t i = 0; i < sizeof(ops) / sizeof(*ops); i++) {
		if (!is_op(p, ops[i].text))
			continue;
		*op = ops[i].op;
		next(p);
		return true;
	}
	return false;
}

/* Whether the parenthesis here is around a condition, or around a calculation: what decides is
 * the operator that follows it, or a condition's word inside it. */
static bool is_condition_in_parens(const struct parser *p)
{
	struct parser ahead = *p;
	unsigned open = 0;

	do {
		if (is_op(&ahead, "(") || is_op(&ahead, "[") || is_op(&ahead, "{"))
			open++;
		else if (is_op(&ahead, ")") || is_op(&ahead, "]") || is_op(&ahead, "}"))
			open--;
		else if (is_op(&ahead, "==") || is_op(&ahead, "!=") || is_op(&ahead, "<") ||
			 is_op(&ahead, "<=") || is_op(&ahead, ">") || is_op(&ahead, ">=") ||
			 is_keyword(&ahead, "and") || is_keyword(&ahead, "or") ||
			 is_keyword(&ahead, "not"))
			return true;
		if (ahead.token == T_END || ahead.token == T_BAD)
			return false;
		next(&ahead);
	} while (open > 0);
	return !(is_op(&ahead, "==") || is_op(&ahead, "!=") || is_op(&ahead, "<") ||
		 is_op(&ahead, "<=") || is_op(&ahead, ">") || is_op(&ahead, ">=") ||
		 is_op(&ahead, "+") || is_op(&ahead, "-") || is_op(&ahead, "*") ||
		 is_op(&ahead, "/"));
}

static struct ottl_node *parse_test(struct parser *p)
{
	struct ottl_node *n;
	struct ottl_node *right;
	enum ottl_op op = OTTL_EQ;
	size_t at;

	if (is_keyword(p, "not")) {
		n = new_node(p, OTTL_NOT);
		next(p);
		if (!enter(p))
			return NULL;
		right = parse_test(p);
		p->depth--;
		n->args = arena_new(&p->o->arena, struct ottl_node *, 1);
		n->args[0] = right;
		n->n = 1;
		return right ? n : NULL;
	}
	if (is_op(p, "(") && is_condition_in_parens(p)) {
		next(p);
		n = parse_or(p);
		return n && want_op(p, ")") ? n : NULL;
	}
	n = parse_value(p);
	if (!n)
		return NULL;
	at = p->start;
	if (comparison_op(p, &op)) {
		right = parse_value(p);
		return right ? binary(p, OTTL_COMPARE, op, n, right, at) : NULL;
	}
	if (n->kind == OTTL_CALL || (n->kind == OTTL_LITERAL && n->literal.type == OTTL_BOOL))
		return n;
	return FAIL(p, at, "want a comparison: ==, !=, <, <=, > or >="), NULL;
}

static struct ottl_node *parse_and(struct parser *p)
{
	struct ottl_node *n = parse_test(p);

	while (n && is_keyword(p, "and")) {
		size_t at = p->start;
		struct ottl_node *right;

		next(p);
		right = parse_test(p);
		n = right ? binary(p, OTTL_AND, OTTL_EQ, n, right, at) : NULL;
	}
	return n;
}

static struct ottl_node *parse_or(struct parser *p)
{
	struct ottl_node *n;

	if (!enter(p))
		return NULL;
	n = parse_and(p);
	while (n && is_keyword(p, "or")) {
		size_t at = p->start;
		struct ottl_node *right;

		next(p);
		right = parse_and(p);
		n = right ? binary(p, OTTL_OR, OTTL_EQ, n, right, at) : NULL;
	}
	p->depth--;
	return n;
}

static bool parse_statement(struct parser *p)
{
	if (p->token != T_WORD || ascii_is_upper(p->s.p[0]) || !is_called(p))
		return FAIL(p, p->start, "a statement begins with a function that changes "
					 "something, as set(…)");
	p->o->editor = parse_call(p, true);
	if (!p->o->editor)
		return false;
	if (is_keyword(p, "where")) {
		next(p);
		p->o->condition = parse_or(p);
		if (!p->o->condition)
			return false;
	}
	return true;
}

static bool parse_all(struct parser *p, bool is_statement)
{
	if (p->text.n > OTTL_TEXT_MAX)
		return FAIL(p, 0, "the text is longer than %d bytes", OTTL_TEXT_MAX);
	next(p);
	if (is_statement) {
		if (!parse_statement(p))
			return false;
	} else {
		p->o->condition = parse_or(p);
		if (!p->o->condition)
			return false;
	}
	if (p->token != T_END)
		return FAIL(p, p->start, "\"" STR_FMT "\" is too much", STR_ARG(p->s));
	return true;
}

static struct ottl *compile(
	enum ottl_context c, struct str text, bool is_statement, size_t *at, struct err *e)
{
	struct ottl *o = mem_new(struct ottl, 1);
	struct parser p = {.o = o, .context = c, .e = e};

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
