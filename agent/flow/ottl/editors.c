/*
 * The functions that change something. Those on maps take the entries of a map as a list, mark
 * what becomes of each, and put back what changed: of attributes only the fields that did.
 */

#include "agent/base/ascii.h"
#include "agent/base/utf8.h"
#include "agent/flow/expand.h"
#include "agent/flow/ottl/private.h"

#include <stdlib.h>

enum {
	FLATTEN_DEPTH = 16,
};

struct entry {
	struct str key;
	struct str any;
	bool is_removed;
	bool is_changed; /* of any */
};

struct entries {
	struct entry *p;
	size_t n;
	size_t cap;
};

static struct entry *add_entry(
	struct ottl_run *r, struct entries *e, struct str key, struct str any)
{
	if (e->n == e->cap) {
		size_t cap = e->cap ? 2 * e->cap : 32;
		struct entry *p = arena_new(r->a, struct entry, cap);

		if (e->n > 0)
			memcpy(p, e->p, e->n * sizeof(*p));
		e->p = p;
		e->cap = cap;
	}
	e->p[e->n] = (struct entry){key, any, false, false};
	return &e->p[e->n++];
}

/* The entries of the map that an argument's path is. nil has none; anything else fails. */
static bool load(struct ottl_run *r, const struct ottl_path *path, struct entries *out)
{
	struct otlp_message *m = ottl_path_attributes(r, path);
	struct wire_reader reader;
	struct ottl_value v;
	struct str key;
	struct str any;

	*out = (struct entries){0};
	if (m) {
		for (size_t i = 0; i < m->n; i++)
			if (otlp_slot_is_attr(m, &m->p[i]))
				add_entry(r, out, m->p[i].key, m->p[i].any);
		return true;
	}
	if (!ottl_path_get(r, path, &v))
		return false;
	if (v.type != OTTL_MAP)
		return err_set(r->e, "want a map, got %s", ottl_type_names[v.type]);
	reader = wire_read(v.s);
	while (otlp_map_next(&reader, &key, &any))
		add_entry(r, out, key, any);
	return true;
}

static bool store_value(struct ottl_run *r, const struct ottl_path *path, const struct entries *e)
{
	struct ottl_value v = {.type = OTTL_MAP};
	struct buf b = {0};

	for (size_t i = 0; i < e->n; i++)
		if (!e->p[i].is_removed)
			otlp_key_value_put(&b, 1, e->p[i].key, e->p[i].any);
	v.s = ottl_take(r->a, &b);
	return ottl_path_set(r, path, &v);
}

/* Puts back what was marked. Entries behind the first `old` are new. */
static bool store(
	struct ottl_run *r, const struct ottl_path *path, const struct entries *e, size_t old)
{
	struct otlp_message *m = ottl_path_attributes(r, path);
	bool changed = e->n > old;

	for (size_t i = 0; i < old; i++)
		changed = changed || e->p[i].is_removed || e->p[i].is_changed;
	if (!changed)
		return true;
	if (!m)
		return store_value(r, path, e);
	for (size_t i = 0; i < e->n; i++) {
		if (e->p[i].any.n > OTTL_VALUE_MAX)
			return err_set(r->e, "the value has more than %d bytes", OTTL_VALUE_MAX);
	}
	for (size_t i = 0; i < e->n; i++) {
		if (e->p[i].is_removed)
			otlp_message_remove_attr(m, e->p[i].key);
	}
	for (size_t i = 0; i < e->n; i++) {
		if (!e->p[i].is_removed && (i >= old || e->p[i].is_changed))
			otlp_message_set_attr(m, e->p[i].key, e->p[i].any);
	}
	return true;
}

/* nil sets nothing. */
static bool call_set(struct ottl_run *r, const struct ottl_node *n, struct ottl_value *out)
{
	struct ottl_value v;

	(void)out;
	if (!ottl_arg(r, n, 1, &v))
		return false;
	return v.type == OTTL_NIL || ottl_path_set(r, n->args[0]->path, &v);
}

static bool call_delete_key(struct ottl_run *r, const struct ottl_node *n, struct ottl_value *out)
{
	const struct ottl_path *path = n->args[0]->path;
	struct otlp_message *m = ottl_path_attributes(r, path);
	struct entries e;
	struct str key;

	(void)out;
	if (!ottl_arg_text(r, n, 1, &key))
		return false;
	if (m) {
		otlp_message_remove_attr(m, key);
		return true;
	}
	if (!load(r, path, &e))
		return false;
	for (size_t i = 0; i < e.n; i++)
		e.p[i].is_removed = str_eq(e.p[i].key, key);
	return store(r, path, &e, e.n);
}

/* keep: what matches stays, else it goes. */
static bool by_pattern(struct ottl_run *r, const struct ottl_node *n, bool keep)
{
	struct entries e;

	if (!load(r, n->args[0]->path, &e))
		return false;
	for (size_t i = 0; i < e.n; i++)
		e.p[i].is_removed = regex_match(n->re, e.p[i].key) != keep;
	return store(r, n->args[0]->path, &e, e.n);
}

static bool call_delete_matching_keys(
	struct ottl_run *r, const struct ottl_node *n, struct ottl_value *out)
{
	(void)out;
	return by_pattern(r, n, false);
}

static bool call_keep_matching_keys(
	struct ottl_run *r, const struct ottl_node *n, struct ottl_value *out)
{
	(void)out;
	return by_pattern(r, n, true);
}

static bool is_in(const struct ottl_node *list, struct str key)
{
	for (size_t i = 0; list && i < list->n; i++)
		if (str_eq(list->args[i]->literal.s, key))
			return true;
	return false;
}

static bool call_keep_keys(struct ottl_run *r, const struct ottl_node *n, struct ottl_value *out)
{
	struct entries e;

	(void)out;
	if (!load(r, n->args[0]->path, &e))
		return false;
	for (size_t i = 0; i < e.n; i++)
		e.p[i].is_removed = !is_in(n->args[1], e.p[i].key);
	return store(r, n->args[0]->path, &e, e.n);
}

static bool call_limit(struct ottl_run *r, const struct ottl_node *n, struct ottl_value *out)
{
	int64_t max = n->args[1]->literal.i;
	int64_t count = 0;
	struct entries e;

	(void)out;
	if (!load(r, n->args[0]->path, &e))
		return false;
	if ((int64_t)e.n <= max)
		return true;
	for (size_t i = 0; i < e.n; i++)
		count += is_in(n->args[2], e.p[i].key);
	for (size_t i = 0; i < e.n; i++) {
		if (is_in(n->args[2], e.p[i].key))
			continue;
		e.p[i].is_removed = count >= max;
		count++;
	}
	return store(r, n->args[0]->path, &e, e.n);
}

static bool prepare_limit(struct arena *a, struct ottl_node *n, struct err *e)
{
	int64_t max = n->args[1]->literal.i;

	(void)a;
	if (max < 0)
		return err_set(e, "limit() wants a number that is not negative");
	return !n->args[2] || max >= (int64_t)n->args[2]->n ||
	       err_set(e, "limit() wants no less than there are keys in its list");
}

static bool prepare_not_negative(struct arena *a, struct ottl_node *n, struct err *e)
{
	(void)a;
	return n->args[1]->literal.i >= 0 ||
	       err_set(e, "%s() wants a number that is not negative", n->fn->name);
}

/* At the border of a character, so that it stays UTF-8. */
static struct str cut(struct str s, size_t max)
{
	while (max > 0 && max < s.n && ((uint8_t)s.p[max] & 0xc0) == 0x80)
		max--;
	return str_head(s, max);
}

static bool call_truncate_all(struct ottl_run *r, const struct ottl_node *n, struct ottl_value *out)
{
	size_t max = (size_t)n->args[1]->literal.i;
	struct entries e;

	(void)out;
	if (!load(r, n->args[0]->path, &e))
		return false;
	for (size_t i = 0; i < e.n; i++) {
		struct otlp_any v = otlp_any_read(e.p[i].any);

		if (v.kind != OTLP_ANY_STRING || v.bytes.n <= max)
			continue;
		e.p[i].any = otlp_any_string(r->a, cut(v.bytes, max));
		e.p[i].is_changed = true;
	}
	return store(r, n->args[0]->path, &e, e.n);
}

/* Every match replaced, groups expanded as in Go. False: there was none. */
static bool replace_all(struct ottl_run *r, const struct ottl_node *n, struct str text,
	struct expand *x, struct str *out)
{
	struct regex_each it;
	struct buf b = {0};
	size_t from = 0;

	regex_each_init(&it, n->re, text);
	while (b.n <= OTTL_VALUE_MAX && regex_each_next(&it, n->re)) {
		struct str whole = n->re->groups[0];
		size_t start = (size_t)(whole.p - it.text.p);

		buf_add(&b, it.text.p + from, start - from);
		buf_add_str(&b, expand_run(x, n->re, r->a));
		from = start + whole.n;
	}
	if (it.count == 0) {
		buf_fini(&b);
		return false;
	}
	buf_add_str(&b, str_from_at(it.text, from));
	*out = ottl_take(r->a, &b);
	return true;
}

/* The template of replacement: it may be any text, so it is compiled for each run. */
static bool template_of(
	struct ottl_run *r, const struct ottl_node *n, size_t i, struct expand *x)
{
	struct str text;

	if (!ottl_arg_text(r, n, i, &text))
		return false;
	expand_init(x, r->a, n->re, text);
	return true;
}

static bool call_replace_pattern(
	struct ottl_run *r, const struct ottl_node *n, struct ottl_value *out)
{
	struct ottl_value v;
	struct expand x;

	(void)out;
	if (!ottl_arg(r, n, 0, &v) || !template_of(r, n, 2, &x))
		return false;
	if (v.type != OTTL_STR || !replace_all(r, n, v.s, &x, &v.s))
		return true;
	return ottl_path_set(r, n->args[0]->path, &v);
}

static bool replace_entry(struct ottl_run *r, const struct ottl_node *n, struct expand *x,
	struct entries *e, size_t i, bool keys)
{
	struct otlp_any v = otlp_any_read(e->p[i].any);
	struct str any = e->p[i].any;
	struct str text = keys ? e->p[i].key : v.bytes;

	if ((!keys && v.kind != OTLP_ANY_STRING) || !replace_all(r, n, text, x, &text))
		return false;
	if (!keys) {
		e->p[i].any = otlp_any_string(r->a, text);
		e->p[i].is_changed = true;
	} else if (!str_eq(text, e->p[i].key)) {
		e->p[i].is_removed = true;
		add_entry(r, e, text, any);
	}
	return true;
}

static bool call_replace_all_patterns(
	struct ottl_run *r, const struct ottl_node *n, struct ottl_value *out)
{
	bool keys = str_is(n->args[1]->literal.s, "key");
	struct entries e;
	struct expand x;
	size_t old;

	(void)out;
	if (!load(r, n->args[0]->path, &e) || !template_of(r, n, 3, &x))
		return false;
	old = e.n;
	for (size_t i = 0; i < old; i++)
		replace_entry(r, n, &x, &e, i, keys);
	return store(r, n->args[0]->path, &e, old);
}

static bool prepare_mode(struct arena *a, struct ottl_node *n, struct err *e)
{
	struct str mode = n->args[1]->literal.s;

	(void)a;
	return str_is(mode, "key") || str_is(mode, "value") ||
	       err_set(e, "invalid mode \"" STR_FMT "\", must be either \"key\" or \"value\"",
		       STR_ARG(mode));
}

/* gobwas/glob without separators: *, ?, [abc], [a-z], [!a], {a,b} and \x. Matched by a regular
 * expression that is made of it. */
static void glob_to_regex(struct str glob, struct buf *out)
{
	unsigned braces = 0;

	buf_add_str(out, STR("^(?s:"));
	for (size_t i = 0; i < glob.n; i++) {
		char c = glob.p[i];

		if (c == '*') {
			buf_add_str(out, STR(".*"));
		} else if (c == '?') {
			buf_add_char(out, '.');
		} else if (c == '[') {
			bool negated = i + 1 < glob.n && glob.p[i + 1] == '!';

			buf_add_str(out, negated ? STR("[^") : STR("["));
			i += negated;
		} else if (c == ']' || c == '-') {
			buf_add_char(out, c);
		} else if (c == '{') {
			braces++;
			buf_add_str(out, STR("(?:"));
		} else if (c == '}' && braces > 0) {
			braces--;
			buf_add_char(out, ')');
		} else if (c == ',' && braces > 0) {
			buf_add_char(out, '|');
		} else {
			if (c == '\\' && i + 1 < glob.n)
				c = glob.p[++i];
			if ((uint8_t)c < 0x80 && !ascii_is_alnum(c) && c != '_')
				buf_add_char(out, '\\');
			buf_add_char(out, c);
		}
	}
	buf_add_str(out, STR(")$"));
}

/* The glob is argument `i`. */
static bool prepare_glob(struct arena *a, struct ottl_node *n, size_t i, struct err *e)
{
	struct buf b = {0};
	struct str pattern;

	glob_to_regex(n->args[i]->literal.s, &b);
	pattern = ottl_take(a, &b);
	n->re = regex_new(pattern, 0, e);
	return n->re || err_wrap(e, "the glob \"" STR_FMT "\"", STR_ARG(n->args[i]->literal.s));
}

static bool prepare_replace_match(struct arena *a, struct ottl_node *n, struct err *e)
{
	return prepare_glob(a, n, 1, e);
}

static bool prepare_replace_all_matches(struct arena *a, struct ottl_node *n, struct err *e)
{
	return prepare_glob(a, n, 1, e);
}

static bool call_replace_match(
	struct ottl_run *r, const struct ottl_node *n, struct ottl_value *out)
{
	struct ottl_value v;
	struct str text;

	(void)out;
	if (!ottl_arg(r, n, 0, &v) || !ottl_arg_text(r, n, 2, &text))
		return false;
	if (v.type != OTTL_STR || !regex_match(n->re, v.s))
		return true;
	v.s = text;
	return ottl_path_set(r, n->args[0]->path, &v);
}

static bool call_replace_all_matches(
	struct ottl_run *r, const struct ottl_node *n, struct ottl_value *out)
{
	struct entries e;
	struct str text;

	(void)out;
	if (!load(r, n->args[0]->path, &e) || !ottl_arg_text(r, n, 2, &text))
		return false;
	for (size_t i = 0; i < e.n; i++) {
		struct otlp_any v = otlp_any_read(e.p[i].any);

		if (v.kind != OTLP_ANY_STRING || !regex_match(n->re, v.bytes))
			continue;
		e.p[i].any = otlp_any_string(r->a, text);
		e.p[i].is_changed = true;
	}
	return store(r, n->args[0]->path, &e, e.n);
}

static bool call_merge_maps(struct ottl_run *r, const struct ottl_node *n, struct ottl_value *out)
{
	struct str how = n->args[2]->literal.s;
	struct wire_reader reader;
	struct ottl_value source;
	struct entries e;
	struct str key;
	struct str any;
	size_t old;

	(void)out;
	if (!ottl_arg(r, n, 1, &source) || !load(r, n->args[0]->path, &e))
		return false;
	if (source.type != OTTL_MAP)
		return err_set(r->e, "merge_maps(): want map, got %s",
			ottl_type_names[source.type]);
	old = e.n;
	reader = wire_read(source.s);
	while (otlp_map_next(&reader, &key, &any)) {
		struct entry *found = NULL;

		for (size_t i = 0; !found && i < e.n; i++)
			found = str_eq(e.p[i].key, key) ? &e.p[i] : NULL;
		if (found && !str_is(how, "insert")) {
			found->any = any;
			found->is_changed = true;
		} else if (!found && !str_is(how, "update")) {
			add_entry(r, &e, key, any);
		}
	}
	return store(r, n->args[0]->path, &e, old);
}

static bool prepare_merge_maps(struct arena *a, struct ottl_node *n, struct err *e)
{
	struct str how = n->args[2]->literal.s;

	(void)a;
	return str_is(how, "insert") || str_is(how, "update") || str_is(how, "upsert") ||
	       err_set(e,
		       "invalid value for strategy, \"" STR_FMT
		       "\", must be \"insert\", \"update\" or \"upsert\"",
		       STR_ARG(how));
}

static struct str joined(struct ottl_run *r, struct str prefix, struct str key)
{
	return prefix.n == 0 ? key
			     : arena_printf(
				       r->a, STR_FMT "." STR_FMT, STR_ARG(prefix), STR_ARG(key));
}

static bool flatten_into(struct ottl_run *r, struct entries *out, struct str prefix, struct str any,
	int64_t depth, unsigned level)
{
	struct otlp_any v = otlp_any_read(any);
	struct wire_reader reader = wire_read(v.bytes);
	struct str key;
	struct str inner;

	if (prefix.n > OTTL_VALUE_MAX / 16 || out->n > OTTL_VALUE_MAX / 16)
		return err_set(r->e, "flatten(): the map is too large");
	if (v.kind == OTLP_ANY_MAP && depth > 0 && level < FLATTEN_DEPTH) {
		while (otlp_map_next(&reader, &key, &inner))
			if (!flatten_into(r, out, joined(r, prefix, key), inner, depth - 1,
				    level + 1))
				return false;
	} else if (v.kind == OTLP_ANY_ARRAY && level < FLATTEN_DEPTH) {
		for (size_t i = 0; otlp_array_next(&reader, &inner); i++)
			if (!flatten_into(r, out,
				    joined(r, prefix, arena_printf(r->a, "%zu", i)), inner,
				    depth - 1, level + 1))
				return false;
	} else {
		add_entry(r, out, prefix, any);
	}
	return true;
}

static bool call_flatten(struct ottl_run *r, const struct ottl_node *n, struct ottl_value *out)
{
	int64_t depth = n->args[2] ? n->args[2]->literal.i : INT64_MAX;
	struct str prefix = n->args[1] ? n->args[1]->literal.s : STR("");
	struct entries flat = {0};
	struct entries e;
	size_t old;

	(void)out;
	if (!load(r, n->args[0]->path, &e))
		return false;
	for (size_t i = 0; i < e.n; i++)
		if (!flatten_into(r, &flat, joined(r, prefix, e.p[i].key), e.p[i].any, depth, 0))
			return false;
	old = e.n;
	for (size_t i = 0; i < old; i++)
		e.p[i].is_removed = true;
	for (size_t i = 0; i < flat.n; i++)
		add_entry(r, &e, flat.p[i].key, flat.p[i].any);
	return store(r, n->args[0]->path, &e, old);
}

static bool prepare_flatten(struct arena *a, struct ottl_node *n, struct err *e)
{
	(void)a;
	return !n->args[2] || n->args[2]->literal.i >= 0 ||
	       err_set(e, "flatten() wants a depth that is not negative");
}

/* Makes a list of what is at the path, and adds to it. */
static bool call_append(struct ottl_run *r, const struct ottl_node *n, struct ottl_value *out)
{
	struct ottl_value list;
	struct buf b = {0};
	bool ok;

	(void)out;
	if (!ottl_arg(r, n, 0, &list))
		return false;
	ok = true;
	if (list.type == OTTL_LIST) {
		buf_add_str(&b, list.s);
	} else if (list.type != OTTL_NIL) {
		struct str any;

		ok = ottl_to_any(r, &list, &any);
		if (ok)
			wire_put_bytes(&b, 1, any);
	}
	for (size_t i = 1; ok && i <= 2; i++) {
		struct ottl_value v = {0};
		struct str any;

		if (!n->args[i])
			continue;
		ok = ottl_arg(r, n, i, &v);
		if (ok && i == 2 && v.type == OTTL_LIST) {
			buf_add_str(&b, v.s);
		} else if (ok && (ok = ottl_to_any(r, &v, &any))) {
			wire_put_bytes(&b, 1, any);
		}
	}
	list = (struct ottl_value){.type = OTTL_LIST, .s = ottl_take(r->a, &b)};
	return ok && ottl_path_set(r, n->args[0]->path, &list);
}

const struct ottl_function ottl_editors[] = {
	{"append", "target:P | value:v values:v", call_append, NULL, false},
	{"delete_key", "target:M key:v", call_delete_key, NULL, false},
	{"delete_matching_keys", "target:M pattern:R", call_delete_matching_keys, NULL, false},
	{"flatten", "target:M | prefix:S depth:I", call_flatten, prepare_flatten, false},
	{"keep_keys", "target:M keys:L", call_keep_keys, NULL, false},
	{"keep_matching_keys", "target:M pattern:R", call_keep_matching_keys, NULL, false},
	{"limit", "target:M limit:I | priority_keys:L", call_limit, prepare_limit, false},
	{"merge_maps", "target:M source:v strategy:S", call_merge_maps, prepare_merge_maps, false},
	{"replace_all_matches", "target:M pattern:S replacement:v", call_replace_all_matches,
		prepare_replace_all_matches, false},
	{"replace_all_patterns", "target:M mode:S regex:R replacement:v",
		call_replace_all_patterns, prepare_mode, false},
	{"replace_match", "target:P pattern:S replacement:v", call_replace_match,
		prepare_replace_match, false},
	{"replace_pattern", "target:P regex:R replacement:v", call_replace_pattern, NULL, false},
	{"set", "target:P value:v", call_set, NULL, false},
	{"set_semconv_span_name", "semconvVersion:S | originalSpanNameAttribute:S",
		ottl_set_semconv_span_name, ottl_prepare_semconv, true},
	{"truncate_all", "target:M limit:I", call_truncate_all, prepare_not_negative, false},
	{NULL, NULL, NULL, NULL, false},
};
