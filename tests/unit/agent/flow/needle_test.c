#include "agent/flow/needle.h"
#include "tests/test.h"

static const struct {
	const char *needle;
	const char *text;
	bool want;
} cases[] = {
	{"", "", true},
	{"", "a", true},
	{"a", "", false},
	{"ab", "a", false},
	{"ab", "ab", true},
	{"ab", "xaab", true},
	{"ab", "aab ", true},
	{"ab", "aax b", false},
	{"\"level\":\"", "{\"level\":\"warn\"}", true},
	{"\"level\":\"", "{\"level\":7, vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv}", false},
	{"vv ev", "vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv ev", true},
	{"vv ev", "vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv e", false},
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct needle n;

		needle_init(&n, str_from(cases[i].needle));
		if (needle_is_in(&n, str_from(cases[i].text)) != cases[i].want)
			fail_msg("\"%s\" in \"%s\"", cases[i].needle, cases[i].text);
	}
}

/* All texts of three letters up to a length, against the plain search. */
static void test_all(void **state)
{
	char text[7];
	char word[4];

	(void)state;
	for (unsigned t = 0; t < 2187; t++) {
		for (unsigned i = 0, v = t; i < 7; i++, v /= 3)
			text[i] = "aV "[v % 3];
		for (unsigned w = 0; w < 81; w++) {
			struct str in = {text, t % 8};
			struct str what = {word, 1 + w % 4};
			struct needle n;

			for (unsigned i = 0, v = w; i < 4; i++, v /= 3)
				word[i] = "aV "[v % 3];
			needle_init(&n, what);
			assert_int_equal(needle_is_in(&n, in), str_find(in, what) >= 0);
		}
	}
}

TESTS_RUN(cmocka_unit_test(test_cases), cmocka_unit_test(test_all))
