/* Objects, equality, copies, scopes: what the tables of the evaluator do not show. */

#include "agent/base/buf.h"
#include "agent/config/eval.h"
#include "agent/config/stdlib.h"
#include "tests/test.h"

static const struct capsule_type receiver = {"loki.LogsReceiver"};

static void test_object(void **state)
{
	struct field fields[] = {{STR("b"), value_int(1)}, {STR("a"), value_int(2)},
		{STR("b"), value_int(3)}};
	struct arena a;
	struct value v, copy;

	(void)state;
	arena_init(&a, 0);
	v = value_object(&a, fields, 3);
	assert_int_equal(v.object.n, 2);
	assert_int_equal(value_find(&v, STR("b"))->i, 3);
	assert_int_equal(value_find(&v, STR("a"))->i, 2);
	assert_null(value_find(&v, STR("c")));
	copy = value_copy(&a, &v);
	assert_true(value_eq(&v, &copy));
	assert_true(copy.object.fields != v.object.fields);
	arena_fini(&a);
}

static void test_capsules(void **state)
{
	int x, y;
	struct value a = value_capsule(&receiver, &x);
	struct value b = value_capsule(&receiver, &y);
	struct value s = value_secret(STR("x"));
	struct value t = value_secret(STR("x"));
	struct buf out = {0};

	(void)state;
	assert_true(value_eq(&a, &a));
	assert_false(value_eq(&a, &b));
	assert_true(value_eq(&s, &t));
	assert_false(value_eq(&s, &a));
	value_print(&out, &a);
	assert_str(buf_str(&out), "capsule(\"loki.LogsReceiver\")");
	buf_fini(&out);
}

/* A scope that knows x.y.z = {k = 7}, token (a secret) and r (a receiver). */
static bool resolve(struct scope *s, const struct str *parts, size_t n, size_t *used,
	struct value *out)
{
	static const struct field k = {{"k", 1}, {.type = VALUE_NUMBER, .i = 7}};
	static struct value object = {.type = VALUE_OBJECT};

	(void)s;
	object.object.fields = &k;
	object.object.n = 1;
	*used = 1;
	if (str_is(parts[0], "token"))
		*out = value_secret(STR("hush"));
	else if (str_is(parts[0], "r"))
		*out = value_capsule(&receiver, NULL);
	else if (n >= 3 && str_is(parts[0], "x") && str_is(parts[2], "z"))
		*used = 3, *out = object;
	else
		return false;
	return true;
}

static const struct {
	const char *text;
	const char *want;
} cases[] = {
	{"x.y.z.k", "7"},
	{"x.y.z[\"k\"] + 1", "8"},
	{"x.y.z.q", "! field \"q\" does not exist"},
	{"x.y", "! identifier \"x\" does not exist"},
	{"token", "(secret)"},
	{"\"Bearer \" + token", "(secret)"},
	{"token + \"x\" + \"y\"", "(secret)"},
	{"token == \"hush\"", "true"},
	{"convert.nonsensitive(token)", "\"hush\""},
	{"convert.nonsensitive(\"a\" + token)", "\"ahush\""},
	{"string.to_upper(token)", "! token secrets may not be converted into strings"},
	{"encoding.to_json({a = token})", "! encoding.to_json json: unsupported type: secret"},
	{"token + 1", "! 1 should be capsule, got number"},
	{"token - 1", "! token should be one of [number] for binop -, got capsule"},
	{"r + r", "! r could not perform binop + for unknown types lhs capsule rhs capsule"},
	{"r + token", "! token should be capsule(\"alloytypes.Secret\"), got capsule"},
	{"r.k",
		"! r expected object or array or a capsule convertible to an object, got capsule"},
	{"r == r", "true"},
	{"string.join([\"a\"], r)", "! r should be string, got capsule"},
	{"string.join([\"a\", r], \",\")", "! r should be string, got capsule"},
	{"array.concat(x.y.z)", "! x.y.z should be array, got object"},
	{"array.combine_maps([], [], [])",
		"! array.combine_maps is at stability level \"experimental\", which is below the "
		"minimum allowed stability level \"generally-available\". Use --stability.level "
		"command-line flag to enable \"experimental\" features"},
};

static void test_scope(void **state)
{
	struct scope scope = {resolve, STABILITY_GA};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct source src = {STR("t"), str_from(cases[i].text)};
		struct buf got = {0};
		struct arena a;
		struct diags d;
		struct value v;

		arena_init(&a, 0);
		diags_init(&d, &a);
		if (eval_expr(&a, &scope, parse_expr(&a, &src, &d), &v, &d))
			value_print(&got, &v);
		else
			buf_printf(&got, "! " STR_FMT, STR_ARG(d.p[0].message));
		assert_str(buf_str(&got), cases[i].want);
		buf_fini(&got);
		diags_fini(&d);
		arena_fini(&a);
	}
}

TESTS_RUN(cmocka_unit_test(test_object), cmocka_unit_test(test_capsules),
	cmocka_unit_test(test_scope))
