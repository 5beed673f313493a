/*
 * Two lists of conditions, both read by one cursor: those on labels in braces, then those on
 * the line. All must hold.
 */
#include "agent/flow/selector.h"
#include "agent/base/ascii.h"

#include "agent/base/arena.h"
#include "agent/base/err.h"
#include "agent/base/mem.h"
#include "agent/base/utf8.h"
#include "agent/base/vec.h"
#include "agent/flow/needle.h"
#include "agent/flow/regex.h"

#include <stdlib.h>

#define CONDITIONS_MAX 1000

struct condition {
	struct str name; /* empty: the line */
	struct needle text;
	struct regex *regex; /* NULL: the text itself */
	bool is_not;
};

struct conditions {
	struct condition *p;
	size_t n;
	size_t cap;
};

struct selector {
	struct arena arena;
	struct conditions labels;
	struct conditions lines;
};

struct cursor {
	struct str s;
	size_t at;
	struct selector *sel;
	struct err *e;
};

static bool fail(struct cursor *c, const char *what)
{
	size_t line = 1;
	size_t column = 1;

	for (size_t i = 0; i < c->at && i < c->s.n; i++) {
		column = c->s.p[i] == '\n' ? 1 : column + 1;
		line += c->s.p[i] == '\n';
	}
	return err_set(c->e, "parse error at line %zu, col %zu: %s", line, column, what);
}

static char peek(const struct cursor *c)
{
	return (char)(c->at < c->s.n ? c->s.p[c->at] : 0);
}

static void skip_space(struct cursor *c)
{
	while (c->at < c->s.n && strchr(" \t\r\n", c->s.p[c->at]) && c->s.p[c->at])
		c->at++;
}

static bool take(struct cursor *c, const char *token)
{
	skip_space(c);
	if (!str_starts(str_from_at(c->s, c->at), token))
		return false;
	c->at += strlen(token);
	return true;
}

/* --- texts, as Go's strconv.Unquote reads them --- */

static int digit_value(char ch)
{
	if (ascii_is_digit(ch))
		return ch - '0';
	if (ch >= 'a' && ch <= 'f')
		return ch - 'a' + 10;
	return ch >= 'A' && ch <= 'F' ? ch - 'A' + 10 : 99;
}

static bool take_digits(struct cursor *c, int count, int base, uint32_t *out)
{
	*out = 0;
	for (int i = 0; i < count; i++, c->at++) {
		if (digit_value(peek(c)) >= base)
			return fail(c, "invalid char escape");
		*out = *out * (uint32_t)base + (uint32_t)digit_value(peek(c));
	}
	return true;
}

/* Behind a backslash. */
static bool take_escape(struct cursor *c, char *to, size_t *n)
{
	static const char names[] = "abfnrtv\\\"";
	static const char codes[] = "\a\b\f\n\r\t\v\\\"";
	const char *known = peek(c) ? strchr(names, peek(c)) : NULL;
	uint32_t value;
	size_t put;

	if (known) {
		c->at++;
		to[(*n)++] = codes[known - names];
		return true;
	}
	if (peek(c) == 'x' || (peek(c) >= '0' && peek(c) <= '7')) {
		bool hex = peek(c) == 'x';

		c->at += hex;
		if (!take_digits(c, hex ? 2 : 3, hex ? 16 : 8, &value))
			return false;
		to[(*n)++] = (char)value;
		return value <= 255 || fail(c, "invalid char escape");
	}
	if (peek(c) != 'u' && peek(c) != 'U')
		return fail(c, "invalid char escape");
	c->at++;
	if (!take_digits(c, c->s.p[c->at - 1] == 'u' ? 4 : 8, 16, &value))
		return false;
	put = utf8_put(to + *n, value);
	*n += put;
	return put > 0 || fail(c, "invalid char escape");
}

static bool take_quoted(struct cursor *c, struct str *out)
{
	char *to = arena_new(&c->sel->arena, char, c->s.n - c->at + 8);
	size_t n = 0;

	for (c->at++; peek(c) != '"';) {
		if (c->at >= c->s.n || peek(c) == '\n')
			return fail(c, "literal not terminated");
		if (peek(c) != '\\') {
			to[n++] = c->s.p[c->at++];
			continue;
		}
		c->at++;
		if (!take_escape(c, to, &n))
			return false;
	}
	c->at++;
	*out = (struct str){to, n};
	return true;
}

static bool take_text(struct cursor *c, struct str *out)
{
	struct str rest;
	ptrdiff_t end;

	skip_space(c);
	if (peek(c) == '"')
		return take_quoted(c, out);
	if (peek(c) != '`')
		return fail(c, "syntax error: want a string");
	rest = str_from_at(c->s, c->at + 1);
	end = str_find(rest, STR("`"));
	if (end < 0)
		return fail(c, "literal not terminated");
	*out = arena_str(&c->sel->arena, str_head(rest, (size_t)end));
	c->at += (size_t)end + 2;
	return true;
}

/* --- conditions --- */

static bool add(
	struct cursor *c, struct conditions *to, struct str name, bool is_not, bool is_regex)
{
	struct condition *made;
	struct str text = {0};

	if (to->n == CONDITIONS_MAX)
		return fail(c, "too many conditions");
	if (!take_text(c, &text))
		return false;
	made = vec_add(to);
	*made = (struct condition){.name = name, .is_not = is_not};
	needle_init(&made->text, text);
	if (is_regex)
		made->regex = regex_new(text, name.n ? REGEX_WHOLE : 0, c->e);
	return !is_regex || made->regex;
}

static bool is_name_char(char ch)
{
	return ch == '_' || ascii_is_alnum(ch);
}

static bool take_matcher(struct cursor *c)
{
	struct str name;
	size_t from;
	bool is_not;

	skip_space(c);
	from = c->at;
	while (is_name_char(peek(c)))
		c->at++;
	name = arena_str(&c->sel->arena, str_head(str_from_at(c->s, from), c->at - from));
	if (!label_name_is_valid(name)) {
		c->at = from;
		return fail(c, "syntax error: want a label name");
	}
	if (take(c, "=~"))
		return add(c, &c->sel->labels, name, false, true);
	if (take(c, "!~"))
		return add(c, &c->sel->labels, name, true, true);
	is_not = take(c, "!=");
	if (is_not || take(c, "="))
		return add(c, &c->sel->labels, name, is_not, false);
	return fail(c, "syntax error: want =, !=, =~ or !~");
}

static bool take_matchers(struct cursor *c)
{
	if (!take(c, "{"))
		return fail(c, "syntax error: want {");
	while (!take(c, "}")) {
		if (c->sel->labels.n > 0 && !take(c, ","))
			return fail(c, "syntax error: want , or }");
		if (!take_matcher(c))
			return false;
	}
	return true;
}

static bool take_filters(struct cursor *c)
{
	static const struct {
		const char *token;
		bool is_not;
		bool is_regex;
	} kinds[] = {
		{"|=", false, false}, {"|~", false, true}, {"!=", true, false}, {"!~", true, true}};
	size_t k;

	for (skip_space(c); c->at < c->s.n; skip_space(c)) {
		for (k = 0; k < 4 && !take(c, kinds[k].token); k++)
			;
		if (k == 4)
			return fail(c, "syntax error: want |=, |~, != or !~; nothing else of LogQL "
				       "is taken here");
		if (!add(c, &c->sel->lines, (struct str){0}, kinds[k].is_not, kinds[k].is_regex))
			return false;
	}
	return true;
}

struct selector *selector_new(struct str text, struct err *e)
{
	struct selector *s = mem_new(struct selector, 1);
	struct cursor c = {text, 0, s, e};

	arena_init(&s->arena, 0);
	if (take_matchers(&c) && take_filters(&c))
		return s;
	selector_free(s);
	return NULL;
}

static void free_conditions(struct conditions *c)
{
	for (size_t i = 0; i < c->n; i++)
		regex_free(c->p[i].regex);
	free(c->p);
}

void selector_free(struct selector *s)
{
	if (!s)
		return;
	free_conditions(&s->labels);
	free_conditions(&s->lines);
	arena_fini(&s->arena);
	free(s);
}

bool selector_match_labels(struct selector *s, const struct labels *labels)
{
	for (size_t i = 0; i < s->labels.n; i++) {
		const struct condition *c = &s->labels.p[i];
		struct str value = labels_find(labels, c->name);
		bool holds = c->regex ? regex_match(c->regex, value) : str_eq(value, c->text.text);

		if (holds == c->is_not)
			return false;
	}
	return true;
}

bool selector_match_line(struct selector *s, struct str line)
{
	for (size_t i = 0; i < s->lines.n; i++) {
		const struct condition *c = &s->lines.p[i];
		bool holds = c->regex ? regex_match(c->regex, line)
				      : needle_is_in(&c->text, line);

		if (holds == c->is_not)
			return false;
	}
	return true;
}
