#include "agent/base/ascii.h"
#include "tests/test.h"

/* Every byte, as a char that may be negative. */
static void test_classes(void **state)
{
	(void)state;
	for (int i = 0; i < 256; i++) {
		char c = (char)i;
		bool digit = i && strchr("0123456789", i);
		bool lower = i && strchr("abcdefghijklmnopqrstuvwxyz", i);
		bool upper = i && strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ", i);

		assert_int_equal(ascii_is_digit(c), digit);
		assert_int_equal(ascii_is_lower(c), lower);
		assert_int_equal(ascii_is_upper(c), upper);
		assert_int_equal(ascii_is_letter(c), lower || upper);
		assert_int_equal(ascii_is_alnum(c), digit || lower || upper);
	}
}

static void test_hex(void **state)
{
	static const char lower[] = "0123456789abcdef";
	static const char upper[] = "0123456789ABCDEF";

	(void)state;
	for (int i = 0; i < 256; i++) {
		const char *l = i ? strchr(lower, i) : NULL;
		const char *u = i ? strchr(upper, i) : NULL;

		assert_int_equal(ascii_hex((char)i), l ? l - lower : u ? u - upper
								       : -1);
	}
}

TESTS_RUN(cmocka_unit_test(test_classes), cmocka_unit_test(test_hex))
