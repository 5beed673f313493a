/* The words of an action: names, numbers, texts between quotes, as Go writes them. */

#include "agent/base/ascii.h"
#include "agent/base/err.h"
#include "agent/component/loki.process/template/parser.h"

#include <math.h>
#include <stdlib.h>

bool tpl_fail(struct tpl_parser *p, const char *what, struct str word)
{
	size_t line = 1;

	for (size_t i = 0; i < p->at && i < p->s.n; i++)
		line += p->s.p[i] == '\n';
	if (word.n > 100)
		word.n = 100;
	return err_set(p->e, "template: pipeline_template:%zu: " STR_FMT "%s", line,
		STR_ARG(word), what);
}

char tpl_peek(const struct tpl_parser *p, size_t ahead)
{
	return (char)(p->at + ahead < p->s.n ? p->s.p[p->at + ahead] : 0);
}

bool tpl_is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool tpl_skip_space(struct tpl_parser *p)
{
	size_t from = p->at;

	while (p->at < p->s.n && tpl_is_space(p->s.p[p->at]))
		p->at++;
	return p->at > from;
}

struct str tpl_rest(const struct tpl_parser *p)
{
	return str_from_at(p->s, p->at);
}

struct str tpl_take_name(struct tpl_parser *p)
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
bool tpl_at_end(const struct tpl_parser *p)
{
	if (str_starts(tpl_rest(p), "}}"))
		return true;
	return str_starts(tpl_rest(p), "-}}") && p->at > 0 && tpl_is_space(p->s.p[p->at - 1]);
}

bool tpl_take_end(struct tpl_parser *p)
{
	tpl_skip_space(p);
	if (!tpl_at_end(p))
		return tpl_fail(p, "unexpected text in an action", (struct str){0});
	p->trim = tpl_peek(p, 0) == '-';
	p->at += p->trim ? 3 : 2;
	return true;
}

bool tpl_take_raw(struct tpl_parser *p, struct str *out)
{
	ptrdiff_t end = str_find(str_from_at(tpl_rest(p), 1), STR("`"));

	if (end < 0)
		return tpl_fail(p, "unterminated raw quoted string", (struct str){0});
	*out = str_head(str_from_at(tpl_rest(p), 1), (size_t)end);
	p->at += (size_t)end + 2;
	return true;
}

/* Behind the backslash. Bytes for \x and octal, else a character. */
static bool take_escape(struct tpl_parser *p, char *to, size_t *n)
{
	static const char names[] = "abfnrtv\\\"'";
	static const char codes[] = "\a\b\f\n\r\t\v\\\"'";
	char c = tpl_peek(p, 0);
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
		return tpl_fail(p, "unknown escape sequence", (struct str){0});
	for (int i = 0; i < count; i++, p->at++) {
		int digit = ascii_hex(tpl_peek(p, 0));

		if (digit < 0 || (octal && digit > 7))
			return tpl_fail(p, "invalid escape sequence", (struct str){0});
		value = value * (octal ? 8 : 16) + (uint32_t)digit;
	}
	if (count >= 4)
		put = utf8_put(to + *n, value);
	else
		to[*n] = (char)value;
	*n += put;
	return put > 0 || tpl_fail(p, "invalid escape sequence", (struct str){0});
}

/* Between two quotes of one kind. */
bool tpl_take_quoted(struct tpl_parser *p, struct str *out)
{
	char quote = tpl_peek(p, 0);
	char *to = arena_new(&p->t->arena, char, p->s.n - p->at + 8);
	size_t n = 0;

	for (p->at++; tpl_peek(p, 0) != quote;) {
		if (p->at >= p->s.n || tpl_peek(p, 0) == '\n')
			return tpl_fail(p, "unterminated quoted string", (struct str){0});
		if (tpl_peek(p, 0) != '\\') {
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

bool tpl_take_char(struct tpl_parser *p, struct tv *out)
{
	struct str text = {0};

	if (!tpl_take_quoted(p, &text))
		return false;
	if (text.n == 0 || utf8_length(text, 0) != text.n)
		return tpl_fail(p, "malformed character constant", (struct str){0});
	*out = tv_int(utf8_rune(text, 0));
	return true;
}

bool tpl_take_number(struct tpl_parser *p, struct tv *out)
{
	char text[64];
	size_t n = 0;
	char *end;

	while (tpl_peek(p, n) &&
		(strchr("+-._xXoOpP", tpl_peek(p, n)) || ascii_hex(tpl_peek(p, n)) >= 0))
		n++;
	if (n >= sizeof(text))
		return tpl_fail(p, "bad number syntax", (struct str){0});
	memcpy(text, tpl_rest(p).p, n);
	text[n] = 0;
	*out = tv_int(strtoll(text, &end, 0));
	if (*end) {
		*out = tv_float(strtod(text, &end));
		if (*end || !isfinite(out->f))
			return tpl_fail(p, ": bad number syntax", str_head(tpl_rest(p), n));
	}
	p->at += n;
	return true;
}
