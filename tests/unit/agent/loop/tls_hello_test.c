#include "agent/loop/tls_hello.h"
#include "tests/test.h"

/* The ClientHello of a client that has two extensions; ALPN comes second. */
#define HELLO(alpn, names, extensions, message, record) \
	"\x16\3\1\0" record "\1\0\0" message "\3\3" \
	"01234567890123456789012345678901" \
	"\0" \
	"\0\2\x13\1" \
	"\1\0" \
	"\0" extensions "\0\x17\0\0" \
	"\0\x10\0" names alpn

static const struct {
	const char *bytes;
	size_t n;
	bool want;
} cases[] = {
#define CASE(s, want) \
	{ \
		s, sizeof(s) - 1, want \
	}
	CASE(HELLO("\0\3\2h2", "\5", "\x0d", "\x38", "\x3c"), true),
	CASE(HELLO("\0\x0c\x08http/1.1\2h2", "\x0e", "\x16", "\x41", "\x45"), true),
	CASE(HELLO("\0\3\2h3", "\5", "\x0d", "\x38", "\x3c"), false),
	CASE(HELLO("\0\3\3h2", "\5", "\x0d", "\x38", "\x3c"), false), /* a name too long */
	CASE(HELLO("\0\3\2h2", "\x50", "\x0d", "\x38", "\x3c"), false),
	CASE(HELLO("\0\3\2h2", "\5", "\xff", "\x38", "\x3c"), false),
	CASE("\x16\3\1\0\1\2", false), /* no ClientHello */
#undef CASE
};

static void test_alpn(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct str all = {cases[i].bytes, cases[i].n};

		assert_true(tls_hello_size(all) > 0);
		assert_int_equal(tls_hello_offers_http2(all), cases[i].want);
		for (size_t n = 5; n < all.n && cases[i].want; n++)
			tls_hello_offers_http2(str_head(all, n)); /* nothing is read behind it */
	}
}

static void test_size(void **state)
{
	(void)state;
	assert_int_equal(tls_hello_size((struct str){"\x16\3\1\2\1", 5}), 5 + 0x201);
	assert_int_equal(tls_hello_size((struct str){"\x16\3\1\x40\0", 5}), TLS_HELLO_MAX);
	assert_int_equal(tls_hello_size((struct str){"\x16\3\1\x40\1", 5}), 0);
	assert_int_equal(tls_hello_size((struct str){"\x16\3\1\0\0", 5}), 0);
	assert_int_equal(tls_hello_size((struct str){"\x17\3\1\0\1", 5}), 0);
	assert_int_equal(tls_hello_size((struct str){"GET /", 5}), 0);
}

TESTS_RUN(cmocka_unit_test(test_alpn), cmocka_unit_test(test_size))
