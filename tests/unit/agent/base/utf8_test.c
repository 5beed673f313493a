#include "agent/base/utf8.h"
#include "tests/test.h"

static const struct {
	const char *text;
	size_t length; /* of its first character; 0: not valid */
	uint32_t rune;
} cases[] = {
	{"a", 1, 'a'},
	{"\x7f", 1, 0x7f},
	{"\xc2\x80", 2, 0x80},
	{"\xdf\xbf", 2, 0x7ff},
	{"\xe0\xa0\x80", 3, 0x800},
	{"\xed\x9f\xbf", 3, 0xd7ff},
	{"\xee\x80\x80", 3, 0xe000},
	{"\xef\xbf\xbf", 3, 0xffff},
	{"\xf0\x90\x80\x80", 4, 0x10000},
	{"\xf4\x8f\xbf\xbf", 4, 0x10ffff},
	{"\x80", 0, 0},     /* a tail */
	{"\xc1\xbf", 0, 0}, /* longer than need be */
	{"\xe0\x9f\xbf", 0, 0},
	{"\xf0\x8f\xbf\xbf", 0, 0},
	{"\xed\xa0\x80", 0, 0},     /* a surrogate */
	{"\xf4\x90\x80\x80", 0, 0}, /* beyond the last */
	{"\xf5\x80\x80\x80", 0, 0},
	{"\xff", 0, 0},
	{"\xc3", 0, 0}, /* cut off */
	{"\xe2\x82", 0, 0},
	{"\xf0\x9f\x98", 0, 0},
	{"\xc3z", 0, 0},
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct str s = str_from(cases[i].text);
		char out[4];

		assert_int_equal(utf8_length(s, 0), cases[i].length);
		if (cases[i].length == 0)
			continue;
		assert_int_equal(utf8_rune(s, 0), cases[i].rune);
		assert_int_equal(utf8_put(out, cases[i].rune), cases[i].length);
		assert_memory_equal(out, s.p, s.n);
	}
}

/* Each of them at each place in a text: words are looked at whole. */
static void test_valid(void **state)
{
	char text[96];

	(void)state;
	assert_true(utf8_is_valid(STR("")));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t n = strlen(cases[i].text);

		for (size_t at = 0; at + n <= sizeof(text); at++) {
			memset(text, 'x', sizeof(text));
			memcpy(text + at, cases[i].text, n);
			assert_int_equal(utf8_is_valid((struct str){text, sizeof(text)}),
				cases[i].length > 0);
			assert_int_equal(utf8_is_valid((struct str){text, at + n}),
				cases[i].length > 0);
		}
	}
}

TESTS_RUN(cmocka_unit_test(test_cases), cmocka_unit_test(test_valid))
