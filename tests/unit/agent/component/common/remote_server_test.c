/* clang-format off */
#include "tests/component.h"
#include "tests/http_client_fake.h"
/* clang-format on */

extern const struct component_type import_http;
extern const struct component_type remote_http;

static const struct harness_mistake mistakes[] = {
	{"url = \"a/x\"", "1:1: url \"a/x\" is not an address\n"},
	{"url = \"http://a\"\n poll_frequency = \"1ms\"\n poll_timeout = \"1us\"",
		"1:1: poll_frequency must be at least 1s\n"},
	{"url = \"http://a\"\n poll_timeout = \"1m\"",
		"1:1: poll_timeout must be less than poll_frequency\n"},
	{"url = \"http://a\"\n poll_timeout = \"0s\"",
		"1:1: poll_timeout must be less than poll_frequency\n"},
	{"url = \"http://a\"\n method = \"BREW\"",
		"3:11: unknown method BREW\n"},
};

static void test_import(void **state)
{
	(void)state;
	harness_mistakes(&import_http, "import.http \"m\" {\n %s\n}\n", mistakes,
		sizeof(mistakes) / sizeof(mistakes[0]));
}

static void test_remote(void **state)
{
	(void)state;
	harness_mistakes(&remote_http, "remote.http \"r\" {\n %s\n}\n", mistakes,
		sizeof(mistakes) / sizeof(mistakes[0]) - 1); /* it has more methods */
}

TESTS_RUN(cmocka_unit_test(test_import), cmocka_unit_test(test_remote))
