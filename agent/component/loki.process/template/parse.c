/*
 * The text is read once from left to right. Blocks and parentheses are the only recursion, and it
 * has a limit. Variables are numbered by their place on the stack of those in scope.
 */
#include "agent/base/ascii.h"
#include "agent/base/must.h"
#include "agent/base/utf8.h"
#include "agent/component/loki.process/template/private.h"
#include "agent/flow/regex.h"

#include <math.h>
#include <stdlib.h>

struct parser {
	struct template *t;
	struct str s;
	size_t at;
	struct err *e;
	struct str vars[VARS_MAX];
	size_t n_vars;
	size_t depth;
	size_t ranges; /* that are open */
	bool trim;     /* the next text loses its leading space */
};

static bool fail(struct parser *p, const char *what, struct str word)
{
	size_t line = 1;

	for (size_t i = 0; i < p->at && i < p->s.n; i++)
		line += p->s.p[i] == '\n';
	if (word.n > 100)
		word.n = 100;
	return err_set(p->e, "template: pipeline_template:%zu: " STR_FMT "%s", line,
		STR_ARG(word), what);
}

static char peek(const struct parser *p, size_t ahead)
{
	return (char)(p->at + ahead < p->s.n ? p->s.p[p->at + ahead] : 0);
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool skip_space(struct parser *p)
{
	size_t from = p->at;

	while (p->at < p->s.n && is_space(p->s.p[p->at]))
		p->at++;
	return p->at > from;
}

static struct str rest(const struct parser *p)
{
	return str_from_at(p->s, p->at);
}

/* --- words --- */

static struct str take_name(struct parser *p)
{
	size_t from = p->at;

	while (p->at < p->s.n) {
		size_t n = utf8_length(p->s, p->at);
		uint32_t rune = n ? utf8_rune(p->s, p->at) : 0;

		if (rune != '_' && !utf8_is_letter(rune) && !utf8_is_digit(rune))
			break;
		p->at += n;
	}
	return str_head(str_from_at(p->s, from), p->at - from);
}

/* At the end of an action? -}} wants space before it. */
static bool at_end(const struct parser *p)
{
	if (str_starts(rest(p), "}}"))
		return true;
	return str_starts(rest(p), "-}}") && p->at > 0 && is_space(p->s.p[p->at - 1]);
}

static bool take_end(struct parser *p)
{
	skip_space(p);
	if (!at_end(p))
		return fail(p, "unexpected text in an action", (struct str){0});
	p->trim = peek(p, 0) == '-';
	p->at += p->trim ? 3 : 2;
	return true;
}

static bool take_raw(struct parser *p, struct str *out)
{
	ptrdiff_t end = str_find(str_from_at(rest(p), 1), STR("`"));

	if (end < 0)
		return fail(p, "unterminated raw quoted string", (struct str){0});
	*out = str_head(str_from_at(rest(p), 1), (size_t)end);
	p->at += (size_t)end + 2;
	return true;
}

/* Behind the backslash. Bytes for \x and octal, else a character. */
static bool take_escape(struct parser *p, char *to, size_t *n)
{
	static const char names[] = "abfnrtv\\\"'";
	static const char codes[] = "\a\b\f\n\r\t\v\\\"'";
	char c = peek(p, 0);
	const char *known = c ? strchr(names, c) : NULL;
	bool octal = c >= '0' && c <= '7';
	int count = c == 'x' ? 2 : c == 'u' ? 4
			   : c == 'U'       ? 8
			   : octal          ? 3
					    : 0;
	uint32_t value = 0;
	size_t put = 1;

	p->at += !octal;
	if (known) {
		to[(*n)++] = codes[known - names];
		return true;
	}
	if (count == 0)
		return fail(p, "unknown escape sequence", (struct str){0});
	for (int i = 0; i < count; i++, p->at++) {
		int digit = ascii_hex(peek(p, 0));

		if (digit < 0 || (octal && digit > 7))
			return fail(p, "invalid escape sequence", (struct str){0});
		value = value * (octal ? 8 : 16) + (uint32_t)digit;
	}
	if (count >= 4)
		put = utf8_put(to + *n, value);
	else
		to[*n] = (char)value;
	*n += put;
	return put > 0 || fail(p, "invalid escape sequence", (struct str){0});
}

/* Between two quotes of one kind. */
static bool take_quoted(struct parser *p, struct str *out)
{
	char quote = peek(p, 0);
	char *to = arena_new(&p->t->arena, char, p->s.n - p->at + 8);
	size_t n = 0;

	for (p->at++; peek(p, 0) != quote;) {
		if (p->at >= p->s.n || peek(p, 0) == '\n')
			return fail(p, "unterminated quoted string", (struct str){0});
		if (peek(p, 0) != '\\') {
			to[n++] = p->s.p[p->at++];
			continue;
		}
		p->at++;
		if (!take_escape(p, to, &n))
			return false;
	}
	p->at++;
	*out = (struct str){to, n};
	return true;
}

static bool take_char(struct parser *p, struct tv *out)
{
	struct str text = {0};

	if (!take_quoted(p, &text))
		return false;
	if (text.n == 0 || utf8_length(text, 0) != text.n)
		return fail(p, "malformed character constant", (struct str){0});
	*out = tv_int(utf8_rune(text, 0));
	return true;
}

static bool take_number(struct parser *p, struct tv *out)
{
	char text[64];
	size_t n = 0;
	char *end;

	while (peek(p, n) && (strchr("+-._", peek(p, n)) || ascii_hex(peek(p, n)) >= 0 ||
				     strchr("xXoOpP", peek(p, n))))
		n++;
	if (n >= sizeof(text))
		return fail(p, "bad number syntax", (struct str){0});
	memcpy(text, rest(p).p, n);
	text[n] = 0;
	*out = tv_int(strtoll(text, &end, 0));
	if (*end) {
		*out = tv_float(strtod(text, &end));
		if (*end || !isfinite(out->f))
			return fail(p, ": bad number syntax", str_head(rest(p), n));
	}
	p->at += n;
	return true;
}

/* --- operands --- */

static struct pipe *take_pipe(struct parser *p);

static bool take_var(struct parser *p, struct operand *out)
{
	struct str name;

	p->at++;
	name = take_name(p);
	for (size_t i = p->n_vars; i > 0; i--) {
		if (str_eq(p->vars[i - 1], name)) {
			out->kind = OPERAND_VAR;
			out->var = i - 1;
			return true;
		}
	}
	return fail(p, " is an undefined variable", name);
}

static bool take_word(struct parser *p, struct operand *out)
{
	struct str name = take_name(p);

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
		return fail(p, ": this function is not supported here", name);
	return fail(p, ": function not defined", name);
}

static bool take_dot(struct parser *p, struct operand *out)
{
	out->kind = OPERAND_DOT;
	if (!str_starts(rest(p), ".") || (unsigned char)(peek(p, 1) - '0') <= 9)
		return fail(p, ": unexpected character in operand", str_head(rest(p), 1));
	if (utf8_length(p->s, p->at + 1) == 0 ||
		!(utf8_is_letter(utf8_rune(p->s, p->at + 1)) || peek(p, 1) == '_'))
		p->at++; /* not the beginning of a field */
	return true;
}

static bool take_parens(struct parser *p, struct operand *out)
{
	p->at++;
	if (++p->depth > DEPTH_MAX)
		return fail(p, "nested too deeply", (struct str){0});
	out->kind = OPERAND_PIPE;
	out->pipe = take_pipe(p);
	if (!out->pipe)
		return false;
	p->depth--;
	skip_space(p);
	if (peek(p, 0) != ')')
		return fail(p, "unclosed left paren", (struct str){0});
	p->at++;
	return true;
}

static bool take_fields(struct parser *p, struct operand *out)
{
	size_t cap = 0;

	while (peek(p, 0) == '.') {
		struct str name;

		p->at++;
		name = take_name(p);
		if (name.n == 0 || ascii_is_digit(name.p[0]))
			return fail(p, "unexpected <.> in operand", (struct str){0});
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
		return fail(p, "unexpected . after a constant", (struct str){0});
	return true;
}

static bool take_start(struct parser *p, struct operand *out)
{
	char c = peek(p, 0);

	out->kind = OPERAND_CONST;
	switch (c) {
	case '"':
		out->value.kind = TV_STR;
		return take_quoted(p, &out->value.s);
	case '`':
		out->value.kind = TV_STR;
		return take_raw(p, &out->value.s);
	case '\'':
		return take_char(p, &out->value);
	case '$':
		return take_var(p, out);
	case '(':
		return take_parens(p, out);
	default:
		break;
	}
	if (ascii_is_digit(c) || c == '+' || c == '-')
		return take_number(p, &out->value);
	if (c == '.' && peek(p, 1) >= '0' && peek(p, 1) <= '9')
		return take_number(p, &out->value);
	if (utf8_length(p->s, p->at) && (c == '_' || utf8_is_letter(utf8_rune(p->s, p->at))))
		return take_word(p, out);
	return take_dot(p, out);
}

static bool take_operand(struct parser *p, struct operand *out)
{
	*out = (struct operand){0};
	return take_start(p, out) && (out->kind == OPERAND_FUNC || take_fields(p, out));
}

/* --- pipelines --- */

static bool ends_command(struct parser *p)
{
	return p->at >= p->s.n || at_end(p) || peek(p, 0) == ')' || peek(p, 0) == '|';
}

static struct command *take_command(struct parser *p)
{
	struct command *c = arena_new(&p->t->arena, struct command, 1);

	for (skip_space(p); !ends_command(p);) {
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
		if (!skip_space(p) && !ends_command(p)) {
			fail(p, ": unexpected character in operand", str_head(rest(p), 1));
			return NULL;
		}
	}
	if (c->n == 0) {
		fail(p, "missing value for command", (struct str){0});
		return NULL;
	}
	if (c->p[0].kind == OPERAND_CONST && c->p[0].value.kind == TV_NONE) {
		fail(p, "nil is not a command", (struct str){0});
		return NULL;
	}
	return c;
}

/* $x := or $x =; nothing is taken when none is here. */
static bool take_declaration(struct parser *p, struct pipe *out, struct str *names, bool *is_new)
{
	size_t start = p->at;
	size_t n = 0;

	while (n < 2 && peek(p, 0) == '$') {
		p->at++;
		names[n++] = take_name(p);
		skip_space(p);
		if (peek(p, 0) != ',')
			break;
		p->at++;
		skip_space(p);
	}
	*is_new = str_starts(rest(p), ":=");
	if (n > 0 && (*is_new || (peek(p, 0) == '=' && names[0].n > 0))) {
		p->at += *is_new ? 2 : 1;
		out->n_vars = n;
		return true;
	}
	p->at = start;
	return false;
}

static bool bind(struct parser *p, struct pipe *out, const struct str *names, bool is_new)
{
	for (size_t i = 0; i < out->n_vars; i++) {
		size_t k = p->n_vars;

		if (is_new && p->n_vars == VARS_MAX)
			return fail(p, "too many variables", (struct str){0});
		if (is_new) {
			p->vars[p->n_vars++] = names[i];
			out->vars[i] = k;
			continue;
		}
		while (k > 0 && !str_eq(p->vars[k - 1], names[i]))
			k--;
		if (k == 0)
			return fail(p, " is an undefined variable", names[i]);
		out->vars[i] = k - 1;
	}
	return true;
}

static struct pipe *take_pipe(struct parser *p)
{
	struct pipe *out = arena_new(&p->t->arena, struct pipe, 1);
	struct command **last = &out->first;
	struct str names[2];
	bool is_new;
	bool binds;

	skip_space(p);
	binds = take_declaration(p, out, names, &is_new);
	do {
		if (*last == NULL && out->first)
			p->at++; /* the bar */
		*last = take_command(p);
		if (!*last)
			return NULL;
		if (last != &out->first && (*last)->p[0].kind == OPERAND_CONST) {
			fail(p, "non executable command in pipeline", (struct str){0});
			return NULL;
		}
		last = &(*last)->next;
		skip_space(p);
	} while (peek(p, 0) == '|');
	return !binds || bind(p, out, names, is_new) ? out : NULL;
}

/* --- nodes --- */

enum stop {
	STOP_END,
	STOP_ELSE,
	STOP_EOF,
	STOP_ERROR,
};

static enum stop take_list(struct parser *p, struct node **out);

/* The keyword that an action begins with; its letters are taken. */
static bool take_keyword(struct parser *p, const char *word)
{
	size_t n = strlen(word);
	size_t at = p->at;

	if (!str_starts(rest(p), word))
		return false;
	p->at += n;
	if (take_name(p).n == 0)
		return true;
	p->at = at;
	return false;
}

/* The part of a block behind its keyword. `else if` is a block inside the other branch. */
static bool take_block(struct parser *p, struct node *node)
{
	size_t vars = p->n_vars;
	enum stop stop;

	if (++p->depth > DEPTH_MAX)
		return fail(p, "nested too deeply", (struct str){0});
	node->pipe = take_pipe(p);
	if (!node->pipe || !take_end(p))
		return false;
	p->ranges += node->kind == NODE_RANGE;
	stop = take_list(p, &node->body);
	p->ranges -= node->kind == NODE_RANGE;
	if (stop == STOP_ELSE) {
		skip_space(p);
		if (node->kind != NODE_RANGE && !at_end(p)) {
			struct node *inner = arena_new(&p->t->arena, struct node, 1);

			inner->kind = node->kind;
			if (!take_keyword(p, node->kind == NODE_IF ? "if" : "with"))
				return fail(p, "unexpected text in {{else}}", (struct str){0});
			node->otherwise = inner;
			if (!take_block(p, inner))
				return false;
			stop = STOP_END;
		} else if (take_end(p)) {
			stop = take_list(p, &node->otherwise);
		} else {
			return false;
		}
	}
	p->n_vars = vars;
	p->depth--;
	if (stop == STOP_ELSE)
		return fail(p, "unexpected {{else}}", (struct str){0});
	if (stop == STOP_EOF)
		return fail(p, "unexpected EOF", (struct str){0});
	return stop == STOP_END;
}

static bool take_action(struct parser *p, struct node *node)
{
	static const struct {
		const char *word;
		enum node_kind kind;
	} blocks[] = {{"if", NODE_IF}, {"range", NODE_RANGE}, {"with", NODE_WITH}};
	static const char *const refused[] = {"define", "template", "block"};

	for (size_t i = 0; i < 3; i++) {
		if (take_keyword(p, blocks[i].word)) {
			node->kind = blocks[i].kind;
			return take_block(p, node);
		}
		if (take_keyword(p, refused[i]))
			return fail(p, ": this action is not supported here", str_from(refused[i]));
	}
	node->kind = NODE_ACTION;
	if (take_keyword(p, "break"))
		node->kind = NODE_BREAK;
	else if (take_keyword(p, "continue"))
		node->kind = NODE_CONTINUE;
	if (node->kind != NODE_ACTION)
		return p->ranges > 0 ? take_end(p)
				     : fail(p, "break or continue outside {{range}}",
					       (struct str){0});
	node->pipe = take_pipe(p);
	return node->pipe && take_end(p);
}

/* The text up to the next action; its length with what the markers leave of it. */
static struct str take_text(struct parser *p)
{
	ptrdiff_t found = str_find(rest(p), STR("{{"));
	struct str text = found < 0 ? rest(p) : str_head(rest(p), (size_t)found);

	p->at += text.n;
	if (p->trim) {
		while (text.n > 0 && is_space(text.p[0]))
			text = str_from_at(text, 1);
	}
	p->trim = false;
	if (str_starts(rest(p), "{{-") && is_space(peek(p, 3))) {
		while (text.n > 0 && is_space(text.p[text.n - 1]))
			text.n--;
	}
	return text;
}

/* At {{: past it and the marker; true if it is a comment, which is taken whole. */
static bool open_action(struct parser *p, bool *ok)
{
	ptrdiff_t end;

	*ok = true;
	p->at += str_starts(rest(p), "{{-") && is_space(peek(p, 3)) ? 3 : 2;
	skip_space(p);
	if (!str_starts(rest(p), "/*"))
		return false;
	end = str_find(rest(p), STR("*/"));
	if (end < 0) {
		*ok = fail(p, "unclosed comment", (struct str){0});
		return true;
	}
	p->at += (size_t)end + 2;
	*ok = take_end(p);
	return true;
}

static enum stop take_list(struct parser *p, struct node **out)
{
	for (;;) {
		struct node *node = arena_new(&p->t->arena, struct node, 1);
		struct str text = take_text(p);
		bool ok;

		if (text.n > 0) {
			*node = (struct node){.kind = NODE_TEXT, .text = text};
			*out = node;
			out = &node->next;
			node = arena_new(&p->t->arena, struct node, 1);
		}
		if (p->at >= p->s.n)
			return STOP_EOF;
		if (open_action(p, &ok)) {
			if (!ok)
				return STOP_ERROR;
			continue;
		}
		if (take_keyword(p, "end"))
			return take_end(p) ? STOP_END : STOP_ERROR;
		if (take_keyword(p, "else"))
			return STOP_ELSE;
		if (!take_action(p, node))
			return STOP_ERROR;
		*out = node;
		out = &node->next;
	}
}

struct template *template_new(struct str text, struct err *e)
{
	struct template *t = mem_new(struct template, 1);
	struct parser p = {.t = t, .s = text, .e = e, .n_vars = 1}; /* the first is $ */
	enum stop stop;

	arena_init(&t->arena, 0);
	if (text.n > TEMPLATE_MAX) {
		fail(&p, "longer than 65536 bytes", (struct str){0});
		template_free(t);
		return NULL;
	}
	stop = take_list(&p, &t->first);
	if (stop == STOP_EOF)
		return t;
	if (stop != STOP_ERROR)
		fail(&p, "unexpected {{end}} or {{else}}", (struct str){0});
	template_free(t);
	return NULL;
}

void template_free(struct template *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->n_regexes; i++)
		regex_free(t->regexes[i]);
	buf_fini(&t->out);
	buf_fini(&t->tmp[0]);
	buf_fini(&t->tmp[1]);
	arena_fini(&t->arena);
	free(t);
}
