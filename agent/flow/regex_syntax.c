/*
 * RE2 syntax, as Go's regexp/syntax parses it with the flags of regexp.Compile (Perl), is
 * walked once, without recursion, and written again in a form that PCRE2 understands in only
 * one way: every literal that is not a letter or digit is escaped.
 */
#include "agent/flow/regex_syntax_private.h"

#include "agent/base/err.h"
#include "agent/base/must.h"
#include "agent/base/utf8.h"
#include "agent/base/vec.h"

#include <stdlib.h>

bool regex_syntax_fail(struct parser *p, const char *what, size_t from, size_t to)
{
	size_t n = to - from;

	return err_set(p->e, "error parsing regexp: %s: `%.*s`", what, (int)(n > 200 ? 200 : n),
		p->s.p + from);
}

/* --- repetition --- */

/* A number without zeros before it; -1: none is here. */
static int take_count(struct parser *p)
{
	int n = 0;

	if (!ascii_is_digit(peek(p, 0)) || (peek(p, 0) == '0' && ascii_is_digit(peek(p, 1))))
		return -1;
	for (; ascii_is_digit(peek(p, 0)); p->at++) {
		if (n <= REPEAT_MAX)
			n = n * 10 + (peek(p, 0) - '0');
	}
	return n;
}

/* {n}, {n,} or {n,m}; false, and nothing taken, if the brace is a plain character. max -1: no
 * end. */
static bool take_counts(struct parser *p, int *min, int *max)
{
	size_t from = p->at++;

	*min = take_count(p);
	*max = *min;
	if (*min >= 0 && peek(p, 0) == ',') {
		p->at++;
		*max = peek(p, 0) == '}' ? -1 : take_count(p);
		if (*max == -1 && peek(p, 0) != '}')
			*min = -1;
	}
	if (*min >= 0 && peek(p, 0) == '}') {
		p->at++;
		return true;
	}
	p->at = from;
	return false;
}

static bool check_counts(struct parser *p, size_t from, int min, int max)
{
	int most = max < 0 ? min : max;

	if (min > REPEAT_MAX || max > REPEAT_MAX || (max >= 0 && min > max))
		return fail(p, "invalid repeat count", from, p->at);
	if (most > 1)
		p->weight *= (uint32_t)most;
	if (p->weight > REPEAT_MAX)
		return fail(p, "invalid repeat count", from, p->at);
	return true;
}

/* *, +, ? or counts, at from; what they are is already known to be one. */
static bool finish_repeat(struct parser *p, size_t from)
{
	size_t end = p->at;

	if (peek(p, 0) == '?')
		p->at++;
	if (p->last == NOTHING)
		return fail(p, "missing argument to repetition operator", from, end);
	if (p->last == REPEATED)
		return fail(p, "invalid nested repetition operator", p->repeat_at, p->at);
	if (p->last == ASSERTION) {
		char copy[8];
		size_t n = out(p)->n - p->atom_out;

		must(n <= sizeof(copy));
		memcpy(copy, out(p)->p + p->atom_out, n);
		out(p)->n = p->atom_out;
		put(p, "(?:");
		buf_add(out(p), copy, n);
		put(p, ")");
	}
	buf_add_str(out(p), str_head(str_from_at(p->s, from), p->at - from));
	p->repeat_at = from;
	p->last = REPEATED;
	return true;
}

static bool take_repeat(struct parser *p)
{
	size_t from = p->at;
	int min;
	int max;

	if (peek(p, 0) != '{') {
		p->at++;
		return finish_repeat(p, from);
	}
	if (!take_counts(p, &min, &max)) {
		begin_atom(p, ATOM);
		put(p, "\\{");
		p->at++;
		return true;
	}
	if (p->last != NOTHING && !check_counts(p, from, min, max))
		return false;
	return finish_repeat(p, from);
}

/* --- groups --- */

static void add_group(struct parser *p, struct str name)
{
	*vec_add(&p->out->names) = name;
	put(p, "(");
}

/* (?P<name> or (?<name>; p->at is at the parenthesis. */
static bool take_named_group(struct parser *p, size_t name_at)
{
	struct str rest = str_from_at(p->s, name_at);
	ptrdiff_t end = str_find(rest, STR(">"));
	struct str name;
	bool ok = end > 0;

	if (end < 0)
		return fail(p, "invalid named capture", p->at, p->s.n);
	name = str_head(rest, (size_t)end);
	for (size_t i = 0; i < name.n; i++)
		ok = ok && is_word(name.p[i]);
	if (!ok)
		return fail(p, "invalid named capture", p->at, name_at + (size_t)end + 1);
	for (size_t i = 0; i < p->out->names.n; i++) {
		if (str_eq(p->out->names.p[i], name))
			return fail(p, "duplicate capture group name", name_at, name_at + name.n);
	}
	add_group(p, name);
	p->at = name_at + (size_t)end + 1;
	return true;
}

/* (?flags) and (?flags:; p->at is at the parenthesis. *opens: a group begins. */
static bool take_flags(struct parser *p, bool *opens)
{
	size_t from = p->at;
	bool negated = false;
	bool any = false;

	for (p->at += 2; more(p); p->at++) {
		char c = peek(p, 0);

		if (c == 'i' || c == 'm' || c == 's' || c == 'U') {
			any = true;
		} else if (c == '-' && !negated) {
			negated = true;
			any = false;
		} else if ((c == ':' || c == ')') && (any || !negated)) {
			p->at++;
			*opens = c == ':';
			if (p->at - from > 3 || *opens) /* not the empty (?) */
				buf_add_str(
					out(p), str_head(str_from_at(p->s, from), p->at - from));
			return true;
		} else {
			p->at += utf8_length(p->s, p->at);
			return fail(p, "invalid or unsupported Perl syntax", from, p->at);
		}
	}
	return fail(p, "missing closing )", 0, p->s.n);
}

static bool take_open(struct parser *p)
{
	bool opens = true;

	if (peek(p, 1) == '?' && peek(p, 2) == 'P' && peek(p, 3) == '<') {
		if (!take_named_group(p, p->at + 4))
			return false;
	} else if (peek(p, 1) == '?' && peek(p, 2) == '<' && peek(p, 3) != '=' &&
		   peek(p, 3) != '!') {
		if (!take_named_group(p, p->at + 3))
			return false;
	} else if (peek(p, 1) == '?' && peek(p, 2) == '<') {
		return fail(p, "invalid or unsupported Perl syntax", p->at, p->at + 4);
	} else if (peek(p, 1) == '?') {
		if (!take_flags(p, &opens))
			return false;
	} else {
		add_group(p, (struct str){0});
		p->at++;
	}
	p->last = NOTHING;
	if (!opens)
		return true;
	if (p->depth == DEPTH_MAX)
		return fail(p, "expression nests too deeply", 0, p->s.n);
	p->stack[++p->depth] = (struct frame){1};
	return true;
}

static bool take_close(struct parser *p)
{
	if (p->depth == 0)
		return fail(p, "unexpected )", 0, p->s.n);
	put(p, ")");
	p->at++;
	p->last = ATOM;
	p->weight = p->stack[p->depth--].weight;
	return true;
}

/* --- the walk --- */

/* \Q...\E: literals, to the end if there is no \E. */
static void take_quoted(struct parser *p)
{
	for (p->at += 2; more(p);) {
		if (peek(p, 0) == '\\' && peek(p, 1) == 'E') {
			p->at += 2;
			return;
		}
		begin_atom(p, ATOM);
		regex_class_put_char(p, regex_class_take_char(p));
	}
}

static bool take_backslash(struct parser *p)
{
	uint32_t rune = 0;

	switch (peek(p, 1)) {
	case 'A':
	case 'z':
	case 'b':
	case 'B':
		begin_atom(p, ASSERTION);
		buf_add(out(p), p->s.p + p->at, 2);
		p->at += 2;
		return true;
	case 'Q':
		take_quoted(p);
		return true;
	case 'p':
	case 'P':
		begin_atom(p, ATOM);
		return regex_class_take_property(p);
	default:
		begin_atom(p, ATOM);
		if (regex_class_take_perl(p, false))
			return true;
		if (!regex_class_take_escape(p, &rune))
			return false;
		regex_class_put_char(p, rune);
		return true;
	}
}

static bool take_one(struct parser *p)
{
	switch (peek(p, 0)) {
	case '(':
		return take_open(p);
	case ')':
		return take_close(p);
	case '|':
		put(p, "|");
		p->at++;
		p->last = NOTHING;
		return true;
	case '[':
		return regex_class_take(p);
	case '*':
	case '+':
	case '?':
	case '{':
		return take_repeat(p);
	case '\\':
		return take_backslash(p);
	case '^':
	case '$':
		begin_atom(p, ASSERTION);
		buf_add_char(out(p), p->s.p[p->at++]);
		return true;
	case '.':
		begin_atom(p, ATOM);
		buf_add_char(out(p), p->s.p[p->at++]);
		return true;
	default:
		begin_atom(p, ATOM);
		regex_class_put_char(p, regex_class_take_char(p));
		return true;
	}
}

static bool walk(struct parser *p)
{
	while (more(p)) {
		if (!take_one(p))
			return false;
		if (p->last != NOTHING && p->weight > p->stack[p->depth].weight)
			p->stack[p->depth].weight = p->weight;
	}
	if (p->depth > 0)
		return fail(p, "missing closing )", 0, p->s.n);
	return true;
}

bool regex_syntax_parse(struct str pattern, struct regex_syntax *result, struct err *e)
{
	struct parser p = {.s = pattern, .out = result, .e = e, .stack = {{1}}};

	*result = (struct regex_syntax){0};
	if (!utf8_is_valid(pattern))
		return err_set(e, "error parsing regexp: invalid UTF-8");
	buf_reserve(&result->pcre, pattern.n + 16);
	*vec_add(&result->names) = (struct str){0};
	if (!walk(&p)) {
		regex_syntax_fini(result);
		return false;
	}
	return true;
}

void regex_syntax_fini(struct regex_syntax *s)
{
	buf_fini(&s->pcre);
	free(s->names.p);
	*s = (struct regex_syntax){0};
}
