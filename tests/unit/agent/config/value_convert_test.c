/* Conversions of assignment. The wanted text is the result, or the error after "! ". */

#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "agent/config/eval.h"
#include "tests/test.h"

#include <inttypes.h>

enum to {
	TO_BOOL,
	TO_INT,
	TO_UINT,
	TO_FLOAT,
	TO_STR,
	TO_SECRET,
	TO_DURATION,
	TO_SIZE,
};

static const struct {
	const char *text;
	enum to to;
	const char *want;
} cases[] = {
	{"true", TO_BOOL, "1"},
	{"null", TO_BOOL, "0"},
	{"\"true\"", TO_BOOL, "! should be bool, got string"},
	{"1", TO_BOOL, "! should be bool, got number"},
	{"\"10\"", TO_INT, "10"},
	{"\"-10\"", TO_INT, "-10"},
	{"1.9", TO_INT, "1"},
	{"-1.9", TO_INT, "-1"},
	{"null", TO_INT, "0"},
	{"\"1e3\"", TO_INT, "1000"},
	{"\"\"", TO_INT, "! should be number, got string"},
	{"\"x\"", TO_INT, "! should be number, got string"},
	{"\"+1\"", TO_INT, "! should be number, got string"},
	{"[]", TO_INT, "! should be number, got array"},
	{"1e300", TO_INT, "-9223372036854775808"},
	{"-1", TO_UINT, "18446744073709551615"},
	{"18446744073709551615", TO_UINT, "18446744073709551615"},
	{"\"1.5\"", TO_FLOAT, "1.5"},
	{"18446744073709551615", TO_FLOAT, "1.84467e+19"},
	{"1", TO_STR, "1"},
	{"1.50", TO_STR, "1.5"},
	{"1e21", TO_STR, "1000000000000000000000"},
	{"1e-7", TO_STR, "0.0000001"},
	{"123456789.125", TO_STR, "123456789.125"},
	{"-0.0", TO_STR, "-0"},
	{"null", TO_STR, ""},
	{"true", TO_STR, "! should be string, got bool"},
	{"{}", TO_STR, "! should be string, got object"},
	{"encoding.from_base64(\"aGk=\")", TO_STR, "hi"},
	{"\"x\"", TO_SECRET, "x"},
	{"1", TO_SECRET, "! should be capsule, got number"},
	{"\"1h30m5.5s\"", TO_DURATION, "5405500000000"},
	{"\"10us\"", TO_DURATION, "10000"},
	{"null", TO_DURATION, "0"},
	{"5", TO_DURATION, "! time: missing unit in duration \"5\""},
	{"\"\"", TO_DURATION, "! time: invalid duration \"\""},
	{"\"5x\"", TO_DURATION, "! time: unknown unit \"x\" in duration \"5x\""},
	{"[]", TO_DURATION, "! should be string, got array"},
	{"\"1MiB\"", TO_SIZE, "1048576"},
	{"\"8KB\"", TO_SIZE, "8192"},
	{"\"1 furlong\"", TO_SIZE, "! units: invalid 1 furlong, want a size such as \"1MiB\""},
};

static bool convert(struct arena *a, const struct value *v, enum to to, struct buf *got,
	struct err *e)
{
	struct str s;
	int64_t i;
	uint64_t u;
	double f;
	bool b;
	bool ok = false;

	switch (to) {
	case TO_BOOL:
		if ((ok = value_to_bool(v, &b, e)))
			buf_printf(got, "%d", b);
		break;
	case TO_INT:
		if ((ok = value_to_int(v, &i, e)))
			buf_printf(got, "%" PRId64, i);
		break;
	case TO_UINT:
		if ((ok = value_to_uint(v, &u, e)))
			buf_printf(got, "%" PRIu64, u);
		break;
	case TO_FLOAT:
		if ((ok = value_to_float(v, &f, e)))
			buf_printf(got, "%g", f);
		break;
	case TO_STR:
	case TO_SECRET:
		ok = to == TO_STR ? value_to_str(a, v, &s, e) : value_to_secret(a, v, &s, e);
		if (ok)
			buf_add_str(got, s);
		break;
	case TO_DURATION:
	case TO_SIZE:
		ok = to == TO_SIZE ? value_to_size(v, &i, e) : value_to_duration(v, &i, e);
		if (ok)
			buf_printf(got, "%" PRId64, i);
		break;
	}
	return ok;
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct source src = {STR("t"), str_from(cases[i].text)};
		struct buf got = {0};
		struct arena a;
		struct diags d;
		struct value v;
		struct err e;

		arena_init(&a, 0);
		diags_init(&d, &a);
		assert_true(eval_expr(&a, NULL, parse_expr(&a, &src, &d), &v, &d));
		if (!convert(&a, &v, cases[i].to, &got, &e))
			buf_printf(&got, "! %s", e.text);
		assert_str(buf_str(&got), cases[i].want);
		buf_fini(&got);
		diags_fini(&d);
		arena_fini(&a);
	}
}

static void test_secret(void **state)
{
	struct value v = value_secret(STR("hush"));
	struct buf out = {0};
	struct arena a;
	struct err e;
	struct str s;

	(void)state;
	arena_init(&a, 0);
	assert_false(value_to_str(&a, &v, &s, &e));
	assert_string_equal(e.text, "secrets may not be converted into strings");
	assert_true(value_to_secret(&a, &v, &s, &e));
	assert_str(s, "hush");
	value_print(&out, &v);
	assert_str(buf_str(&out), "(secret)");
	buf_fini(&out);
	arena_fini(&a);
}

TESTS_RUN(cmocka_unit_test(test_cases), cmocka_unit_test(test_secret))
