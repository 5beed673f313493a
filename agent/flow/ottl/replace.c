/*
 * The functions that replace: by regular expressions, every match of them and with groups, or by
 * globs, the whole text. A glob is matched by the regular expression that is made of it.
 */

#include "agent/base/ascii.h"
#include "agent/flow/expand.h"
#include "agent/flow/ottl/entries.h"

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

bool ottl_replace_pattern(
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
	struct ottl_entries *e, size_t i, bool keys)
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
		ottl_entries_add(r, e, text, any);
	}
	return true;
}

bool ottl_replace_all_patterns(
	struct ottl_run *r, const struct ottl_node *n, struct ottl_value *out)
{
	bool keys = str_is(n->args[1]->literal.s, "key");
	struct ottl_entries e;
	struct expand x;
	size_t old;

	(void)out;
	if (!ottl_entries_load(r, n->args[0]->path, &e) || !template_of(r, n, 3, &x))
		return false;
	old = e.n;
	for (size_t i = 0; i < old; i++)
		replace_entry(r, n, &x, &e, i, keys);
	return ottl_entries_store(r, n->args[0]->path, &e, old);
}

bool ottl_prepare_replace_mode(struct arena *a, struct ottl_node *n, struct err *e)
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

bool ottl_prepare_replace_glob(struct arena *a, struct ottl_node *n, struct err *e)
{
	struct str glob = n->args[1]->literal.s;
	struct buf b = {0};

	glob_to_regex(glob, &b);
	n->re = regex_new(ottl_take(a, &b), 0, e);
	return n->re || err_wrap(e, "the glob \"" STR_FMT "\"", STR_ARG(glob));
}

bool ottl_replace_match(
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

bool ottl_replace_all_matches(
	struct ottl_run *r, const struct ottl_node *n, struct ottl_value *out)
{
	struct ottl_entries e;
	struct str text;

	(void)out;
	if (!ottl_entries_load(r, n->args[0]->path, &e) || !ottl_arg_text(r, n, 2, &text))
		return false;
	for (size_t i = 0; i < e.n; i++) {
		struct otlp_any v = otlp_any_read(e.p[i].any);

		if (v.kind != OTLP_ANY_STRING || !regex_match(n->re, v.bytes))
			continue;
		e.p[i].any = otlp_any_string(r->a, text);
		e.p[i].is_changed = true;
	}
	return ottl_entries_store(r, n->args[0]->path, &e, e.n);
}
