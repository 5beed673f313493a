/* TLS at both ends: certificates made here, a server with them, and who trusts whom. */

#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "agent/loop/http_client.h"
#include "agent/loop/http_server.h"
#include "agent/loop/loop.h"
#include "tests/identity.h"
#include "tests/test.h"

#include <stdlib.h>

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

TESTS_RUN(cmocka_unit_test(test_cases))
