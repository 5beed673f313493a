/* The functions of the standard library that have no larger family. */

#include "agent/base/must.h"
#include "agent/config/stdlib.h"

#include <stdlib.h>

bool stdlib_sys_env(struct call *c)
{
	struct str name;
	const char *value;

	if (!call_text(c, 0, &name))
		return false;
	value = getenv(arena_str(c->a, name).p);
	c->out = value_str(arena_str(c->a, str_from(value)));
	return true;
}

/* Go's zero values: 0, false, "", empty arrays and objects. */
static bool is_empty(const struct value *v)
{
	switch (v->type) {
	case VALUE_NULL:
		return true;
	case VALUE_NUMBER:
		return v->number == NUMBER_FLOAT ? v->f == 0 : v->u == 0;
	case VALUE_STRING:
		return v->s.n == 0;
	case VALUE_BOOL:
		return !v->b;
	case VALUE_ARRAY:
		return v->array.n == 0;
	case VALUE_OBJECT:
		return v->object.n == 0;
	case VALUE_FUNCTION:
		return false;
	case VALUE_CAPSULE:
		return value_is_secret(v) && v->s.n == 0;
	}
	must_failed("a value of an unknown type", __FILE__, __LINE__);
}

bool stdlib_coalesce(struct call *c)
{
	c->out = value_null();
	for (size_t i = 0; i < c->n; i++) {
		c->out = c->args[i];
		if (!is_empty(&c->args[i]))
			break;
	}
	return true;
}

bool stdlib_nonsensitive(struct call *c)
{
	struct str s;

	if (!value_to_secret(c->a, &c->args[0], &s, &c->e)) {
		c->bad.arg = 0;
		return false;
	}
	c->out = value_str(s);
	return true;
}

/* Go's filepath.Clean: no empty and no . parts, .. takes back what it can. */
static void clean(struct str path, struct buf *out)
{
	bool rooted = path.n && path.p[0] == '/';
	size_t keep = rooted; /* what .. cannot take back ends here */
	size_t at = 0;

	if (rooted)
		buf_add_char(out, '/');
	while (at < path.n) {
		size_t end = at;

		while (end < path.n && path.p[end] != '/')
			end++;
		if (end - at == 2 && path.p[at] == '.' && path.p[at + 1] == '.' && out->n > keep) {
			do {
				out->n--;
			} while (out->n > keep && out->p[out->n] != '/');
		} else if (end - at == 2 && path.p[at] == '.' && path.p[at + 1] == '.') {
			if (!rooted)
				buf_add_str(out, out->n ? STR("/..") : STR(".."));
			keep = out->n;
		} else if (end > at && !(end - at == 1 && path.p[at] == '.')) {
			if (out->n > rooted)
				buf_add_char(out, '/');
			buf_add(out, path.p + at, end - at);
		}
		at = end + 1;
	}
	if (out->n == 0)
		buf_add_char(out, '.');
}

bool stdlib_path_join(struct call *c)
{
	struct buf all = {0}, out = {0};
	bool ok = true;

	for (size_t i = 0; ok && i < c->n; i++) {
		struct str part;

		ok = call_text(c, i, &part);
		if (!ok || part.n == 0)
			continue;
		if (all.n)
			buf_add_char(&all, '/');
		buf_add_str(&all, part);
	}
	if (ok && all.n)
		clean(buf_str(&all), &out);
	buf_fini(&all);
	if (ok)
		return call_return_buf(c, &out);
	buf_fini(&out);
	return false;
}
