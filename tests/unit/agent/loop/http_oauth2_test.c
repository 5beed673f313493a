/* The HTTP client with a server of tokens and one that wants them, both our own, in one loop. */

#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "agent/base/mem.h"
#include "agent/base/timestamp.h"
#include "agent/loop/http_client.h"
#include "agent/loop/http_server.h"
#include "agent/loop/loop.h"
#include "tests/test.h"

#include <stdlib.h>
#include <unistd.h>

enum {
	CALLS = 3,
};

static struct loop *l;
static struct http_client *client;
static struct http_server *server;
static struct http_target *target;
static struct http_request *held;
static struct buf seen;
static char base[64];
static char token_url[96];
static const char *token_answer; /* NULL: it is held */
static int token_status;
static bool only_body;   /* the server of tokens wants the secret there */
static const char *good; /* the token that is let in */

static struct call {
	struct http_call call;
	struct buf said;
	int done;
} calls[CALLS];

static void reply(struct http_request *r, int status, const char *body)
{
	http_reply(r, &(struct http_reply){.status = status,
			      .content_type = "application/json",
			      .body = str_from(body)});
}

static void on_request(struct http_server *s, struct http_request *r)
{
	struct str auth = http_request_header(r, "Authorization");

	(void)s;
	if (!str_is(http_request_path(r), "/token")) {
		buf_printf(&seen, "data " STR_FMT "\n", STR_ARG(auth));
		reply(r, str_is(auth, good) ? 200 : 401, "x");
		return;
	}
	buf_printf(&seen, "token [" STR_FMT "] " STR_FMT "\n", STR_ARG(auth),
		STR_ARG(http_request_body(r)));
	if (only_body && auth.n > 0)
		reply(r, 401, "{\"error\": \"invalid_client\"}");
	else if (token_answer)
		reply(r, token_status, token_answer);
	else
		held = r;
}

static void on_gone(struct http_server *s, struct http_request *r)
{
	(void)s;
	if (held == r)
		held = NULL;
}

static void on_done(struct http_call *call, enum http_outcome outcome)
{
	struct call *c = container_of(call, struct call, call);

	c->done++;
	buf_clear(&c->said);
	if (outcome == HTTP_ANSWERED)
		buf_printf(&c->said, "%d", call->status);
	else
		buf_printf(&c->said, "! %s", call->error);
}

static struct http_target *new_target(const char *secret)
{
	static const struct http_settings http;
	static const struct http_header params[] = {{STR("audience"), STR("a b&c")}};
	struct http_oauth2 o = {
		.token_url = str_from(token_url),
		.client_id = STR("me:x"),
		.client_secret = str_from(secret),
		.scopes = STR("push pull"),
		.params = params,
		.n_params = 1,
		.http = &http,
	};
	struct http_settings set = {.oauth2 = &o};
	struct err e;

	return http_target_new(client, &set, &e);
}

static int set_up(void **state)
{
	struct http_server_settings set = {
		.address = STR("127.0.0.1:0"),
		.max_body = 1 << 20,
		.request = on_request,
		.gone = on_gone,
	};
	struct err e;

	(void)state;
	l = loop_new();
	loop_fake_clock(l, NS_PER_SEC, 1700000000 * NS_PER_SEC);
	client = http_client_new(l);
	server = http_server_new(l, &set, NULL, &e);
	assert_non_null(server);
	snprintf(base, sizeof(base), "http://127.0.0.1:%d", http_server_port(server));
	snprintf(token_url, sizeof(token_url), "%s/token?k=hidden", base);
	target = new_target("p w");
	assert_non_null(target);
	token_status = 200;
	token_answer =
		"{\"access_token\": \"t1\", \"token_type\": \"bearer\", \"expires_in\": 3600}";
	good = "Bearer t1";
	only_body = false;
	held = NULL;
	memset(calls, 0, sizeof(calls));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	for (size_t i = 0; i < CALLS; i++) {
		http_call_cancel(&calls[i].call);
		buf_fini(&calls[i].said);
	}
	http_target_free(target);
	http_client_free(client);
	http_server_free(server);
	loop_free(l);
	buf_fini(&seen);
	return 0;
}

static void start(size_t i, struct http_target *t)
{
	struct call *c = &calls[i];
	struct http_header *own = mem_new(struct http_header, 1);

	c->done = 0;
	c->call.method = "POST";
	c->call.url = str_from(base);
	c->call.body = STR("data");
	c->call.done = on_done;
	*own = (struct http_header){STR("X"), STR("y")};
	c->call.headers = own; /* gone when the token is there */
	c->call.n_headers = 1;
	http_call_start(t, &c->call);
	free(own);
	assert_int_equal(c->done, 0);
}

static void until(size_t i, const char *want)
{
	for (int n = 0; n < 5000 && calls[i].done == 0; n++)
		loop_turn(l, 2 * NS_PER_MS);
	assert_int_equal(calls[i].done, 1);
	assert_str(buf_str(&calls[i].said), want);
}

static void ask(const char *want, const char *told)
{
	start(0, target);
	until(0, want);
	assert_str(seen.n ? buf_str(&seen) : STR(""), told);
	buf_clear(&seen);
}

#define FORM "grant_type=client_credentials&scope=push+pull&audience=a+b%26c"
#define FETCH "token [Basic bWUlM0F4OnArdw==] " FORM "\n"
#define FETCH_BODY "token [] " FORM "&client_id=me%3Ax&client_secret=p+w\n"
#define NO "! no OAuth 2.0 token from "

/* One fetch for all; it is used till shortly before its end, and renewed before that. */
static void test_life(void **state)
{
	(void)state;
	ask("200", FETCH "data Bearer t1\n");
	ask("200", "data Bearer t1\n");
	loop_advance(l, 3525 * NS_PER_SEC); /* 10 s before the end less 60 s is 3530 */
	ask("200", "data Bearer t1\n");
	loop_advance(l, 6 * NS_PER_SEC);
	token_answer = "{\"access_token\": \"t2\", \"expires_in\": \"100\"}";
	start(0, target); /* the old one still serves */
	until(0, "200");
	for (int n = 0; n < 5000 && seen.n < sizeof(FETCH "data Bearer t1\n") - 1; n++)
		loop_turn(l, 2 * NS_PER_MS);
	for (int n = 0; n < 50; n++)
		loop_turn(l, 0);
	buf_clear(&seen);
	good = "Bearer t2";
	start(0, target);
	until(0, "200");
	loop_advance(l, 91 * NS_PER_SEC);
	buf_clear(&seen);
	good = "Mac t3";
	token_answer = "{\"access_token\": \"t3\", \"token_type\": \"Mac\"}";
	ask("200", FETCH "data Mac t3\n");
	loop_advance(l, 1000000 * NS_PER_SEC); /* its end was not said */
	ask("200", "data Mac t3\n");
}

static void test_together(void **state)
{
	struct http_target *same = new_target("p w");
	struct http_target *other;

	(void)state;
	token_answer = NULL;
	for (size_t i = 0; i < CALLS; i++)
		start(i, i ? target : same);
	for (int n = 0; n < 5000 && !held; n++)
		loop_turn(l, 2 * NS_PER_MS);
	assert_non_null(held);
	http_call_cancel(&calls[2].call); /* it waits no more */
	reply(held, 200, "{\"access_token\": \"t1\"}");
	until(0, "200");
	until(1, "200");
	assert_int_equal(calls[2].done, 0);
	assert_str(buf_str(&seen), FETCH "data Bearer t1\ndata Bearer t1\n");
	buf_clear(&seen);
	http_target_free(same);
	other = new_target("else");
	token_answer = "{\"access_token\": \"t1\"}";
	start(2, other);
	until(2, "200");
	http_target_free(other);
	assert_true(str_starts(buf_str(&seen), "token ["));
}

/* What went wrong is said, without what is secret; then nobody asks for a while. */
static void test_failures(void **state)
{
	static const struct {
		int status;
		const char *answer;
		const char *want; /* after the address */
	} cases[] = {
		{503, "busy", ": the server answered with status 503"},
		{200, "{}", ": the answer has no access_token"},
		{200, "nonsense", ": the answer has no access_token"},
		{200, "{\"access_token\": \"\"}", ": the answer has no access_token"},
		{200, "{\"access_token\": 5}", ": the answer has no access_token"},
		{500, "{\"error\": \"p w\"}", ": the server answered with status 500"},
		{429, "{\"error\": \"slow_down\"}",
			": the server answered with status 429 slow_down"},
	};
	struct buf want = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		token_status = cases[i].status;
		token_answer = cases[i].answer;
		buf_clear(&want);
		buf_printf(&want, NO "%s/token%s%c", base, cases[i].want, 0);
		ask(want.p, FETCH);
		ask(want.p, "");
		loop_advance(l, 61 * NS_PER_SEC);
	}
	token_status = 200;
	token_answer = "{\"access_token\": \"t1\\r\\nX: y\"}";
	ask("! the token holds a line break or a control character", FETCH);
	buf_fini(&want);
}

/* Some want the secret in the body. */
static void test_in_body(void **state)
{
	(void)state;
	only_body = true;
	ask("200", FETCH FETCH_BODY "data Bearer t1\n");
	loop_advance(l, 3600 * NS_PER_SEC);
	ask("200", FETCH_BODY "data Bearer t1\n");
}

/* A token that is void before its time is replaced, but not one that was never good. */
static void test_refused(void **state)
{
	(void)state;
	ask("200", FETCH "data Bearer t1\n");
	good = "Bearer t2";
	ask("401", "data Bearer t1\n");
	loop_advance(l, 11 * NS_PER_SEC);
	token_answer = "{\"access_token\": \"t2\", \"expires_in\": 3600}";
	ask("200", "data Bearer t1\n" FETCH "data Bearer t2\n");
	good = "Bearer t3";
	loop_advance(l, 11 * NS_PER_SEC);
	ask("401", "data Bearer t2\n" FETCH "data Bearer t2\n");
}

/* An old one serves to its end when the server of tokens is away. */
static void test_away(void **state)
{
	(void)state;
	ask("200", FETCH "data Bearer t1\n");
	loop_advance(l, 3595 * NS_PER_SEC);
	token_status = 503;
	ask("200", FETCH "data Bearer t1\n");
	ask("200", "data Bearer t1\n");
	loop_advance(l, 61 * NS_PER_SEC);
	start(0, target);
	for (int n = 0; n < 5000 && calls[0].done == 0; n++)
		loop_turn(l, 2 * NS_PER_MS);
	assert_true(str_starts(buf_str(&calls[0].said), NO));
}

static void test_secret_file(void **state)
{
	struct http_settings http = {0};
	struct http_oauth2 o = {.token_url = str_from(token_url),
		.client_id = STR("me"),
		.client_secret_file = STR("/none"),
		.http = &http};
	struct http_settings set = {.oauth2 = &o};
	struct http_target *t = http_target_new(client, &set, NULL);

	(void)state;
	start(0, t);
	for (int n = 0; n < 5000 && calls[0].done == 0; n++)
		loop_turn(l, 2 * NS_PER_MS);
	assert_true(str_ends(buf_str(&calls[0].said),
		"client_secret_file: /none: No such file or directory"));
	http_target_free(t);
}

/* The client ends while the token is awaited. */
static void test_end(void **state)
{
	(void)state;
	token_answer = NULL;
	start(0, target);
	for (int n = 0; n < 5000 && !held; n++)
		loop_turn(l, 2 * NS_PER_MS);
	http_call_cancel(&calls[0].call);
	http_target_free(target);
	target = NULL;
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

TESTS_RUN(CASE(test_life), CASE(test_together), CASE(test_failures), CASE(test_in_body),
	CASE(test_refused), CASE(test_away), CASE(test_secret_file), CASE(test_end))
