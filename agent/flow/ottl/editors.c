/* The functions that change something: their table, and those on paths and maps. Those that replace
 * texts are in replace.c. */

#include "agent/flow/ottl/entries.h"

enum {
	FLATTEN_DEPTH = 16,
};

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
	struct ottl_entries e;
	struct str key;

	(void)out;
	if (!ottl_arg_text(r, n, 1, &key))
		return false;
	if (m) {
		otlp_message_remove_attr(m, key);
		return true;
	}
	if (!ottl_entries_load(r, path, &e))
		return false;
	for (size_t i = 0; i < e.n; i++)
		e.p[i].is_removed = str_eq(e.p[i].key, key);
	return ottl_entries_store(r, path, &e, e.n);
}

/* keep: what matches stays, else it goes. */
static bool by_pattern(struct ottl_run *r, const struct ottl_node *n, bool keep)
{
	struct ottl_entries e;

	if (!ottl_entries_load(r, n->args[0]->path, &e))
		return false;
	for (size_t i = 0; i < e.n; i++)
		e.p[i].is_removed = regex_match(n->re, e.p[i].key) != keep;
	return ottl_entries_store(r, n->args[0]->path, &e, e.n);
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
	struct ottl_entries e;

	(void)out;
	if (!ottl_entries_load(r, n->args[0]->path, &e))
		return false;
	for (size_t i = 0; i < e.n; i++)
		e.p[i].is_removed = !is_in(n->args[1], e.p[i].key);
	return ottl_entries_store(r, n->args[0]->path, &e, e.n);
}

static bool call_limit(struct ottl_run *r, const struct ottl_node *n, struct ottl_value *out)
{
	int64_t max = n->args[1]->literal.i;
	int64_t count = 0;
	struct ottl_entries e;

	(void)out;
	if (!ottl_entries_load(r, n->args[0]->path, &e))
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
	return ottl_entries_store(r, n->args[0]->path, &e, e.n);
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
	struct ottl_entries e;

	(void)out;
	if (!ottl_entries_load(r, n->args[0]->path, &e))
		return false;
	for (size_t i = 0; i < e.n; i++) {
		struct otlp_any v = otlp_any_read(e.p[i].any);

		if (v.kind != OTLP_ANY_STRING || v.bytes.n <= max)
			continue;
		e.p[i].any = otlp_any_string(r->a, cut(v.bytes, max));
		e.p[i].is_changed = true;
	}
	return ottl_entries_store(r, n->args[0]->path, &e, e.n);
}

static bool call_merge_maps(struct ottl_run *r, const struct ottl_node *n, struct ottl_value *out)
{
	struct str how = n->args[2]->literal.s;
	struct wire_reader reader;
	struct ottl_value source;
	struct ottl_entries e;
	struct str key;
	struct str any;
	size_t old;

	(void)out;
	if (!ottl_arg(r, n, 1, &source) || !ottl_entries_load(r, n->args[0]->path, &e))
		return false;
	if (source.type != OTTL_MAP)
		return err_set(r->e, "merge_maps(): want map, got %s",
			ottl_type_names[source.type]);
	old = e.n;
	reader = wire_read(source.s);
	while (otlp_map_next(&reader, &key, &any)) {
		struct ottl_entry *found = NULL;

		for (size_t i = 0; !found && i < e.n; i++)
			found = str_eq(e.p[i].key, key) ? &e.p[i] : NULL;
		if (found && !str_is(how, "insert")) {
			found->any = any;
			found->is_changed = true;
		} else if (!found && !str_is(how, "update")) {
			ottl_entries_add(r, &e, key, any);
		}
	}
	return ottl_entries_store(r, n->args[0]->path, &e, old);
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

static bool flatten_into(struct ottl_run *r, struct ottl_entries *out, struct str prefix,
	struct str any, int64_t depth, unsigned level)
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
		ottl_entries_add(r, out, prefix, any);
	}
	return true;
}

static bool call_flatten(struct ottl_run *r, const struct ottl_node *n, struct ottl_value *out)
{
	int64_t depth = n->args[2] ? n->args[2]->literal.i : INT64_MAX;
	struct str prefix = n->args[1] ? n->args[1]->literal.s : STR("");
	struct ottl_entries flat = {0};
	struct ottl_entries e;
	size_t old;

	(void)out;
	if (!ottl_entries_load(r, n->args[0]->path, &e))
		return false;
	for (size_t i = 0; i < e.n; i++)
		if (!flatten_into(r, &flat, joined(r, prefix, e.p[i].key), e.p[i].any, depth, 0))
			return false;
	old = e.n;
	for (size_t i = 0; i < old; i++)
		e.p[i].is_removed = true;
	for (size_t i = 0; i < flat.n; i++)
		ottl_entries_add(r, &e, flat.p[i].key, flat.p[i].any);
	return ottl_entries_store(r, n->args[0]->path, &e, old);
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
	{"replace_all_matches", "target:M pattern:S replacement:v", ottl_replace_all_matches,
		ottl_prepare_replace_glob, false},
	{"replace_all_patterns", "target:M mode:S regex:R replacement:v",
		ottl_replace_all_patterns, ottl_prepare_replace_mode, false},
	{"replace_match", "target:P pattern:S replacement:v", ottl_replace_match,
		ottl_prepare_replace_glob, false},
	{"replace_pattern", "target:P regex:R replacement:v", ottl_replace_pattern, NULL, false},
	{"set", "target:P value:v", call_set, NULL, false},
	{"set_semconv_span_name", "semconvVersion:S | originalSpanNameAttribute:S",
		ottl_set_semconv_span_name, ottl_prepare_semconv, true},
	{"truncate_all", "target:M limit:I", call_truncate_all, prepare_not_negative, false},
	{NULL, NULL, NULL, NULL, false},
};
