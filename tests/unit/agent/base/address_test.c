#include "agent/base/address.h"

#include "tests/test.h"

#include <arpa/inet.h>

static void test_print(void **state)
{
	static const struct {
		const char *in;
		const char *want;
	} cases[] = {
		{"::ffff:10.1.2.3", "10.1.2.3"},
		{"2001:db8::7", "2001:db8::7"},
		{"::1", "::1"},
		{"::10.1.2.3", "::10.1.2.3"},
		{"::ffff:0:10.1.2.3", "::ffff:0:a01:203"},
		{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
			"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
	};
	char text[INET6_ADDRSTRLEN];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct in6_addr a;

		assert_int_equal(inet_pton(AF_INET6, cases[i].in, &a), 1);
		assert_string_equal(address_print(text, &a), cases[i].want);
	}
}

TESTS_RUN(cmocka_unit_test(test_print))
