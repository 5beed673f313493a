/*
 * The check and the walk share their smallest parts: what skips a string, a number, a word.
 * Those are told the end of the text and return NULL for what is not right; after the check
 * they cannot fail, and the walk asserts it.
 */
#include "agent/component/loki.process/json.h"
#include "agent/base/ascii.h"

#include "agent/base/must.h"
#include "agent/base/utf8.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const char *skip_space(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
		p++;
	return p;
}

/* Behind the backslash. */
static const char *skip_escape(const char *p, const char *end)
{
	if (p == end)
		return NULL;
	if (*p != 'u')
		return *p && strchr("\"\\/bfnrt", *p) ? p + 1 : NULL;
	for (int i = 1; i <= 4; i++) {
		if (p + i >= end || ascii_hex(p[i]) < 0)
			return NULL;
	}
	return p + 5;
}

/* Over bytes that mean themselves in a string, eight at a time: no quote, no backslash,
 * nothing below a space. It may stop early. */
static const char *skip_plain(const char *p, const char *end)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);

	for (; end - p >= 8; p += 8) {
		uint64_t v;
		uint64_t quote;
		uint64_t slash;

		memcpy(&v, p, 8);
		quote = v ^ ones * '"';
		slash = v ^ ones * '\\';
		if ((((quote - ones) & ~quote) | ((slash - ones) & ~slash) |
			    ((v - ones * 0x20) & ~v)) &
			ones * 0x80)
			break;
	}
	return p;
}

/* p is at the quote. */
static const char *skip_string(const char *p, const char *end)
{
	for (p = skip_plain(p + 1, end); p < end && *p != '"';) {
		if ((unsigned char)*p < 0x20)
			return NULL;
		if (*p++ != '\\')
			continue;
		p = skip_escape(p, end);
		if (!p)
			return NULL;
	}
	return p < end ? p + 1 : NULL;
}

static const char *skip_digits(const char *p, const char *end)
{
	const char *from = p;

	while (p < end && ascii_is_digit(*p))
		p++;
	return p > from ? p : NULL;
}

static const char *skip_number(const char *p, const char *end)
{
	if (p < end && *p == '-')
		p++;
	if (p < end && *p == '0')
		p++;
	else
		p = skip_digits(p, end);
	if (p && p < end && *p == '.')
		p = skip_digits(p + 1, end);
	if (p && p < end && (*p == 'e' || *p == 'E')) {
		p++;
		if (p < end && (*p == '+' || *p == '-'))
			p++;
		p = skip_digits(p, end);
	}
	return p;
}

static const char *skip_word(const char *p, const char *end, const char *word)
{
	size_t n = strlen(word);

	return (size_t)(end - p) >= n && memcmp(p, word, n) == 0 ? p + n : NULL;
}

static const char *skip_scalar(const char *p, const char *end)
{
	switch (*p) {
	case '"':
		return skip_string(p, end);
	case 't':
		return skip_word(p, end, "true");
	case 'f':
		return skip_word(p, end, "false");
	case 'n':
		return skip_word(p, end, "null");
	default:
		return skip_number(p, end);
	}
}

/* "key": and the space around it. */
static const char *skip_key(const char *p, const char *end)
{
	p = skip_space(p, end);
	if (p == end || *p != '"')
		return NULL;
	p = skip_string(p, end);
	if (!p)
		return NULL;
	p = skip_space(p, end);
	return p < end && *p == ':' ? p + 1 : NULL;
}

/* What is open: a bit each, set for objects. */
struct open {
	uint64_t bits[JSON_DEPTH_MAX / 64];
	size_t depth;
};

static bool in_object(const struct open *o)
{
	return o->bits[(o->depth - 1) / 64] >> ((o->depth - 1) % 64) & 1;
}

static bool push(struct open *o, bool object)
{
	uint64_t bit = UINT64_C(1) << (o->depth % 64);

	if (o->depth == JSON_DEPTH_MAX)
		return false;
	if (object)
		o->bits[o->depth / 64] |= bit;
	else
		o->bits[o->depth / 64] &= ~bit;
	o->depth++;
	return true;
}

/* Behind a value: closes what ends here, and goes to the next value. NULL: not right. At
 * depth 0 the value was the last. */
static const char *to_next_value(const char *p, const char *end, struct open *o)
{
	while (o->depth > 0) {
		p = skip_space(p, end);
		if (p == end)
			return NULL;
		if (*p == ',')
			return in_object(o) ? skip_key(p + 1, end) : p + 1;
		if (*p != (in_object(o) ? '}' : ']'))
			return NULL;
		p++;
		o->depth--;
	}
	return p;
}

/* One value; the end of it, or NULL. */
static const char *skip_value(const char *p, const char *end)
{
	struct open o = {.depth = 0};

	do {
		p = skip_space(p, end);
		if (p == end)
			return NULL;
		if (*p == '{' || *p == '[') {
			bool object = *p == '{';
			const char *inner = skip_space(p + 1, end);

			if (!push(&o, object))
				return NULL;
			if (inner < end && *inner == (object ? '}' : ']')) {
				o.depth--;
				p = to_next_value(inner + 1, end, &o);
			} else {
				p = object ? skip_key(p + 1, end) : p + 1;
				if (p)
					continue;
			}
		} else {
			p = skip_scalar(p, end);
			p = p ? to_next_value(p, end, &o) : NULL;
		}
	} while (p && o.depth > 0);
	return p;
}

bool json_is_valid(struct str text)
{
	const char *end = text.p + text.n;
	const char *p = text.n ? skip_value(text.p, end) : NULL;

	return p && skip_space(p, end) == end;
}

static struct str trim(struct str value)
{
	const char *end = value.p + value.n;
	const char *p = skip_space(value.p, end);

	while (end > p && skip_space(end - 1, end) == end)
		end--;
	return (struct str){p, (size_t)(end - p)};
}

enum json_kind json_kind(struct str value)
{
	value = trim(value);
	must(value.n > 0);
	switch (value.p[0]) {
	case '{':
		return JSON_OBJECT;
	case '[':
		return JSON_ARRAY;
	case '"':
		return JSON_STRING;
	case 't':
	case 'f':
		return JSON_BOOL;
	case 'n':
		return JSON_NULL;
	default:
		return JSON_NUMBER;
	}
}

bool json_next(struct str *rest, struct str *key, struct str *value)
{
	const char *end = rest->p + rest->n;
	const char *p = skip_space(rest->p, end);
	bool object;

	if (p == end || *p == ']' || *p == '}')
		return false;
	must(*p == '{' || *p == '[' || *p == ',');
	p = skip_space(p + 1, end);
	must(p < end);
	if (*p == ']' || *p == '}')
		return false;
	object = key != NULL;
	if (object) {
		const char *behind = skip_string(p, end);

		must(behind);
		*key = (struct str){p, (size_t)(behind - p)};
		p = skip_key(p, end);
		must(p);
	}
	p = skip_space(p, end);
	value->p = p;
	p = skip_value(p, end);
	must(p);
	value->n = (size_t)(p - value->p);
	*rest = (struct str){p, (size_t)(end - p)};
	return true;
}

/* --- texts --- */

static uint32_t take_hex4(const char *p)
{
	uint32_t rune = 0;

	for (int i = 0; i < 4; i++)
		rune = rune << 4 | (uint32_t)ascii_hex(p[i]);
	return rune;
}

/* p is at the u of \u; returns behind it. Half a surrogate pair is U+FFFD, as in Go. */
static const char *take_unicode(const char *p, const char *end, char *to, size_t *n)
{
	uint32_t rune = take_hex4(p + 1);

	p += 5;
	if (rune >= 0xd800 && rune < 0xdc00 && end - p >= 6 && p[0] == '\\' && p[1] == 'u') {
		uint32_t low = take_hex4(p + 2);

		if (low >= 0xdc00 && low < 0xe000) {
			rune = 0x10000 + ((rune - 0xd800) << 10) + (low - 0xdc00);
			p += 6;
		}
	}
	if (rune >= 0xd800 && rune < 0xe000)
		rune = 0xfffd;
	*n += utf8_put(to + *n, rune);
	return p;
}

struct str json_unquote(struct str raw, struct arena *a)
{
	static const char names[] = "\"\\/bfnrt";
	static const char codes[] = "\"\\/\b\f\n\r\t";
	struct str inner = str_head(str_from_at(raw, 1), raw.n - 2);
	const char *end = inner.p + inner.n;
	const char *p = inner.p;
	char *to;
	size_t n = 0;

	if (inner.n == 0 || !memchr(inner.p, '\\', inner.n))
		return inner;
	to = arena_new(a, char, inner.n + 1);
	while (p < end) {
		if (*p != '\\') {
			to[n++] = *p++;
			continue;
		}
		p++;
		if (*p == 'u')
			p = take_unicode(p, end, to, &n);
		else
			to[n++] = codes[strchr(names, *p++) - names];
	}
	return (struct str){to, n};
}

static bool is_integer(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (!ascii_is_digit(s.p[i]) && !(i == 0 && s.p[i] == '-'))
			return false;
	}
	return true;
}

/* Digits d1 d2 … with the point behind the first, times 10^exponent, written out. */
static struct str layout(
	bool negative, const char *digits, int count, int exponent, struct arena *a)
{
	int zeros = exponent >= count ? exponent - count + 1 : 0;
	int leading = exponent < 0 ? -exponent : 0;
	char *to = arena_new(a, char, (size_t)(count + zeros + leading) + 4);
	size_t n = 0;

	if (negative)
		to[n++] = '-';
	for (int i = 0; i < leading; i++) {
		to[n++] = '0';
		if (i == 0)
			to[n++] = '.';
	}
	for (int i = 0; i < count; i++) {
		to[n++] = digits[i];
		if (exponent >= 0 && i == exponent && i + 1 < count)
			to[n++] = '.';
	}
	for (int i = 0; i < zeros; i++)
		to[n++] = '0';
	return (struct str){to, n};
}

/* Are these the fewest digits that give the number again, without an exponent? Up to 15 a double
 * keeps apart from all others, so most are. */
static bool is_shortest(struct str s)
{
	size_t digits = 0;

	if (s.p[s.n - 1] == '0')
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == 'e' || s.p[i] == 'E')
			return false;
		digits += ascii_is_digit(s.p[i]) && (digits > 0 || s.p[i] != '0');
	}
	return digits <= DBL_DIG;
}

/* Go's strconv.FormatFloat(f, 'f', -1, 64): the fewest digits that give f again. */
static struct str format_float(struct str text, struct arena *a)
{
	double f = strtod(arena_str(a, text).p, NULL);
	char out[40];
	char digits[24];
	int count = 0;

	if (isinf(f))
		return text;
	for (int precision = 0; precision < 17; precision++) {
		snprintf(out, sizeof(out), "%.*e", precision, f);
		if (strtod(out, NULL) == f)
			break;
	}
	for (const char *p = out; *p != 'e'; p++) {
		if (ascii_is_digit(*p))
			digits[count++] = *p;
	}
	return layout(signbit(f), digits, count, (int)strtol(strchr(out, 'e') + 1, NULL, 10), a);
}

/* Without the white space between its parts. */
static struct str compact(struct str value, struct arena *a)
{
	char *to = arena_new(a, char, value.n + 1);
	const char *end = value.p + value.n;
	size_t n = 0;

	for (const char *p = value.p; p < end;) {
		const char *next = *p == '"' ? skip_string(p, end) : p + 1;

		must(next);
		if (*p == '"' || skip_space(p, p + 1) == p) {
			memcpy(to + n, p, (size_t)(next - p));
			n += (size_t)(next - p);
		}
		p = next;
	}
	return (struct str){to, n};
}

bool json_to_text(struct str value, struct arena *a, struct str *out)
{
	value = trim(value);
	switch (json_kind(value)) {
	case JSON_NULL:
		return false;
	case JSON_BOOL:
		*out = value;
		return true;
	case JSON_NUMBER:
		*out = is_integer(value) || is_shortest(value) ? value : format_float(value, a);
		return true;
	case JSON_STRING:
		*out = json_unquote(value, a);
		return true;
	case JSON_ARRAY:
	case JSON_OBJECT:
		*out = compact(value, a);
		return true;
	}
	return false;
}
