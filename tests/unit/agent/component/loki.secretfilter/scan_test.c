#include "agent/component/loki.secretfilter/scan.h"

#include "agent/base/buf.h"
#include "agent/base/mem.h"
#include "tests/test.h"

#include <stdlib.h>

#define A10 "aB3dE6gH9j"
#define A20 A10 A10
#define A36 A20 A10 "aB3dE6"
#define H8 "0a1b2c3d"
#define H32 H8 H8 H8 H8
#define H40 H32 H8
#define KEY64 "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"
#define PEM "-----BEGIN RSA PRIVATE KEY-----\\n" KEY64 "\\n-----END RSA PRIVATE KEY-----"
#define JWT \
	"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0." \
	"dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"

static const struct {
	const char *line;
	const char *want; /* "rule=secret;" each */
} cases[] = {
	{"", ""},
	{"GET /healthz 200 12ms", ""},
	{"key AKIAIOSFODNN7EXAMPLE end", "aws-access-token=AKIAIOSFODNN7EXAMPLE;"},
	{"AKIAIOSFODNN7EXAMPLE", "aws-access-token=AKIAIOSFODNN7EXAMPLE;"},
	{"key=\"ASIAIOSFODNN7EXAMPLE\"", "aws-access-token=ASIAIOSFODNN7EXAMPLE;"},
	{"xAKIAIOSFODNN7EXAMPLE", ""},    /* part of a longer word */
	{"AKIAIOSFODNN7EXAMPLEX", ""},    /* too long */
	{"AKIAIOSFODNN7EXAMPL", ""},      /* too short */
	{"AKIAAKIAIOSFODNN7EXAMPLE", ""}, /* one word, too long */
	{"AKIA AKIAIOSFODNN7EXAMPLE", "aws-access-token=AKIAIOSFODNN7EXAMPLE;"},
	{"a\\nAKIAIOSFODNN7EXAMPLE\\n", "aws-access-token=AKIAIOSFODNN7EXAMPLE;"},
	{"a\\tAKIAIOSFODNN7EXAMPLE\\t", "aws-access-token=AKIAIOSFODNN7EXAMPLE;"},
	{"k\\u003dAKIAIOSFODNN7EXAMPLE", "aws-access-token=AKIAIOSFODNN7EXAMPLE;"},
	{"k%3DAKIAIOSFODNN7EXAMPLE", "aws-access-token=AKIAIOSFODNN7EXAMPLE;"},
	{"\033[1;31mAKIAIOSFODNN7EXAMPLE\033[0m", "aws-access-token=AKIAIOSFODNN7EXAMPLE;"},
	{"\\u001b[mAKIAIOSFODNN7EXAMPLE", "aws-access-token=AKIAIOSFODNN7EXAMPLE;"},
	{"mAKIAIOSFODNN7EXAMPLE", ""},
	{"1;31mAKIAIOSFODNN7EXAMPLE", ""},
	{"u003dAKIAIOSFODNN7EXAMPLE", ""},
	{"3DAKIAIOSFODNN7EXAMPLE", ""},
	{"\\xAKIAIOSFODNN7EXAMPLE", ""},
	{"token ghp_" A36 ", gho_" A36 "!",
		"github-token=ghp_" A36 ";github-token=gho_" A36 ";"},
	{"https://user:ghp_" A36 "@github.com", "github-token=ghp_" A36 ";"},
	{"ghp_" A20, ""},
	{"github_pat_" A36 A36 A10, "github-fine-grained-pat=github_pat_" A36 A36 A10 ";"},
	{"xoxb-1234567890-" A20 " xoxb-x", "slack-token=xoxb-1234567890-" A20 ";"},
	{"https://hooks.slack.com/services/T00000000/B00000000/" A20 "abcd",
		"slack-webhook-url=hooks.slack.com/services/T00000000/B00000000/" A20 "abcd;"},
	{"AIza" A20 A10 "_-b3d", "gcp-api-key=AIza" A20 A10 "_-b3d;"},
	{"sk_live_" A20 " pk_live_" A20, "stripe-access-token=sk_live_" A20 ";"},
	{"npm_" A36, "npm-access-token=npm_" A36 ";"},
	{"glsa_" A20 A10 "aB_0a1b2c3d", "grafana-service-account-token=glsa_" A20 A10
					"aB_0a1b2c3d;"},
	{"glc_" A36 "== x", "grafana-cloud-api-token=glc_" A36 "==;"},
	{"eyJrIjoi" A36 A36 "=", "grafana-api-key=eyJrIjoi" A36 A36 "=;"},
	{"Bearer " JWT ", and eyJhbGciOiJIUzI1NiJ9.eyJ9", "jwt=" JWT ";"},
	{"key: " PEM " end", "private-key=" PEM ";"},
	{"-----BEGIN PRIVATE KEY-----\\n" KEY64, "private-key=-----BEGIN PRIVATE KEY-----\\n" KEY64
						 ";"},
	{"-----BEGIN PRIVATE KEY-----", ""},
	{"-----BEGIN CERTIFICATE-----\\n" KEY64, ""},
	{"-----BEGIN PGP PRIVATE KEY BLOCK-----" KEY64 "-----END PGP PRIVATE KEY BLOCK-----",
		"private-key=-----BEGIN PGP PRIVATE KEY BLOCK-----" KEY64
		"-----END PGP PRIVATE KEY;"},
	{"dop_v1_" H32 H32, "digitalocean-token=dop_v1_" H32 H32 ";"},
	{"SG." A20 "aB." A36 "aB3dE6g", "sendgrid-api-token=SG." A20 "aB." A36 "aB3dE6g;"},
	{"shpat_" H32 " SK" H32, "shopify-token=shpat_" H32 ";twilio-api-key=SK" H32 ";"},
	{"hvs." A20 A10, "vault-token=hvs." A20 A10 ";"},
	{"glpat-" A20 " sbp_" H40, "gitlab-token=glpat-" A20 ";supabase-token=sbp_" H40 ";"},
};

static void print_found(struct str line, struct buf *b)
{
	struct secret s;
	size_t at = 0;

	while (secret_scan(line, &at, &s)) {
		assert_int_equal(at, s.at + s.n);
		buf_printf(b, "%s=" STR_FMT ";", s.rule, (int)s.n, line.p + s.at);
	}
	assert_int_equal(at, line.n);
}

static void secrets_are_found(void **state)
{
	struct buf b = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		buf_clear(&b);
		print_found(str_from(cases[i].line), &b);
		assert_str(buf_str(&b), cases[i].want);
	}
	buf_fini(&b);
}

/* Long lines made of beginnings alone: what each costs is bounded, or this would take hours. */
static void nothing_makes_it_slow(void **state)
{
	static const char *const parts[] = {"-----BEGIN PRIVATE KEY-----", "eyJ.", "xoxb-", "glc_+",
		"eyJaaaaaaaaaaaaaaaa.", "hooks.slack.com/services/", "-----BEGIN", "hvs. ", "SG.a"};

	(void)state;
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		struct buf b = {0};
		struct secret s;
		size_t at = 0;

		while (b.n < 4 << 20)
			buf_add_str(&b, str_from(parts[i]));
		while (secret_scan(buf_str(&b), &at, &s))
			;
		assert_int_equal(at, b.n);
		buf_fini(&b);
	}
}

static void rules_have_names(void **state)
{
	(void)state;
	assert_true(secret_rules() > 30);
	for (size_t i = 0; i < secret_rules(); i++)
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(secret_rule_name(i), secret_rule_name(k));
}

TESTS_RUN(cmocka_unit_test(secrets_are_found), cmocka_unit_test(nothing_makes_it_slow),
	cmocka_unit_test(rules_have_names))
