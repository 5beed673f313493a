/* A path is a list of steps, and each is one walk over the members of what it is at. */
#include "agent/component/loki.process/jmespath.h"

#include "agent/base/err.h"
#include "agent/component/loki.process/json.h"

#define STEPS_MAX 100

struct cursor {
	struct str s;
	size_t at;
	struct arena *arena;
	struct err *e;
};

static bool fail(struct cursor *c, const char *what)
{
	return err_set(c->e, "could not compile JMES expression: byte %zu: %s", c->at, what);
}

static bool is_name(char c, bool first)
{
	bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';

	return letter || (!first && c >= '0' && c <= '9');
}

static char peek(struct cursor *c)
{
	while (c->at < c->s.n && (c->s.p[c->at] == ' ' || c->s.p[c->at] == '\t' ||
					 c->s.p[c->at] == '\n' || c->s.p[c->at] == '\r'))
		c->at++;
	return (char)(c->at < c->s.n ? c->s.p[c->at] : 0);
}

/* A JSON string. */
static bool take_quoted(struct cursor *c, struct str *key)
{
	size_t end = c->at + 1;
	struct str raw;

	while (end < c->s.n && c->s.p[end] != '"')
		end += c->s.p[end] == '\\' ? 2 : 1;
	if (end >= c->s.n)
		return fail(c, "the quote has no end");
	raw = str_head(str_from_at(c->s, c->at), end + 1 - c->at);
	if (!json_is_valid(raw))
		return fail(c, "not a JSON string");
	*key = arena_str(c->arena, json_unquote(raw, c->arena));
	c->at = end + 1;
	return true;
}

static bool take_key(struct cursor *c, struct jmespath_step *out)
{
	size_t from;

	if (peek(c) == '"')
		return take_quoted(c, &out->key);
	if (!is_name(peek(c), true))
		return fail(c, "only names, \"quoted names\", a.b and a[0] are supported");
	for (from = c->at; c->at < c->s.n && is_name(c->s.p[c->at], false); c->at++)
		;
	out->key = arena_str(c->arena, str_head(str_from_at(c->s, from), c->at - from));
	return true;
}

static bool take_index(struct cursor *c, struct jmespath_step *out)
{
	size_t from;

	c->at++;
	peek(c);
	for (from = c->at;
		c->at < c->s.n &&
		(c->s.p[c->at] == '-' || (c->s.p[c->at] >= '0' && c->s.p[c->at] <= '9'));)
		c->at++;
	if (!str_to_int(str_head(str_from_at(c->s, from), c->at - from), &out->index))
		return fail(c, "only names, \"quoted names\", a.b and a[0] are supported");
	if (peek(c) != ']')
		return fail(c, "want ]");
	c->at++;
	return true;
}

bool jmespath_parse(struct arena *a, struct str text, struct jmespath *out, struct err *e)
{
	struct cursor c = {text, 0, a, e};
	struct jmespath_step *steps = arena_new(a, struct jmespath_step, STEPS_MAX);
	size_t n = 0;

	for (bool ok; n == 0 || peek(&c); n++) {
		if (n == STEPS_MAX)
			return fail(&c, "too long");
		if (peek(&c) == '[') {
			ok = take_index(&c, &steps[n]);
		} else {
			if (n > 0 && peek(&c) != '.')
				return fail(&c,
					"only names, \"quoted names\", a.b and a[0] are supported");
			c.at += n > 0;
			ok = take_key(&c, &steps[n]);
		}
		if (!ok)
			return false;
	}
	if (c.at < text.n)
		return fail(&c, "a NUL byte");
	*out = (struct jmespath){steps, n};
	return true;
}

/* Of a key that is there twice the last counts, as in Go. */
static bool find_member(struct str object, struct str name, struct arena *a, struct str *out)
{
	struct str key;
	struct str value;
	bool found = false;

	while (json_next(&object, &key, &value)) {
		if (str_eq(json_unquote(key, a), name)) {
			*out = value;
			found = true;
		}
	}
	return found;
}

static bool find_item(struct str array, int64_t index, struct str *out)
{
	struct str rest = array;
	int64_t n = 0;

	if (index < 0) {
		while (json_next(&rest, NULL, out))
			n++;
		index += n;
		rest = array;
	}
	for (; index >= 0 && json_next(&rest, NULL, out); index--) {
		if (index == 0)
			return true;
	}
	return false;
}

bool jmespath_find(const struct jmespath *path, size_t from, struct str value, struct arena *a,
	struct str *out)
{
	for (size_t i = from; i < path->n; i++) {
		const struct jmespath_step *s = &path->p[i];
		enum json_kind kind = json_kind(value);

		if (s->key.p && (kind != JSON_OBJECT || !find_member(value, s->key, a, &value)))
			return false;
		if (!s->key.p && (kind != JSON_ARRAY || !find_item(value, s->index, &value)))
			return false;
	}
	*out = value;
	return true;
}
