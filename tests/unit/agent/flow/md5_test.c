#include "agent/flow/md5.h"

#include "tests/test.h"

/* RFC 1321, A.5: the last eight bytes. */
static const struct {
	const char *text;
	uint64_t tail;
} cases[] = {
	{"", 0xe9800998ecf8427e},
	{"a", 0x31c399e269772661},
	{"abc", 0xd6963f7d28e17f72},
	{"message digest", 0x525a2f31aaf161d0},
	{"abcdefghijklmnopqrstuvwxyz", 0x7dfb496cca67e13b},
	{"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", 0xa5611c2c9f419d9f},
	{"12345678901234567890123456789012345678901234567890123456789012345678901234567890",
		0xac49da2e2107b67a},
};

static void test_md5(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		print_message("%s\n", cases[i].text);
		assert_int_equal(md5_tail(str_from(cases[i].text)), cases[i].tail);
	}
}

TESTS_RUN(cmocka_unit_test(test_md5))
