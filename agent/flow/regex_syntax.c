/*
 * RE2 syntax, as Go's regexp/syntax parses it with the flags of regexp.Compile (Perl), is
 * walked once, without recursion, and written again in a form that PCRE2 understands in only
 * one way: every literal that is not a letter or digit is escaped.
 */
#include "agent/flow/regex_syntax.h"

#include "agent/base/err.h"
#include "agent/base/must.h"
#include "agent/base/utf8.h"
#include "agent/base/vec.h"

#include <stdlib.h>

#define DEPTH_MAX 250   /* Go allows 1000; PCRE2 compiles nested groups by recursion */
#define REPEAT_MAX 1000 /* RE2's */

enum last {
	NOTHING, /* nothing here that could be repeated */
	ATOM,
	ASSERTION, /* may be repeated in Go, but in PCRE2 only inside a group */
	REPEATED,
};

struct frame {
	uint32_t weight; /* the largest product of counts of nested repetitions so far */
};

struct parser {
	struct str s;
	size_t at;
	struct regex_syntax *out;
	struct err *e;
	enum last last;
	size_t atom_out;  /* where the last atom begins in what was written */
	size_t repeat_at; /* … and the last repetition operator in the pattern */
	uint32_t weight;  /* of the last atom */
	struct frame stack[DEPTH_MAX + 1];
	size_t depth;
};

static bool fail(struct parser *p, const char *what, size_t from, size_t to)
{
	size_t n = to - from;

	return err_set(p->e, "error parsing regexp: %s: `%.*s`", what, (int)(n > 200 ? 200 : n),
		p->s.p + from);
}

static bool more(const struct parser *p)
{
	return p->at < p->s.n;
}

static char peek(const struct parser *p, size_t ahead)
{
	return (char)(p->at + ahead < p->s.n ? p->s.p[p->at + ahead] : 0);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_punct(char c)
{
	return (unsigned char)c > 32 && (unsigned char)c < 127 && (!is_word(c) || c == '_');
}

static struct buf *out(struct parser *p)
{
	return &p->out->pcre;
}

static void put(struct parser *p, const char *text)
{
	buf_add(out(p), text, strlen(text));
}

static void put_char(struct parser *p, uint32_t rune)
{
	char utf8[4];

	if (rune < 128 && is_punct((char)rune))
		buf_add_char(out(p), '\\');
	buf_add(out(p), utf8, utf8_put(utf8, rune));
}

/* The character at p->at, which is taken. The pattern is valid UTF-8. */
static uint32_t take_char(struct parser *p)
{
	uint32_t rune = utf8_rune(p->s, p->at);

	p->at += utf8_length(p->s, p->at);
	return rune;
}

static void begin_atom(struct parser *p, enum last kind)
{
	p->last = kind;
	p->atom_out = out(p)->n;
	p->weight = 1;
}

/* --- escapes --- */

static int hex_value(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* After \x: two digits, or any number of them in braces. */
static bool take_hex(struct parser *p, uint32_t *rune)
{
	uint32_t r = 0;
	size_t digits = 0;

	if (peek(p, 0) != '{') {
		if (hex_value(peek(p, 0)) < 0 || hex_value(peek(p, 1)) < 0)
			return false;
		*rune = (uint32_t)(hex_value(peek(p, 0)) * 16 + hex_value(peek(p, 1)));
		p->at += 2;
		return true;
	}
	for (p->at++; hex_value(peek(p, 0)) >= 0; p->at++, digits++) {
		r = r * 16 + (uint32_t)hex_value(peek(p, 0));
		if (r > 0x10ffff)
			return false;
	}
	if (digits == 0 || peek(p, 0) != '}')
		return false;
	p->at++;
	*rune = r;
	return true;
}

/* p->at is behind the first digit c. */
static bool take_octal(struct parser *p, char c, uint32_t *rune)
{
	uint32_t r = (uint32_t)(c - '0');

	if (c != '0' && (peek(p, 0) < '0' || peek(p, 0) > '7'))
		return false; /* a back reference */
	for (int i = 0; i < 2 && peek(p, 0) >= '0' && peek(p, 0) <= '7'; i++)
		r = r * 8 + (uint32_t)(p->s.p[p->at++] - '0');
	*rune = r;
	return true;
}

/* An escape that means one character. p->at is at the backslash. */
static bool take_escape(struct parser *p, uint32_t *rune)
{
	static const char names[] = "afnrtv";
	static const char codes[] = "\a\f\n\r\t\v";
	size_t from = p->at;
	const char *known;
	bool ok = true;
	char c;

	if (from + 1 == p->s.n)
		return err_set(
			p->e, "error parsing regexp: trailing backslash at end of expression: ``");
	c = p->s.p[from + 1];
	p->at += 2;
	known = c ? strchr(names, c) : NULL;
	if (known)
		*rune = (uint32_t)codes[known - names];
	else if ((unsigned char)c < 128 && (!is_word(c) || c == '_'))
		*rune = (uint32_t)(unsigned char)c;
	else if (c == 'x')
		ok = take_hex(p, rune);
	else if (c >= '0' && c <= '7')
		ok = take_octal(p, c, rune);
	else
		ok = false;
	if (!ok || (*rune >= 0xd800 && *rune <= 0xdfff)) {
		size_t wide = utf8_length(p->s, p->at - 1); /* a character must not be cut */

		return fail(p, "invalid escape sequence", from, p->at + (wide ? wide - 1 : 0));
	}
	return true;
}

/* \pN, \p{Greek}, \P{^Lu}: p->at is at the backslash. */
static bool take_property(struct parser *p)
{
	size_t from = p->at;
	bool negated = p->s.p[from + 1] == 'P';
	struct str name;

	p->at += 2;
	if (peek(p, 0) == '{') {
		size_t start = ++p->at;

		while (more(p) && peek(p, 0) != '}')
			p->at++;
		name = str_head(str_from_at(p->s, start), p->at - start);
		if (!more(p))
			return fail(p, "invalid character class range", from, p->s.n);
		p->at++;
	} else if (more(p)) {
		name = str_head(str_from_at(p->s, p->at), 1);
		p->at++;
	} else {
		return fail(p, "invalid character class range", from, p->s.n);
	}
	if (name.n && name.p[0] == '^') {
		negated = !negated;
		name = str_from_at(name, 1);
	}
	for (size_t i = 0; i < name.n; i++) {
		if (!is_word(name.p[i]))
			name.n = 0;
	}
	if (name.n == 0)
		return fail(p, "invalid character class range", from, p->at);
	put(p, negated ? "\\P{" : "\\p{");
	buf_add_str(out(p), name);
	put(p, "}");
	return true;
}

/* \d \s \w and their opposites; false: none is here. PCRE2's \s takes \v too, RE2's does not. */
static bool take_perl_class(struct parser *p, bool in_class)
{
	switch (peek(p, 1)) {
	case 'd':
		put(p, in_class ? "0-9" : "[0-9]");
		break;
	case 'w':
		put(p, in_class ? "0-9A-Za-z_" : "[0-9A-Za-z_]");
		break;
	case 's':
		put(p, in_class ? "\\t\\n\\f\\r\\x20" : "[\\t\\n\\f\\r\\x20]");
		break;
	case 'D':
		put(p, "\\D");
		break;
	case 'W':
		put(p, "\\W");
		break;
	case 'S':
		put(p, in_class ? "\\S\\x0b" : "[^\\t\\n\\f\\r\\x20]");
		break;
	default:
		return false;
	}
	p->at += 2;
	return true;
}

/* --- classes --- */

/* [:alpha:]; false with nothing taken: none is here. */
static bool take_posix_class(struct parser *p, bool *ok)
{
	static const char *const names[] = {"alnum", "alpha", "ascii", "blank", "cntrl", "digit",
		"graph", "lower", "print", "punct", "space", "upper", "word", "xdigit"};
	struct str rest = str_from_at(p->s, p->at);
	ptrdiff_t end = str_find(str_from_at(rest, 2), STR(":]"));
	struct str name;

	*ok = true;
	if (!str_starts(rest, "[:") || end < 0)
		return false;
	name = str_head(str_from_at(rest, 2), (size_t)end);
	if (name.n && name.p[0] == '^')
		name = str_from_at(name, 1);
	*ok = false;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		*ok = *ok || str_is(name, names[i]);
	if (!*ok) {
		fail(p, "invalid character class range", p->at, p->at + (size_t)end + 4);
		return true;
	}
	buf_add_str(out(p), str_head(rest, (size_t)end + 4));
	p->at += (size_t)end + 4;
	return true;
}

/* One end of a range. */
static bool take_class_char(struct parser *p, size_t class_at, uint32_t *rune)
{
	if (!more(p))
		return fail(p, "missing closing ]", class_at, p->s.n);
	if (peek(p, 0) == '\\')
		return take_escape(p, rune);
	*rune = take_char(p);
	return true;
}

static bool take_range(struct parser *p, size_t class_at)
{
	size_t from = p->at;
	uint32_t low = 0;
	uint32_t high = 0;

	if (!take_class_char(p, class_at, &low))
		return false;
	put_char(p, low);
	if (peek(p, 0) != '-' || p->at + 1 >= p->s.n || peek(p, 1) == ']')
		return true;
	p->at++;
	if (!take_class_char(p, class_at, &high))
		return false;
	if (high < low)
		return fail(p, "invalid character class range", from, p->at);
	put(p, "-");
	put_char(p, high);
	return true;
}

static bool take_class_item(struct parser *p, size_t class_at)
{
	bool ok;

	if (peek(p, 0) == '[' && take_posix_class(p, &ok))
		return ok;
	if (peek(p, 0) == '\\') {
		if (peek(p, 1) == 'p' || peek(p, 1) == 'P')
			return take_property(p);
		if (take_perl_class(p, true))
			return true;
	}
	return take_range(p, class_at);
}

static bool take_class(struct parser *p)
{
	size_t class_at = p->at++;

	begin_atom(p, ATOM);
	put(p, "[");
	if (peek(p, 0) == '^') {
		put(p, "^");
		p->at++;
	}
	for (bool first = true; first || peek(p, 0) != ']'; first = false) {
		if (!more(p))
			return fail(p, "missing closing ]", class_at, p->s.n);
		if (!take_class_item(p, class_at))
			return false;
	}
	p->at++;
	put(p, "]");
	return true;
}

/* --- repetition --- */

/* A number without zeros before it; -1: none is here. */
static int take_count(struct parser *p)
{
	int n = 0;

	if (!is_digit(peek(p, 0)) || (peek(p, 0) == '0' && is_digit(peek(p, 1))))
		return -1;
	for (; is_digit(peek(p, 0)); p->at++) {
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
		put_char(p, take_char(p));
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
		return take_property(p);
	default:
		begin_atom(p, ATOM);
		if (take_perl_class(p, false))
			return true;
		if (!take_escape(p, &rune))
			return false;
		put_char(p, rune);
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
		return take_class(p);
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
		put_char(p, take_char(p));
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
