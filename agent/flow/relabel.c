/*
 * One function an action, as Prometheus' relabel() has one case an action. Where its label
 * builder has an order that can be seen (labelmap, two labels mapped to one name), the list
 * here has the same: labels that were set since the beginning come after those that were not.
 */
#include "agent/flow/relabel.h"
#include "agent/base/ascii.h"

#include "agent/base/err.h"
#include "agent/base/mem.h"
#include "agent/base/must.h"
#include "agent/base/utf8.h"
#include "agent/base/vec.h"
#include "agent/flow/expand.h"
#include "agent/flow/md5.h"
#include "agent/flow/regex.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <wctype.h>

const char *const relabel_action_names[RELABEL_ACTIONS + 1] = {
	[RELABEL_REPLACE] = "replace",
	[RELABEL_KEEP] = "keep",
	[RELABEL_DROP] = "drop",
	[RELABEL_HASHMOD] = "hashmod",
	[RELABEL_LABELMAP] = "labelmap",
	[RELABEL_LABELDROP] = "labeldrop",
	[RELABEL_LABELKEEP] = "labelkeep",
	[RELABEL_LOWERCASE] = "lowercase",
	[RELABEL_UPPERCASE] = "uppercase",
	[RELABEL_KEEPEQUAL] = "keepequal",
	[RELABEL_DROPEQUAL] = "dropequal",
};

struct rule {
	struct relabel_rule is;
	struct regex *regex;
	struct expand target;
	struct expand replacement;
	bool target_varies;
	bool is_plain; /* the default regex, and no dollar anywhere: sets a label */
};

struct relabel_rules {
	uint32_t refs;
	struct arena arena;
	struct rule *p;
	size_t n;
};

/* --- the list --- */

void label_list_init(struct label_list *l, const struct label *v, size_t n)
{
	if (l->cap < n) {
		free(l->p);
		l->p = mem_new(struct label, n + 8);
		l->cap = n + 8;
	}
	if (n)
		memcpy(l->p, v, n * sizeof(*v));
	l->n = n;
	l->n_set = 0;
}

void label_list_fini(struct label_list *l)
{
	free(l->p);
	*l = (struct label_list){0};
}

static size_t index_of(const struct label_list *l, struct str name)
{
	size_t i = 0;

	while (i < l->n && !str_eq(l->p[i].name, name))
		i++;
	return i;
}

struct str label_list_find(const struct label_list *l, struct str name)
{
	size_t i = index_of(l, name);

	return i < l->n ? l->p[i].value : (struct str){0};
}

static void take_out(struct label_list *l, size_t i)
{
	if (i >= l->n - l->n_set)
		l->n_set--;
	vec_remove(l, i);
}

void label_list_set(struct label_list *l, struct str name, struct str value)
{
	size_t i = index_of(l, name);

	if (i < l->n && value.n && i >= l->n - l->n_set) {
		l->p[i].value = value;
		return;
	}
	if (i < l->n)
		take_out(l, i);
	if (value.n == 0)
		return;
	*vec_add(l) = (struct label){name, value};
	l->n_set++;
}

/* --- checks --- */

static bool is_word(char c)
{
	return ascii_is_alnum(c) || c == '_';
}

static bool has_dollar(struct str s)
{
	return s.n && memchr(s.p, '$', s.n);
}

/* ^(?:(?:[a-zA-Z_]|\$(?:\{\w+\}|\w+))+\w*)+$: word characters and references, and a digit
 * not first. */
static bool is_name_template(struct str s)
{
	size_t i = 0;

	if (s.n == 0 || ascii_is_digit(s.p[0]))
		return false;
	while (i < s.n) {
		bool brace;
		size_t from;

		if (is_word(s.p[i])) {
			i++;
			continue;
		}
		if (s.p[i++] != '$')
			return false;
		brace = i < s.n && s.p[i] == '{';
		i += brace;
		for (from = i; i < s.n && is_word(s.p[i]); i++)
			;
		if (i == from || (brace && (i == s.n || s.p[i] != '}')))
			return false;
		i += brace;
	}
	return true;
}

static bool needs_target(enum relabel_action a)
{
	return a == RELABEL_REPLACE || a == RELABEL_HASHMOD || a == RELABEL_LOWERCASE ||
	       a == RELABEL_UPPERCASE || a == RELABEL_KEEPEQUAL || a == RELABEL_DROPEQUAL;
}

static bool check_target(const struct relabel_rule *r, const char *action, struct err *e)
{
	bool ok;

	if (!needs_target(r->action))
		return true;
	if (r->target.n == 0)
		return err_set(e,
			"relabel configuration for %s action requires 'target_label' value",
			action);
	ok = r->action == RELABEL_HASHMOD ? label_name_is_valid(r->target)
					  : is_name_template(r->target);
	if (!ok)
		return err_set(e, "\"" STR_FMT "\" is invalid 'target_label' for %s action",
			STR_ARG(str_head(r->target, 200)), action);
	return true;
}

/* The fields that an action has no use for must be as they are by default. */
static bool check_unused(const struct relabel_rule *r, const char *action, struct err *e)
{
	bool plain = r->modulus == 0 && str_is(r->separator, RELABEL_SEPARATOR) &&
		     str_is(r->replacement, RELABEL_REPLACEMENT);

	switch (r->action) {
	case RELABEL_LOWERCASE:
	case RELABEL_UPPERCASE:
	case RELABEL_KEEPEQUAL:
	case RELABEL_DROPEQUAL:
		if (!str_is(r->replacement, RELABEL_REPLACEMENT))
			return err_set(e, "'replacement' can not be set for %s action", action);
		if (r->action == RELABEL_LOWERCASE || r->action == RELABEL_UPPERCASE)
			return true;
		if (!plain || !str_is(r->regex, RELABEL_REGEX))
			return err_set(e,
				"%s action requires only 'source_labels' and 'target_label', and "
				"no other fields",
				action);
		return true;
	case RELABEL_LABELDROP:
	case RELABEL_LABELKEEP:
		if (!plain || r->n_sources || r->target.n)
			return err_set(
				e, "%s action requires only 'regex', and no other fields", action);
		return true;
	case RELABEL_LABELMAP:
		if (!is_name_template(r->replacement))
			return err_set(e, "\"" STR_FMT "\" is invalid 'replacement' for %s action",
				STR_ARG(str_head(r->replacement, 200)), action);
		return true;
	case RELABEL_HASHMOD:
		if (r->modulus == 0)
			return err_set(
				e, "relabel configuration for hashmod requires non-zero modulus");
		return true;
	case RELABEL_REPLACE:
	case RELABEL_KEEP:
	case RELABEL_DROP:
	case RELABEL_ACTIONS:
		return true;
	}
	return true;
}

static bool check_fields(const struct relabel_rule *r, struct err *e)
{
	const char *action = relabel_action_names[r->action];

	if (r->action == RELABEL_HASHMOD && !check_unused(r, action, e))
		return false; /* Alloy says this one first */
	return check_target(r, action, e) && check_unused(r, action, e);
}

bool relabel_rule_check(const struct relabel_rule *r, struct err *e)
{
	struct regex *re = regex_new(r->regex, REGEX_WHOLE, e);

	regex_free(re);
	return re && check_fields(r, e);
}

/* --- making --- */

static void copy_rule(struct arena *a, struct relabel_rule *to, const struct relabel_rule *from)
{
	struct str *sources = arena_new(a, struct str, from->n_sources + 1);

	*to = *from;
	for (size_t i = 0; i < from->n_sources; i++)
		sources[i] = arena_str(a, from->sources[i]);
	to->sources = sources;
	to->separator = arena_str(a, from->separator);
	to->regex = arena_str(a, from->regex);
	to->target = arena_str(a, from->target);
	to->replacement = arena_str(a, from->replacement);
}

static bool build(struct arena *a, struct rule *r, const struct relabel_rule *from, struct err *e)
{
	if (!check_fields(from, e))
		return false;
	copy_rule(a, &r->is, from);
	r->regex = regex_new(r->is.regex, REGEX_WHOLE, e);
	if (!r->regex)
		return false;
	expand_init(&r->target, a, r->regex, r->is.target);
	expand_init(&r->replacement, a, r->regex, r->is.replacement);
	r->target_varies = has_dollar(r->is.target);
	r->is_plain = str_is(r->is.regex, RELABEL_REGEX) && !r->target_varies &&
		      !has_dollar(r->is.replacement);
	return true;
}

struct relabel_rules *relabel_rules_new(const struct relabel_rule *r, size_t n, struct err *e)
{
	struct relabel_rules *rules = mem_new(struct relabel_rules, 1);

	rules->refs = 1;
	arena_init(&rules->arena, 0);
	rules->p = arena_new(&rules->arena, struct rule, n + 1);
	for (; rules->n < n; rules->n++) {
		if (!build(&rules->arena, &rules->p[rules->n], &r[rules->n], e)) {
			relabel_rules_release(rules);
			return NULL;
		}
	}
	return rules;
}

struct relabel_rules *relabel_rules_hold(struct relabel_rules *rules)
{
	must(rules->refs > 0);
	rules->refs++;
	return rules;
}

void relabel_rules_release(struct relabel_rules *rules)
{
	if (!rules)
		return;
	must(rules->refs > 0);
	if (--rules->refs > 0)
		return;
	for (size_t i = 0; i < rules->n; i++)
		regex_free(rules->p[i].regex);
	arena_fini(&rules->arena);
	free(rules);
}

static bool same(const struct relabel_rule *a, const struct relabel_rule *b)
{
	if (a->action != b->action || a->n_sources != b->n_sources || a->modulus != b->modulus)
		return false;
	for (size_t i = 0; i < a->n_sources; i++) {
		if (!str_eq(a->sources[i], b->sources[i]))
			return false;
	}
	return str_eq(a->separator, b->separator) && str_eq(a->regex, b->regex) &&
	       str_eq(a->target, b->target) && str_eq(a->replacement, b->replacement);
}

bool relabel_rules_are(const struct relabel_rules *rules, const struct relabel_rule *r, size_t n)
{
	if (rules->n != n)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!same(&rules->p[i].is, &r[i]))
			return false;
	}
	return true;
}

/* --- applying --- */

/* The values of the source labels, joined; one alone is not copied. */
static struct str source_of(
	const struct relabel_rule *r, const struct label_list *l, struct arena *a)
{
	size_t n = 0;
	char *to;

	if (r->n_sources == 0)
		return STR("");
	if (r->n_sources == 1)
		return label_list_find(l, r->sources[0]);
	for (size_t i = 0; i < r->n_sources; i++)
		n += label_list_find(l, r->sources[i]).n + r->separator.n;
	to = arena_new(a, char, n + 1);
	n = 0;
	for (size_t i = 0; i < r->n_sources; i++) {
		struct str v = label_list_find(l, r->sources[i]);

		if (i && r->separator.n)
			memcpy(to + n, r->separator.p, r->separator.n);
		n += i ? r->separator.n : 0;
		if (v.n)
			memcpy(to + n, v.p, v.n);
		n += v.n;
	}
	return (struct str){to, n};
}

static void replace(struct rule *r, struct label_list *l, struct str value, struct arena *a)
{
	struct str target = r->is.target;

	if (r->is_plain && value.n == 0) {
		label_list_set(l, target, r->is.replacement);
		return;
	}
	if (!regex_match(r->regex, value))
		return;
	if (r->target_varies)
		target = expand_run(&r->target, r->regex, a);
	if (label_name_is_valid(target))
		label_list_set(l, target, expand_run(&r->replacement, r->regex, a));
}

static void labelmap(struct rule *r, struct label_list *l, struct arena *a)
{
	size_t n = l->n;
	struct label *before = arena_new(a, struct label, n + 1);

	if (n)
		memcpy(before, l->p, n * sizeof(*before));
	for (size_t i = 0; i < n; i++) {
		if (regex_match(r->regex, before[i].name)) {
			struct str name = expand_run(&r->replacement, r->regex, a);

			if (name.n)
				label_list_set(l, name, before[i].value);
		}
	}
}

/* Takes out the labels whose names match, or those that do not. */
static void filter(struct rule *r, struct label_list *l, bool drop)
{
	for (size_t i = 0; i < l->n;) {
		if (regex_match(r->regex, l->p[i].name) == drop)
			take_out(l, i);
		else
			i++;
	}
}

static struct str hashmod(struct str value, uint64_t modulus, struct arena *a)
{
	return arena_printf(a, "%llu", (unsigned long long)(md5_tail(value) % modulus));
}

static uint32_t convert_rune(uint32_t rune, bool up)
{
	static locale_t unicode;

	if (rune < 128) {
		bool letter = up ? ascii_is_lower(rune) : ascii_is_upper(rune);

		return letter ? rune ^ 0x20 : rune;
	}
	if (!unicode)
		unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	if (!unicode)
		return rune;
	return up ? towupper_l((wint_t)rune, unicode) : towlower_l((wint_t)rune, unicode);
}

/* Go's strings.ToLower and ToUpper: rune by rune, a bad byte becomes U+FFFD. */
static struct str convert_case(struct str s, bool up, struct arena *a)
{
	char *to = arena_new(a, char, s.n * 4 + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n;) {
		size_t len = utf8_length(s, i);

		n += utf8_put(to + n, convert_rune(len ? utf8_rune(s, i) : 0xfffd, up));
		i += len ? len : 1;
	}
	return (struct str){to, n};
}

static bool apply_one(struct rule *r, struct label_list *l, struct arena *a)
{
	struct str value = source_of(&r->is, l, a);
	struct str target = r->is.target;

	switch (r->is.action) {
	case RELABEL_REPLACE:
		replace(r, l, value, a);
		return true;
	case RELABEL_KEEP:
		return regex_match(r->regex, value);
	case RELABEL_DROP:
		return !regex_match(r->regex, value);
	case RELABEL_KEEPEQUAL:
		return str_eq(label_list_find(l, target), value);
	case RELABEL_DROPEQUAL:
		return !str_eq(label_list_find(l, target), value);
	case RELABEL_HASHMOD:
		label_list_set(l, target, hashmod(value, r->is.modulus, a));
		return true;
	case RELABEL_LABELMAP:
		labelmap(r, l, a);
		return true;
	case RELABEL_LABELDROP:
	case RELABEL_LABELKEEP:
		filter(r, l, r->is.action == RELABEL_LABELDROP);
		return true;
	case RELABEL_LOWERCASE:
	case RELABEL_UPPERCASE:
		label_list_set(
			l, target, convert_case(value, r->is.action == RELABEL_UPPERCASE, a));
		return true;
	case RELABEL_ACTIONS:
		break;
	}
	must(!"an action");
	return true;
}

bool relabel_apply(struct relabel_rules *rules, struct label_list *l, struct arena *a)
{
	for (size_t i = 0; i < rules->n; i++) {
		if (!apply_one(&rules->p[i], l, a))
			return false;
	}
	return true;
}
