#include "agent/component/loki.process/jmespath.h"

#include "agent/base/err.h"
#include "tests/test.h"

#define ONLY "only names, \"quoted names\", a.b and a[0] are supported"

static const struct {
	const char *path;
	const char *want; /* the value's JSON; "-": nothing; "! " and the error */
} cases[] = {
	{"a", "{\"b\":[1,[2],{\"c d\":\"x\"}]}"},
	{"a.b", "[1,[2],{\"c d\":\"x\"}]"},
	{" a . b [ 0 ] ", "1"},
	{"a.b[1][0]", "2"},
	{"a.b[-1].\"c d\"", "\"x\""},
	{"a.b[-3]", "1"},
	{"a.b[-4]", "-"},
	{"a.b[3]", "-"},
	{"a[0]", "-"},
	{"a.b.c", "-"},
	{"\"\\u0061\".b[0]", "1"},
	{"_x1", "null"},
	{"_x1.y", "-"},
	{"[0]", "-"},

	{"", "! could not compile JMES expression: byte 0: " ONLY},
	{"a.", "! could not compile JMES expression: byte 2: " ONLY},
	{"a..b", "! could not compile JMES expression: byte 2: " ONLY},
	{"a b", "! could not compile JMES expression: byte 2: " ONLY},
	{"a[]", "! could not compile JMES expression: byte 2: " ONLY},
	{"a[*]", "! could not compile JMES expression: byte 2: " ONLY},
	{"a[0:1]", "! could not compile JMES expression: byte 3: want ]"},
	{"a[--1]", "! could not compile JMES expression: byte 5: " ONLY},
	{"*", "! could not compile JMES expression: byte 0: " ONLY},
	{"a || b", "! could not compile JMES expression: byte 2: " ONLY},
	{"length(a)", "! could not compile JMES expression: byte 6: " ONLY},
	{"\"a", "! could not compile JMES expression: byte 0: the quote has no end"},
	{"\"\\x\"", "! could not compile JMES expression: byte 0: not a JSON string"},
};

static void test_paths(void **state)
{
	static const char text[] = "{\"a\":{\"b\":[1,[2],{\"c d\":\"x\"}]},\"_x1\":null}";
	struct arena a;

	(void)state;
	arena_init(&a, 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct jmespath path;
		struct str out = STR("-");
		struct err e;

		print_message("%s\n", cases[i].path);
		if (jmespath_parse(&a, str_from(cases[i].path), &path, &e))
			jmespath_find(&path, 0, STR(text), &a, &out);
		else
			out = arena_printf(&a, "! %s", e.text);
		assert_str(out, cases[i].want);
	}
	arena_fini(&a);
}

TESTS_RUN(cmocka_unit_test(test_paths))
