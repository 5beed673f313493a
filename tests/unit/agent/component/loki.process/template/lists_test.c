#include "tests/template.h"

/* clang-format off */
static const struct template_case cases[] = {
	{"{{join \",\" (list 1 2)}} {{first (list 1 2)}} {{last (list 1 2)}} {{rest (list 1 2)}} "
	 "{{initial (list 1 2)}} {{reverse (list 1 2)}} {{append (list 1) 2}} {{has 1 (list 1)}}",
		"1,2 1 2 [2] [1] [2 1] [1 2] true"},
	{"{{(split \"/\" \"a/b/c\")._1}} {{(splitn \"/\" 2 \"a/b/c\")._1}} {{until 3}}",
		"b b/c [0 1 2]"},
	{"{{$d := dict \"a\" 1}}{{$e := set $d \"b\" 2}}{{$d.b}} {{get $d \"z\"}} {{hasKey $d "
	 "\"a\"}} "
	 "{{keys $d}} {{values $d}} {{get . \"app\"}}",
		"2  true [a b] [1 2] Shop"},
	{"{{(fromJson \"{\\\"a\\\":[1,{\\\"b\\\":\\\"c\\\"}]}\").a}} {{toJson (dict \"a\" (list 1 "
	 "\"x\" nil))}}",
		"[1 map[b:c]] {\"a\":[1,\"x\",null]}"},
	{"{{push (list 1) 2}} {{tuple 1 \"a\"}}", "[1 2] [1 a]"},
	{"{{first (list)}} {{last (list)}} {{rest (list)}}", "<no value> <no value> []"},
	{"{{fromJson \"{\"}}", "<no value>"},
};
/* clang-format on */

static void test_cases(void **state)
{
	(void)state;
	TEMPLATE_TEST(cases);
}

TESTS_RUN(cmocka_unit_test(test_cases))
