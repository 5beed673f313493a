#include "agent/base/buf.h"
#include "agent/component/common/http_client_args.h"
#include "agent/config/ast.h"
#include "agent/graph/arg_private.h"
#include "agent/loop/http_client.h"
#include "tests/test.h"

struct owner {
	struct str url;
	struct http_client_args http;
};

static const struct arg owner_args[] = {
	ARG(owner, url, .type = ARG_STR),
	HTTP_CLIENT_ARGS(owner, http),
	ARGS_END,
};

static void dump(struct buf *b, const struct http_settings *s)
{
	const struct {
		const char *name;
		struct str v;
	} texts[] = {
		{"user", s->basic_username},
		{"password", s->basic_password},
		{"password_file", s->basic_password_file},
		{"bearer", s->bearer_token},
		{"bearer_file", s->bearer_token_file},
		{"type", s->authorization_type},
		{"credentials", s->authorization_credentials},
		{"ca_file", s->ca_file},
		{"cert_pem", s->cert_pem},
		{"key_pem", s->key_pem},
		{"name", s->server_name},
		{"min", s->min_version},
		{"proxy", s->proxy_url},
		{"no_proxy", s->no_proxy},
	};

	buf_printf(b, "%s%s", s->enable_http2 ? "h2 " : "", s->follow_redirects ? "follow " : "");
	buf_printf(b, "%s%s", s->insecure_skip_verify ? "insecure " : "",
		s->proxy_from_environment ? "env " : "");
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i].v.n)
			buf_printf(b, "%s=" STR_FMT " ", texts[i].name, STR_ARG(texts[i].v));
	for (size_t i = 0; i < s->n_headers; i++)
		buf_printf(b, STR_FMT ":" STR_FMT " ", STR_ARG(s->headers[i].name),
			STR_ARG(s->headers[i].value));
	if (s->oauth2)
		buf_printf(b, "oauth2=" STR_FMT "," STR_FMT "," STR_FMT "," STR_FMT ",",
			STR_ARG(s->oauth2->client_id), STR_ARG(s->oauth2->client_secret),
			STR_ARG(s->oauth2->token_url), STR_ARG(s->oauth2->scopes));
	if (s->oauth2)
		buf_printf(b, STR_FMT "=" STR_FMT "," STR_FMT " ",
			STR_ARG(s->oauth2->params[0].name), STR_ARG(s->oauth2->params[0].value),
			STR_ARG(s->oauth2->http->ca_file));
	for (size_t i = 0; i < s->n_proxy_headers; i++)
		buf_printf(b, "p" STR_FMT ":" STR_FMT " ", STR_ARG(s->proxy_headers[i].name),
			STR_ARG(s->proxy_headers[i].value));
}

#define KINDS \
	"! 1:1 at most one of basic_auth, authorization, oauth2, bearer_token & " \
	"bearer_token_file must be configured"

static const struct {
	const char *text; /* inside b { … } */
	const char *want; /* the settings, or "!" and the first error */
} cases[] = {
	{"", "h2 follow "},
	{"basic_auth {\n username = \"u\"\n password = \"p\"\n}", "h2 follow user=u password=p "},
	{"basic_auth {\n username = \"u\"\n password_file = \"/f\"\n}",
		"h2 follow user=u password_file=/f "},
	{"basic_auth {\n password = \"p\"\n password_file = \"/f\"\n}",
		"! 2:1 at most one of basic_auth password & password_file must be configured"},
	{"bearer_token = \"t\"\nenable_http2 = false", "follow bearer=t "},
	{"bearer_token_file = \"/t\"\nfollow_redirects = false", "h2 bearer_file=/t "},
	{"authorization {\n type = \" Own \"\n credentials = \"c\"\n}",
		"h2 follow type=Own credentials=c "},
	{"authorization {\n type = \"BASIC\"\n}",
		"! 2:1 authorization type cannot be set to \"basic\", use \"basic_auth\" block "
		"instead"},
	{"bearer_token = \"t\"\nbasic_auth {}", KINDS},
	{"authorization {}\nbasic_auth {}", KINDS},
	{"bearer_token = \"t\"\nbearer_token_file = \"f\"", KINDS},
	{"oauth2 {\n client_id = \"x\"\n client_secret = \"s\"\n token_url = \"http://t\"\n"
	 " scopes = [\"a\", \"b\"]\n endpoint_params = {\"audience\" = \"w\"}\n"
	 " tls_config {\n  ca_file = \"/ca\"\n }\n}",
		"h2 follow oauth2=x,s,http://t,a b,audience=w,/ca "},
	{"oauth2 {\n client_id = \"x\"\n}",
		"! 2:1 either oauth2 client_secret or client_secret_file must be configured"},
	{"oauth2 {\n client_id = \"x\"\n client_secret = \"s\"\n}",
		"! 2:1 oauth2 token_url must be configured, and be a URL that begins with http:// "
		"or https://"},
	{"oauth2 {\n client_id = \"x\"\n client_secret = \"s\"\n token_url = \"http://t\"\n"
	 " grant_type = \"urn:ietf:params:oauth:grant-type:jwt-bearer\"\n}",
		"! 2:1 grant_type \"urn:ietf:params:oauth:grant-type:jwt-bearer\" is not supported "
		"yet"},
	{"bearer_token = \"t\"\noauth2 {}", KINDS},
	{"tls_config {\n ca_file = \"/ca\"\n server_name = \"n\"\n insecure_skip_verify = true\n "
	 "min_version = \"TLS13\"\n}",
		"h2 follow insecure ca_file=/ca name=n min=TLS13 "},
	{"tls_config {\n cert_pem = \"c\"\n key_pem = \"k\"\n}", "h2 follow cert_pem=c key_pem=k "},
	{"tls_config {\n cert_pem = \"c\"\n}",
		"! 2:1 exactly one of key_pem or key_file must be configured when a client "
		"certificate is configured"},
	{"tls_config {\n ca_pem = \"c\"\n ca_file = \"f\"\n}",
		"! 2:1 at most one of ca_pem and ca_file must be configured"},
	{"http_headers = {\"X-A\" = [\"1\", \"2\"], \"X-B\" = [\"3\"]}",
		"h2 follow X-A:1 X-A:2 X-B:3 "},
	{"http_headers = {\"content-type\" = [\"1\"]}",
		"! 1:1 setting header \"Content-Type\" is not allowed"},
	{"proxy_url = \"http://p\"\nno_proxy = \"a,b\"\nproxy_connect_header = {\"H\" = [\"v\"]}",
		"h2 follow proxy=http://p no_proxy=a,b pH:v "},
	{"proxy_from_environment = true", "h2 follow env "},
	{"proxy_from_environment = true\nproxy_url = \"http://p\"",
		"! 1:1 if proxy_from_environment is configured, proxy_url must not be configured"},
	{"no_proxy = \"a\"", "! 1:1 if no_proxy is configured, proxy_url must also be configured"},
	{"proxy_connect_header = {\"H\" = [\"v\"]}",
		"! 1:1 if proxy_connect_header is configured, proxy_url or proxy_from_environment "
		"must also be configured"},
};

static void decode(struct arena *a, const char *inside, struct buf *got)
{
	struct source src = {STR("t"), arena_printf(a, "b {\n%s\n}\n", inside)};
	struct body_options o = {.keep_going = true};
	struct http_settings s;
	struct owner args;
	struct diags d;
	struct file *f;

	diags_init(&d, a);
	f = parse_file(a, &src, &d);
	assert_int_equal(d.errors, 0);
	if (args_decode(a, body_evaluate_with(a, &f->body.stmts[0], NULL, &o, &d), owner_args,
		    &args, sizeof(args), &d) &&
		http_client_args_check(&args.http, &d)) {
		http_client_args_settings(&args.http, a, &s);
		dump(got, &s);
	} else {
		size_t line, column;

		range_position(d.p[0].at, &line, &column);
		buf_printf(got, "! %zu:%zu " STR_FMT, line, column, STR_ARG(d.p[0].message));
	}
	diags_fini(&d);
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf got = {0};
		struct arena a;

		print_message("%s\n", cases[i].text);
		arena_init(&a, 0);
		decode(&a, cases[i].text, &got);
		assert_str(buf_str(&got), cases[i].want);
		buf_fini(&got);
		arena_fini(&a);
	}
}

TESTS_RUN(cmocka_unit_test(test_cases))
