#include "tests/jmespath.h"

/* clang-format off */
static const struct jmespath_case cases[] = {
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
};
/* clang-format on */

static void test_cases(void **state)
{
	(void)state;
	JMESPATH_TEST("{\"a\":{\"b\":[1,[2],{\"c d\":\"x\"}]},\"_x1\":null}", cases);
}

TESTS_RUN(cmocka_unit_test(test_cases))
