/*
 * Walks the tree with JSON texts as values: what a projection makes is written as a JSON array, so
 * that the next part sees a text again. Each walk over a value is paid for by its length, so
 * that nested projections over a long line end.
 */
#include "agent/base/must.h"
#include "agent/component/loki.process/jmespath_private.h"
#include "agent/component/loki.process/json.h"
#include "agent/config/number.h"

#include <stdlib.h>

#define NUMBER_MAX 64 /* bytes of a double, written with up to 21 digits before the point */

bool jmes_spend(struct search *s, size_t bytes)
{
	if (bytes + 16 > JMES_WORK_MAX - s->work)
		return false;
	s->work += bytes + 16;
	return true;
}

bool jmes_add(struct search *s, struct jmes_items *to, struct str value)
{
	if (to->n == to->cap) {
		size_t cap = to->cap ? to->cap * 2 : 16;
		struct str *more;

		if (!jmes_spend(s, cap * sizeof(*more)))
			return false;
		more = arena_new(s->a, struct str, cap);
		if (to->n)
			memcpy(more, to->p, to->n * sizeof(*more));
		to->p = more;
		to->cap = cap;
	}
	to->p[to->n++] = value;
	return true;
}

bool jmes_gather(struct search *s, struct str array, struct jmes_items *to)
{
	struct str item;

	if (!jmes_spend(s, array.n))
		return false;
	while (json_next(&array, NULL, &item)) {
		if (!jmes_add(s, to, item))
			return false;
	}
	return true;
}

bool jmes_to_array(struct search *s, const struct jmes_items *items, struct str *out)
{
	size_t n = 2;
	char *to;

	for (size_t i = 0; i < items->n; i++)
		n += items->p[i].n + 1;
	if (!jmes_spend(s, n))
		return false;
	to = arena_new(s->a, char, n);
	n = 0;
	to[n++] = '[';
	for (size_t i = 0; i < items->n; i++) {
		if (i)
			to[n++] = ',';
		memcpy(to + n, items->p[i].p, items->p[i].n);
		n += items->p[i].n;
	}
	to[n++] = ']';
	*out = (struct str){to, n};
	return true;
}

/* The most that a text becomes as JSON, and the byte behind it that buf_printf() wants. */
static size_t quoted_max(struct str text)
{
	size_t n = text.n + 3;

	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c < 0x20)
			n += strlen("\\u0000") - 1;
		else if (c >= 0x80)
			n += strlen("\xef\xbf\xbd") - 1;
		else
			n += c == '"' || c == '\\';
	}
	return n;
}

/* A buf in the arena, which never grows. */
static struct buf room(struct search *s, size_t cap)
{
	return (struct buf){.p = arena_new(s->a, char, cap), .cap = cap};
}

bool jmes_quote(struct search *s, struct str text, struct str *out)
{
	struct buf b;

	if (!jmes_spend(s, text.n * 6))
		return false;
	b = room(s, quoted_max(text));
	buf_add_json(&b, text);
	*out = buf_str(&b);
	return true;
}

bool jmes_number(struct search *s, double f, struct str *out)
{
	struct buf b;

	if (!jmes_spend(s, NUMBER_MAX))
		return false;
	b = room(s, NUMBER_MAX);
	float_print_compact(&b, f, 21);
	*out = buf_str(&b);
	if (!json_is_valid(*out)) /* infinite */
		*out = JMES_NULL;
	return true;
}

bool jmes_is_true(struct str value)
{
	struct str rest = value;
	struct str key;
	struct str item;

	value = str_trim(value);
	switch (json_kind(value)) {
	case JSON_NULL:
		return false;
	case JSON_BOOL:
		return value.p[0] == 't';
	case JSON_NUMBER:
		return true;
	case JSON_STRING:
		return value.n > 2;
	case JSON_ARRAY:
		return json_next(&rest, NULL, &item);
	case JSON_OBJECT:
		return json_next(&rest, &key, &item);
	}
	return false;
}

double jmes_to_double(struct search *s, struct str value)
{
	return strtod(arena_str(s->a, str_trim(value)).p, NULL);
}

/* --- equality --- */

static bool find_key(struct search *s, struct str object, struct str key, struct str *out)
{
	struct jmespath_step step = {key.p ? key : STR(""), 0};
	struct jmespath path = {&step, 1, NULL};

	return jmespath_find(&path, 0, object, s->a, out);
}

static bool arrays_eq(struct search *s, struct str a, struct str b, bool *out)
{
	struct str x;
	struct str y;

	for (*out = true; *out;) {
		bool more = json_next(&a, NULL, &x);

		if (json_next(&b, NULL, &y) != more)
			*out = false;
		else if (!more)
			return true;
		else if (!jmes_eq(s, x, y, out))
			return false;
	}
	return true;
}

static bool objects_eq(struct search *s, struct str a, struct str b, bool *out)
{
	struct str rest = b;
	struct str key;
	struct str x;
	struct str y;
	size_t count = 0;

	for (*out = true; *out && json_next(&a, &key, &x); count++) {
		if (!jmes_spend(s, b.n))
			return false;
		if (!find_key(s, b, json_unquote(key, s->a), &y))
			*out = false;
		else if (!jmes_eq(s, x, y, out))
			return false;
	}
	while (*out && json_next(&rest, &key, &x))
		count--;
	*out = *out && count == 0;
	return true;
}

/* As deep as the JSON is, which has a limit. */
bool jmes_eq(struct search *s, struct str a, struct str b, bool *out)
{
	enum json_kind kind = json_kind(a);

	*out = false;
	if (!jmes_spend(s, a.n + b.n))
		return false;
	if (kind != json_kind(b))
		return true;
	switch (kind) {
	case JSON_NULL:
		*out = true;
		return true;
	case JSON_BOOL:
		*out = str_trim(a).p[0] == str_trim(b).p[0];
		return true;
	case JSON_NUMBER:
		*out = jmes_to_double(s, a) == jmes_to_double(s, b);
		return true;
	case JSON_STRING:
		*out = str_eq(json_unquote(str_trim(a), s->a), json_unquote(str_trim(b), s->a));
		return true;
	case JSON_ARRAY:
		return arrays_eq(s, a, b, out);
	case JSON_OBJECT:
		return objects_eq(s, a, b, out);
	}
	return true;
}

/* --- the parts --- */

static bool compare(struct search *s, const struct jmes_node *n, struct str value, struct str *out)
{
	struct str a;
	struct str b;
	bool yes = false;
	double x;
	double y;

	if (!jmes_eval(s, n->left, value, &a) || !jmes_eval(s, n->right, value, &b))
		return false;
	if (n->compare == JMES_EQ || n->compare == JMES_NE) {
		if (!jmes_eq(s, a, b, &yes))
			return false;
		*out = yes == (n->compare == JMES_EQ) ? STR("true") : STR("false");
		return true;
	}
	*out = JMES_NULL;
	if (json_kind(a) != JSON_NUMBER || json_kind(b) != JSON_NUMBER)
		return true;
	x = jmes_to_double(s, a);
	y = jmes_to_double(s, b);
	if (n->compare == JMES_LT)
		yes = x < y;
	else if (n->compare == JMES_LE)
		yes = x <= y;
	else if (n->compare == JMES_GT)
		yes = x > y;
	else
		yes = x >= y;
	*out = yes ? STR("true") : STR("false");
	return true;
}

/* Puts what right makes of an item where it is not null. */
static bool project_one(
	struct search *s, const struct jmes_node *n, struct str item, struct jmes_items *to)
{
	struct str made;

	if (n->kind == JMES_FILTER) {
		if (!jmes_eval(s, n->test, item, &made))
			return false;
		if (!jmes_is_true(made))
			return true;
	}
	if (!jmes_eval(s, n->right, item, &made))
		return false;
	return json_kind(made) == JSON_NULL || jmes_add(s, to, made);
}

static bool project(struct search *s, const struct jmes_node *n, struct str value, struct str *out)
{
	enum json_kind want = n->kind == JMES_VALUES ? JSON_OBJECT : JSON_ARRAY;
	struct jmes_items made = {0};
	struct str rest;
	struct str key;
	struct str item;

	if (!jmes_eval(s, n->left, value, &rest))
		return false;
	*out = JMES_NULL;
	if (json_kind(rest) != want)
		return true;
	if (!jmes_spend(s, rest.n))
		return false;
	while (json_next(&rest, want == JSON_OBJECT ? &key : NULL, &item)) {
		if (!project_one(s, n, item, &made))
			return false;
	}
	return jmes_to_array(s, &made, out);
}

static bool flatten(struct search *s, struct str value, struct str *out)
{
	struct jmes_items made = {0};
	struct str item;

	*out = JMES_NULL;
	if (json_kind(value) != JSON_ARRAY)
		return true;
	if (!jmes_spend(s, value.n))
		return false;
	while (json_next(&value, NULL, &item)) {
		if (json_kind(item) == JSON_ARRAY ? !jmes_gather(s, item, &made)
						  : !jmes_add(s, &made, item))
			return false;
	}
	return jmes_to_array(s, &made, out);
}

/* Where a slice begins and ends, for an array of n items (Python's rules). */
static int64_t clip(int64_t at, int64_t n, int64_t step)
{
	if (at < 0) {
		at += n;
		return at < 0 ? (step < 0 ? -1 : 0) : at;
	}
	return at >= n ? (step < 0 ? n - 1 : n) : at;
}

static bool slice(
	struct search *s, const struct jmes_node *n, struct str value, struct str *out)
{
	struct jmes_items all = {0};
	struct jmes_items made = {0};
	int64_t step = n->has[2] ? n->slice[2] : 1;
	int64_t count;
	int64_t from;
	int64_t to;

	*out = JMES_NULL;
	if (json_kind(value) != JSON_ARRAY)
		return true;
	if (!jmes_gather(s, value, &all))
		return false;
	count = (int64_t)all.n;
	from = n->has[0] ? clip(n->slice[0], count, step) : (step < 0 ? count - 1 : 0);
	to = n->has[1] ? clip(n->slice[1], count, step) : (step < 0 ? -1 : count);
	for (int64_t i = from; step > 0 ? i < to : i > to;) {
		if (!jmes_add(s, &made, all.p[i]))
			return false;
		if (__builtin_add_overflow(i, step, &i))
			break;
	}
	return jmes_to_array(s, &made, out);
}

/* An object; the keys are JSON texts. */
static bool to_object(
	struct search *s, const struct str *keys, const struct jmes_items *values, struct str *out)
{
	size_t n = 2;
	char *to;

	for (size_t i = 0; i < values->n; i++)
		n += keys[i].n + values->p[i].n + 2;
	if (!jmes_spend(s, n))
		return false;
	to = arena_new(s->a, char, n);
	n = 0;
	for (size_t i = 0; i < values->n; i++) {
		to[n++] = i ? ',' : '{';
		memcpy(to + n, keys[i].p, keys[i].n);
		n += keys[i].n;
		to[n++] = ':';
		memcpy(to + n, values->p[i].p, values->p[i].n);
		n += values->p[i].n;
	}
	to[n++] = '}';
	*out = (struct str){to, n};
	return true;
}

static bool select_all(
	struct search *s, const struct jmes_node *n, struct str value, struct str *out)
{
	struct jmes_items made = {0};

	*out = JMES_NULL;
	if (json_kind(value) == JSON_NULL)
		return true;
	for (size_t i = 0; i < n->n_args; i++) {
		struct str item;

		if (!jmes_eval(s, n->args[i], value, &item) || !jmes_add(s, &made, item))
			return false;
	}
	return n->kind == JMES_LIST ? jmes_to_array(s, &made, out)
				    : to_object(s, n->keys, &made, out);
}

static bool call(struct search *s, const struct jmes_node *n, struct str value, struct str *out)
{
	struct str *args = arena_new(s->a, struct str, n->n_args + 1);
	const struct jmes_node *ref = NULL;

	for (size_t i = 0; i < n->n_args; i++) {
		if (n->args[i]->kind == JMES_REF)
			ref = n->args[i]->left;
		else if (!jmes_eval(s, n->args[i], value, &args[i]))
			return false;
	}
	return n->func->call(s, args, n->n_args, ref, out);
}

static bool one_step(
	struct search *s, const struct jmes_node *n, struct str value, struct str *out)
{
	struct jmespath_step step = {{0}, n->slice[0]};
	struct jmespath path = {&step, 1, NULL};

	if (n->kind == JMES_FIELD)
		step.key = n->text.p ? n->text : STR("");
	if (!jmes_spend(s, value.n))
		return false;
	if (!jmespath_find(&path, 0, value, s->a, out))
		*out = JMES_NULL;
	return true;
}

static bool eval_left(
	struct search *s, const struct jmes_node *n, struct str value, struct str *out)
{
	if (!jmes_eval(s, n->left, value, &value))
		return false;
	switch ((int)n->kind) {
	case JMES_INDEX:
		return one_step(s, n, value, out);
	case JMES_SLICE:
		return slice(s, n, value, out);
	case JMES_SUB:
		return jmes_eval(s, n->right, value, out);
	case JMES_FLATTEN:
		return flatten(s, value, out);
	default:
		must(n->kind == JMES_NOT);
		*out = jmes_is_true(value) ? STR("false") : STR("true");
		return true;
	}
}

bool jmes_eval(struct search *s, const struct jmes_node *n, struct str value, struct str *out)
{
	if (!jmes_spend(s, 0))
		return false;
	switch (n->kind) {
	case JMES_CURRENT:
		*out = value;
		return true;
	case JMES_LITERAL:
		*out = n->text;
		return true;
	case JMES_FIELD:
		return one_step(s, n, value, out);
	case JMES_INDEX:
	case JMES_SLICE:
	case JMES_SUB:
	case JMES_FLATTEN:
	case JMES_NOT:
		return eval_left(s, n, value, out);
	case JMES_PROJECT:
	case JMES_VALUES:
	case JMES_FILTER:
		return project(s, n, value, out);
	case JMES_OR:
	case JMES_AND:
		if (!jmes_eval(s, n->left, value, out))
			return false;
		if (jmes_is_true(*out) == (n->kind == JMES_OR))
			return true;
		return jmes_eval(s, n->right, value, out);
	case JMES_COMPARE:
		return compare(s, n, value, out);
	case JMES_LIST:
	case JMES_HASH:
		return select_all(s, n, value, out);
	case JMES_CALL:
		return call(s, n, value, out);
	case JMES_REF:
		return false;
	}
	return false;
}

bool jmespath_search(const struct jmespath *x, struct str value, struct arena *a, struct str *out)
{
	struct search s = {.a = a};
	struct str found;

	if (x->n == 0) {
		if (!jmes_eval(&s, x->tree, value, &found))
			return false;
	} else if (!jmespath_find(x, 0, value, a, &found)) {
		found = JMES_NULL;
	}
	*out = found;
	return true;
}
