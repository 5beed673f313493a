/*
 * One pass. What is wrong is said as Prometheus' parser says it, "1:6: parse error: …", since that
 * is what clients of Loki are used to see in their logs.
 */

#include "proto/loki/stream_labels.h"

#include "agent/base/arena.h"
#include "agent/base/err.h"
#include "agent/base/utf8.h"

struct cursor {
	struct arena *a;
	struct str s;
	size_t at;
	struct err *e;
};

static char peek(const struct cursor *c)
{
	return (char)(c->at < c->s.n ? c->s.p[c->at] : 0);
}

static bool is_name_char(char ch, bool is_first)
{
	return ch == '_' || (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') ||
	       (!is_first && ch >= '0' && ch <= '9');
}

static bool fail(struct cursor *c, const char *what)
{
	return err_set(c->e, "1:%zu: parse error: %s", c->at + 1, what);
}

/* What stands here is not what is wanted. */
static bool fail_at_token(struct cursor *c, const char *want)
{
	size_t n = 0;

	if (c->at >= c->s.n)
		return fail(c, "unexpected end of input inside braces");
	while (c->at + n < c->s.n && n < 64 && is_name_char(c->s.p[c->at + n], n == 0))
		n++;
	if (n > 0)
		return err_set(c->e,
			"1:%zu: parse error: unexpected identifier \"" STR_FMT
			"\" in label set, expected %s",
			c->at + 1, (int)n, c->s.p + c->at, want);
	if (strchr("{}=,\"'`", peek(c)) && peek(c))
		return err_set(c->e,
			"1:%zu: parse error: unexpected \"%c\" in label set, expected %s",
			c->at + 1, peek(c), want);
	n = utf8_length(c->s, c->at);
	if (n == 0)
		return fail(c, "invalid UTF-8 rune");
	return err_set(c->e,
		"1:%zu: parse error: unexpected character inside braces: '" STR_FMT "'",
		c->at + 1, (int)n, c->s.p + c->at);
}

static void skip_space(struct cursor *c)
{
	while (peek(c) == ' ' || peek(c) == '\t' || peek(c) == '\n' || peek(c) == '\r')
		c->at++;
}

static bool take(struct cursor *c, char ch)
{
	skip_space(c);
	if (c->at >= c->s.n || peek(c) != ch)
		return false;
	c->at++;
	return true;
}

static struct str take_name(struct cursor *c)
{
	size_t begin;

	skip_space(c);
	begin = c->at;
	while (c->at < c->s.n && is_name_char(peek(c), c->at == begin))
		c->at++;
	return str_head(str_from_at(c->s, begin), c->at - begin);
}

/* ---- texts, as Go's strconv.Unquote reads them ---- */

static unsigned digit_value(char ch)
{
	if (ch >= '0' && ch <= '9')
		return (unsigned)(ch - '0');
	if (ch >= 'a' && ch <= 'f')
		return (unsigned)(ch - 'a') + 10;
	return ch >= 'A' && ch <= 'F' ? (unsigned)(ch - 'A') + 10 : 99;
}

static bool take_digits(struct cursor *c, int count, unsigned base, uint32_t *out)
{
	*out = 0;
	for (int i = 0; i < count; i++, c->at++) {
		if (digit_value(peek(c)) >= base)
			return fail(c, "unknown escape sequence");
		*out = *out * base + digit_value(peek(c));
	}
	return true;
}

/* Behind a backslash. */
static bool take_escape(struct cursor *c, char quote, char *to, size_t *n)
{
	static const char names[] = "abfnrtv\\";
	static const char codes[] = "\a\b\f\n\r\t\v\\";
	char ch = peek(c);
	const char *known = ch ? strchr(names, ch) : NULL;
	uint32_t value;
	size_t put;

	if (known || ch == quote) {
		c->at++;
		to[(*n)++] = known ? codes[known - names] : quote;
		return true;
	}
	if (ch >= '0' && ch <= '7') {
		if (!take_digits(c, 3, 8, &value))
			return false;
		to[(*n)++] = (char)value;
		return value <= 255 || fail(c, "unknown escape sequence");
	}
	if (ch != 'x' && ch != 'u' && ch != 'U')
		return fail(c, "unknown escape sequence");
	c->at++;
	if (!take_digits(c, ch == 'x' ? 2 : ch == 'u' ? 4
						      : 8,
		    16, &value))
		return false;
	if (ch == 'x') {
		to[(*n)++] = (char)value;
		return true;
	}
	put = utf8_put(to + *n, value);
	*n += put;
	return put > 0 || fail(c, "escape sequence is an invalid Unicode code point");
}

/* The end of the text that begins behind its quote here, which a backslash does not hide. */
static bool find_end(struct cursor *c, char quote, size_t *end, bool *has_escapes)
{
	*has_escapes = false;
	for (size_t i = c->at; i < c->s.n; i++) {
		if (c->s.p[i] == quote) {
			*end = i;
			return true;
		}
		if (quote == '`')
			continue;
		if (c->s.p[i] == '\n')
			break;
		if (c->s.p[i] == '\\') {
			*has_escapes = true;
			i++;
		}
	}
	return fail(c, quote == '`' ? "unterminated raw string" : "unterminated quoted string");
}

static bool take_text(struct cursor *c, struct str *out)
{
	char quote = peek(c);
	bool has_escapes;
	size_t end = 0; /* as gcc with -O2 does not see that find_end() sets it */
	size_t n = 0;
	char *to;

	if (quote == 0 || !strchr("\"'`", quote))
		return fail_at_token(c, "string");
	c->at++;
	if (!find_end(c, quote, &end, &has_escapes))
		return false;
	if (has_escapes) {
		to = arena_new(c->a, char, end - c->at + 4);
		while (c->at < end) {
			if (peek(c) != '\\') {
				to[n++] = c->s.p[c->at++];
				continue;
			}
			c->at++;
			if (!take_escape(c, quote, to, &n))
				return false;
		}
		*out = (struct str){to, n};
	} else {
		*out = str_head(str_from_at(c->s, c->at), end - c->at);
	}
	if (!utf8_is_valid(*out))
		return fail(c, "invalid UTF-8 rune");
	c->at = end + 1;
	return true;
}

static bool take_label(struct cursor *c, struct push_pair *p)
{
	p->name = take_name(c);
	if (p->name.n == 0)
		return fail_at_token(c, "identifier or \"}\"");
	if (!take(c, '='))
		return fail_at_token(c, "\"=\"");
	skip_space(c);
	return take_text(c, &p->value);
}

/* No more labels than signs = can be there. */
static size_t count_labels(struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n && n < STREAM_LABELS_MAX; i++)
		n += s.p[i] == '=';
	return n;
}

bool stream_labels_parse(struct arena *a, struct str text, struct stream_labels *out,
	struct err *e)
{
	struct cursor c = {a, text, 0, e};
	size_t max = count_labels(text) + 1; /* with the name before the brace */
	struct push_pair *p = arena_new(a, struct push_pair, max + 1);
	struct str name = take_name(&c);
	size_t n = 0;

	if (name.n > 0)
		p[n++] = (struct push_pair){STR("__name__"), name};
	if (!take(&c, '{'))
		return fail_at_token(&c, "\"{\"");
	for (bool is_first = true; !take(&c, '}'); is_first = false) {
		if (!is_first && !take(&c, ','))
			return fail_at_token(&c, "\",\" or \"}\"");
		if (!is_first && take(&c, '}'))
			break;
		if (!take_label(&c, &p[n]))
			return false;
		if (++n > max)
			return err_set(e, "more than %d labels", STREAM_LABELS_MAX);
	}
	skip_space(&c);
	if (c.at < text.n)
		return fail_at_token(&c, "end of input");
	*out = (struct stream_labels){p, n};
	return true;
}
