/* Literals to values. The scanner has checked them; what it found wrong never gets here, but a
 * tree with errors may, so nothing is taken for granted. */

#include "agent/base/ascii.h"
#include "agent/base/utf8.h"
#include "agent/config/eval_internal.h"
#include "agent/config/number.h"
#include "agent/config/token.h"

static unsigned digit(char c)
{
	if (ascii_is_digit(c))
		return (unsigned)(c - '0');
	return (unsigned)((c | 0x20) - 'a' + 10) & 15;
}

/* n digits of s from *at on; *at moves behind them. */
static uint32_t take_digits(struct str s, size_t *at, int n, unsigned base)
{
	uint32_t v = 0;

	for (; n > 0 && *at < s.n; n--)
		v = v * base + digit(s.p[(*at)++]);
	return v;
}

/* Stands behind a backslash at s.p[*at]; writes at most four bytes. */
static size_t unescape(struct str s, size_t *at, char *out)
{
	static const char from[] = "abfnrtv\\\"";
	static const char to[] = "\a\b\f\n\r\t\v\\\"";
	char c = s.p[*at];
	const char *simple = c ? strchr(from, c) : NULL;

	if (c >= '0' && c <= '7') {
		*out = (char)take_digits(s, at, 3, 8);
		return 1;
	}
	(*at)++;
	if (c == 'x') {
		*out = (char)take_digits(s, at, 2, 16);
		return 1;
	}
	if (c == 'u' || c == 'U')
		return utf8_put(out, take_digits(s, at, c == 'u' ? 4 : 8, 16));
	*out = simple ? to[simple - from] : c;
	return 1;
}

struct str literal_text(struct arena *a, struct str written)
{
	struct str in = {written.p + 1, written.n >= 2 ? written.n - 2 : 0};
	bool raw = written.p[0] == '`';
	char *out = arena_new(a, char, in.n + 1 + 4); /* an escape is never shorter than its text */
	size_t n = 0;

	if (!raw && !memchr(in.p, '\\', in.n))
		return arena_str(a, in);
	for (size_t at = 0; at < in.n;) {
		char c = in.p[at++];

		if (raw && c == '\r')
			continue;
		if (!raw && c == '\\' && at < in.n)
			n += unescape(in, &at, out + n);
		else
			out[n++] = c;
	}
	out[n] = '\0';
	return (struct str){out, n};
}

bool eval_literal(struct eval *ev, const struct expr *x, struct value *out)
{
	bool range;

	switch (x->token) {
	case TOKEN_NUMBER:
		*out = number_from_digits(x->text);
		return true;
	case TOKEN_FLOAT:
		*out = value_float(0);
		if (!float_parse(x->text, &out->f, &range))
			return diag_error(ev->d, x->at, "strconv.ParseFloat: parsing \"%.*s\": %s",
				x->text.n > 100 ? 100 : (int)x->text.n, x->text.p,
				range ? "value out of range" : "invalid syntax");
		return true;
	case TOKEN_STRING:
		*out = value_str(literal_text(ev->a, x->text));
		return true;
	case TOKEN_BOOL:
		*out = value_bool(str_is(x->text, "true"));
		return true;
	default:
		*out = value_null();
		return true;
	}
}
