#include "k8s/label_selector.h"

#include "agent/base/arena.h"
#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "k8s/json.h"

static const char *const operators[LABEL_OPERATORS] = {
	[LABEL_IN] = "In",
	[LABEL_NOT_IN] = "NotIn",
	[LABEL_EXISTS] = "Exists",
	[LABEL_NOT_EXISTS] = "DoesNotExist",
};

bool label_operator_parse(struct str s, enum label_operator *out)
{
	for (int i = 0; i < LABEL_OPERATORS; i++) {
		if (str_is(s, operators[i])) {
			*out = (enum label_operator)i;
			return true;
		}
	}
	return false;
}

bool label_selector_add(struct arena *a, struct label_selector *s, struct label_requirement r,
	struct err *e)
{
	bool wants_values = r.operator== LABEL_IN || r.operator== LABEL_NOT_IN;
	struct label_requirement *more;

	if (r.key.n == 0)
		return err_set(e, "a requirement has no key");
	if (wants_values && r.n == 0)
		return err_set(e, "values must be specified when operator is 'In' or 'NotIn'");
	if (!wants_values && r.n > 0)
		return err_set(e,
			"values may not be specified when operator is 'Exists' or 'DoesNotExist'");
	if (s->n == s->cap) {
		s->cap = s->cap ? 2 * s->cap : 4;
		more = arena_new(a, struct label_requirement, s->cap);
		if (s->n)
			memcpy(more, s->p, s->n * sizeof(*more));
		s->p = more;
	}
	s->p[s->n++] = r;
	return true;
}

static bool read_labels(struct arena *a, struct json *j, struct label_selector *out, struct err *e)
{
	struct str key;
	struct str *value;

	for (json_enter_object(j); json_next_key(j, &key);) {
		value = arena_new(a, struct str, 1);
		key = json_unescape(key, a);
		*value = json_str(j, a);
		if (!label_selector_add(
			    a, out, (struct label_requirement){key, LABEL_IN, value, 1}, e))
			return false;
	}
	return true;
}

static void read_values(struct arena *a, struct json *j, struct label_requirement *r)
{
	struct str *v = arena_new(a, struct str, json_count(j) + 1);

	r->n = 0;
	for (json_enter_array(j); json_next_item(j);)
		v[r->n++] = json_str(j, a);
	r->values = v;
}

static bool read_expression(struct arena *a, struct json *j, struct label_selector *out,
	struct err *e)
{
	struct label_requirement r = {.operator= LABEL_OPERATORS };
	struct str key, name = {0};

	for (json_enter_object(j); json_next_key(j, &key);) {
		if (str_is(key, "key"))
			r.key = json_str(j, a);
		else if (str_is(key, "operator"))
			name = json_str(j, a);
		else if (str_is(key, "values"))
			read_values(a, j, &r);
		else
			json_skip(j);
	}
	if (!label_operator_parse(name, &r.operator))
		return err_set(e, "\"" STR_FMT "\" is not a valid label selector operator",
			STR_ARG(str_head(name, 100)));
	return label_selector_add(a, out, r, e);
}

bool label_selector_read(struct arena *a, struct json *j, struct label_selector *out,
	struct err *e)
{
	struct str key;
	bool ok = true;

	for (json_enter_object(j); ok && json_next_key(j, &key);) {
		if (str_is(key, "matchLabels")) {
			ok = read_labels(a, j, out, e);
		} else if (str_is(key, "matchExpressions")) {
			for (json_enter_array(j); ok && json_next_item(j);)
				ok = read_expression(a, j, out, e);
		} else {
			json_skip(j);
		}
	}
	return ok;
}

static bool is_one_of(const struct label_requirement *r, struct str value)
{
	for (size_t i = 0; i < r->n; i++)
		if (str_eq(r->values[i], value))
			return true;
	return false;
}

static bool holds(const struct label_requirement *r, struct str value)
{
	switch (r->operator) {
	case LABEL_IN:
		return value.p && is_one_of(r, value);
	case LABEL_NOT_IN:
		return !value.p || !is_one_of(r, value);
	case LABEL_EXISTS:
		return value.p != NULL;
	case LABEL_NOT_EXISTS:
		return value.p == NULL;
	case LABEL_OPERATORS:
		break;
	}
	return false;
}

bool label_selector_matches(const struct label_selector *s, const struct pod_pairs *labels)
{
	for (size_t i = 0; i < s->n; i++)
		if (!holds(&s->p[i], pod_pairs_find(labels, s->p[i].key)))
			return false;
	return true;
}

static void print_values(struct buf *out, const struct label_requirement *r, const char *word)
{
	buf_printf(out, STR_FMT " %s (", STR_ARG(r->key), word);
	for (size_t i = 0; i < r->n; i++)
		buf_printf(out, "%s" STR_FMT, i ? "," : "", STR_ARG(r->values[i]));
	buf_add_char(out, ')');
}

void label_selector_print(struct buf *out, const struct label_selector *s)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct label_requirement *r = &s->p[i];

		if (i > 0)
			buf_add_char(out, ',');
		switch (r->operator) {
		case LABEL_IN:
			print_values(out, r, "in");
			break;
		case LABEL_NOT_IN:
			print_values(out, r, "notin");
			break;
		case LABEL_EXISTS:
			buf_add_str(out, r->key);
			break;
		case LABEL_NOT_EXISTS:
			buf_printf(out, "!" STR_FMT, STR_ARG(r->key));
			break;
		case LABEL_OPERATORS:
			break;
		}
	}
}
