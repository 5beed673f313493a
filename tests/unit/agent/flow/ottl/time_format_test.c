#include "agent/base/err.h"
#include "agent/flow/ottl/time_format.h"
#include "tests/test.h"

#define T INT64_C(1700000000) /* 2023-11-14T22:13:20Z, a Tuesday */
#define NO INT64_MIN

static const struct {
	const char *format;
	const char *text;
	int64_t seconds; /* NO: not of that format */
} cases[] = {
	{"%Y-%m-%d %H:%M:%S", "2023-11-14 22:13:20", T},
	{"%Y-%q-%g %k:%M:%S", "2023-11-14 22:13:20", T},
	{"%F %T", "2023-11-14 22:13:20", T},
	{"%D %R:%S", "11/14/23 22:13:20", T},
	{"%y%m%d%H%M%S", "231114221320", T},
	{"%y", "68", 3092601600},
	{"%y", "69", -31536000},
	{"%e %b %Y %T", " 14 Nov 2023 22:13:20", T},
	{"%A, %d %B %Y %T %Z", "Tuesday, 14 November 2023 22:13:20 GMT", T},
	{"%a %h %d %T %Y", "tue nov 14 22:13:20 2023", T},
	{"%Y-%m-%d %I:%M:%S %p", "2023-11-14 10:13:20 PM", T},
	{"%Y-%m-%d %l:%M:%S%P", "2023-11-14 10:13:20pm", T},
	{"%H", "12", 43200},
	{"%I %p", "12 AM", 0},
	{"%I", "12", 0},
	{"%FT%T%z", "2023-11-14T23:13:20+0100", T},
	{"%FT%T%j", "2023-11-14T23:13:20+01:00", T},
	{"%FT%T%w", "2023-11-14T21:13:20-01", T},
	{"%FT%T%i", "2023-11-14T22:13:20Z", T},
	{"%FT%T.%L", "2023-11-14T22:13:20.000", T},
	{"%n%t%%%S", "\n\t%5", 5},
	{"%S", "60", 60},
	{"%S", "61", NO},
	{"%m", "13", NO},
	{"%d", "0", NO},
	{"%H", "24", NO},
	{"%I", "0", NO},
	{"%Y", "x", NO},
	{"%Y", "", NO},
	{"%Y", "20231", NO},
	{"%b", "Foo", NO},
	{"%B", "Nov", NO},
	{"%p", "XM", NO},
	{"%z", "0100", NO},
	{"%z", "+2400", NO},
	{"%f", ".", NO},
	{"%%", "x", NO},
	{"%n", " ", NO},
	{"a", "b", NO},
	{"a", "", NO},
	{"%Y", "9999", NO}, /* later than the nanoseconds of 64 bits */
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int64_t ns = 0;
		bool ok = ottl_time_read(str_from(cases[i].text), str_from(cases[i].format), &ns);

		if (ok != (cases[i].seconds != NO) || (ok && ns != cases[i].seconds * 1000000000))
			fail_msg("\"%s\" as %s: %lld", cases[i].text, cases[i].format,
				ok ? (long long)ns : -1);
	}
}

static void test_fraction(void **state)
{
	int64_t ns = 0;

	(void)state;
	assert_true(ottl_time_read(STR("5.25"), STR("%S.%f"), &ns));
	assert_int_equal(ns, 5250000000);
	assert_true(ottl_time_read(STR("5.123456789"), STR("%S.%s"), &ns));
	assert_int_equal(ns, 5123456789);
}

/* Letters that are no directive, and formats of no length or too much. */
static void test_check(void **state)
{
	static const char known[] = "%Y%y%m%d%e%H%I%k%l%M%S%L%s%f%p%P%z%j%w%i%Z%b%h%B%a%A%F%T%R%D%n"
				    "%t%q%g%%";
	char longest[258];
	struct err e;

	(void)state;
	assert_true(ottl_time_check(str_from(known), &e));
	assert_false(ottl_time_check(STR("%Y%Q"), &e));
	assert_string_equal(e.text, "the directive \"%Q\" is not known");
	assert_false(ottl_time_check(STR("%Y%"), &e));
	assert_string_equal(e.text, "the directive \"% \" is not known");
	assert_false(ottl_time_check(STR("%\0"), &e));
	assert_false(ottl_time_check(STR(""), &e));
	memset(longest, 'x', sizeof(longest));
	assert_true(ottl_time_check((struct str){longest, 256}, &e));
	assert_false(ottl_time_check((struct str){longest, 257}, &e));
}

TESTS_RUN(cmocka_unit_test(test_cases), cmocka_unit_test(test_fraction),
	cmocka_unit_test(test_check))
