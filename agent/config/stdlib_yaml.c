/*
 * encoding.from_yaml: libyaml reads events, this makes values of them, with the types of YAML's
 * core schema (and y/yes/on left as texts, as Alloy's library does). Aliases are copied by
 * pointer and merge keys (<<) resolved; what is made is counted, so that aliases of aliases
 * cannot multiply without bound.
 */

#include "agent/base/vec.h"
#include "agent/config/number.h"
#include "agent/config/stdlib.h"

#include <math.h>
#include <stdlib.h>
#include <yaml.h>

#define DEPTH_MAX 200

struct anchor {
	struct str name;
	struct value value;
	size_t weight; /* values in it, itself included */
	int height;    /* levels below it */
};

struct reader {
	struct arena *a;
	yaml_parser_t parser;
	yaml_event_t event;
	struct {
		struct anchor *p;
		size_t n, cap;
	} anchors;
	size_t weight; /* of all that was made */
	int deepest;   /* level reached by the node being read */
	struct err *e;
};

static bool read_node(struct reader *r, int depth, struct value *out);

static struct str event_text(struct reader *r, const yaml_char_t *p, size_t n)
{
	return arena_str(r->a, (struct str){(const char *)p, n});
}

static bool next_event(struct reader *r)
{
	yaml_event_delete(&r->event);
	if (yaml_parser_parse(&r->parser, &r->event))
		return true;
	return err_set(r->e, "yaml: line %zu: %s", r->parser.problem_mark.line + 1,
		r->parser.problem ? r->parser.problem : "cannot be read");
}

static bool is_one_of(struct str s, const char *const *words)
{
	for (; *words; words++) {
		if (str_is(s, *words))
			return true;
	}
	return false;
}

static bool based_number(struct str s, struct value *out)
{
	bool minus = s.n && s.p[0] == '-';
	struct str digits = str_from_at(s, minus || (s.n && s.p[0] == '+'));
	unsigned base = str_starts(digits, "0o") ? 8 : (str_starts(digits, "0b") ? 2 : 0);
	char *end;
	uint64_t u;

	if (str_starts(digits, "0x") && digits.n > 2 && digits.n <= 18 && digits.p[2] != '+' &&
		digits.p[2] != '-') {
		u = strtoull(digits.p + 2, &end, 16);
		if (end != digits.p + digits.n)
			return false;
	} else if (base == 0 || !uint_parse(str_from_at(digits, 2), base, &u)) {
		return false;
	}
	if (u > INT64_MAX)
		return false;
	*out = value_int(minus ? -(int64_t)u : (int64_t)u);
	return true;
}

/* A plain scalar, by what it looks like. */
static struct value resolve_plain(struct str s)
{
	static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
	static const char *const trues[] = {"true", "True", "TRUE", NULL};
	static const char *const falses[] = {"false", "False", "FALSE", NULL};
	static const char *const infs[] = {".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", NULL};
	static const char *const minus_infs[] = {"-.inf", "-.Inf", "-.INF", NULL};
	static const char *const nans[] = {".nan", ".NaN", ".NAN", NULL};
	struct value v = value_str(s);
	bool range;

	if (is_one_of(s, nulls))
		return value_null();
	if (is_one_of(s, trues) || is_one_of(s, falses))
		return value_bool(is_one_of(s, trues));
	if (is_one_of(s, infs) || is_one_of(s, minus_infs))
		return value_float(is_one_of(s, infs) ? INFINITY : -INFINITY);
	if (is_one_of(s, nans))
		return value_float(NAN);
	if (int_parse(s, &v.i)) {
		bool octal = s.n > 1 && s.p[0] == '0';

		return octal ? number_from_digits(s) : value_int(v.i);
	}
	if (based_number(s, &v))
		return v;
	if (float_parse(s, &v.f, &range))
		return value_float(v.f);
	return value_str(s);
}

static struct value read_scalar(struct reader *r)
{
	const char *tag = (const char *)r->event.data.scalar.tag;
	struct str s = event_text(r, r->event.data.scalar.value, r->event.data.scalar.length);

	if (tag && strcmp(tag, "tag:yaml.org,2002:str") == 0)
		return value_str(s);
	if (!tag && r->event.data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
		return value_str(s);
	return resolve_plain(s);
}

struct items {
	struct value *p;
	size_t n;
	size_t cap;
};

static bool read_sequence(struct reader *r, int depth, struct value *out)
{
	struct items v = {0};
	struct value *items;
	bool ok;

	while ((ok = next_event(r)) && r->event.type != YAML_SEQUENCE_END_EVENT) {
		struct value item = value_null();

		ok = read_node(r, depth + 1, &item);
		if (!ok)
			break;
		*vec_add(&v) = item;
	}
	items = arena_new(r->a, struct value, v.n + 1);
	if (v.n)
		memcpy(items, v.p, v.n * sizeof(*items));
	*out = value_array(items, v.n);
	free(v.p);
	return ok;
}

struct fields {
	struct field *p;
	size_t n;
	size_t cap;
};

static bool bad_merge(struct reader *r)
{
	return err_set(r->e,
		"yaml: map merge requires map or sequence of maps as the value");
}

/* <<: the fields of a map, or of each of a list of maps, that the map does not have itself. */
static bool merge(struct reader *r, const struct value *from, struct fields *out)
{
	if (from->type == VALUE_OBJECT) {
		for (size_t i = 0; i < from->object.n; i++)
			*vec_add(out) = from->object.fields[i];
		r->weight += from->object.n;
		return true;
	}
	if (from->type != VALUE_ARRAY)
		return bad_merge(r);
	for (size_t i = from->array.n; i-- > 0;) {
		if (from->array.items[i].type != VALUE_OBJECT)
			return bad_merge(r);
		if (!merge(r, &from->array.items[i], out))
			return false;
	}
	return true;
}

static bool key_text(struct reader *r, const struct value *key, struct str *out)
{
	struct buf b = {0};

	if (key->type == VALUE_ARRAY || key->type == VALUE_OBJECT)
		return err_set(r->e, "yaml: line %zu: a key that is a list or a map",
			r->event.start_mark.line + 1);
	if (key->type == VALUE_STRING) {
		*out = key->s;
		return true;
	}
	value_print(&b, key);
	*out = arena_str(r->a, buf_str(&b));
	buf_fini(&b);
	return true;
}

static bool read_pair(struct reader *r, int depth, struct fields *own, struct fields *merged)
{
	bool plain = r->event.type == YAML_SCALAR_EVENT &&
		     r->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	struct value key = value_null();
	struct value value = value_null();
	struct field f;

	if (!read_node(r, depth + 1, &key) || !key_text(r, &key, &f.key))
		return false;
	if (!next_event(r) || !read_node(r, depth + 1, &value))
		return false;
	if (plain && str_is(f.key, "<<"))
		return merge(r, &value, merged);
	f.value = value;
	*vec_add(own) = f;
	return true;
}

static bool read_mapping(struct reader *r, int depth, struct value *out)
{
	struct fields own = {0}, all = {0};
	size_t line = r->event.start_mark.line + 1;
	bool ok;

	while ((ok = next_event(r)) && r->event.type != YAML_MAPPING_END_EVENT) {
		ok = read_pair(r, depth, &own, &all);
		if (!ok)
			break;
	}
	for (size_t i = 0; i < own.n; i++)
		*vec_add(&all) = own.p[i];
	if (ok && value_object(r->a, own.p, own.n).object.n < own.n)
		ok = err_set(r->e, "yaml: line %zu: a key of this mapping is defined twice",
			line);
	*out = value_object(r->a, all.p, all.n);
	free(own.p);
	free(all.p);
	return ok;
}

static bool read_alias(struct reader *r, int depth, struct value *out)
{
	struct str name = str_from((const char *)r->event.data.alias.anchor);

	for (size_t i = r->anchors.n; i-- > 0;) {
		if (!str_eq(r->anchors.p[i].name, name))
			continue;
		*out = r->anchors.p[i].value;
		r->weight += r->anchors.p[i].weight;
		if (r->deepest < depth + r->anchors.p[i].height)
			r->deepest = depth + r->anchors.p[i].height;
		return true;
	}
	return err_set(r->e, "yaml: unknown anchor '%.*s' referenced", (int)str_head(name, 100).n,
		name.p);
}

static const yaml_char_t *anchor_of(const yaml_event_t *e)
{
	if (e->type == YAML_SCALAR_EVENT)
		return e->data.scalar.anchor;
	if (e->type == YAML_SEQUENCE_START_EVENT)
		return e->data.sequence_start.anchor;
	return e->type == YAML_MAPPING_START_EVENT ? e->data.mapping_start.anchor : NULL;
}

static bool read_content(struct reader *r, int depth, struct value *out)
{
	if (r->event.type == YAML_SEQUENCE_START_EVENT)
		return read_sequence(r, depth, out);
	if (r->event.type == YAML_MAPPING_START_EVENT)
		return read_mapping(r, depth, out);
	if (r->event.type == YAML_ALIAS_EVENT)
		return read_alias(r, depth, out);
	if (r->event.type != YAML_SCALAR_EVENT)
		return err_set(r->e, "yaml: line %zu: want a value", r->event.start_mark.line + 1);
	*out = read_scalar(r);
	return true;
}

/* The node that the current event begins; the event that ends it is current afterwards. */
static bool read_node(struct reader *r, int depth, struct value *out)
{
	const yaml_char_t *anchor = anchor_of(&r->event);
	size_t before = r->weight++;
	int reached = r->deepest;
	struct str name = STR("");
	int height;

	if (anchor)
		name = event_text(r, anchor, strlen((const char *)anchor));
	r->deepest = depth;
	if (depth <= DEPTH_MAX && !read_content(r, depth, out))
		return false;
	if (r->deepest > DEPTH_MAX)
		return err_set(r->e, "yaml: exceeded max depth of %d", DEPTH_MAX);
	height = r->deepest - depth;
	r->deepest = r->deepest > reached ? r->deepest : reached;
	if (r->weight > STDLIB_ITEMS_MAX)
		return err_set(r->e, "yaml: document contains excessive aliasing");
	if (name.n)
		*vec_add(&r->anchors) = (struct anchor){name, *out, r->weight - before, height};
	return true;
}

/* The first document; an empty text is null. */
static bool read_document(struct reader *r, struct value *out)
{
	*out = value_null();
	do {
		if (!next_event(r))
			return false;
		if (r->event.type == YAML_STREAM_END_EVENT)
			return true;
	} while (r->event.type != YAML_DOCUMENT_START_EVENT);
	return next_event(r) && read_node(r, 0, out) && next_event(r);
}

bool yaml_to_value(struct arena *a, struct str text, struct value *out, struct err *e)
{
	struct reader r = {.a = a, .e = e};
	bool ok;

	if (!yaml_parser_initialize(&r.parser))
		mem_out(sizeof(r.parser));
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)text.p, text.n);
	ok = read_document(&r, out);
	yaml_event_delete(&r.event);
	yaml_parser_delete(&r.parser);
	free(r.anchors.p);
	return ok;
}

bool stdlib_from_yaml(struct call *c)
{
	struct str text;

	return call_text(c, 0, &text) && yaml_to_value(c->a, text, &c->out, &c->e);
}
