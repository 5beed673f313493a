#include "agent/component/common/otelcol_args.h"

#include "agent/base/arena.h"
#include "agent/base/err.h"
#include "agent/loop/http_client.h"
#include "agent/loop/http_server.h"
#include "tests/test.h"

/* What tables cannot say is checked by hand; the rest by the components' tests. */
static const struct {
	const char *ca_file, *ca_pem, *cert_pem, *cert_file, *key_pem, *min_version;
	const char *want; /* "" or the error */
	const char *as;   /* min_version as http_settings has it */
} tls[] = {
	{"", "", "", "", "", "TLS 1.2", "", "TLS12"},
	{"", "", "c", "", "k", "1.3", "", "TLS13"},
	{"", "", "", "", "", "", "", ""},
	{"f", "p", "", "", "", "TLS 1.2",
		"provide either a CA file or the PEM-encoded string, but not both: ca_file and "
		"ca_pem",
		""},
	{"", "", "c", "", "", "TLS 1.2",
		"for auth via TLS, provide both certificate and key, or neither", ""},
	{"", "", "c", "f", "k", "TLS 1.2",
		"for auth via TLS, provide both certificate and key, or neither", ""},
	{"", "", "", "", "", "TLS 1.4", "min_version: unsupported TLS version: \"TLS 1.4\"", ""},
};

static void test_tls_client(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(tls) / sizeof(*tls); i++) {
		struct otelcol_tls_client t = {
			.ca_file = str_from(tls[i].ca_file),
			.ca_pem = str_from(tls[i].ca_pem),
			.cert_pem = str_from(tls[i].cert_pem),
			.cert_file = str_from(tls[i].cert_file),
			.key_pem = str_from(tls[i].key_pem),
			.min_version = str_from(tls[i].min_version),
		};
		struct http_settings s = {0};
		struct arena a;
		struct diags d;

		arena_init(&a, 0);
		diags_init(&d, &a);
		assert_int_equal(otelcol_tls_client_check(&t, &d), tls[i].want[0] == 0);
		assert_str(d.n ? d.p[0].message : (struct str){0}, tls[i].want);
		if (d.n == 0) {
			otelcol_tls_client_apply(&t, &s);
			assert_str(s.min_version, tls[i].as);
			assert_str(s.cert_pem, tls[i].cert_pem);
		}
		diags_fini(&d);
		arena_fini(&a);
	}
	assert_true(otelcol_tls_client_check(NULL, NULL));
}

static void test_tls_server(void **state)
{
	struct http_server_settings s = {0};
	struct otelcol_tls_server t = {.cert_pem = STR("c")};
	struct arena a;
	struct err e;

	(void)state;
	arena_init(&a, 0);
	assert_true(otelcol_tls_server_apply(NULL, &a, &s, &e));
	assert_false(otelcol_tls_server_apply(&t, &a, &s, &e));
	assert_string_equal(e.text, "for a server with TLS, provide both a certificate and a key");
	t.key_pem = STR("k");
	assert_true(otelcol_tls_server_apply(&t, &a, &s, &e));
	assert_str(s.tls_key_pem, "k");
	t.key_pem = (struct str){0};
	t.key_file = STR("/nonexistent");
	assert_false(otelcol_tls_server_apply(&t, &a, &s, &e));
	assert_string_equal(e.text, "cannot read /nonexistent: No such file or directory");
	arena_fini(&a);
}

TESTS_RUN(cmocka_unit_test(test_tls_client), cmocka_unit_test(test_tls_server))
