/*
 * json_path(): JSONPath over a JSON text, always a list. Names, indexes from either end, slices,
 * unions, wildcards, descent and filters on comparisons, as in Alloy's library (ojg/jp). A path
 * is walked step by step with the list of what was found so far; the list is bounded. Members of
 * an object come in the order of their names.
 */

#include "agent/base/vec.h"
#include "agent/config/number.h"
#include "agent/config/stdlib.h"

#include <stdlib.h>

#define STEPS_MAX 64
#define FILTER_DEPTH 32

struct found {
	const struct value **p;
	size_t n;
	size_t cap;
};

struct path {
	struct call *call;
	struct str text;
	size_t at;
	struct found now;
	struct found next;
	size_t depth;
};

static char peek(const struct path *p)
{
	return p->at < p->text.n ? p->text.p[p->at] : '\0';
}

static bool take(struct path *p, char c)
{
	if (peek(p) != c)
		return false;
	p->at++;
	return true;
}

static void skip_blanks(struct path *p)
{
	while (peek(p) == ' ' || peek(p) == '\t')
		p->at++;
}

static bool bad_path(struct path *p)
{
	return err_set(&p->call->e, "parse error at %zu in %.*s", p->at + 1,
		(int)str_head(p->text, 200).n, p->text.p);
}

static bool add(struct path *p, const struct value *v)
{
	if (p->next.n >= STDLIB_ITEMS_MAX)
		return err_set(&p->call->e, "finds more than %zu items", STDLIB_ITEMS_MAX);
	*vec_add(&p->next) = v;
	return true;
}

static bool add_name(struct path *p, const struct value *v, struct str name)
{
	const struct value *found = v->type == VALUE_OBJECT ? value_find(v, name) : NULL;

	return found ? add(p, found) : true;
}

static size_t child_count(const struct value *v)
{
	if (v->type == VALUE_ARRAY)
		return v->array.n;
	return v->type == VALUE_OBJECT ? v->object.n : 0;
}

static const struct value *child(const struct value *v, size_t i)
{
	return v->type == VALUE_ARRAY ? &v->array.items[i] : &v->object.fields[i].value;
}

static bool add_children(struct path *p, const struct value *v)
{
	for (size_t i = 0; i < child_count(v); i++) {
		if (!add(p, child(v, i)))
			return false;
	}
	return true;
}

/* v and all below it; the depth of a value is bounded where it was read. */
static bool add_all(struct path *p, const struct value *v)
{
	if (!add(p, v))
		return false;
	for (size_t i = 0; i < child_count(v); i++) {
		if (!add_all(p, child(v, i)))
			return false;
	}
	return true;
}

static void step_done(struct path *p)
{
	struct found old = p->now;

	p->now = p->next;
	p->next = old;
	p->next.n = 0;
}

/* Everything found so far and everything below it. */
static bool descend(struct path *p)
{
	for (size_t i = 0; i < p->now.n; i++) {
		if (!add_all(p, p->now.p[i]))
			return false;
	}
	step_done(p);
	return true;
}

static struct str take_name(struct path *p)
{
	size_t from = p->at;

	while (p->at < p->text.n && !strchr(".[]()'\"*,:?=<>!&| \t", peek(p)))
		p->at++;
	return str_head(str_from_at(p->text, from), p->at - from);
}

/* Stands on a quote; a backslash takes the next character as it is. */
static bool take_quoted(struct path *p, struct str *out)
{
	char quote = p->text.p[p->at++];
	char *text = arena_new(p->call->a, char, p->text.n - p->at + 1);
	size_t n = 0;

	while (p->at < p->text.n && p->text.p[p->at] != quote) {
		if (p->text.p[p->at] == '\\' && p->at + 1 < p->text.n)
			p->at++;
		text[n++] = p->text.p[p->at++];
	}
	*out = (struct str){text, n};
	return take(p, quote);
}

static bool take_int(struct path *p, int64_t *out)
{
	size_t from = p->at;

	take(p, '-');
	while (peek(p) >= '0' && peek(p) <= '9')
		p->at++;
	return int_parse(str_head(str_from_at(p->text, from), p->at - from), out);
}

static bool add_index(struct path *p, const struct value *v, int64_t i)
{
	if (v->type != VALUE_ARRAY)
		return true;
	i += i < 0 ? (int64_t)v->array.n : 0;
	return i >= 0 && (uint64_t)i < v->array.n ? add(p, &v->array.items[i]) : true;
}

static int64_t clamp(int64_t i, int64_t low, int64_t high)
{
	return i < low ? low : (i > high ? high : i);
}

/* [start:end:step]; end is not part of it. */
static bool add_slice(struct path *p, const struct value *v, const int64_t at[3], const bool has[3])
{
	int64_t n = v->type == VALUE_ARRAY ? (int64_t)v->array.n : 0;
	int64_t step = has[2] ? at[2] : 1;
	int64_t start = has[0] ? at[0] : (step > 0 ? 0 : n - 1);
	int64_t end = has[1] ? at[1] : (step > 0 ? n : -1);

	if (n == 0 || step == 0)
		return true;
	step = clamp(step, -n, n);
	start += has[0] && start < 0 ? n : 0;
	end += has[1] && end < 0 ? n : 0;
	start = clamp(start, step > 0 ? 0 : -1, step > 0 ? n : n - 1);
	end = clamp(end, -1, n);
	for (int64_t i = start; step > 0 ? i < end : i > end; i += step) {
		if (!add_index(p, v, i))
			return false;
	}
	return true;
}

/* Numbers and colons of a selector; plain is set for a single index. */
static bool take_numbers(struct path *p, int64_t at[3], bool has[3], bool *plain)
{
	*plain = true;
	for (int i = 0; i < 3; i++) {
		has[i] = peek(p) == '-' || (peek(p) >= '0' && peek(p) <= '9');
		if (has[i] && !take_int(p, &at[i]))
			return bad_path(p);
		if (i == 2 || !take(p, ':'))
			break;
		*plain = false;
	}
	return *plain && !has[0] ? bad_path(p) : true;
}

static bool select_numbers(struct path *p)
{
	int64_t at[3] = {0};
	bool has[3] = {false};
	bool plain;

	if (!take_numbers(p, at, has, &plain))
		return false;
	for (size_t i = 0; i < p->now.n; i++) {
		bool ok = plain ? add_index(p, p->now.p[i], at[0])
				: add_slice(p, p->now.p[i], at, has);

		if (!ok)
			return false;
	}
	return true;
}

static bool select_name(struct path *p, struct str name)
{
	for (size_t i = 0; i < p->now.n; i++) {
		if (!add_name(p, p->now.p[i], name))
			return false;
	}
	return true;
}

static bool select_children(struct path *p)
{
	for (size_t i = 0; i < p->now.n; i++) {
		if (!add_children(p, p->now.p[i]))
			return false;
	}
	return true;
}

static bool filter_or(struct path *p, const struct value *v, bool *out);

/* @.a['b'][0]: at most one value. */
static bool take_operand_path(struct path *p, const struct value *v, const struct value **out)
{
	while (peek(p) == '.' || peek(p) == '[') {
		struct str name = STR("");
		int64_t i = 0;
		bool is_index = false;

		if (take(p, '.')) {
			name = take_name(p);
		} else {
			p->at++;
			is_index = peek(p) != '\'' && peek(p) != '"';
			if (is_index ? !take_int(p, &i) : !take_quoted(p, &name))
				return bad_path(p);
			if (!take(p, ']'))
				return bad_path(p);
		}
		if (v && is_index && v->type == VALUE_ARRAY) {
			i += i < 0 ? (int64_t)v->array.n : 0;
			v = i >= 0 && (uint64_t)i < v->array.n ? &v->array.items[i] : NULL;
		} else {
			v = v && !is_index && v->type == VALUE_OBJECT ? value_find(v, name) : NULL;
		}
	}
	*out = v;
	return true;
}

static bool take_literal(struct path *p, struct value *out)
{
	struct str word;
	bool range;

	if (peek(p) == '\'' || peek(p) == '"') {
		*out = value_str(STR(""));
		return take_quoted(p, &out->s) || bad_path(p);
	}
	if (peek(p) == '-' || (peek(p) >= '0' && peek(p) <= '9')) {
		size_t from = p->at++;

		while (p->at < p->text.n && strchr("0123456789.eE+-", peek(p)))
			p->at++;
		word = str_head(str_from_at(p->text, from), p->at - from);
		*out = value_float(0);
		return float_parse(word, &out->f, &range) || bad_path(p);
	}
	word = take_name(p);
	*out = value_null();
	if (str_is(word, "true") || str_is(word, "false"))
		*out = value_bool(str_is(word, "true"));
	else if (!str_is(word, "null"))
		return bad_path(p);
	return true;
}

/* *out NULL: the path finds nothing. */
static bool take_operand(struct path *p, const struct value *v, struct value *literal,
	const struct value **out)
{
	skip_blanks(p);
	if (take(p, '@'))
		return take_operand_path(p, v, out);
	*out = literal;
	return take_literal(p, literal);
}

static int take_comparison(struct path *p)
{
	static const char *const ops[] = {"==", "!=", "<=", ">=", "<", ">"};

	skip_blanks(p);
	for (int i = 0; i < 6; i++) {
		if (str_starts(str_from_at(p->text, p->at), ops[i])) {
			p->at += strlen(ops[i]);
			return i;
		}
	}
	return -1;
}

static bool compare(int op, const struct value *l, const struct value *r)
{
	double a = 0, b = 0;

	if (op < 2)
		return (l && r ? value_eq(l, r) : !l && !r) == (op == 0);
	if (!l || !r || l->type != r->type)
		return false;
	if (l->type == VALUE_STRING) {
		a = str_cmp(l->s, r->s);
	} else if (l->type == VALUE_NUMBER) {
		a = number_float(l);
		b = number_float(r);
	} else {
		return false;
	}
	if (op == 2 || op == 4)
		return a < b || (op == 2 && a == b);
	return a > b || (op == 3 && a == b);
}

static bool filter_one(struct path *p, const struct value *v, bool *out)
{
	struct value left = value_null();
	struct value right = value_null();
	const struct value *l = NULL;
	const struct value *r = NULL;
	int op;

	*out = false;
	skip_blanks(p);
	if (p->depth >= FILTER_DEPTH)
		return bad_path(p);
	if (peek(p) == '(' || (peek(p) == '!' && !str_starts(str_from_at(p->text, p->at), "!="))) {
		bool negate = p->text.p[p->at++] == '!';
		bool ok;

		p->depth++;
		ok = negate ? filter_one(p, v, out) : filter_or(p, v, out);
		p->depth--;
		if (ok && negate)
			*out = !*out;
		return ok && (negate || take(p, ')') || bad_path(p));
	}
	if (!take_operand(p, v, &left, &l))
		return false;
	op = take_comparison(p);
	if (op < 0) {
		*out = l != NULL;
		return true;
	}
	if (!take_operand(p, v, &right, &r))
		return false;
	*out = compare(op, l, r);
	return true;
}

static bool filter_and(struct path *p, const struct value *v, bool *out)
{
	bool more = false;

	if (!filter_one(p, v, out))
		return false;
	for (skip_blanks(p); str_starts(str_from_at(p->text, p->at), "&&"); skip_blanks(p)) {
		p->at += 2;
		if (!filter_one(p, v, &more))
			return false;
		*out = *out && more;
	}
	return true;
}

static bool filter_or(struct path *p, const struct value *v, bool *out)
{
	bool more = false;

	if (!filter_and(p, v, out))
		return false;
	for (skip_blanks(p); str_starts(str_from_at(p->text, p->at), "||"); skip_blanks(p)) {
		p->at += 2;
		if (!filter_and(p, v, &more))
			return false;
		*out = *out || more;
	}
	skip_blanks(p);
	return true;
}

/* Stands behind the ?. The filter's text is read again for each item, and once for none, so that
 * a wrong one is an error even if there are no items. */
static bool select_filter(struct path *p)
{
	struct value nothing = value_null();
	size_t from = p->at, end;
	bool wanted = false;

	if (!filter_or(p, &nothing, &wanted))
		return false;
	end = p->at;
	for (size_t i = 0; i < p->now.n; i++) {
		for (size_t j = 0; j < child_count(p->now.p[i]); j++) {
			const struct value *v = child(p->now.p[i], j);

			p->at = from;
			if (!filter_or(p, v, &wanted) || (wanted && !add(p, v)))
				return false;
		}
	}
	p->at = end;
	return true;
}

static bool select_in_brackets(struct path *p)
{
	struct str name;

	do {
		bool ok;

		skip_blanks(p);
		if (take(p, '*'))
			ok = select_children(p);
		else if (take(p, '?'))
			ok = select_filter(p);
		else if (peek(p) == '\'' || peek(p) == '"')
			ok = take_quoted(p, &name) ? select_name(p, name) : bad_path(p);
		else
			ok = select_numbers(p);
		if (!ok)
			return false;
		skip_blanks(p);
	} while (take(p, ','));
	return take(p, ']') || bad_path(p);
}

static bool select_dotted(struct path *p)
{
	struct str name;

	if (take(p, '*'))
		return select_children(p);
	name = take_name(p);
	return name.n ? select_name(p, name) : bad_path(p);
}

static bool step(struct path *p, bool first)
{
	bool ok;

	if (take(p, '.')) {
		if (take(p, '.') && !descend(p))
			return false;
	} else if (peek(p) != '[' && !first) {
		return bad_path(p);
	}
	ok = take(p, '[') ? select_in_brackets(p) : select_dotted(p);
	if (ok)
		step_done(p);
	return ok;
}

static bool walk(struct path *p, const struct value *root)
{
	bool first = !take(p, '$') && !take(p, '@');

	*vec_add(&p->now) = root;
	for (size_t steps = 0; p->at < p->text.n; steps++) {
		if (steps == STEPS_MAX || !step(p, first))
			return steps == STEPS_MAX ? bad_path(p) : false;
		first = false;
	}
	return true;
}

bool stdlib_json_path(struct call *c)
{
	struct path p = {.call = c};
	struct value *items;
	struct value root;
	struct str json;
	bool ok;

	if (!call_text(c, 0, &json) || !call_text(c, 1, &p.text))
		return false;
	if (!json_to_value(c->a, json, true, &root, &c->e))
		return false;
	ok = walk(&p, &root);
	items = arena_new(c->a, struct value, p.now.n + 1);
	for (size_t i = 0; ok && i < p.now.n; i++)
		items[i] = *p.now.p[i];
	c->out = value_array(items, p.now.n);
	free(p.now.p);
	free(p.next.p);
	return ok;
}
