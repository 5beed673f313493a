#include "tests/auth.h"

#include <unistd.h>

extern const struct component_type otelcol_auth_basic;

static const struct {
	const char *block;
	const char *want; /* the client's settings, or the configuration's errors */
	bool has_server;
} cases[] = {
	{"otelcol.auth.basic \"a\" {\n username = \"u\"\n password = \"p\"\n}",
		"X: 1\nbasic u:p+\n", false},
	{"otelcol.auth.basic \"a\" {\n client_auth {\n username = \"u\"\n password = \"p\"\n }\n}",
		"X: 1\nbasic u:p+\n", false},
	{"otelcol.auth.basic \"a\" {\n client_auth {\n username = \"u\"\n password = \"p\"\n "
	 "password_file = \"/x\"\n }\n}",
		"X: 1\nbasic u:+/x\n", false},
	{"otelcol.auth.basic \"a\" {\n client_auth {\n username_file = \"/nonexistent\"\n password "
	 "= \"p\"\n }\n}",
		"! cannot read /nonexistent: No such file or directory", false},
	{"otelcol.auth.basic \"a\" {\n htpasswd {\n inline = \"u:p\"\n }\n}", "none", true},
	{"otelcol.auth.basic \"a\" {\n}",
		"1:1: no credentials source provided: set client_auth or htpasswd\n", false},
	{"otelcol.auth.basic \"a\" {\n client_auth {\n username = \"u\"\n }\n}",
		"2:2: password or password_file is missing\n", false},
	{"otelcol.auth.basic \"a\" {\n htpasswd {}\n}", "2:2: file or inline is missing\n", false},
};

static void test_cases(void **state)
{
	struct buf got = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *challenge;
		struct harness h;

		otel_init(&h, &otelcol_auth_basic, &auth_user);
		if (auth_load(&h, cases[i].block)) {
			auth_settings(&got);
			assert_int_equal(auth_seen->admits != NULL, cases[i].has_server);
			if (cases[i].has_server) {
				assert_true(auth_admits(STR("Basic dTpw"), &challenge));
				assert_false(auth_admits(STR("Basic dTpx"), &challenge));
				assert_string_equal(challenge, "Basic realm=\"otlp\"");
			}
		} else {
			buf_clear(&got);
			buf_add_str(&got, buf_str(&h.errors));
		}
		assert_str(buf_str(&got), cases[i].want);
		harness_fini(&h);
	}
	buf_fini(&got);
}

static void test_username_file(void **state)
{
	char path[] = "/tmp/invar-test-XXXXXX";
	int fd = mkstemp(path);
	struct buf block = {0};
	struct buf got = {0};
	struct harness h;

	(void)state;
	assert_true(fd != -1 && write(fd, " ann\n", 5) == 5);
	close(fd);
	buf_printf(&block,
		"otelcol.auth.basic \"a\" {\n client_auth {\n username_file = \"%s\"\n password = "
		"\"p\"\n }\n}%c",
		path, 0);
	otel_init(&h, &otelcol_auth_basic, &auth_user);
	assert_true(auth_load(&h, block.p));
	auth_settings(&got);
	assert_str(buf_str(&got), "X: 1\nbasic ann:p+\n");
	harness_fini(&h);
	unlink(path);
	buf_fini(&block);
	buf_fini(&got);
}

TESTS_RUN(cmocka_unit_test(test_cases), cmocka_unit_test(test_username_file))
