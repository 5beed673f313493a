/*
 * Policies by an attribute of a resource or a span. invert_match turns the answer for the whole
 * trace round: the Collector's older "inverted decisions", which overruled other policies, are gone
 * from it too (since v0.144; a policy of type drop does that).
 *
 * An attribute of another type than the one asked for does not match. The Collector takes it for 0,
 * or for false.
 */

#include "agent/base/err.h"
#include "agent/base/mem.h"
#include "agent/component/otelcol.processor.tail_sampling/kinds.h"
#include "agent/flow/regex.h"

#include <stdlib.h>

static struct otlp_any attr(const struct otlp_message *m, struct str key)
{
	const struct otlp_slot *a = otlp_message_attr(m, key);

	return otlp_any_read(a ? a->any : STR(""));
}

static enum verdict matched_or_not(const struct policy *p, bool invert)
{
	return p->has_matched != invert ? SAMPLED : NOT_SAMPLED;
}

/* ---- numeric_attribute ---- */

static bool numeric_init(struct policy *p, const struct compiling *c)
{
	const struct tail_numeric_args *a = p->args->numeric_attribute;

	if (a->min_value == 0 && a->max_value == 0)
		return policy_error(p, c, "one of min_value and max_value must not be 0");
	return true;
}

static void look_for_number(struct policy *p, const struct otlp_message *m)
{
	const struct tail_numeric_args *a = p->args->numeric_attribute;
	struct otlp_any v;

	if (p->has_matched)
		return;
	v = attr(m, a->key);
	p->has_matched = v.kind == OTLP_ANY_INT &&
			 (a->min_value == 0 || v.integer >= a->min_value) &&
			 (a->max_value == 0 || v.integer <= a->max_value);
}

static void numeric_resource(struct policy *p, struct otlp_place *at)
{
	look_for_number(p, &at->resource);
}

static void numeric_span(struct policy *p, struct otlp_place *at)
{
	look_for_number(p, &at->item);
}

static enum verdict numeric_decide(struct policy *p, const struct subject *s)
{
	(void)s;
	return matched_or_not(p, p->args->numeric_attribute->invert_match);
}

const struct policy_kind policy_numeric_attribute = {
	.name = "numeric_attribute",
	.block = offsetof(struct tail_policy_args, numeric_attribute),
	.levels = LEVEL_ANY,
	.init = numeric_init,
	.resource = numeric_resource,
	.span = numeric_span,
	.decide = numeric_decide,
};

/* ---- boolean_attribute ---- */

static void look_for_boolean(struct policy *p, const struct otlp_message *m)
{
	const struct tail_boolean_args *a = p->args->boolean_attribute;
	struct otlp_any v;

	if (p->has_matched)
		return;
	v = attr(m, a->key);
	p->has_matched = v.kind == OTLP_ANY_BOOL && v.boolean == a->value;
}

static void boolean_resource(struct policy *p, struct otlp_place *at)
{
	look_for_boolean(p, &at->resource);
}

static void boolean_span(struct policy *p, struct otlp_place *at)
{
	look_for_boolean(p, &at->item);
}

static enum verdict boolean_decide(struct policy *p, const struct subject *s)
{
	(void)s;
	return matched_or_not(p, p->args->boolean_attribute->invert_match);
}

const struct policy_kind policy_boolean_attribute = {
	.name = "boolean_attribute",
	.block = offsetof(struct tail_policy_args, boolean_attribute),
	.levels = LEVEL_ANY,
	.resource = boolean_resource,
	.span = boolean_span,
	.decide = boolean_decide,
};

/* ---- string_attribute ---- */

static bool string_init(struct policy *p, const struct compiling *c)
{
	const struct tail_string_args *a = p->args->string_attribute;
	bool ok = true;

	if (!a->enabled_regex_matching)
		return true;
	p->patterns.p = mem_new(struct regex *, a->values.n + 1);
	for (size_t i = 0; i < a->values.n; i++) {
		struct err e = {""};
		struct regex *re = regex_new(a->values.p[i], 0, &e);

		if (re)
			p->patterns.p[p->patterns.n++] = re;
		else
			ok = policy_error(p, c, "%s", e.text);
	}
	return ok;
}

static void string_fini(struct policy *p)
{
	for (size_t i = 0; i < p->patterns.n; i++)
		regex_free(p->patterns.p[i]);
	free(p->patterns.p);
}

static bool is_wanted(const struct policy *p, struct str text)
{
	const struct tail_string_args *a = p->args->string_attribute;

	for (size_t i = 0; i < p->patterns.n; i++)
		if (regex_match(p->patterns.p[i], text))
			return true;
	for (size_t i = 0; !a->enabled_regex_matching && text.n > 0 && i < a->values.n; i++)
		if (str_eq(a->values.p[i], text))
			return true;
	return false;
}

static void look_for_string(struct policy *p, const struct otlp_message *m)
{
	struct otlp_any v;

	if (p->has_matched)
		return;
	v = attr(m, p->args->string_attribute->key);
	p->has_matched = v.kind == OTLP_ANY_STRING && is_wanted(p, v.bytes);
}

static void string_resource(struct policy *p, struct otlp_place *at)
{
	look_for_string(p, &at->resource);
}

static void string_span(struct policy *p, struct otlp_place *at)
{
	look_for_string(p, &at->item);
}

static enum verdict string_decide(struct policy *p, const struct subject *s)
{
	(void)s;
	return matched_or_not(p, p->args->string_attribute->invert_match);
}

const struct policy_kind policy_string_attribute = {
	.name = "string_attribute",
	.block = offsetof(struct tail_policy_args, string_attribute),
	.levels = LEVEL_ANY,
	.init = string_init,
	.fini = string_fini,
	.resource = string_resource,
	.span = string_span,
	.decide = string_decide,
};
