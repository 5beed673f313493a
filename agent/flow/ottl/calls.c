/*
 * Calls of functions: which one, and whether its arguments are what its table says. A call's
 * regular expression is compiled here, and belongs to the statement from then on.
 */

#include "agent/flow/ottl/parser.h"

enum {
	MAX_ARGS = 16,
};

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
static bool check_arg(struct ottl_parser *p, struct ottl_node *call, struct ottl_node *arg,
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
		return OTTL_FAIL(p, arg->at, "%s() wants %s as \"" STR_FMT "\"", call->fn->name,
			wanted, STR_ARG(name));
	if (letter != 'R')
		return true;
	call->re = regex_new(arg->literal.s, 0, p->e);
	return call->re || ottl_fail_at(p, arg->at);
}

/* From here on the statement frees the regular expression of a call, whoever made it. */
static void own_regex(struct ottl_parser *p, struct ottl_node *call)
{
	if (!call->re)
		return;
	call->next_regex = p->o->regexes;
	p->o->regexes = call;
}

/* name = at an argument: which parameter that is; -1: it has no name; -2: failed. */
static int arg_name(struct ottl_parser *p, const struct ottl_function *fn)
{
	struct ottl_parser ahead = *p;
	struct str name;
	char letter;
	bool optional;

	if (p->token != T_WORD)
		return -1;
	ottl_next(&ahead);
	if (!ottl_is_op(&ahead, "="))
		return -1;
	for (int i = 0; param_at(fn, (size_t)i, &name, &letter, &optional); i++) {
		if (!str_eq(name, p->s))
			continue;
		ottl_next(p);
		ottl_next(p);
		return i;
	}
	OTTL_FAIL(p, p->start, "%s() has no argument \"" STR_FMT "\"", fn->name, STR_ARG(p->s));
	return -2;
}

static bool parse_args(struct ottl_parser *p, struct ottl_node *n)
{
	size_t position = 0;
	struct str name;
	bool optional;
	char letter;

	n->args = arena_new(&p->o->arena, struct ottl_node *, MAX_ARGS);
	n->n = MAX_ARGS;
	for (size_t count = 0; !ottl_is_op(p, ")"); count++) {
		struct ottl_node *arg;
		int named;

		if (count > 0 && !ottl_want_op(p, ","))
			return false;
		named = arg_name(p, n->fn);
		if (named == -2)
			return false;
		position = named >= 0 ? (size_t)named : position;
		if (!param_at(n->fn, position, &name, &letter, &optional))
			return OTTL_FAIL(p, p->start, "%s() has too many arguments", n->fn->name);
		arg = ottl_parse_value(p);
		if (!arg || !check_arg(p, n, arg, name, letter))
			return false;
		n->args[position++] = arg;
	}
	for (size_t i = 0; param_at(n->fn, i, &name, &letter, &optional); i++)
		if (!n->args[i] && !optional)
			return OTTL_FAIL(p, p->start, "%s() wants \"" STR_FMT "\"", n->fn->name,
				STR_ARG(name));
	return ottl_want_op(p, ")");
}

static const struct ottl_function *find_in(const struct ottl_function *list, struct str name)
{
	for (; list->name; list++)
		if (str_is(name, list->name))
			return list;
	return NULL;
}

static const struct ottl_function *find_converter(struct str name)
{
	static const struct ottl_function *const lists[] = {ottl_text_converters,
		ottl_type_converters, ottl_parse_converters, ottl_bytes_converters,
		ottl_time_converters};
	const struct ottl_function *found = NULL;

	for (size_t i = 0; !found && i < sizeof(lists) / sizeof(*lists); i++)
		found = find_in(lists[i], name);
	return found;
}

struct ottl_node *ottl_parse_call(struct ottl_parser *p, bool is_editor)
{
	struct ottl_node *n = ottl_new_node(p, OTTL_CALL);
	bool ok;

	n->fn = is_editor ? find_in(ottl_editors, p->s) : find_converter(p->s);
	if (!n->fn)
		return OTTL_FAIL(p, p->start,
			       "function " STR_FMT "() is not known, or not supported",
			       STR_ARG(p->s)),
		       NULL;
	if (n->fn->only_span && p->context != OTTL_SPAN)
		return OTTL_FAIL(p, p->start, "%s() is for context span only", n->fn->name), NULL;
	ottl_next(p);
	ok = ottl_want_op(p, "(") && ottl_enter(p) && parse_args(p, n);
	if (ok && n->fn->prepare && !n->fn->prepare(&p->o->arena, n, p->e))
		ok = ottl_fail_at(p, n->at);
	own_regex(p, n);
	if (!ok)
		return NULL;
	p->depth--;
	return is_editor || ottl_parse_keys(p, &n->keys, &n->n_keys) ? n : NULL;
}
