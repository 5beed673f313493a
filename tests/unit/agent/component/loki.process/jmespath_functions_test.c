#include "tests/jmespath.h"

/* clang-format off */
static const struct jmespath_case cases[] = {
	{"l[*].k | sort(@) | [-1]", "\"z\""},
	{"l[?contains(k, 'y')] | [0].v", "2"},
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
/* clang-format on */

static void test_cases(void **state)
{
	(void)state;
	JMESPATH_TEST(JMESPATH_TEXT, cases);
}

TESTS_RUN(cmocka_unit_test(test_cases))
