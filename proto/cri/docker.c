#include "proto/cri/docker.h"
#include "agent/base/ascii.h"

#include "agent/base/buf.h"
#include "agent/base/timestamp.h"
#include "agent/base/utf8.h"

#define MAX_DEPTH 16

struct cursor {
	struct str s;
	size_t at;
};

static void skip_space(struct cursor *c)
{
	while (c->at < c->s.n && (c->s.p[c->at] == ' ' || c->s.p[c->at] == '\t'))
		c->at++;
}

static bool take(struct cursor *c, char want)
{
	skip_space(c);
	if (c->at >= c->s.n || c->s.p[c->at] != want)
		return false;
	c->at++;
	return true;
}

static bool take_hex4(struct cursor *c, uint32_t *out)
{
	uint32_t v = 0;

	if (c->s.n - c->at < 4)
		return false;
	for (size_t i = 0; i < 4; i++) {
		char h = c->s.p[c->at++];
		char l = (char)(h | 0x20);

		if (ascii_is_digit(h))
			v = v << 4 | (uint32_t)(h - '0');
		else if (l >= 'a' && l <= 'f')
			v = v << 4 | (uint32_t)(l - 'a' + 10);
		else
			return false;
	}
	*out = v;
	return true;
}

/* Behind \u. A surrogate without its other half becomes U+FFFD, as Go's decoder does it. */
static bool take_unicode(struct cursor *c, struct buf *to)
{
	uint32_t rune;
	uint32_t low;
	char utf8[4];
	size_t n;

	if (!take_hex4(c, &rune))
		return false;
	if (rune >= 0xd800 && rune < 0xdc00 && c->s.n - c->at >= 6 && c->s.p[c->at] == '\\' &&
		c->s.p[c->at + 1] == 'u') {
		struct cursor ahead = {c->s, c->at + 2};

		if (take_hex4(&ahead, &low) && low >= 0xdc00 && low < 0xe000) {
			rune = 0x10000 + ((rune - 0xd800) << 10) + (low - 0xdc00);
			c->at = ahead.at;
		}
	}
	n = utf8_put(utf8, rune);
	if (n == 0)
		n = utf8_put(utf8, 0xfffd);
	buf_add(to, utf8, n);
	return true;
}

static bool take_escape(struct cursor *c, struct buf *to)
{
	static const char from[] = "\"\\/bfnrt";
	static const char into[] = "\"\\/\b\f\n\r\t";
	const char *at;
	char e;

	if (c->at >= c->s.n)
		return false;
	e = c->s.p[c->at++];
	if (e == 'u')
		return take_unicode(c, to);
	at = e ? memchr(from, e, sizeof(from) - 1) : NULL;
	if (!at)
		return false;
	buf_add_char(to, into[at - from]);
	return true;
}

/* Behind the opening quote. *start is where the text begins in *to, if it has escapes;
 * while *to may still move, offsets stand for pointers. */
static bool take_text(struct cursor *c, struct buf *to, struct str *plain, size_t *start, size_t *n)
{
	size_t from = c->at;
	bool escaped = false;

	*start = to->n;
	for (;;) {
		size_t run = c->at;

		while (run < c->s.n && c->s.p[run] != '"' && c->s.p[run] != '\\')
			run++;
		if (run >= c->s.n)
			return false;
		if (c->s.p[run] == '"' && !escaped) {
			*plain = (struct str){c->s.p + from, run - from};
			c->at = run + 1;
			return true;
		}
		buf_add(to, c->s.p + c->at, run - c->at);
		c->at = run + 1;
		if (c->s.p[run] == '"')
			break;
		escaped = true;
		if (!take_escape(c, to))
			return false;
	}
	*plain = (struct str){0};
	*n = to->n - *start;
	return true;
}

/* Any value, at most MAX_DEPTH deep; of no interest here. */
static bool skip_value(struct cursor *c, struct buf *to)
{
	struct str plain;
	size_t depth = 0;
	size_t start;
	size_t n;

	do {
		skip_space(c);
		if (c->at >= c->s.n)
			return false;
		switch (c->s.p[c->at++]) {
		case '"':
			if (!take_text(c, to, &plain, &start, &n))
				return false;
			break;
		case '{':
		case '[':
			if (++depth > MAX_DEPTH)
				return false;
			break;
		case '}':
		case ']':
			if (depth-- == 0)
				return false;
			break;
		case ',':
		case ':':
			if (depth == 0)
				return false;
			break;
		default: /* numbers, true, false, null: to the next delimiter */
			while (c->at < c->s.n && !memchr(",}] \t", c->s.p[c->at], 5))
				c->at++;
			break;
		}
	} while (depth > 0);
	return true;
}

struct member {
	struct str plain; /* p NULL: in the scratch */
	size_t start;
	size_t n;
	bool is_set;
};

static struct str text_of(const struct member *m, const struct buf *scratch)
{
	if (m->plain.p || !m->is_set)
		return m->plain;
	return (struct str){scratch->p + m->start, m->n};
}

/* "key": value; strings of the three known keys are kept. */
static bool take_member(struct cursor *c, struct buf *to, struct member m[3])
{
	static const char *const keys[] = {"log", "stream", "time"};
	struct member key = {0};
	struct str name;

	if (!take(c, '"') || !take_text(c, to, &key.plain, &key.start, &key.n))
		return false;
	key.is_set = true;
	name = text_of(&key, to);
	if (!take(c, ':'))
		return false;
	for (size_t i = 0; i < 3; i++) {
		if (!str_is(name, keys[i]))
			continue;
		if (!take(c, '"')) /* another type of value: as if it were not there */
			break;
		m[i].is_set = take_text(c, to, &m[i].plain, &m[i].start, &m[i].n);
		return m[i].is_set;
	}
	return skip_value(c, to);
}

bool docker_parse(struct str line, struct buf *scratch, struct docker_line *out)
{
	struct cursor c = {line, 0};
	struct member m[3] = {0};

	buf_clear(scratch);
	if (!take(&c, '{'))
		return false;
	if (!take(&c, '}')) {
		do {
			if (!take_member(&c, scratch, m))
				return false;
		} while (take(&c, ','));
		if (!take(&c, '}'))
			return false;
	}
	if (!m[0].is_set)
		return false;
	out->content = text_of(&m[0], scratch);
	out->stream = text_of(&m[1], scratch);
	out->time_text = text_of(&m[2], scratch);
	out->has_time = timestamp_parse(out->time_text, &out->time);
	out->is_partial = !str_ends(out->content, "\n");
	if (!out->is_partial)
		out->content.n--;
	return true;
}
