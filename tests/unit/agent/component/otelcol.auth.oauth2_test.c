#include "tests/auth.h"

extern const struct component_type otelcol_auth_oauth2;

#define URL " token_url = \"https://sso/token\"\n"
#define ID " client_id = \"me\"\n"
#define SECRET " client_secret = \"s3cret\"\n"

static const struct {
	const char *args;
	const char *want; /* what a client is to do; NULL: refused */
} cases[] = {
	{URL ID SECRET, "X: 1\noauth2 https://sso/token me s3cret []\n"},
	{URL ID SECRET " scopes = [\"a\", \"b\"]\n"
		       " endpoint_params = {\"audience\" = [\"x\", \"y\"]}\n",
		"X: 1\noauth2 https://sso/token me s3cret [a b] audience=x audience=y\n"},
	{URL " client_id_file = \"/id\"\n client_secret_file = \"/s\"\n",
		"X: 1\noauth2 https://sso/token @/id @/s []\n"},
	{URL ID SECRET " tls {\n  insecure_skip_verify = true\n }\n",
		"X: 1\noauth2 https://sso/token me s3cret [] insecure\n"},
	{ID SECRET, NULL},
	{URL SECRET, NULL},
	{URL ID, NULL},
	{" token_url = \"sso\"\n" ID SECRET, NULL},
	{URL ID SECRET " grant_type = \"urn:ietf:params:oauth:grant-type:jwt-bearer\"\n", NULL},
	{URL ID SECRET " client_certificate_key = \"k\"\n", NULL},
};

static void test_cases(void **state)
{
	struct buf got = {0};
	struct buf text = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct harness h;

		otel_init(&h, &otelcol_auth_oauth2, &auth_user);
		buf_clear(&text);
		buf_printf(&text, "otelcol.auth.oauth2 \"a\" {\n%s}%c", cases[i].args, 0);
		assert_int_equal(auth_load(&h, text.p), cases[i].want != NULL);
		if (cases[i].want) {
			auth_settings(&got);
			assert_str(buf_str(&got), cases[i].want);
			assert_null(auth_seen->admits);
		}
		harness_fini(&h);
	}
	buf_fini(&got);
	buf_fini(&text);
}

TESTS_RUN(cmocka_unit_test(test_cases))
