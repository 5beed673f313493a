#include "agent/flow/expand.h"

#include "agent/base/err.h"
#include "tests/test.h"

static const struct {
	const char *template;
	const char *want; /* of (?P<first>\w+) (?P<_x>\w+)( no)? on "ab cd" */
} cases[] = {
	{"", ""},
	{"plain", "plain"},
	{"$1", "ab"},
	{"${1}x", "abx"},
	{"$1x", ""},
	{"$1-$2", "ab-cd"},
	{"$first", "ab"},
	{"${first}s", "abs"},
	{"$_x", "cd"},
	{"$0", "ab cd"},
	{"$3", ""},
	{"$9", ""},
	{"$01", ""},
	{"$nope!", "!"},
	{"$$1", "$1"},
	{"a$$", "a$"},
	{"$", "$"},
	{"a$ b", "a$ b"},
	{"${}", "${}"},
	{"${1", "${1"},
	{"$1$2$1", "abcdab"},
	{"$1\xc3\xa4", ""},
	{"$99999999999999999999", ""},
};

static void test_expand(void **state)
{
	struct arena a;
	struct err e;
	struct regex *re = regex_new(STR("(?P<first>\\w+) (?P<_x>\\w+)( no)?"), REGEX_WHOLE, &e);

	(void)state;
	arena_init(&a, 0);
	assert_true(re && regex_match(re, STR("ab cd")));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct expand x;

		print_message("%s\n", cases[i].template);
		expand_init(&x, &a, re, str_from(cases[i].template));
		assert_str(expand_run(&x, re, &a), cases[i].want);
	}
	regex_free(re);
	arena_fini(&a);
}

static void test_slips(void **state)
{
	static const struct {
		const char *text;
		const char *name; /* NULL: all is well */
	} slips[] = {
		{"", NULL},
		{"$", NULL},
		{"a$$", NULL},
		{"$1", NULL},
		{"$1-$2", NULL},
		{"${1}_$2", NULL},
		{"${1_}", NULL},
		{"$name_1", NULL},
		{"$$1_", NULL},
		{"$$$1_x/$2", "1_x"},
		{"/pods/$1_$2/*.log", "1_"},
		{"$2/$1s", "1s"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(slips) / sizeof(slips[0]); i++) {
		struct str name;

		print_message("%s\n", slips[i].text);
		if (expand_find_slip(str_from(slips[i].text), &name))
			assert_str(name, slips[i].name ? slips[i].name : "nothing");
		else
			assert_null(slips[i].name);
	}
}

TESTS_RUN(cmocka_unit_test(test_expand), cmocka_unit_test(test_slips))
