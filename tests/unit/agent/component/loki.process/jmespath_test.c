#include "agent/component/loki.process/jmespath.h"

#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "tests/test.h"

#define BYTE(n) "! could not compile JMES expression: byte " #n ": "

struct search_case {
	const char *path;
	const char *want; /* the value's JSON; "!": it fails; "! " and the error */
};

static void run(const char *text, const struct search_case *cases, size_t n)
{
	struct arena a;
	int wrong = 0;

	arena_init(&a, 0);
	for (size_t i = 0; i < n; i++) {
		struct jmespath path;
		struct str out = STR("!");
		struct err e;

		if (jmespath_parse(&a, str_from(cases[i].path), &path, &e))
			jmespath_search(&path, str_from(text), &a, &out);
		else
			out = arena_printf(&a, "! %s", e.text);
		if (!str_is(out, cases[i].want)) {
			print_message("%s\n gives " STR_FMT "\n want  %s\n", cases[i].path,
				STR_ARG(out), cases[i].want);
			wrong++;
		}
	}
	arena_fini(&a);
	assert_int_equal(wrong, 0);
}

#define RUN(text, cases) run((text), (cases), sizeof(cases) / sizeof((cases)[0]))

static const struct search_case paths[] = {
	{"a", "{\"b\":[1,[2],{\"c d\":\"x\"}]}"},
	{"a.b", "[1,[2],{\"c d\":\"x\"}]"},
	{" a . b [ 0 ] ", "1"},
	{"a.b[1][0]", "2"},
	{"a.b[-1].\"c d\"", "\"x\""},
	{"a.b[-3]", "1"},
	{"a.b[-4]", "null"},
	{"a.b[3]", "null"},
	{"a[0]", "null"},
	{"a.b.c", "null"},
	{"\"\\u0061\".b[0]", "1"},
	{"_x1", "null"},
	{"_x1.y", "null"},
	{"[0]", "null"},
	{"@.a.b[0]", "1"},
	{"(a).b[0]", "1"},
	{"", BYTE(0) "the expression ends too early"},
	{"a.", BYTE(2) "want a name, *, [ or { behind the dot"},
	{"a..b", BYTE(2) "want a name, *, [ or { behind the dot"},
	{"a b", BYTE(2) "unexpected part behind the expression"},
	{"a[--1]", BYTE(2) "not a whole number"},
	{"a[1 2]", BYTE(4) "want : or ]"},
	{"a[::0]", BYTE(5) "a step of 0"},
	{"a[x]", BYTE(2) "want a number, : or *"},
	{"\"a", BYTE(0) "the quote has no end"},
	{"\"\\x\"", BYTE(0) "not a JSON string"},
	{"a # b", BYTE(2) "unknown character"},
	{"&a", BYTE(2) "a &reference is an argument only"},
	{"\"f\"(a)", BYTE(3) "a quoted name is no function"},
	{"nope(a)", BYTE(5) "unknown function"},
	{"length()", BYTE(7) "wrong number of arguments"},
	{"length(a, b)", BYTE(11) "wrong number of arguments"},
	{"sort_by(a, b)",
		BYTE(12) "this function takes a &reference elsewhere, or none"},
	{"{a: b", BYTE(5) "want , or }"},
	{"[a, b", BYTE(5) "want , or ]"},
	{"a[?b", BYTE(4) "want ]"},
};

static void test_paths(void **state)
{
	(void)state;
	RUN("{\"a\":{\"b\":[1,[2],{\"c d\":\"x\"}]},\"_x1\":null}", paths);
}

/* The specification's examples, and what k8s-monitoring writes. */
static const struct search_case cases[] = {
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
	{"'it''s'", BYTE(4) "unexpected part behind the expression"},
	{"'it\\'s \\n'", "\"it's \\\\n\""},
	{"`\"a\"`", "\"a\""},
	{"`a b`", "\"a b\""},
	{"`{\"a\": 1}`.a", "1"},
	{"`\"\\`\"`", "\"`\""},
	{"l[*].k | sort(@) | [-1]", "\"z\""},
	{"l[?contains(k, 'y')] | [0].v", "2"},
	{"l[*].[k, v]", "[[\"x\",1],[\"y\",2],[\"z\",null]]"},
	{"abs(`-1`)", "1"},
	{"avg(`[1, 2, 6]`)", "3"},
	{"avg(`[]`)", "null"},
	{"ceil(`1.2`)", "2"},
	{"floor(`1.7`)", "1"},
	{"sum(l[*].v)", "3"},
	{"contains(s, 'ex')", "true"},
	{"contains(n[1], `4`)", "true"},
	{"contains(n[1], `5`)", "false"},
	{"ends_with(s, 'xt')", "true"},
	{"starts_with(s, 'xt')", "false"},
	{"join('-', l[*].k)", "\"x-y-z\""},
	{"keys(o)", "[\"p\",\"q\"]"},
	{"values(o)[*].n", "[3,4]"},
	{"length(s)", "4"},
	{"length(l)", "3"},
	{"length(o)", "2"},
	{"length('\xc3\xa9')", "1"},
	{"length(none)", "!"},
	{"map(&k, l)", "[\"x\",\"y\",\"z\"]"},
	{"map(&v, l)", "[1,2,null]"},
	{"max(n[1])", "4"},
	{"min(l[*].k)", "\"x\""},
	{"max(`[]`)", "null"},
	{"max(`[1, \"a\"]`)", "!"},
	{"max_by(l[:2], &v).k", "\"y\""},
	{"min_by(l[:2], &v).k", "\"x\""},
	{"max_by(l, &v)", "!"},
	{"merge(o, `{\"r\":5}`)", "{\"p\":{\"n\":3},\"q\":{\"n\":4},\"r\":5}"},
	{"not_null(none, s)", "\"text\""},
	{"not_null(none)", "null"},
	{"reverse(n[1])", "[4,3]"},
	{"reverse('a\xc3\xa9')", "\"\xc3\xa9"
				 "a\""},
	{"sort(`[3, 1, 2]`)", "[1,2,3]"},
	{"sort_by(l[:2], &k)[0].v", "1"},
	{"sort_by(l[:2], &to_string(v))[*].v", "[1,2]"},
	{"to_array(s)", "[\"text\"]"},
	{"to_array(n[1])", "[3,4]"},
	{"to_number('1.5')", "1.5"},
	{"to_number('x')", "null"},
	{"to_string(o.p)", "\"{\\\"n\\\":3}\""},
	{"to_string(s)", "\"text\""},
	{"to_string(none)", "\"null\""},
	{"type(s)", "\"string\""},
	{"type(none)", "\"null\""},
	{"lower('AB')", "\"ab\""},
	{"upper('ab')", "\"AB\""},
	{"trim(' a ')", "\"a\""},
	{"split('a,b', ',')", "[\"a\",\"b\"]"},
	{"abs(s)", "!"},
	{"l[?abs(k) > `0`]", "!"},
};

static void test_all(void **state)
{
	(void)state;
	RUN("{\"l\":[{\"k\":\"x\",\"v\":1},{\"k\":\"y\",\"v\":2},{\"k\":\"z\"}],"
	    "\"o\":{\"p\":{\"n\":3},\"q\":{\"n\":4}},\"n\":[[1,[2]],[3,4]],"
	    "\"s\":\"text\",\"empty\":\"\"}",
		cases);
}

/* Nested deeper than is allowed; and an expression that would look at the line for hours. */
static void test_limits(void **state)
{
	struct buf text = {0};
	struct buf json = {0};
	struct jmespath path;
	struct arena a;
	struct str out;
	struct err e;

	(void)state;
	arena_init(&a, 0);
	for (int i = 0; i < 100; i++)
		buf_add_char(&text, '(');
	assert_false(jmespath_parse(&a, buf_str(&text), &path, &e));
	assert_non_null(strstr(e.text, "nested too deeply"));
	buf_clear(&text);
	for (int i = 0; i < 200; i++)
		buf_printf(&text, "a.");
	buf_add_char(&text, 'a');
	assert_false(jmespath_parse(&a, buf_str(&text), &path, &e));
	assert_non_null(strstr(e.text, "too long"));
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
	buf_fini(&text);
	buf_fini(&json);
	arena_fini(&a);
}

TESTS_RUN(cmocka_unit_test(test_paths), cmocka_unit_test(test_all), cmocka_unit_test(test_limits))
