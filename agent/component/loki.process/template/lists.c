/* Lists and dicts, and JSON to and from them. */
#include "agent/component/loki.process/json.h"
#include "agent/component/loki.process/template/private.h"

#include <inttypes.h>
#include <stdlib.h>

#define JSON_NEST 20

#define CALL(name) \
	static bool name(struct run *r, const struct tv *args, size_t n, struct tv *out)

static struct tv tv_list(struct tv *p, size_t n)
{
	struct tv v = {.kind = TV_LIST};

	v.list.p = p;
	v.list.n = n;
	return v;
}

static struct tv tv_of_dict(struct tv_dict *d)
{
	struct tv v = {.kind = TV_DICT};

	v.dict = d;
	return v;
}

static struct tv_dict *dict_new(struct run *r)
{
	return (struct tv_dict *)(void *)run_items(r, 1);
}

bool dict_set(struct run *r, struct tv_dict *d, struct str key, struct tv value)
{
	struct tv *old = dict_find(d, key);
	struct tv_pair *p;
	size_t at = 0;

	if (old) {
		*old = value;
		return true;
	}
	if (!run_step(r, d->n / 16 + 1) || !run_items(r, d->n + 1))
		return false;
	p = arena_new(r->a, struct tv_pair, d->n + 1);
	while (at < d->n && str_cmp(d->p[at].key, key) < 0)
		at++;
	if (at)
		memcpy(p, d->p, at * sizeof(*p));
	if (at < d->n)
		memcpy(p + at + 1, d->p + at, (d->n - at) * sizeof(*p));
	p[at] = (struct tv_pair){key, value};
	*d = (struct tv_dict){p, d->n + 1};
	return true;
}

/* --- lists --- */

CALL(list)
{
	struct tv *p = run_items(r, n);

	if (!p)
		return false;
	if (n)
		memcpy(p, args, n * sizeof(*p));
	*out = tv_list(p, n);
	return true;
}

CALL(first)
{
	(void)r;
	(void)n;
	*out = args[0].list.n ? args[0].list.p[0] : (struct tv){0};
	return true;
}

CALL(last)
{
	(void)r;
	(void)n;
	*out = args[0].list.n ? args[0].list.p[args[0].list.n - 1] : (struct tv){0};
	return true;
}

CALL(rest)
{
	size_t skip = args[0].list.n > 0;

	(void)r;
	(void)n;
	*out = tv_list(args[0].list.p + skip, args[0].list.n - skip);
	return true;
}

CALL(initial)
{
	(void)r;
	(void)n;
	*out = tv_list(args[0].list.p, args[0].list.n - (args[0].list.n > 0));
	return true;
}

CALL(append)
{
	size_t count = args[0].list.n;
	struct tv *p = run_items(r, count + 1);

	(void)n;
	if (!p)
		return false;
	if (count)
		memcpy(p, args[0].list.p, count * sizeof(*p));
	p[count] = args[1];
	*out = tv_list(p, count + 1);
	return true;
}

CALL(reverse)
{
	size_t count = args[0].list.n;
	struct tv *p = run_items(r, count);

	(void)n;
	if (!p)
		return false;
	for (size_t i = 0; i < count; i++)
		p[i] = args[0].list.p[count - 1 - i];
	*out = tv_list(p, count);
	return true;
}

/* has needle list */
CALL(has)
{
	bool found = false;

	(void)n;
	if (!run_step(r, args[1].list.n / 16))
		return false;
	for (size_t i = 0; i < args[1].list.n && !found; i++)
		found = tv_eq(&args[0], &args[1].list.p[i]);
	*out = tv_bool(found);
	return true;
}

/* until count */
CALL(until)
{
	size_t count = args[0].i > 0 ? (size_t)args[0].i : 0;
	struct tv *p = run_items(r, count);

	(void)n;
	if (!p)
		return false;
	for (size_t i = 0; i < count; i++)
		p[i] = tv_int((int64_t)i);
	*out = tv_list(p, count);
	return true;
}

/* --- texts to lists, and back --- */

/* At most max parts; 0: all. An empty separator is refused. */
static bool split_text(struct run *r, struct str sep, struct str s, size_t max, struct tv *out)
{
	size_t n = 1;
	struct str rest = s;
	struct tv *p;

	if (sep.n == 0)
		return false;
	for (ptrdiff_t at; (max == 0 || n < max) && (at = str_find(rest, sep)) >= 0; n++)
		rest = str_from_at(rest, (size_t)at + sep.n);
	p = run_items(r, n);
	if (!p)
		return false;
	for (size_t i = 0; i + 1 < n; i++) {
		ptrdiff_t at = str_find(s, sep);

		p[i] = tv_str(str_head(s, (size_t)at));
		s = str_from_at(s, (size_t)at + sep.n);
	}
	p[n - 1] = tv_str(s);
	*out = tv_list(p, n);
	return true;
}

CALL(split_list)
{
	(void)n;
	return split_text(r, args[0].s, args[1].s, 0, out);
}

/* sprig gives split's parts as a dict of _0, _1, … */
static bool to_numbered(struct run *r, struct tv *v)
{
	struct tv_dict *d = dict_new(r);

	for (size_t i = 0; d && i < v->list.n; i++) {
		struct str key = arena_printf(r->a, "_%zu", i);

		if (!dict_set(r, d, key, v->list.p[i]))
			return false;
	}
	*v = tv_of_dict(d);
	return d != NULL;
}

CALL(split)
{
	(void)n;
	return split_text(r, args[0].s, args[1].s, 0, out) && to_numbered(r, out);
}

CALL(splitn)
{
	(void)n;
	return args[1].i > 0 &&
	       split_text(r, args[0].s, args[2].s, (size_t)args[1].i, out) &&
	       to_numbered(r, out);
}

CALL(join)
{
	struct buf *b = run_scratch(r, 0);

	(void)n;
	if (args[1].kind != TV_LIST)
		tv_print(b, &args[1]);
	for (size_t i = 0; args[1].kind == TV_LIST && i < args[1].list.n; i++) {
		if (i)
			buf_add_str(b, args[0].s);
		tv_print(b, &args[1].list.p[i]);
		if (b->n > BYTES_MAX)
			break;
	}
	return run_take(r, b, out);
}

/* --- dicts --- */

CALL(dict)
{
	struct tv_dict *d = dict_new(r);

	if (!d)
		return false;
	for (size_t i = 0; i < n; i += 2) {
		struct str key;

		if (!tv_text(r, &args[i], &key) ||
			!dict_set(r, d, key, i + 1 < n ? args[i + 1] : tv_str(STR(""))))
			return false;
	}
	*out = tv_of_dict(d);
	return true;
}

/* get dict key; of the data too. */
CALL(get)
{
	(void)n;
	if (!tv_field(r, &args[0], args[1].s, out))
		return false;
	if (out->kind == TV_NONE)
		*out = tv_str(STR(""));
	return true;
}

CALL(set)
{
	(void)n;
	*out = args[0];
	return dict_set(r, args[0].dict, args[1].s, args[2]);
}

CALL(has_key)
{
	struct tv found;

	(void)n;
	if (!tv_field(r, &args[0], args[1].s, &found))
		return false;
	*out = tv_bool(found.kind != TV_NONE);
	return true;
}

CALL(keys)
{
	const struct tv_dict *d = args[0].dict;
	struct tv *p = run_items(r, d->n);

	(void)n;
	for (size_t i = 0; p && i < d->n; i++)
		p[i] = tv_str(d->p[i].key);
	*out = tv_list(p, d->n);
	return p != NULL;
}

CALL(values)
{
	const struct tv_dict *d = args[0].dict;
	struct tv *p = run_items(r, d->n);

	(void)n;
	for (size_t i = 0; p && i < d->n; i++)
		p[i] = d->p[i].value;
	*out = tv_list(p, d->n);
	return p != NULL;
}

/* --- JSON --- */

static bool from_text(struct run *r, struct str text, int depth, struct tv *out);

static bool from_array(struct run *r, struct str text, int depth, struct tv *out)
{
	struct str rest = text;
	struct str item;
	size_t n = 0;
	struct tv *p;

	while (json_next(&rest, NULL, &item))
		n++;
	p = run_items(r, n);
	if (!p)
		return false;
	for (size_t i = 0; json_next(&text, NULL, &item); i++) {
		if (!from_text(r, item, depth + 1, &p[i]))
			return false;
	}
	*out = tv_list(p, n);
	return true;
}

static bool from_object(struct run *r, struct str text, int depth, struct tv *out)
{
	struct tv_dict *d = dict_new(r);
	struct str key;
	struct str item;
	struct tv v;

	if (!d)
		return false;
	while (json_next(&text, &key, &item)) {
		if (!from_text(r, item, depth + 1, &v) ||
			!dict_set(r, d, json_unquote(key, r->a), v))
			return false;
	}
	*out = tv_of_dict(d);
	return true;
}

static bool from_text(struct run *r, struct str text, int depth, struct tv *out)
{
	struct str plain;

	if (depth > JSON_NEST || !run_step(r, 1))
		return false;
	*out = (struct tv){0};
	switch (json_kind(text)) {
	case JSON_NULL:
		return true;
	case JSON_BOOL:
		json_to_text(text, r->a, &plain);
		*out = tv_bool(str_is(plain, "true"));
		return true;
	case JSON_NUMBER:
		*out = tv_float(strtod(arena_str(r->a, text).p, NULL));
		return true;
	case JSON_STRING:
		json_to_text(text, r->a, &plain);
		*out = tv_str(plain);
		return true;
	case JSON_ARRAY:
		return from_array(r, text, depth, out);
	case JSON_OBJECT:
		return from_object(r, text, depth, out);
	}
	return false;
}

CALL(from_json)
{
	(void)n;
	*out = (struct tv){0};
	return !json_is_valid(args[0].s) || from_text(r, args[0].s, 0, out);
}

static bool put_json(struct run *r, struct buf *b, const struct tv *v, int depth)
{
	const char *comma = "";

	if (depth > JSON_NEST || !run_step(r, 1) || b->n > BYTES_MAX)
		return false;
	switch (v->kind) {
	case TV_NONE:
	case TV_DATA:
		buf_printf(b, "null");
		return true;
	case TV_BOOL:
	case TV_INT:
	case TV_FLOAT:
		tv_print(b, v);
		return true;
	case TV_STR:
		buf_add_json(b, v->s);
		return true;
	case TV_LIST:
		buf_add_char(b, '[');
		for (size_t i = 0; i < v->list.n; i++, comma = ",") {
			buf_printf(b, "%s", comma);
			if (!put_json(r, b, &v->list.p[i], depth + 1))
				return false;
		}
		buf_add_char(b, ']');
		return true;
	case TV_DICT:
		buf_add_char(b, '{');
		for (size_t i = 0; i < v->dict->n; i++, comma = ",") {
			buf_printf(b, "%s", comma);
			buf_add_json(b, v->dict->p[i].key);
			buf_add_char(b, ':');
			if (!put_json(r, b, &v->dict->p[i].value, depth + 1))
				return false;
		}
		buf_add_char(b, '}');
		return true;
	}
	return false;
}

CALL(to_json)
{
	struct buf *b = run_scratch(r, 0);
	bool ok = put_json(r, b, &args[0], 0);

	(void)n;
	return run_take(r, b, out) && ok;
}

const struct tpl_func tpl_lists[] = {
	{"append", "la", append},
	{"dict", "a*", dict},
	{"first", "l", first},
	{"fromJson", "s", from_json},
	{"get", "as", get},
	{"has", "al", has},
	{"hasKey", "as", has_key},
	{"initial", "l", initial},
	{"join", "sa", join},
	{"keys", "d", keys},
	{"last", "l", last},
	{"list", "a*", list},
	{"push", "la", append},
	{"rest", "l", rest},
	{"reverse", "l", reverse},
	{"set", "dsa", set},
	{"split", "ss", split},
	{"splitList", "ss", split_list},
	{"splitn", "sis", splitn},
	{"toJson", "a", to_json},
	{"tuple", "a*", list},
	{"until", "i", until},
	{"values", "d", values},
	{NULL, NULL, NULL},
};
