#include "agent/base/base64.h"
#include "tests/test.h"

/* RFC 4648 section 10, and the bytes where the alphabets differ. */
static const struct {
	enum base64_form form;
	const char *plain;
	const char *coded;
} both_ways[] = {
	{BASE64_STANDARD, "", ""},
	{BASE64_STANDARD, "f", "Zg=="},
	{BASE64_STANDARD, "fo", "Zm8="},
	{BASE64_STANDARD, "foo", "Zm9v"},
	{BASE64_STANDARD, "foobar", "Zm9vYmFy"},
	{BASE64_STANDARD, "\xfb\xff", "+/8="},
	{BASE64_URL, "\xfb\xff", "-_8="},
};

static void test_both_ways(void **state)
{
	struct buf b = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(both_ways) / sizeof(both_ways[0]); i++) {
		buf_clear(&b);
		base64_encode(&b, str_from(both_ways[i].plain), both_ways[i].form);
		assert_str(buf_str(&b), both_ways[i].coded);
		buf_clear(&b);
		assert_true(base64_decode(
			&b, str_from(both_ways[i].coded), both_ways[i].form, NULL));
		assert_str(buf_str(&b), both_ways[i].plain);
	}
	buf_fini(&b);
}

static const struct {
	enum base64_form form;
	const char *coded;
	const char *plain; /* NULL: refused … */
	size_t bad;        /* … at this byte */
} reading[] = {
	{BASE64_STANDARD, "Zm9v\r\nYmFy\n", "foobar", 0},
	{BASE64_STANDARD, "Zh==", "f", 0}, /* bits that nobody reads */
	{BASE64_STANDARD, "Zg", NULL, 2},
	{BASE64_STANDARD, "Zg=", NULL, 3},
	{BASE64_STANDARD, "Z===", NULL, 1},
	{BASE64_STANDARD, "Zg==Zg==", NULL, 4},
	{BASE64_STANDARD, "====", NULL, 0},
	{BASE64_STANDARD, "Zm9v=", NULL, 4},
	{BASE64_STANDARD, "-_8=", NULL, 0},
	{BASE64_URL, "-/8=", NULL, 1},
	{BASE64_ANY, "-/8=", "\xfb\xff", 0},
	{BASE64_ANY, "+_8", "\xfb\xff", 0},
	{BASE64_ANY, "Zg", "f", 0},
	{BASE64_ANY, "Zg=", NULL, 3},
	{BASE64_ANY, "Z", NULL, 1},
	{BASE64_ANY, "Zm9v\n", NULL, 4},
	{BASE64_ANY, "Zm 9", NULL, 2},
};

static void test_reading(void **state)
{
	struct buf b = {0};
	size_t bad;

	(void)state;
	for (size_t i = 0; i < sizeof(reading) / sizeof(reading[0]); i++) {
		bool ok;

		buf_clear(&b);
		ok = base64_decode(&b, str_from(reading[i].coded), reading[i].form, &bad);
		assert_int_equal(ok, reading[i].plain != NULL);
		if (ok)
			assert_str(buf_str(&b), reading[i].plain);
		else
			assert_int_equal(bad, reading[i].bad);
	}
	buf_fini(&b);
}

TESTS_RUN(cmocka_unit_test(test_both_ways), cmocka_unit_test(test_reading))
