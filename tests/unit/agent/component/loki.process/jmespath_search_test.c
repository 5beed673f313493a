#include "tests/jmespath.h"

/* clang-format off */
static const struct jmespath_case cases[] = {
	{"l[*]", "[{\"k\":\"x\",\"v\":1},{\"k\":\"y\",\"v\":2},{\"k\":\"z\"}]"},
	{"l[*].v", "[1,2]"},
	{"l[*].none", "[]"},
	{"o.*", "[{\"n\":3},{\"n\":4}]"},
	{"o.*.n", "[3,4]"},
	{"*.n", "[]"},
	{"n[]", "[1,[2],3,4]"},
	{"n[][]", "[1,2,3,4]"},
	{"n[*][0]", "[1,3]"},
	{"[n[0], s]", "[[1,[2]],\"text\"]"},
	{"{a: s, \"b c\": o.p.n}", "{\"a\":\"text\",\"b c\":3}"},
	{"l[?k=='y'].v | [0]", "2"},
	{"l[?v > `1`].k", "[\"y\"]"},
	{"l[?v >= `1` && k != 'x'].k", "[\"y\"]"},
	{"l[?!v].k", "[\"z\"]"},
	{"l[?v].{key: k}", "[{\"key\":\"x\"},{\"key\":\"y\"}]"},
	{"l[?k=='none'] | [0]", "null"},
	{"l[1:].k", "[\"y\",\"z\"]"},
	{"l[:2].k", "[\"x\",\"y\"]"},
	{"l[::-1].k", "[\"z\",\"y\",\"x\"]"},
	{"l[-2:-1].k", "[\"y\"]"},
	{"l[5:].k", "[]"},
	{"l[::9223372036854775807].k", "[\"x\"]"},
	{"s[0:1]", "null"},
	{"none || s", "\"text\""},
	{"empty || s", "\"text\""},
	{"s && `1`", "1"},
	{"none && s", "null"},
	{"!none", "true"},
	{"s == 'text' && n == `[[1,[2]],[3,4]]`", "true"},
	{"o == `{\"q\":{\"n\":4.0},\"p\":{\"n\":3}}`", "true"},
	{"o == `{\"q\":{\"n\":4}}`", "false"},
	{"s < `1`", "null"},
	{"l[*].[k, v]", "[[\"x\",1],[\"y\",2],[\"z\",null]]"},
	{"{\"a\\u0001\\\"\": s}", "{\"a\\u0001\\\"\":\"text\"}"},
	{"none.{a: s}", "null"},
	{"l[0].{a: abs(k)}", "!"},
};
/* clang-format on */

static void test_cases(void **state)
{
	(void)state;
	JMESPATH_TEST(JMESPATH_TEXT, cases);
}

/* Expressions that would look at the line for hours. */
static void test_limits(void **state)
{
	struct buf json = {0};
	struct jmespath path;
	struct arena a;
	struct str out;
	struct err e;

	(void)state;
	arena_init(&a, 0);
	buf_add_char(&json, '[');
	for (int i = 0; i < 3000; i++)
		buf_printf(&json, "%s[1,2,3]", i ? "," : "");
	buf_add_char(&json, ']');
	assert_true(jmespath_parse(
		&a, STR("[?contains(@, `4`) || @ == `[4]`]"), &path, &e));
	assert_true(jmespath_search(&path, buf_str(&json), &a, &out));
	assert_true(jmespath_parse(&a, STR("map(&[0], map(&sort_by(`[1,2,3]`, &@), "
					   "@))"),
		&path, &e));
	assert_true(jmespath_search(&path, buf_str(&json), &a, &out));
	assert_true(jmespath_parse(&a,
		STR("[[@,@],[@,@]][] | [[@,@],[@,@]][] | [[@,@],[@,@]][] | [[@,@],[@,@]][] | "
		    "[[@,@],[@,@]][] | [[@,@],[@,@]][] | [[@,@],[@,@]][] | [[@,@],[@,@]][]"),
		&path, &e));
	assert_false(jmespath_search(&path, buf_str(&json), &a, &out));
	buf_fini(&json);
	arena_fini(&a);
}

TESTS_RUN(cmocka_unit_test(test_cases), cmocka_unit_test(test_limits))
