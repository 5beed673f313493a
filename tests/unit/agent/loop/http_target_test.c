/* What a target makes of its settings. TLS at both ends: certificates made here, a server with
 * them, and who trusts whom. Which credentials are sent, and when their files have changed. */

#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "agent/loop/http_client.h"
#include "agent/loop/http_server.h"
#include "agent/loop/loop.h"
#include "tests/identity.h"
#include "tests/test.h"

#include <stdlib.h>
#include <unistd.h>

static struct identity ca;
static struct identity other_ca;
static struct identity agent;
static struct identity user;
static struct identity stranger;

static void on_request(struct http_server *s, struct http_request *r)
{
	(void)s;
	http_reply(r, &(struct http_reply){.status = 200, .body = STR("fine")});
}

static struct buf said;
static bool is_done;

static void on_done(struct http_call *call, enum http_outcome outcome)
{
	buf_clear(&said);
	if (outcome == HTTP_ANSWERED)
		buf_printf(&said, "%d " STR_FMT, call->status, STR_ARG(call->answer));
	else
		buf_printf(&said, "! %s", strchr(call->error, ' ') + 1); /* without host:port */
	is_done = true;
}

static const struct {
	bool trusts;
	bool insecure;
	const char *server_name;
	bool wants_user; /* the server */
	const struct identity *shows;
	const char *want; /* its beginning */
} cases[] = {
	{true, false, "agent.example", false, NULL, "200 fine"},
	{true, false, "other.example", false, NULL,
		"! certificate is not trusted: SSL: no alternative"},
	{true, false, NULL, false, NULL, "! certificate is not trusted: SSL: no alternative"},
	{false, false, "agent.example", false, NULL,
		"! certificate is not trusted: unable to get local issuer"},
	{false, true, NULL, false, NULL, "200 fine"},
	{true, false, "agent.example", true, NULL, "403 A client certificate is wanted.\n"},
	{true, false, "agent.example", true, &user, "200 fine"},
	{true, false, "agent.example", true, &stranger, "403 A client certificate is wanted.\n"},
};

static void run_case(size_t i)
{
	struct loop *l = loop_new();
	struct http_client *c = http_client_new(l);
	struct http_server_settings set = {
		.address = STR("127.0.0.1:0"),
		.max_body = 1000,
		.request = on_request,
		.tls_cert_pem = str_from(agent.cert),
		.tls_key_pem = str_from(agent.key),
		.tls_client_ca_pem = cases[i].wants_user ? str_from(ca.cert) : STR(""),
	};
	struct http_settings settings = {
		.ca_pem = str_from(cases[i].trusts ? ca.cert : other_ca.cert),
		.server_name = str_from(cases[i].server_name),
		.insecure_skip_verify = cases[i].insecure,
		.cert_pem = str_from(cases[i].shows ? cases[i].shows->cert : NULL),
		.key_pem = str_from(cases[i].shows ? cases[i].shows->key : NULL),
		.enable_http2 = true,
	};
	struct http_call call = {.method = "GET", .done = on_done};
	struct http_server *s;
	struct http_target *t;
	struct err e = {""};
	char url[64];

	s = http_server_new(l, &set, NULL, &e);
	t = http_target_new(c, &settings, &e);
	assert_string_equal(e.text, "");
	snprintf(url, sizeof(url), "https://127.0.0.1:%d/", http_server_port(s));
	call.url = str_from(url);
	is_done = false;
	http_call_start(t, &call);
	for (int n = 0; n < 1000 && !is_done; n++)
		loop_turn(l, 10 * INT64_C(1000000));
	print_message(STR_FMT "\n", STR_ARG(buf_str(&said)));
	assert_true(str_starts(buf_str(&said), cases[i].want));
	http_target_free(t);
	http_client_free(c);
	http_server_free(s);
	loop_free(l);
}

static void test_cases(void **state)
{
	(void)state;
	identity_make(&ca, "ca", NULL);
	identity_make(&other_ca, "other", NULL);
	identity_make(&agent, "agent.example", &ca);
	identity_make(&user, "user.example", &ca);
	identity_make(&stranger, "user.example", &other_ca);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		run_case(i);
	identity_free(&ca);
	identity_free(&other_ca);
	identity_free(&agent);
	identity_free(&user);
	identity_free(&stranger);
	buf_fini(&said);
}

static void on_asked(struct http_server *s, struct http_request *r)
{
	struct str own = http_request_header(r, "X-Own");

	(void)s;
	http_reply(r, &(struct http_reply){
			      .status = 200,
			      .body = own.n ? own : http_request_header(r, "Authorization"),
		      });
}

#define BASIC .basic_username = STR("u"), .basic_password = STR("p")
#define BEARER .bearer_token = STR("b")
#define OTHER .authorization_credentials = STR("c")

static const struct http_header own_authorization = {STR("Authorization"), STR("own")};
static const struct http_header own = {STR("X-Own"), STR("target")};
static const struct http_header call_own = {STR("x-own"), STR("call")};

static const struct {
	struct http_settings set;
	const struct http_header *header; /* of the call; NULL: none */
	const char *want;
} credentials[] = {
	{{.n_headers = 0}, NULL, "200 "},
	{{BASIC}, NULL, "200 Basic dTpw"},
	{{BASIC, BEARER}, NULL, "200 Bearer b"},
	{{BASIC, BEARER, OTHER}, NULL, "200 Bearer c"},
	{{OTHER, .authorization_type = STR("Own")}, NULL, "200 Own c"},
	{{BASIC, .headers = &own_authorization, .n_headers = 1}, NULL, "200 own"},
	{{BEARER}, &own_authorization, "200 own"},
	{{.headers = &own, .n_headers = 1}, NULL, "200 target"},
	{{.headers = &own, .n_headers = 1}, &call_own, "200 call"}, /* in its place */
	{{.bearer_token = STR("a\nb")}, NULL, "! credentials hold"},
};

/* The first kind of these is sent, and none beside a header that says who it is. */
static void test_credentials(void **state)
{
	struct loop *l = loop_new();
	struct http_client *c = http_client_new(l);
	struct http_server_settings set = {
		.address = STR("127.0.0.1:0"), .max_body = 1000, .request = on_asked};
	struct err e = {""};
	struct http_server *s = http_server_new(l, &set, NULL, &e);
	char url[64];

	(void)state;
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", http_server_port(s));
	for (size_t i = 0; i < sizeof(credentials) / sizeof(*credentials); i++) {
		struct http_target *t = http_target_new(c, &credentials[i].set, &e);
		struct http_call call = {.method = "GET",
			.done = on_done,
			.url = str_from(url),
			.headers = credentials[i].header,
			.n_headers = credentials[i].header != NULL};

		assert_non_null(t);
		is_done = false;
		http_call_start(t, &call);
		for (int n = 0; n < 1000 && !is_done; n++)
			loop_turn(l, 10 * INT64_C(1000000));
		print_message(STR_FMT "\n", STR_ARG(buf_str(&said)));
		assert_true(str_starts(buf_str(&said), credentials[i].want));
		if (credentials[i].want[0] != '!')
			assert_int_equal(said.n, strlen(credentials[i].want));
		http_target_free(t);
	}
	buf_fini(&said);
	http_server_free(s);
	http_client_free(c);
	loop_free(l);
}

/* The stamp is another one when a file was written, replaced or removed, and else the same. */
static void test_stamp(void **state)
{
	char path[] = "/tmp/http-target-test-XXXXXX";
	struct loop *l = loop_new();
	struct http_client *c = http_client_new(l);
	struct http_settings set = {.bearer_token_file = str_from(path)};
	struct http_settings none = {BEARER};
	struct http_target *t;
	uint64_t first, longer;
	struct err e;
	int fd = mkstemp(path);

	(void)state;
	t = http_target_new(c, &none, &e);
	assert_int_equal(http_target_secrets_stamp(t), 0);
	http_target_free(t);
	t = http_target_new(c, &set, &e);
	first = http_target_secrets_stamp(t);
	assert_true(first != 0);
	assert_true(http_target_secrets_stamp(t) == first);
	assert_int_equal(write(fd, "token", 5), 5);
	longer = http_target_secrets_stamp(t);
	assert_true(longer != first);
	close(fd);
	unlink(path);
	assert_int_equal(http_target_secrets_stamp(t), 0);
	http_target_free(t);
	http_client_free(c);
	loop_free(l);
}

TESTS_RUN(cmocka_unit_test(test_cases), cmocka_unit_test(test_credentials),
	cmocka_unit_test(test_stamp))
