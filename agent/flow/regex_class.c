/*
 * What stands for one character in RE2 syntax: literals, escapes and classes, each written in the
 * one way in which PCRE2 understands it.
 */
#include "agent/base/ascii.h"
#include "agent/base/err.h"
#include "agent/base/utf8.h"
#include "agent/flow/regex_syntax_private.h"

static bool is_punct(char c)
{
	return (unsigned char)c > 32 && (unsigned char)c < 127 && (!is_word(c) || c == '_');
}

void regex_class_put_char(struct parser *p, uint32_t rune)
{
	char utf8[4];

	if (rune < 128 && is_punct((char)rune))
		buf_add_char(out(p), '\\');
	buf_add(out(p), utf8, utf8_put(utf8, rune));
}

/* The character at p->at, which is taken. The pattern is valid UTF-8. */
uint32_t regex_class_take_char(struct parser *p)
{
	uint32_t rune = utf8_rune(p->s, p->at);

	p->at += utf8_length(p->s, p->at);
	return rune;
}

/* --- escapes --- */

/* After \x: two digits, or any number of them in braces. */
static bool take_hex(struct parser *p, uint32_t *rune)
{
	uint32_t r = 0;
	size_t digits = 0;

	if (peek(p, 0) != '{') {
		if (ascii_hex(peek(p, 0)) < 0 || ascii_hex(peek(p, 1)) < 0)
			return false;
		*rune = (uint32_t)(ascii_hex(peek(p, 0)) * 16 + ascii_hex(peek(p, 1)));
		p->at += 2;
		return true;
	}
	for (p->at++; ascii_hex(peek(p, 0)) >= 0; p->at++, digits++) {
		r = r * 16 + (uint32_t)ascii_hex(peek(p, 0));
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
bool regex_class_take_escape(struct parser *p, uint32_t *rune)
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
bool regex_class_take_property(struct parser *p)
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
bool regex_class_take_perl(struct parser *p, bool in_class)
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
		return regex_class_take_escape(p, rune);
	*rune = regex_class_take_char(p);
	return true;
}

static bool take_range(struct parser *p, size_t class_at)
{
	size_t from = p->at;
	uint32_t low = 0;
	uint32_t high = 0;

	if (!take_class_char(p, class_at, &low))
		return false;
	regex_class_put_char(p, low);
	if (peek(p, 0) != '-' || p->at + 1 >= p->s.n || peek(p, 1) == ']')
		return true;
	p->at++;
	if (!take_class_char(p, class_at, &high))
		return false;
	if (high < low)
		return fail(p, "invalid character class range", from, p->at);
	put(p, "-");
	regex_class_put_char(p, high);
	return true;
}

static bool take_class_item(struct parser *p, size_t class_at)
{
	bool ok;

	if (peek(p, 0) == '[' && take_posix_class(p, &ok))
		return ok;
	if (peek(p, 0) == '\\') {
		if (peek(p, 1) == 'p' || peek(p, 1) == 'P')
			return regex_class_take_property(p);
		if (regex_class_take_perl(p, true))
			return true;
	}
	return take_range(p, class_at);
}

bool regex_class_take(struct parser *p)
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
