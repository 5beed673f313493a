/*
 * Pipelines: commands with bars between them, of operands each. Variables are numbered by their
 * place on the stack of those in scope.
 */

#include "agent/base/ascii.h"
#include "agent/component/loki.process/template/parser.h"

static bool take_var(struct tpl_parser *p, struct operand *out)
{
	struct str name;

	p->at++;
	name = tpl_take_name(p);
	for (size_t i = p->n_vars; i > 0; i--) {
		if (str_eq(p->vars[i - 1], name)) {
			out->kind = OPERAND_VAR;
			out->var = i - 1;
			return true;
		}
	}
	return tpl_fail(p, " is an undefined variable", name);
}

static bool take_word(struct tpl_parser *p, struct operand *out)
{
	struct str name = tpl_take_name(p);

	out->kind = OPERAND_CONST;
	if (str_is(name, "true") || str_is(name, "false")) {
		out->value = tv_bool(str_is(name, "true"));
		return true;
	}
	if (str_is(name, "nil"))
		return true;
	out->kind = OPERAND_FUNC;
	out->func = tpl_func_find(name);
	if (out->func)
		return true;
	if (tpl_func_is_foreign(name))
		return tpl_fail(p, ": this function is not supported here", name);
	return tpl_fail(p, ": function not defined", name);
}

static bool take_dot(struct tpl_parser *p, struct operand *out)
{
	out->kind = OPERAND_DOT;
	if (!str_starts(tpl_rest(p), ".") || (unsigned char)(tpl_peek(p, 1) - '0') <= 9)
		return tpl_fail(p, ": unexpected character in operand", str_head(tpl_rest(p), 1));
	if (utf8_length(p->s, p->at + 1) == 0 ||
		!(utf8_is_letter(utf8_rune(p->s, p->at + 1)) || tpl_peek(p, 1) == '_'))
		p->at++; /* not the beginning of a field */
	return true;
}

static bool take_parens(struct tpl_parser *p, struct operand *out)
{
	p->at++;
	if (++p->depth > DEPTH_MAX)
		return tpl_fail(p, "nested too deeply", (struct str){0});
	out->kind = OPERAND_PIPE;
	out->pipe = tpl_take_pipe(p);
	if (!out->pipe)
		return false;
	p->depth--;
	tpl_skip_space(p);
	if (tpl_peek(p, 0) != ')')
		return tpl_fail(p, "unclosed left paren", (struct str){0});
	p->at++;
	return true;
}

static bool take_fields(struct tpl_parser *p, struct operand *out)
{
	size_t cap = 0;

	while (tpl_peek(p, 0) == '.') {
		struct str name;

		p->at++;
		name = tpl_take_name(p);
		if (name.n == 0 || ascii_is_digit(name.p[0]))
			return tpl_fail(p, "unexpected <.> in operand", (struct str){0});
		if (out->n_fields == cap) {
			struct str *more = arena_new(&p->t->arena, struct str, cap * 2 + 2);

			if (cap)
				memcpy(more, out->fields, cap * sizeof(*more));
			out->fields = more;
			cap = cap * 2 + 2;
		}
		out->fields[out->n_fields++] = name;
	}
	if (out->n_fields > 0 && out->kind == OPERAND_CONST)
		return tpl_fail(p, "unexpected . after a constant", (struct str){0});
	return true;
}

static bool take_start(struct tpl_parser *p, struct operand *out)
{
	char c = tpl_peek(p, 0);

	out->kind = OPERAND_CONST;
	switch (c) {
	case '"':
		out->value.kind = TV_STR;
		return tpl_take_quoted(p, &out->value.s);
	case '`':
		out->value.kind = TV_STR;
		return tpl_take_raw(p, &out->value.s);
	case '\'':
		return tpl_take_char(p, &out->value);
	case '$':
		return take_var(p, out);
	case '(':
		return take_parens(p, out);
	default:
		break;
	}
	if (ascii_is_digit(c) || c == '+' || c == '-')
		return tpl_take_number(p, &out->value);
	if (c == '.' && tpl_peek(p, 1) >= '0' && tpl_peek(p, 1) <= '9')
		return tpl_take_number(p, &out->value);
	if (utf8_length(p->s, p->at) && (c == '_' || utf8_is_letter(utf8_rune(p->s, p->at))))
		return take_word(p, out);
	return take_dot(p, out);
}

static bool take_operand(struct tpl_parser *p, struct operand *out)
{
	*out = (struct operand){0};
	return take_start(p, out) && (out->kind == OPERAND_FUNC || take_fields(p, out));
}

static bool ends_command(struct tpl_parser *p)
{
	return p->at >= p->s.n || tpl_at_end(p) || tpl_peek(p, 0) == ')' || tpl_peek(p, 0) == '|';
}

static struct command *take_command(struct tpl_parser *p)
{
	struct command *c = arena_new(&p->t->arena, struct command, 1);

	for (tpl_skip_space(p); !ends_command(p);) {
		if (c->n == c->cap) {
			size_t cap = c->cap ? c->cap * 2 : 4;
			struct operand *more = arena_new(&p->t->arena, struct operand, cap);

			if (c->n)
				memcpy(more, c->p, c->n * sizeof(*more));
			c->p = more;
			c->cap = cap;
		}
		if (!take_operand(p, &c->p[c->n++]))
			return NULL;
		if (!tpl_skip_space(p) && !ends_command(p)) {
			tpl_fail(p, ": unexpected character in operand", str_head(tpl_rest(p), 1));
			return NULL;
		}
	}
	if (c->n == 0) {
		tpl_fail(p, "missing value for command", (struct str){0});
		return NULL;
	}
	if (c->p[0].kind == OPERAND_CONST && c->p[0].value.kind == TV_NONE) {
		tpl_fail(p, "nil is not a command", (struct str){0});
		return NULL;
	}
	return c;
}

/* $x := or $x =; nothing is taken when none is here. */
static bool take_declaration(
	struct tpl_parser *p, struct pipe *out, struct str *names, bool *is_new)
{
	size_t start = p->at;
	size_t n = 0;

	while (n < 2 && tpl_peek(p, 0) == '$') {
		p->at++;
		names[n++] = tpl_take_name(p);
		tpl_skip_space(p);
		if (tpl_peek(p, 0) != ',')
			break;
		p->at++;
		tpl_skip_space(p);
	}
	*is_new = str_starts(tpl_rest(p), ":=");
	if (n > 0 && (*is_new || (tpl_peek(p, 0) == '=' && names[0].n > 0))) {
		p->at += *is_new ? 2 : 1;
		out->n_vars = n;
		return true;
	}
	p->at = start;
	return false;
}

static bool bind(struct tpl_parser *p, struct pipe *out, const struct str *names, bool is_new)
{
	for (size_t i = 0; i < out->n_vars; i++) {
		size_t k = p->n_vars;

		if (is_new && p->n_vars == VARS_MAX)
			return tpl_fail(p, "too many variables", (struct str){0});
		if (is_new) {
			p->vars[p->n_vars++] = names[i];
			out->vars[i] = k;
			continue;
		}
		while (k > 0 && !str_eq(p->vars[k - 1], names[i]))
			k--;
		if (k == 0)
			return tpl_fail(p, " is an undefined variable", names[i]);
		out->vars[i] = k - 1;
	}
	return true;
}

struct pipe *tpl_take_pipe(struct tpl_parser *p)
{
	struct pipe *out = arena_new(&p->t->arena, struct pipe, 1);
	struct command **last = &out->first;
	struct str names[2];
	bool is_new;
	bool binds;

	tpl_skip_space(p);
	binds = take_declaration(p, out, names, &is_new);
	do {
		if (*last == NULL && out->first)
			p->at++; /* the bar */
		*last = take_command(p);
		if (!*last)
			return NULL;
		if (last != &out->first && (*last)->p[0].kind == OPERAND_CONST) {
			tpl_fail(p, "non executable command in pipeline", (struct str){0});
			return NULL;
		}
		last = &(*last)->next;
		tpl_skip_space(p);
	} while (tpl_peek(p, 0) == '|');
	return !binds || bind(p, out, names, is_new) ? out : NULL;
}
