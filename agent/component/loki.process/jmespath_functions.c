/* The functions. A wrong type fails the search, as the specification has it. */
#include "agent/base/utf8.h"
#include "agent/component/loki.process/jmespath_private.h"
#include "agent/component/loki.process/json.h"

#include <math.h>
#include <stdlib.h>

#define CALL(id) \
	static bool id(struct search *s, const struct str *args, size_t n, \
		const struct jmes_node *ref, struct str *out)
#define UNUSED() \
	do { \
		(void)s; \
		(void)args; \
		(void)n; \
		(void)ref; \
	} while (0)

static bool give_bool(bool yes, struct str *out)
{
	*out = yes ? STR("true") : STR("false");
	return true;
}

static bool is_kind(struct str value, enum json_kind kind)
{
	return json_kind(value) == kind;
}

/* The text of a JSON string; false: it is none. */
static bool to_text(struct search *s, struct str value, struct str *out)
{
	if (!is_kind(value, JSON_STRING) || !jmes_spend(s, value.n))
		return false;
	*out = json_unquote(str_trim(value), s->a);
	return true;
}

/* The items of an array; false: it is none. */
static bool to_items(struct search *s, struct str value, struct jmes_items *out)
{
	*out = (struct jmes_items){0};
	return is_kind(value, JSON_ARRAY) && jmes_gather(s, value, out);
}

static size_t count_runes(struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; n++) {
		size_t len = utf8_length(s, i);

		i += len ? len : 1;
	}
	return n;
}

/* --- numbers --- */

static bool round_by(struct search *s, struct str value, double (*f)(double), struct str *out)
{
	return is_kind(value, JSON_NUMBER) && jmes_number(s, f(jmes_to_double(s, value)), out);
}

CALL(abs_of)
{
	UNUSED();
	return round_by(s, args[0], fabs, out);
}

CALL(ceil_of)
{
	UNUSED();
	return round_by(s, args[0], ceil, out);
}

CALL(floor_of)
{
	UNUSED();
	return round_by(s, args[0], floor, out);
}

static bool sum_items(struct search *s, struct str array, struct jmes_items *items, double *sum)
{
	if (!to_items(s, array, items))
		return false;
	*sum = 0;
	for (size_t i = 0; i < items->n; i++) {
		if (!is_kind(items->p[i], JSON_NUMBER))
			return false;
		*sum += jmes_to_double(s, items->p[i]);
	}
	return true;
}

CALL(sum)
{
	struct jmes_items items;
	double total;

	UNUSED();
	return sum_items(s, args[0], &items, &total) && jmes_number(s, total, out);
}

CALL(avg)
{
	struct jmes_items items;
	double total;

	UNUSED();
	*out = JMES_NULL;
	return sum_items(s, args[0], &items, &total) &&
	       (items.n == 0 || jmes_number(s, total / (double)items.n, out));
}

CALL(to_number)
{
	struct str text;

	UNUSED();
	*out = is_kind(args[0], JSON_NUMBER) ? args[0] : JMES_NULL;
	if (to_text(s, args[0], &text) && text.n > 0 && json_is_valid(text) &&
		is_kind(text, JSON_NUMBER))
		*out = arena_str(s->a, text);
	return true;
}

/* --- texts --- */

CALL(to_string)
{
	struct str text;

	UNUSED();
	if (is_kind(args[0], JSON_STRING)) {
		*out = args[0];
		return true;
	}
	if (!json_to_text(args[0], s->a, &text))
		text = JMES_NULL;
	return jmes_quote(s, text, out);
}

CALL(starts_with)
{
	struct str a;
	struct str b;

	UNUSED();
	return to_text(s, args[0], &a) && to_text(s, args[1], &b) &&
	       give_bool(str_eq(str_head(a, b.n), b), out);
}

CALL(ends_with)
{
	struct str a;
	struct str b;

	UNUSED();
	return to_text(s, args[0], &a) && to_text(s, args[1], &b) &&
	       give_bool(a.n >= b.n && str_eq(str_from_at(a, a.n - b.n), b), out);
}

static bool convert(struct search *s, struct str value, uint32_t (*f)(uint32_t), struct str *out)
{
	struct str text;
	char *to;
	size_t n = 0;

	if (!to_text(s, value, &text) || !jmes_spend(s, text.n * 3))
		return false;
	to = arena_new(s->a, char, text.n * 3 + 4);
	for (size_t i = 0; i < text.n;) {
		size_t len = utf8_length(text, i);

		n += utf8_put(to + n, len ? f(utf8_rune(text, i)) : 0xfffd);
		i += len ? len : 1;
	}
	return jmes_quote(s, (struct str){to, n}, out);
}

CALL(lower)
{
	UNUSED();
	return convert(s, args[0], utf8_lower, out);
}

CALL(upper)
{
	UNUSED();
	return convert(s, args[0], utf8_upper, out);
}

CALL(trim)
{
	struct str text;

	UNUSED();
	return to_text(s, args[0], &text) && jmes_quote(s, str_trim(text), out);
}

/* split(text, separator): an empty separator is refused here. */
CALL(split)
{
	struct jmes_items made = {0};
	struct str rest;
	struct str separator;
	struct str part;
	ptrdiff_t at;

	UNUSED();
	if (!to_text(s, args[0], &rest) || !to_text(s, args[1], &separator) || separator.n == 0)
		return false;
	do {
		at = str_find(rest, separator);
		if (!jmes_quote(s, at < 0 ? rest : str_head(rest, (size_t)at), &part) ||
			!jmes_add(s, &made, part))
			return false;
		rest = str_from_at(rest, at < 0 ? rest.n : (size_t)at + separator.n);
	} while (at >= 0);
	return jmes_to_array(s, &made, out);
}

CALL(join)
{
	struct jmes_items items;
	struct str glue;
	size_t bytes = 0;
	char *to;

	UNUSED();
	if (!to_text(s, args[0], &glue) || !to_items(s, args[1], &items))
		return false;
	for (size_t i = 0; i < items.n; i++) {
		if (!to_text(s, items.p[i], &items.p[i]) ||
			!jmes_spend(s, glue.n + items.p[i].n))
			return false;
		bytes += glue.n + items.p[i].n;
	}
	to = arena_new(s->a, char, bytes + 1);
	bytes = 0;
	for (size_t i = 0; i < items.n; i++) {
		if (i && glue.n)
			memcpy(to + bytes, glue.p, glue.n);
		bytes += i ? glue.n : 0;
		if (items.p[i].n)
			memcpy(to + bytes, items.p[i].p, items.p[i].n);
		bytes += items.p[i].n;
	}
	return jmes_quote(s, (struct str){to, bytes}, out);
}

/* --- any --- */

CALL(contains)
{
	struct jmes_items items;
	struct str a;
	struct str b;
	bool found = false;

	UNUSED();
	if (is_kind(args[0], JSON_STRING)) {
		if (!to_text(s, args[0], &a))
			return false;
		return give_bool(to_text(s, args[1], &b) && str_find(a, b) >= 0, out);
	}
	if (!to_items(s, args[0], &items))
		return false;
	for (size_t i = 0; i < items.n && !found; i++) {
		if (!jmes_eq(s, items.p[i], args[1], &found))
			return false;
	}
	return give_bool(found, out);
}

static bool reverse_text(struct search *s, struct str value, struct str *out)
{
	struct str text;
	char *to;
	size_t at;

	if (!to_text(s, value, &text))
		return false;
	to = arena_new(s->a, char, text.n + 1);
	at = text.n;
	for (size_t i = 0; i < text.n;) {
		size_t len = utf8_length(text, i);

		len = len ? len : 1;
		at -= len;
		memcpy(to + at, text.p + i, len);
		i += len;
	}
	return jmes_quote(s, (struct str){to, text.n}, out);
}

CALL(reverse)
{
	struct jmes_items items;
	struct jmes_items made = {0};

	UNUSED();
	if (is_kind(args[0], JSON_STRING))
		return reverse_text(s, args[0], out);
	if (!to_items(s, args[0], &items))
		return false;
	for (size_t i = items.n; i > 0; i--) {
		if (!jmes_add(s, &made, items.p[i - 1]))
			return false;
	}
	return jmes_to_array(s, &made, out);
}

CALL(length)
{
	struct str rest = args[0];
	struct str key;
	struct str item;
	size_t count = 0;

	UNUSED();
	if (!jmes_spend(s, rest.n))
		return false;
	if (to_text(s, args[0], &item))
		return jmes_number(s, (double)count_runes(item), out);
	if (!is_kind(rest, JSON_ARRAY) && !is_kind(rest, JSON_OBJECT))
		return false;
	while (json_next(&rest, is_kind(args[0], JSON_OBJECT) ? &key : NULL, &item))
		count++;
	return jmes_number(s, (double)count, out);
}

CALL(type)
{
	static const char *const names[] = {
		"\"null\"", "\"boolean\"", "\"number\"", "\"string\"", "\"array\"", "\"object\""};

	UNUSED();
	*out = str_from(names[json_kind(args[0])]);
	return true;
}

CALL(not_null)
{
	UNUSED();
	*out = JMES_NULL;
	for (size_t i = 0; i < n; i++) {
		if (!is_kind(args[i], JSON_NULL)) {
			*out = args[i];
			break;
		}
	}
	return true;
}

CALL(to_array)
{
	struct jmes_items one = {0};

	UNUSED();
	*out = args[0];
	return is_kind(args[0], JSON_ARRAY) ||
	       (jmes_add(s, &one, args[0]) && jmes_to_array(s, &one, out));
}

/* --- objects --- */

static bool members(struct search *s, struct str object, bool keys, struct str *out)
{
	struct jmes_items made = {0};
	struct str key;
	struct str value;

	if (!is_kind(object, JSON_OBJECT) || !jmes_spend(s, object.n))
		return false;
	while (json_next(&object, &key, &value)) {
		if (!jmes_add(s, &made, keys ? key : value))
			return false;
	}
	return jmes_to_array(s, &made, out);
}

CALL(keys)
{
	UNUSED();
	return members(s, args[0], true, out);
}

CALL(values)
{
	UNUSED();
	return members(s, args[0], false, out);
}

/* The members one behind the other: of a key that is there twice the last counts. */
CALL(merge)
{
	size_t bytes = 2;
	char *to;

	UNUSED();
	for (size_t i = 0; i < n; i++) {
		if (!is_kind(args[i], JSON_OBJECT) || !jmes_spend(s, args[i].n * 2))
			return false;
		bytes += args[i].n;
	}
	to = arena_new(s->a, char, bytes);
	bytes = 0;
	to[bytes++] = '{';
	for (size_t i = 0; i < n; i++) {
		struct str inside = str_trim(args[i]);

		inside = str_trim((struct str){inside.p + 1, inside.n - 2});
		if (inside.n == 0)
			continue;
		if (bytes > 1)
			to[bytes++] = ',';
		memcpy(to + bytes, inside.p, inside.n);
		bytes += inside.n;
	}
	to[bytes++] = '}';
	*out = (struct str){to, bytes};
	return true;
}

/* --- order --- */

/* An item and what it is ordered by. */
struct ranked {
	struct str item;
	struct str text; /* if they are texts */
	double number;
	size_t place;
};

static int compare(const struct ranked *a, const struct ranked *b)
{
	int c = str_cmp(a->text, b->text);

	if (c)
		return c;
	return a->number < b->number ? -1 : a->number > b->number;
}

static int by_rank(const void *x, const void *y)
{
	const struct ranked *a = x;
	const struct ranked *b = y;
	int c = compare(a, b);

	if (c)
		return c;
	return a->place < b->place ? -1 : 1;
}

/* All keys are numbers, or all are texts. */
static bool rank_items(struct search *s, struct str array, const struct jmes_node *ref,
	struct ranked **out, size_t *n)
{
	struct jmes_items items;
	enum json_kind kind = JSON_NULL;

	if (!to_items(s, array, &items) || !jmes_spend(s, items.n * sizeof(**out)))
		return false;
	*out = arena_new(s->a, struct ranked, items.n + 1);
	*n = items.n;
	for (size_t i = 0; i < items.n; i++) {
		struct ranked *r = &(*out)[i];
		struct str key = items.p[i];

		if (ref && !jmes_eval(s, ref, items.p[i], &key))
			return false;
		if (i > 0 && json_kind(key) != kind)
			return false;
		kind = json_kind(key);
		*r = (struct ranked){.item = items.p[i], .place = i};
		if (kind == JSON_NUMBER)
			r->number = jmes_to_double(s, key);
		else if (!to_text(s, key, &r->text))
			return false;
	}
	return true;
}

CALL(sort)
{
	struct jmes_items made = {0};
	struct ranked *all;
	size_t count;

	UNUSED();
	if (!rank_items(s, args[0], ref, &all, &count))
		return false;
	qsort(all, count, sizeof(*all), by_rank);
	for (size_t i = 0; i < count; i++) {
		if (!jmes_add(s, &made, all[i].item))
			return false;
	}
	return jmes_to_array(s, &made, out);
}

static bool best(struct search *s, struct str array, const struct jmes_node *ref, int sign,
	struct str *out)
{
	struct ranked *all;
	size_t count;
	size_t at = 0;

	if (!rank_items(s, array, ref, &all, &count))
		return false;
	for (size_t i = 1; i < count; i++) {
		if (compare(&all[i], &all[at]) * sign > 0)
			at = i;
	}
	*out = count ? all[at].item : JMES_NULL;
	return true;
}

CALL(max)
{
	UNUSED();
	return best(s, args[0], ref, 1, out);
}

CALL(min)
{
	UNUSED();
	return best(s, args[0], ref, -1, out);
}

/* map(&expression, array): nulls stay. */
CALL(map)
{
	struct jmes_items items;
	struct jmes_items made = {0};
	struct str item;

	UNUSED();
	if (!to_items(s, args[1], &items))
		return false;
	for (size_t i = 0; i < items.n; i++) {
		if (!jmes_eval(s, ref, items.p[i], &item) || !jmes_add(s, &made, item))
			return false;
	}
	return jmes_to_array(s, &made, out);
}

static const struct jmes_func functions[] = {
	{"abs", 1, 1, -1, abs_of},
	{"avg", 1, 1, -1, avg},
	{"ceil", 1, 1, -1, ceil_of},
	{"contains", 2, 2, -1, contains},
	{"ends_with", 2, 2, -1, ends_with},
	{"floor", 1, 1, -1, floor_of},
	{"join", 2, 2, -1, join},
	{"keys", 1, 1, -1, keys},
	{"length", 1, 1, -1, length},
	{"lower", 1, 1, -1, lower},
	{"map", 2, 2, 0, map},
	{"max", 1, 1, -1, max},
	{"max_by", 2, 2, 1, max},
	{"merge", 1, 64, -1, merge},
	{"min", 1, 1, -1, min},
	{"min_by", 2, 2, 1, min},
	{"not_null", 1, 64, -1, not_null},
	{"reverse", 1, 1, -1, reverse},
	{"sort", 1, 1, -1, sort},
	{"sort_by", 2, 2, 1, sort},
	{"split", 2, 2, -1, split},
	{"starts_with", 2, 2, -1, starts_with},
	{"sum", 1, 1, -1, sum},
	{"to_array", 1, 1, -1, to_array},
	{"to_number", 1, 1, -1, to_number},
	{"to_string", 1, 1, -1, to_string},
	{"trim", 1, 1, -1, trim},
	{"type", 1, 1, -1, type},
	{"upper", 1, 1, -1, upper},
	{"values", 1, 1, -1, values},
};

const struct jmes_func *jmes_func_find(struct str name)
{
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		if (str_is(name, functions[i].name))
			return &functions[i];
	}
	return NULL;
}
