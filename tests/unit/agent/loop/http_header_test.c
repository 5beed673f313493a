#include "agent/base/timestamp.h"
#include "agent/loop/http_private.h"
#include "tests/test.h"

#define WALL (INT64_C(784111777) * NS_PER_SEC) /* Sun, 06 Nov 1994 08:49:37 GMT */

static const struct {
	const char *text;
	int64_t seconds; /* -1: none */
} cases[] = {
	{"0", 0},
	{"120", 120},
	{" 120 ", 120},
	{"86400000000000", INT64_MAX / 4 / NS_PER_SEC},
	{"99999999999999999999999", INT64_MAX / 4 / NS_PER_SEC},
	{"-1", -1},
	{"+1", -1},
	{"1.5", -1},
	{"1s", -1},
	{"", -1},
	{"Sun, 06 Nov 1994 08:49:37 GMT", 0},
	{"Sun, 06 Nov 1994 08:50:37 GMT", 60},
	{"Sun, 06 Nov 1994 08:48:37 GMT", 0}, /* past */
	{"Mon, 07 Nov 1994 08:49:37 GMT", 86400},
	{"Sunday, 06-Nov-94 08:49:38 GMT", 1},
	{"Sun Nov  6 08:49:39 1994", 2},
	{"Sun Nov 16 08:49:37 1994", 864000},
	{"Thu, 29 Feb 1996 00:00:00 GMT", 41440223},
	{"Fri, 31 Dec 9999 23:59:59 GMT", INT64_MAX / 4 / NS_PER_SEC - 784111777},
	{"Sun, 06 Nov 1994 08:49:37 PST", -1},
	{"Sun, 06 Nov 1994 08:49:37 GMT ", 0},
	{"Sun, 06 Nov 1994 08:49:37 GMT x", -1},
	{"Sun, 06 Nov 1994 24:00:00 GMT", -1},
	{"Sun, 31 Feb 1994 08:49:37 GMT", -1},
	{"Sun, 00 Feb 1994 08:49:37 GMT", -1},
	{"Sun, 06 nov 1994 08:49:37 GMT", -1},
	{"Sun, 6 Nov 1994 08:49:37 GMT", -1},
	{"Sun, 06 Nov 1994", -1},
	{"Xun, 06 Nov 1994 08:49:37 GMT", -1},
};

static void test_retry_after(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t got = http_header_retry_after(str_from(cases[i].text), WALL);

		print_message("%s\n", cases[i].text);
		assert_int_equal(got, cases[i].seconds == -1 ? -1 : cases[i].seconds * NS_PER_SEC);
	}
}

static void test_valid(void **state)
{
	(void)state;
	assert_true(http_header_is_valid(&(struct http_header){STR("X-A"), STR("a\tb \xc3\xa4")}));
	assert_false(http_header_is_valid(&(struct http_header){STR(""), STR("a")}));
	assert_false(http_header_is_valid(&(struct http_header){STR("X A"), STR("a")}));
	assert_false(http_header_is_valid(&(struct http_header){STR("X:"), STR("a")}));
	assert_false(http_header_is_valid(&(struct http_header){STR("X"), STR("a\nb")}));
	assert_false(http_header_is_valid(&(struct http_header){STR("X"), STR("a\0b")}));
}

static const struct {
	const char *user, *password, *want;
} basics[] = {
	{"", "", "Og=="},
	{"a", "", "YTo="},
	{"a", "b", "YTpi"},
	{"Aladdin", "open sesame", "QWxhZGRpbjpvcGVuIHNlc2FtZQ=="},
	{"\xc3\xbc", "\xff\xfe:", "w7w6//46"},
};

static void test_basic(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(basics) / sizeof(basics[0]); i++) {
		struct buf b = {0};

		http_header_add_basic(&b, str_from(basics[i].user), str_from(basics[i].password));
		assert_str(buf_str(&b), basics[i].want);
		buf_fini(&b);
	}
}

TESTS_RUN(cmocka_unit_test(test_retry_after), cmocka_unit_test(test_valid),
	cmocka_unit_test(test_basic))
