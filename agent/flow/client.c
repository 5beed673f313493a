/* The pairs are one run of bytes: the source, the name, NUL, the value, NUL; a request has some
 * ten of them, and few are ever asked for. */

#include "agent/flow/client.h"

#include "agent/base/buf.h"
#include "agent/base/mem.h"
#include "agent/base/must.h"
#include "agent/base/utf8.h"

#include <stdlib.h>

struct client {
	uint32_t refs;
	size_t n;
	char pairs[];
};

void client_put(struct buf *b, enum client_source from, struct str name, struct str value)
{
	size_t at = b->n;

	if (memchr(name.p, 0, name.n) || (value.n > 0 && memchr(value.p, 0, value.n)) ||
		!utf8_is_valid(value))
		return;
	buf_add_char(b, from == CLIENT_AUTH ? 'a' : 'm');
	buf_add_str(b, name);
	for (size_t i = at + 1; i < b->n; i++)
		if (b->p[i] >= 'A' && b->p[i] <= 'Z')
			b->p[i] = (char)(b->p[i] | 0x20);
	buf_add_char(b, 0);
	buf_add_str(b, value);
	buf_add_char(b, 0);
}

struct client *client_new(struct str pairs)
{
	struct client *c;

	if (pairs.n == 0)
		return NULL;
	c = mem_alloc(1, sizeof(*c) + pairs.n);
	c->refs = 1;
	c->n = pairs.n;
	memcpy(c->pairs, pairs.p, pairs.n);
	return c;
}

/* Each pair has its source and two NULs. */
static bool is_well_formed(struct str s)
{
	while (s.n > 0) {
		const char *name = memchr(s.p, 0, s.n);
		const char *value;

		if (!name || (s.p[0] != 'a' && s.p[0] != 'm'))
			return false;
		s = str_from_at(s, (size_t)(name + 1 - s.p));
		value = s.n > 0 ? memchr(s.p, 0, s.n) : NULL;
		if (!value)
			return false;
		s = str_from_at(s, (size_t)(value + 1 - s.p));
	}
	return true;
}

bool client_parse(struct str pairs, struct client **out)
{
	if (!is_well_formed(pairs))
		return false;
	*out = client_new(pairs);
	return true;
}

struct client *client_hold(struct client *c)
{
	if (c) {
		must(c->refs > 0 && c->refs < UINT32_MAX);
		c->refs++;
	}
	return c;
}

void client_release(struct client *c)
{
	if (!c)
		return;
	must(c->refs > 0);
	if (--c->refs == 0)
		free(c);
}

struct str client_pairs(const struct client *c)
{
	return c ? (struct str){c->pairs, c->n} : (struct str){"", 0};
}

size_t client_size(const struct client *c)
{
	return c ? sizeof(*c) + c->n : 0;
}

bool client_next(const struct client *c, enum client_source from, struct str name, size_t *at,
	struct str *value)
{
	char source = from == CLIENT_AUTH ? 'a' : 'm';

	while (c && *at < c->n) {
		const char *p = c->pairs + *at;
		struct str n = str_from(p + 1);
		struct str v = str_from(n.p + n.n + 1);

		*at += 1 + n.n + 1 + v.n + 1;
		must(*at <= c->n);
		if (*p == source && str_eq_nocase(n, name)) {
			*value = v;
			return true;
		}
	}
	return false;
}

bool client_join(const struct client *c, enum client_source from, struct str name, struct buf *out)
{
	struct str value;
	bool any = false;

	for (size_t at = 0; client_next(c, from, name, &at, &value); any = true) {
		if (any)
			buf_add_char(out, ';');
		buf_add_str(out, value);
	}
	return any;
}
