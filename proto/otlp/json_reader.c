/* The scanner of JSON values. What is skipped is checked as strictly as what is read. */

#include "proto/otlp/json_reader.h"
#include "agent/base/ascii.h"

#include "agent/base/err.h"
#include "agent/base/utf8.h"

bool json_reader_fail(struct json_reader *r, const char *what)
{
	return err_set(r->e, "byte %zu: %s", r->at, what);
}

char json_reader_peek(struct json_reader *r)
{
	while (r->at < r->text.n) {
		char c = r->text.p[r->at];

		if (c != ' ' && c != '\t' && c != '\n' && c != '\r')
			return c;
		r->at++;
	}
	return 0;
}

/* Four hex digits at byte i of the text. */
static bool read_hex4(const struct json_reader *r, size_t i, uint32_t *out)
{
	uint32_t v = 0;

	if (r->text.n - i < 4)
		return false;
	for (size_t k = 0; k < 4; k++) {
		int d = ascii_hex(r->text.p[i + k]);

		if (d < 0)
			return false;
		v = v << 4 | (uint32_t)d;
	}
	*out = v;
	return true;
}

/* \uXXXX, r->at behind the u; a pair is one character, half a pair is U+FFFD. */
static bool read_unicode(struct json_reader *r)
{
	uint32_t c;
	uint32_t low;
	char utf8[4];

	if (!read_hex4(r, r->at, &c))
		return json_reader_fail(r, "\\u wants four hex digits");
	r->at += 4;
	if (c >= 0xd800 && c < 0xdc00 && r->text.n - r->at >= 6 && r->text.p[r->at] == '\\' &&
		r->text.p[r->at + 1] == 'u' && read_hex4(r, r->at + 2, &low) && low >= 0xdc00 &&
		low < 0xe000) {
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
		r->at += 6;
	}
	if (c >= 0xd800 && c < 0xe000)
		c = 0xfffd;
	buf_add(&r->scratch, utf8, utf8_put(utf8, c));
	return true;
}

static bool read_escape(struct json_reader *r)
{
	static const char names[] = "\"\\/bfnrt";
	static const char means[] = "\"\\/\b\f\n\r\t";
	const char *at;
	char c;

	if (r->at >= r->text.n)
		return json_reader_fail(r, "the string does not end");
	c = r->text.p[r->at++];
	if (c == 'u')
		return read_unicode(r);
	at = c ? strchr(names, c) : NULL;
	if (!at)
		return json_reader_fail(r, "unknown escape");
	buf_add_char(&r->scratch, means[at - names]);
	return true;
}

/* Plain characters from r->at on, to the next quote or backslash. */
static bool read_run(struct json_reader *r, struct str *run)
{
	size_t from = r->at;

	while (r->at < r->text.n && r->text.p[r->at] != '"' && r->text.p[r->at] != '\\') {
		if ((uint8_t)r->text.p[r->at] < 0x20 && !r->any_bytes)
			return json_reader_fail(r, "control character in a string");
		r->at++;
	}
	*run = (struct str){r->text.p + from, r->at - from};
	if (!r->any_bytes && !utf8_is_valid(*run)) {
		r->at = from;
		return json_reader_fail(r, "the string is not UTF-8");
	}
	return r->at < r->text.n || json_reader_fail(r, "the string does not end");
}

bool json_reader_string(struct json_reader *r, struct str *out)
{
	struct str run = {0};

	if (json_reader_peek(r) != '"')
		return json_reader_fail(r, "want a string");
	r->at++;
	if (!read_run(r, &run))
		return false;
	if (r->text.p[r->at] == '"') {
		r->at++;
		*out = run;
		return true;
	}
	buf_clear(&r->scratch);
	for (;;) {
		buf_add_str(&r->scratch, run);
		if (r->text.p[r->at++] == '"')
			break;
		if (!read_escape(r) || !read_run(r, &run))
			return false;
	}
	*out = buf_str(&r->scratch);
	return true;
}

static size_t skip_digits(struct json_reader *r)
{
	size_t from = r->at;

	while (r->at < r->text.n && ascii_is_digit(r->text.p[r->at]))
		r->at++;
	return r->at - from;
}

static bool take(struct json_reader *r, char c)
{
	if (r->at < r->text.n && r->text.p[r->at] == c) {
		r->at++;
		return true;
	}
	return false;
}

bool json_reader_number(struct json_reader *r, struct str *out)
{
	size_t from;

	json_reader_peek(r);
	from = r->at;
	take(r, '-');
	if (!take(r, '0') && skip_digits(r) == 0)
		return json_reader_fail(r, "want a number");
	if (take(r, '.') && skip_digits(r) == 0)
		return json_reader_fail(r, "digits are missing");
	if (take(r, 'e') || take(r, 'E')) {
		if (!take(r, '+'))
			take(r, '-');
		if (skip_digits(r) == 0)
			return json_reader_fail(r, "digits are missing");
	}
	*out = (struct str){r->text.p + from, r->at - from};
	return true;
}

static bool take_word(struct json_reader *r, struct str word)
{
	json_reader_peek(r);
	if (!str_eq(str_head(str_from_at(r->text, r->at), word.n), word))
		return false;
	r->at += word.n;
	return true;
}

bool json_reader_bool(struct json_reader *r, bool *out)
{
	*out = take_word(r, STR("true"));
	return *out || take_word(r, STR("false")) || json_reader_fail(r, "want true or false");
}

bool json_reader_null(struct json_reader *r)
{
	return take_word(r, STR("null")) || json_reader_fail(r, "want null");
}

bool json_reader_enter(struct json_reader *r, char open)
{
	if (json_reader_peek(r) != open)
		return json_reader_fail(r, open == '{' ? "want an object" : "want an array");
	r->at++;
	return true;
}

bool json_reader_more(struct json_reader *r, char close, size_t n, bool *failed)
{
	char c = json_reader_peek(r);

	*failed = false;
	if (c == close) {
		r->at++;
		return false;
	}
	if (n == 0)
		return true;
	if (c != ',') {
		*failed = true;
		return json_reader_fail(r, close == '}' ? "want ',' or '}'" : "want ',' or ']'");
	}
	r->at++;
	return true;
}

bool json_reader_key(struct json_reader *r, struct str *key)
{
	if (!json_reader_string(r, key))
		return false;
	if (json_reader_peek(r) != ':')
		return json_reader_fail(r, "want ':'");
	r->at++;
	return true;
}

static bool skip_scalar(struct json_reader *r, char c)
{
	struct str unused;
	bool b;

	switch (c) {
	case '"':
		return json_reader_string(r, &unused);
	case 't':
	case 'f':
		return json_reader_bool(r, &b);
	case 'n':
		return json_reader_null(r);
	default:
		return json_reader_number(r, &unused);
	}
}

/* After a value or an opening: ends what ends here, and goes to the next value. *depth 0: done. */
static bool skip_between(struct json_reader *r, const char *open, size_t *depth, size_t n)
{
	struct str key;
	bool failed;

	while (*depth > 0) {
		char close = open[*depth - 1] == '{' ? '}' : ']';

		if (json_reader_more(r, close, n, &failed))
			return close == ']' || json_reader_key(r, &key);
		if (failed)
			return false;
		--*depth;
		n = 1;
	}
	return true;
}

bool json_reader_skip(struct json_reader *r)
{
	char open[JSON_SKIP_DEPTH];
	size_t depth = 0;

	do {
		char c = json_reader_peek(r);
		bool is_open = c == '{' || c == '[';

		if (is_open && depth == JSON_SKIP_DEPTH)
			return json_reader_fail(r, "nested too deeply");
		if (is_open) {
			open[depth++] = c;
			r->at++;
		} else if (!skip_scalar(r, c)) {
			return false;
		}
		if (!skip_between(r, open, &depth, is_open ? 0 : 1))
			return false;
	} while (depth > 0);
	return true;
}

bool json_reader_end(struct json_reader *r)
{
	return (json_reader_peek(r) == 0 && r->at == r->text.n) ||
	       json_reader_fail(r, "text after the end");
}
