/*
 * Names are those under which other scanners know them. A rule is here only if its token begins
 * with a text of its own: what can be told only by the word "password" nearby is what stage.replace
 * is for.
 */

#include "agent/component/loki.secretfilter/rules.h"

/* clang-format off */
#define RUN(c, least, most) { SECRET_##c, (least), (most), 0 }
#define BYTE(c) { 0, 0, 0, (c) }

const struct secret_rule secret_rule_table[] = {
	{"age-secret-key", {"AGE-SECRET-KEY-1"}, {RUN(BECH32, 58, 58)}, false},
	{"alibaba-access-key-id", {"LTAI"}, {RUN(ALNUM, 20, 20)}, false},
	{"anthropic-api-key", {"sk-ant-api03-", "sk-ant-admin01-"}, {RUN(URL64, 80, 120)}, false},
	{"atlassian-api-token", {"ATATT3"}, {{SECRET_URL64 | SECRET_EQUALS, 180, 200, 0}}, false},
	{"aws-access-token", {"AKIA", "ASIA", "ABIA", "ACCA"},
		{{SECRET_UPPER | SECRET_DIGIT, 16, 16, 0}}, false},
	{"databricks-api-token", {"dapi"}, {RUN(HEX, 32, 32)}, false},
	{"digitalocean-token", {"dop_v1_", "doo_v1_", "dor_v1_"}, {RUN(HEX, 64, 64)}, false},
	{"docker-access-token", {"dckr_pat_", "dckr_oat_"}, {RUN(URL64, 27, 40)}, false},
	{"doppler-api-token", {"dp.pt."}, {RUN(ALNUM, 43, 43)}, false},
	{"dynatrace-api-token", {"dt0c01."}, {RUN(ALNUM, 24, 24), BYTE('.'), RUN(ALNUM, 64, 64)},
		false},
	{"gcp-api-key", {"AIza"}, {RUN(URL64, 35, 35)}, false},
	{"github-fine-grained-pat", {"github_pat_"}, {RUN(WORD, 82, 82)}, false},
	{"github-token", {"ghp_", "gho_", "ghu_", "ghs_", "ghr_"}, {RUN(ALNUM, 36, 36)}, false},
	{"gitlab-token", {"glpat-", "gldt-", "glrt-", "glft-", "glsoat-", "glcbt-"},
		{RUN(URL64, 20, 64)}, false},
	{"gitlab-ptt", {"glptt-"}, {RUN(HEX, 40, 40)}, false},
	{"grafana-api-key", {"eyJrIjoi"}, {RUN(ALNUM, 62, 400), {SECRET_EQUALS, 0, 3, 0}}, false},
	{"grafana-cloud-api-token", {"glc_"},
		{{SECRET_ALNUM | SECRET_BASE64, 32, 400, 0}, {SECRET_EQUALS, 0, 3, 0}}, false},
	{"grafana-service-account-token", {"glsa_"},
		{RUN(ALNUM, 32, 32), BYTE('_'),
			{SECRET_HEX | SECRET_DIGIT | SECRET_UPPER, 8, 8, 0}}, false},
	{"huggingface-access-token", {"hf_"}, {{SECRET_LOWER | SECRET_UPPER, 34, 34, 0}}, false},
	{"jwt", {"eyJ"},
		{RUN(URL64, 14, 2000), BYTE('.'), RUN(URL64, 14, 8000), BYTE('.'),
			RUN(URL64, 10, 2000)}, false},
	{"linear-api-key", {"lin_api_"}, {RUN(ALNUM, 40, 40)}, false},
	{"new-relic-api-key", {"NRAK-"}, {{SECRET_UPPER | SECRET_DIGIT, 27, 27, 0}}, false},
	{"npm-access-token", {"npm_"}, {RUN(ALNUM, 36, 36)}, false},
	{"openai-api-key", {"sk-proj-", "sk-svcacct-", "sk-admin-"}, {RUN(URL64, 40, 200)}, false},
	{"postman-api-token", {"PMAK-"}, {RUN(HEX, 24, 24), BYTE('-'), RUN(HEX, 34, 34)}, false},
	{"prefect-api-token", {"pnu_"}, {RUN(ALNUM, 36, 36)}, false},
	{"private-key", {"-----BEGIN"}, {{0}}, true},
	{"pulumi-api-token", {"pul-"}, {RUN(HEX, 40, 40)}, false},
	{"pypi-upload-token", {"pypi-AgEIcHlwaS5vcmc"}, {RUN(URL64, 50, 1000)}, false},
	{"rubygems-api-token", {"rubygems_"}, {RUN(HEX, 48, 48)}, false},
	{"sendgrid-api-token", {"SG."}, {RUN(URL64, 22, 22), BYTE('.'), RUN(URL64, 43, 43)}, false},
	{"shopify-token", {"shpat_", "shpca_", "shppa_", "shpss_"}, {RUN(HEX, 32, 32)}, false},
	{"slack-token", {"xoxb-", "xoxp-", "xoxe-", "xoxa-", "xoxr-", "xoxs-", "xapp-"},
		{{SECRET_ALNUM | SECRET_DASH, 10, 250, 0}}, false},
	{"slack-webhook-url", {"hooks.slack.com/services/", "hooks.slack.com/workflows/"},
		{{SECRET_ALNUM | SECRET_BASE64, 40, 60, 0}}, false},
	{"square-token", {"sq0atp-", "sq0csp-"}, {RUN(URL64, 22, 60)}, false},
	{"stripe-access-token", {"sk_live_", "sk_test_", "sk_prod_", "rk_live_", "rk_test_",
		"rk_prod_"}, {RUN(ALNUM, 10, 250)}, false},
	{"supabase-token", {"sbp_"}, {RUN(HEX, 40, 40)}, false},
	{"twilio-api-key", {"SK"}, {RUN(HEX, 32, 32)}, false},
	{"vault-token", {"hvs.", "hvb.", "hvr."}, {RUN(URL64, 24, 300)}, false},
	{0},
};
/* clang-format on */
