#include "agent/base/err.h"
#include "agent/loop/listen.h"
#include "tests/test.h"

#include <arpa/inet.h>
#include <unistd.h>

static const struct {
	const char *text;
	const char *want; /* address and port; or "!" and the error */
} cases[] = {
	{"0.0.0.0:4318", "0.0.0.0 4318"},
	{"127.0.0.1:0", "127.0.0.1 0"},
	{"localhost:12345", "127.0.0.1 12345"},
	{"[::]:4318", ":: 4318"},
	{"[::1]:1", "::1 1"},
	{"[fe80::1:2]:65535", "fe80::1:2 65535"},
	{":4318", "any :: 4318"},
	{"", "! want HOST:PORT, such as 0.0.0.0:4318"},
	{"localhost", "! want HOST:PORT, such as 0.0.0.0:4318"},
	{"localhost:", "! the port is no number from 0 to 65535"},
	{"localhost:65536", "! the port is no number from 0 to 65535"},
	{"localhost:-1", "! the port is no number from 0 to 65535"},
	{"localhost:http", "! the port is no number from 0 to 65535"},
	{"::1:4318", "! want an IPv6 address in brackets, [::1]:PORT"},
	{"[127.0.0.1]:1", "! want an IPv6 address in brackets, [::1]:PORT"},
	{"[]:1", "! want an IPv6 address in brackets, [::1]:PORT"},
	{"[::1:1", "! want an IPv6 address in brackets, [::1]:PORT"},
};

static void describe(const char *text, char *out, size_t size)
{
	struct listen_address a;
	struct err e;
	char address[INET6_ADDRSTRLEN];
	const struct sockaddr_in *in = (const void *)&a.addr;
	const struct sockaddr_in6 *in6 = (const void *)&a.addr;

	if (!listen_parse(str_from(text), &a, &e)) {
		snprintf(out, size, "! %s", e.text);
	} else if (a.addr.ss_family == AF_INET) {
		inet_ntop(AF_INET, &in->sin_addr, address, sizeof(address));
		snprintf(out, size, "%s %d", address, ntohs(in->sin_port));
	} else {
		inet_ntop(AF_INET6, &in6->sin6_addr, address, sizeof(address));
		snprintf(out, size, "%s%s %d", a.any ? "any " : "", address, ntohs(in6->sin6_port));
	}
}

static void test_parse(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char got[600];

		describe(cases[i].text, got, sizeof(got));
		assert_string_equal(got, cases[i].want);
	}
}

static void test_open(void **state)
{
	struct err e;
	int fd = listen_open(STR(":0"), &e);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(listen_open(STR("192.0.2.1:1234"), &e), -1);
	assert_string_equal(e.text, "listen on 192.0.2.1:1234: no interface here has this address; "
				    "0.0.0.0 listens on all of them");
}

static void test_peer(void **state)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr = {htonl(0x0a000001)}};
	char text[INET6_ADDRSTRLEN];
	struct in6_addr a = listen_peer((struct sockaddr *)&v4);

	(void)state;
	assert_string_equal(inet_ntop(AF_INET6, &a, text, sizeof(text)), "::ffff:10.0.0.1");
	a = listen_peer(NULL);
	assert_string_equal(inet_ntop(AF_INET6, &a, text, sizeof(text)), "::");
}

TESTS_RUN(cmocka_unit_test(test_parse), cmocka_unit_test(test_open), cmocka_unit_test(test_peer))
