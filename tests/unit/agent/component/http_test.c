#include "agent/base/err.h"
#include "tests/component.h"

#include <stdio.h>
#include <unistd.h>

extern const struct component_type http;

#define FILE_NAME "build/http_test.pem"

static struct buf seen; /* what the server was told */

static bool configure(struct agent_context *a, const struct agent_http *h, struct err *e)
{
	(void)a;
	(void)e;
	buf_clear(&seen);
	buf_printf(&seen, "cert=" STR_FMT " key=" STR_FMT " ca=" STR_FMT, STR_ARG(h->tls_cert_pem),
		STR_ARG(h->tls_key_pem), STR_ARG(h->tls_client_ca_pem));
	if (h->has_basic_auth)
		buf_printf(&seen, " " STR_FMT ":" STR_FMT, STR_ARG(h->username),
			STR_ARG(h->password));
	if (h->has_filter)
		buf_printf(&seen, " filter=%zu/%d", h->n_filter_paths, h->filter_authenticates);
	return true;
}

static const struct {
	const char *text;
	bool ok;
	const char *want; /* what the server is told, or the errors */
} cases[] = {
	{"http { }", true, "cert= key= ca="},
	{"http {\n auth {\n basic {\n username = \"u\"\n password = \"p\"\n}\n}\n}", true,
		"cert= key= ca= u:p"},
	{"http {\n auth {\n basic {\n username = \"u\"\n password = \"p\"\n}\n filter {\n paths = "
	 "[\"/metrics\"]\n authenticate_matching_paths = false\n}\n}\n}",
		true, "cert= key= ca= u:p filter=1/0"},
	{"http {\n auth {\n basic { }\n}\n}", false,
		"3:2: missing required attribute \"username\"\n"
		"3:2: missing required attribute \"password\"\n"},
	{"http {\n tls {\n cert_pem = \"C\"\n key_pem = \"K\"\n}\n}", true, "cert=C key=K ca="},
	{"http {\n tls {\n cert_file = \"" FILE_NAME
	 "\"\n key_pem = \"K\"\n client_ca_pem = \"A\"\n"
	 " client_auth_type = \"RequireAndVerifyClientCert\"\n}\n}",
		true, "cert=PEM key=K ca=A"},
	{"http {\n tls {\n cert_pem = \"C\"\n cert_file = \"x\"\n}\n}", false,
		"2:2: cert_pem and cert_file are mutually exclusive\n"},
	{"http {\n tls {\n cert_file = \"build/none.pem\"\n key_pem = \"K\"\n}\n}", false,
		"1:1: cannot start: tls: cannot read build/none.pem: No such file or directory\n"},
	{"http {\n tls { }\n}", false,
		"1:1: cannot start: tls: a certificate and its key are needed: cert_file and "
		"key_file\n"},
	{"http {\n tls {\n cert_pem = \"C\"\n key_pem = \"K\"\n client_auth_type = "
	 "\"RequireAnyClientCert\"\n}\n}",
		false,
		"1:1: cannot start: tls: client_auth_type = \"RequireAnyClientCert\" needs a "
		"client_ca_file\n"},
	{"http {\n tls {\n client_auth_type = \"Perhaps\"\n}\n}", false,
		"3:21: unknown client_auth_type Perhaps\n"},
};

static void test_cases(void **state)
{
	FILE *f = fopen(FILE_NAME, "we");

	(void)state;
	assert_non_null(f);
	fputs("PEM", f);
	fclose(f);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct harness h;

		print_message("%s\n", cases[i].text);
		harness_init(&h, &http);
		h.agent.configure_http = configure;
		buf_clear(&seen);
		assert_int_equal(harness_load(&h, cases[i].text), cases[i].ok);
		assert_str(buf_str(cases[i].ok ? &seen : &h.errors), cases[i].want);
		assert_true(!cases[i].ok || harness_load(&h, "")); /* gone: as without it */
		if (cases[i].ok)
			assert_str(buf_str(&seen), "cert= key= ca=");
		harness_fini(&h);
	}
	unlink(FILE_NAME);
	buf_fini(&seen);
}

TESTS_RUN(cmocka_unit_test(test_cases))
