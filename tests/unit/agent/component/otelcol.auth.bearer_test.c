#include "tests/auth.h"

extern const struct component_type otelcol_auth_bearer;

static const struct {
	const char *block;
	const char *want;
	const char *good; /* what a receiver admits */
	const char *bad;
} cases[] = {
	{"otelcol.auth.bearer \"a\" {\n token = \"t0k\"\n}", "X: 1\nAuthorization: Bearer t0k\n",
		"bearer t0k", "Bearer t0"},
	{"otelcol.auth.bearer \"a\" {\n token = \"t0k\"\n scheme = \"Token\"\n}",
		"X: 1\nAuthorization: Token t0k\n", "Token t0k", "Bearer t0k"},
	{"otelcol.auth.bearer \"a\" {\n token = \"t0k\"\n scheme = \"\"\n header = \"X-Key\"\n}",
		"X: 1\nX-Key: t0k\n", "t0k", "t0kk"},
};

static void test_cases(void **state)
{
	struct buf got = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *challenge;
		struct harness h;

		otel_init(&h, &otelcol_auth_bearer, &auth_user);
		assert_true(auth_load(&h, cases[i].block));
		auth_settings(&got);
		assert_str(buf_str(&got), cases[i].want);
		assert_true(auth_admits(str_from(cases[i].good), &challenge));
		assert_false(auth_admits(str_from(cases[i].bad), &challenge));
		assert_false(auth_admits((struct str){0}, &challenge));
		harness_fini(&h);
	}
	buf_fini(&got);
}

/* A new token is the same handler with another version. */
static void test_reload(void **state)
{
	struct buf got = {0};
	struct auth_handler *before;
	struct harness h;
	uint64_t version;

	(void)state;
	otel_init(&h, &otelcol_auth_bearer, &auth_user);
	assert_true(auth_load(&h, cases[0].block));
	before = auth_seen;
	version = auth_seen->version;
	assert_true(auth_load(&h, "otelcol.auth.bearer \"a\" {\n token = \"new\"\n}"));
	assert_ptr_equal(auth_seen, before);
	assert_true(auth_seen->version != version);
	auth_settings(&got);
	assert_str(buf_str(&got), "X: 1\nAuthorization: Bearer new\n");
	harness_fini(&h);
	buf_fini(&got);
}

TESTS_RUN(cmocka_unit_test(test_cases), cmocka_unit_test(test_reload))
