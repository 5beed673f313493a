/*
 * The JSON cursor. Skipping is iterative: the kinds of the brackets that are open are kept as
 * bits, so that text which is nested too deeply is a mistake and not a deep stack.
 */

#include "k8s/json.h"
#include "agent/base/ascii.h"

#include "agent/base/arena.h"
#include "agent/base/must.h"
#include "agent/base/utf8.h"

struct json json_from(struct str text)
{
	return (struct json){.text = text};
}

static void bad(struct json *j)
{
	j->is_bad = true;
	j->at = j->text.n;
}

/* The next byte that is no white space; 0 at the end. */
static char look(struct json *j)
{
	while (j->at < j->text.n) {
		char c = j->text.p[j->at];

		if (c != ' ' && c != '\n' && c != '\r' && c != '\t')
			return c;
		j->at++;
	}
	return 0;
}

static bool take(struct json *j, char c)
{
	if (look(j) != c)
		return false;
	j->at++;
	return true;
}

char json_peek(struct json *j)
{
	char c = look(j);

	switch (c) {
	case '{':
	case '[':
	case '"':
	case 't':
	case 'f':
	case 'n':
		return c;
	default:
		return c == '-' || ascii_is_digit(c) ? '0' : 0;
	}
}

/* The inside of a string, escapes as they are written. */
static struct str take_string(struct json *j)
{
	size_t from;

	if (!take(j, '"')) {
		bad(j);
		return (struct str){0};
	}
	from = j->at;
	while (j->at < j->text.n) {
		unsigned char c = (unsigned char)j->text.p[j->at];

		if (c == '"') {
			j->at++;
			return (struct str){j->text.p + from, j->at - 1 - from};
		}
		if (c < 0x20)
			break;
		j->at += c == '\\' ? 2 : 1;
	}
	bad(j);
	return (struct str){0};
}

static bool is_number_byte(char c)
{
	return ascii_is_digit(c) || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

/* A number's bytes; its grammar is checked where it is read as one. */
static struct str take_number(struct json *j)
{
	size_t from = j->at;

	while (j->at < j->text.n && is_number_byte(j->text.p[j->at]))
		j->at++;
	return (struct str){j->text.p + from, j->at - from};
}

static void take_word(struct json *j, const char *word)
{
	if (!str_starts(str_from_at(j->text, j->at), word))
		bad(j);
	else
		j->at += strlen(word);
}

static void skip_scalar(struct json *j, char kind)
{
	switch (kind) {
	case '"':
		take_string(j);
		break;
	case '0':
		take_number(j);
		break;
	case 't':
		take_word(j, "true");
		break;
	case 'f':
		take_word(j, "false");
		break;
	case 'n':
		take_word(j, "null");
		break;
	default:
		bad(j);
	}
}

/* Brackets that are open, innermost last; a bit is set for an object. */
struct nest {
	uint64_t is_object[JSON_DEPTH_MAX / 64];
	unsigned depth;
};

static bool nest_in_object(const struct nest *n)
{
	unsigned i = n->depth - 1;

	return n->is_object[i / 64] >> (i % 64) & 1;
}

static bool nest_open(struct nest *n, bool is_object)
{
	uint64_t bit = UINT64_C(1) << (n->depth % 64);

	if (n->depth == JSON_DEPTH_MAX)
		return false;
	if (is_object)
		n->is_object[n->depth / 64] |= bit;
	else
		n->is_object[n->depth / 64] &= ~bit;
	n->depth++;
	return true;
}

static void take_key(struct json *j)
{
	take_string(j);
	if (!take(j, ':'))
		bad(j);
}

/* After a value inside brackets: closes those that end here, and stands before the next
 * value. */
static void skip_to_next(struct json *j, struct nest *n)
{
	while (n->depth > 0 && !j->is_bad) {
		if (take(j, ',')) {
			if (nest_in_object(n))
				take_key(j);
			return;
		}
		if (!take(j, nest_in_object(n) ? '}' : ']'))
			bad(j);
		else
			n->depth--;
	}
}

/* At an opening bracket: true if a value follows inside. */
static bool skip_open(struct json *j, struct nest *n, bool is_object)
{
	j->at++;
	if (take(j, is_object ? '}' : ']'))
		return false;
	if (!nest_open(n, is_object))
		bad(j);
	else if (is_object)
		take_key(j);
	return true;
}

void json_skip(struct json *j)
{
	struct nest n = {0};

	do {
		char kind = json_peek(j);

		if (kind == '{' || kind == '[') {
			if (skip_open(j, &n, kind == '{'))
				continue;
		} else {
			skip_scalar(j, kind);
		}
		skip_to_next(j, &n);
	} while (n.depth > 0 && !j->is_bad);
}

static void enter(struct json *j, char bracket)
{
	if (look(j) != bracket) {
		json_skip(j);
		j->is_empty = true;
		return;
	}
	j->at++;
	j->is_first = true;
}

void json_enter_object(struct json *j)
{
	enter(j, '{');
}

void json_enter_array(struct json *j)
{
	enter(j, '[');
}

/* True if a member follows inside the brackets that end with close. */
static bool next(struct json *j, char close)
{
	bool is_first = j->is_first;

	j->is_first = false;
	if (j->is_empty || j->is_bad) {
		j->is_empty = false;
		return false;
	}
	if (take(j, close))
		return false;
	if (!is_first && !take(j, ','))
		bad(j);
	return !j->is_bad;
}

bool json_next_key(struct json *j, struct str *key)
{
	if (!next(j, '}'))
		return false;
	*key = take_string(j);
	if (!take(j, ':'))
		bad(j);
	return !j->is_bad;
}

bool json_next_item(struct json *j)
{
	if (!next(j, ']'))
		return false;
	if (json_peek(j) == 0)
		bad(j);
	return !j->is_bad;
}

/* Four hex digits at byte at; -1: they are not. */
static int32_t hex4(struct str s, size_t at)
{
	int32_t v = 0;

	if (s.n < at + 4)
		return -1;
	for (size_t i = at; i < at + 4; i++) {
		int d = ascii_hex(s.p[i]);

		if (d < 0)
			return -1;
		v = v * 16 + d;
	}
	return v;
}

/* The character of \uXXXX (or of two that are a surrogate pair); *at is moved behind it. */
static uint32_t unescape_u(struct str raw, size_t *at)
{
	int32_t hi = hex4(raw, *at + 2);
	int32_t lo;

	if (hi < 0) {
		*at += 2;
		return 0xfffd;
	}
	*at += 6;
	if (hi < 0xd800 || hi > 0xdfff)
		return (uint32_t)hi;
	if (hi > 0xdbff || raw.n < *at + 6 || raw.p[*at] != '\\' || raw.p[*at + 1] != 'u')
		return 0xfffd;
	lo = hex4(raw, *at + 2);
	if (lo < 0xdc00 || lo > 0xdfff)
		return 0xfffd;
	*at += 6;
	return 0x10000 + (((uint32_t)hi - 0xd800) << 10) + ((uint32_t)lo - 0xdc00);
}

/* The character that begins at *at, escape or not, which must be there. */
static uint32_t unescape_one(struct str raw, size_t *at)
{
	static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
	size_t n = utf8_length(raw, *at);
	const char *short_form;
	uint32_t c;

	if (n == 0) {
		(*at)++;
		return 0xfffd;
	}
	if (raw.p[*at] != '\\' || *at + 1 >= raw.n) {
		c = utf8_rune(raw, *at);
		*at += n;
		return c;
	}
	if (raw.p[*at + 1] == 'u')
		return unescape_u(raw, at);
	c = (unsigned char)raw.p[*at + 1];
	*at += 2;
	short_form = c < 0x80 ? memchr(from, (int)c, sizeof(from) - 1) : NULL;
	if (short_form)
		return (uint32_t)to[short_form - from];
	return c < 0x80 ? c : 0xfffd;
}

struct str json_unescape(struct str raw, struct arena *a)
{
	struct str out = {0};
	char *p;

	if ((raw.n == 0 || !memchr(raw.p, '\\', raw.n)) && utf8_is_valid(raw))
		return raw;
	out.p = p = arena_new(a, char, raw.n * 3 + 1); /* a broken byte becomes three */
	for (size_t at = 0; at < raw.n;)
		out.n += utf8_put(p + out.n, unescape_one(raw, &at));
	must(out.n <= raw.n * 3);
	return out;
}

struct str json_str(struct json *j, struct arena *a)
{
	struct str raw;

	if (json_peek(j) != '"') {
		json_skip(j);
		return (struct str){0};
	}
	raw = take_string(j);
	return json_unescape(raw, a);
}

int64_t json_int(struct json *j)
{
	int64_t v = 0;

	if (json_peek(j) != '0') {
		json_skip(j);
		return 0;
	}
	if (!str_to_int(take_number(j), &v))
		v = 0;
	return v;
}

bool json_bool(struct json *j)
{
	bool v = json_peek(j) == 't';

	json_skip(j);
	return v && !j->is_bad;
}

struct str json_raw(struct json *j)
{
	size_t from;

	look(j);
	from = j->at;
	json_skip(j);
	if (j->is_bad)
		return (struct str){0};
	return (struct str){j->text.p + from, j->at - from};
}

size_t json_count(const struct json *j)
{
	struct json at = *j;
	struct str key;
	size_t n = 0;

	switch (json_peek(&at)) {
	case '{':
		for (json_enter_object(&at); json_next_key(&at, &key); n++)
			json_skip(&at);
		break;
	case '[':
		for (json_enter_array(&at); json_next_item(&at); n++)
			json_skip(&at);
		break;
	default:
		break;
	}
	return n;
}

bool json_is_done(struct json *j)
{
	look(j);
	return !j->is_bad && j->at == j->text.n;
}
