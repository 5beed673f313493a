/* Expressions and what they are worth; an error is its message after "! ". */

#include "agent/base/buf.h"
#include "agent/config/eval.h"
#include "tests/test.h"

#include <stdlib.h>

static bool check(const char *text, const char *want)
{
	struct source src = {STR("t"), str_from(text)};
	struct buf got = {0};
	struct arena a;
	struct diags d;
	struct expr *x;
	struct value v;
	bool same;

	arena_init(&a, 0);
	diags_init(&d, &a);
	x = parse_expr(&a, &src, &d);
	if (x && eval_expr(&a, NULL, x, &v, &d))
		value_print(&got, &v);
	else
		buf_printf(&got, "! " STR_FMT, STR_ARG(d.p[0].message));
	same = got.n == strlen(want) && memcmp(got.p, want, got.n) == 0;
	if (!same)
		print_error("in   %s\ngot  " STR_FMT "\nwant %s\n", text,
			STR_ARG(buf_str(&got)), want);
	buf_fini(&got);
	diags_fini(&d);
	arena_fini(&a);
	return same;
}

static const struct {
	const char *text;
	const char *want;
} cases[] = {
	{"1", "1"},
	{"007", "7"},
	{"08", "8"},
	{"0.5", "0.5"},
	{".5e1", "5"},
	{"1e400", "! strconv.ParseFloat: parsing \"1e400\": value out of range"},
	{"18446744073709551615", "18446744073709551615"},
	{"18446744073709551616", "18446744073709552000"},
	{"9223372036854775807 + 1", "-9223372036854775808"},
	{"(0 - 9223372036854775807 - 1) / -1", "-9223372036854775808"},
	{"(0 - 9223372036854775807 - 1) % -1", "0"},
	{"10/4", "2"},
	{"10/4.0", "2.5"},
	{"7 % 3", "1"},
	{"7.5 % 2", "1.5"},
	{"1/0", "! 0 divide by zero error"},
	{"1 % 0.0", "! 0.0 divide by zero error"},
	{"2 ^ -1", "2"},
	{"1 ^ -1", "1"},
	{"-2 ^ 2", "4"},
	{"2 ^ 3 ^ 2", "512"},
	{"2 ^ 64", "0"},
	{"2.0 ^ -1", "0.5"},
	{"1 + 2 * 3 - 4", "3"},
	{"(1 + 2) * 3", "9"},
	{"\"a\" + \"b\"", "\"ab\""},
	{"\"a\" + 2", "! 2 should be string, got number"},
	{"1 + \"a\"", "! \"a\" should be number, got string"},
	{"1 + true", "! true should be one of [number string capsule] for binop +, got bool"},
	{"null - 1", "! null should be one of [number] for binop -, got null"},
	{"1 < 2", "true"},
	{"\"B\" < \"a\"", "true"},
	{"1 <= 1.0", "true"},
	{"2 > 1 == true", "true"},
	{"[] < []", "! [] should be one of [number string] for binop <, got array"},
	{"3 == 3.0", "true"},
	{"1 == \"1\"", "false"},
	{"[1, {a = 2}] == [1, {\"a\" = 2.0}]", "true"},
	{"[1] != [2]", "true"},
	{"string.join == string.join", "false"},
	{"null == null", "true"},
	{"true && false", "false"},
	{"false || true", "true"},
	{"false && nope", "! identifier \"nope\" does not exist"},
	{"true || 1", "! 1 should be one of [bool] for binop ||, got number"},
	{"!true", "false"},
	{"!1", "! 1 should be bool, got number"},
	{"-\"a\"", "! \"a\" should be number, got string"},
	{"- -5", "5"},
	{"-1.5", "-1.5"},
	{"{a = 1, a = 2}", "{a = 2}"},
	{"{\"a\\n\" = 1}", "{\"a\\\\n\" = 1}"},
	{"{\"\" = 1}", "{\"\\\"\\\"\" = 1}"},
	{"{`k` = 1}", "{k = 1}"},
	{"{a = 1}[\"b\"]", "null"},
	{"{a = 1}.b", "! field \"b\" does not exist"},
	{"{a = {b = 3}}.a.b", "3"},
	{"1.5.b", "! 1.5 cannot access field \"b\" on value of type number"},
	{"(1).b", "! (1) cannot access field \"b\" on value of type number"},
	{"[1, 2][1]", "2"},
	{"[1, 2][2]", "! 2 index 2 is out of range of array with length 2"},
	{"[1][-1]", "! -1 index -1 is out of range of array with length 1"},
	{"[1][\"a\"]", "! \"a\" should be number, got string"},
	{"{a = 1}[0]", "! 0 should be string, got number"},
	{"\"abc\"[0]", "! \"abc\" expected object or array, got string"},
	{"5(1)", "! 5 should be function, got number"},
	{"`a\r\nb\\n`", "\"a\\nb\\\\n\""},
	{"\"\\a\\101\\x41\\u0041\\U00000041\\\"\\\\\"", "\"\\aAAAA\\\"\\\\\""},
	{"\"\\xff\"", "\"\\xff\""},
	{"constants.os", "\"linux\""},
	{"constants.nope", "! field \"nope\" does not exist"},
	{"string.nope(1)", "! field \"nope\" does not exist"},
};

static void test_cases(void **state)
{
	int failed = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		failed += !check(cases[i].text, cases[i].want);
	assert_int_equal(failed, 0);
}

TESTS_RUN(cmocka_unit_test(test_cases))
