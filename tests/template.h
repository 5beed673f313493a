#pragma once

/*
 * For tests of templates: runs each on the data {app="Shop", level="WARN", n="42", x-y="dash"},
 * .Value "val" and .Entry "the line".
 */

#include "agent/base/buf.h"
#include "agent/component/loki.process/template/template.h"
#include "agent/flow/labels.h"
#include "tests/test.h"

#define TEMPLATE_SAYS "! template: pipeline_template:1: "

struct template_case {
	const char *text;
	const char *want; /* what Go gives; "!": it fails; "! text": it is refused */
};

static inline bool template_is_right(
	const struct template_case *c, const struct template_data *data)
{
	struct template *t;
	struct arena a;
	struct str out;
	struct err e;
	bool right;

	arena_init(&a, 0);
	t = template_new(str_from(c->text), &e);
	if (!t)
		out = arena_printf(&a, "! %s", e.text);
	else if (!template_run(t, data, &a, &out))
		out = STR("!");
	right = str_is(out, c->want);
	if (!right)
		print_message("%s\n gives " STR_FMT "\n want  %s\n", c->text, STR_ARG(out),
			c->want);
	template_free(t);
	arena_fini(&a);
	return right;
}

static inline void template_test(const struct template_case *cases, size_t n)
{
	static const struct label v[] = {{{"app", 3}, {"Shop", 4}}, {{"level", 5}, {"WARN", 4}},
		{{"n", 1}, {"42", 2}}, {{"x-y", 3}, {"dash", 4}}};
	const struct labels *set = labels_intern(v, 4);
	struct extracted x = {0};
	struct template_data data = {&x, STR("val"), STR("the line")};
	int wrong = 0;

	extracted_init(&x, set);
	for (size_t i = 0; i < n; i++)
		wrong += !template_is_right(&cases[i], &data);
	extracted_fini(&x);
	labels_release(set);
	assert_int_equal(wrong, 0);
}

#define TEMPLATE_TEST(cases) template_test((cases), sizeof(cases) / sizeof((cases)[0]))
