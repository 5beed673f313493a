/*
 * The component in a real graph, with a real server on loopback: what the table refuses, what
 * a request looks like on the wire, endpoints that do not wait for each other, a change of url.
 */

#include "agent/base/err.h"
#include "agent/base/log.h"
#include "agent/base/metric.h"
#include "agent/loop/http_client.h"
#include "agent/loop/http_server.h"
#include "tests/component.h"
#include "tests/unit/agent/component/loki.write/fake.h"

extern const struct component_type loki_write;

static const char *const app[] = {"app", "web", "__path__", "x", NULL};

struct fixture {
	struct harness h;
	struct http_server *server;
	struct buf seen; /* one line a request: PATH [tenant] CONTENT */
	struct buf heads;
	int refuse; /* requests for /b get this many 500 */
	struct buf log;
};

static struct fixture *now; /* for what has no owner */

static void on_request(struct http_server *s, struct http_request *r)
{
	struct fixture *f = http_server_owner(s);
	struct str path = http_request_path(r);
	struct str tenant = http_request_header(r, "x-scope-orgid");
	static const char *const names[] = {"content-type", "content-encoding", "user-agent",
		"x-more", "content-length"};
	struct buf text = {0};

	if (str_is(path, "/b") && f->refuse > 0) {
		f->refuse--;
		http_reply(r, &(struct http_reply){.status = 500, .body = STR("empty ring\n")});
		return;
	}
	if (str_is(path, "/401")) {
		http_reply(r, &(struct http_reply){.status = 401, .body = STR("no org id\n")});
		return;
	}
	fake_print(&text, http_request_body(r));
	buf_printf(&f->seen, STR_FMT " [" STR_FMT "] " STR_FMT "\n", STR_ARG(path),
		STR_ARG(tenant), STR_ARG(buf_str(&text)));
	buf_clear(&f->heads);
	for (size_t i = 0; i < 4; i++)
		buf_printf(&f->heads, STR_FMT "\n", STR_ARG(http_request_header(r, names[i])));
	assert_true(http_request_header(r, names[4]).n > 0);
	http_reply(r, &(struct http_reply){.status = 204});
	buf_fini(&text);
}

static void on_log(struct str line)
{
	buf_add_str(&now->log, line);
}

static void open_fixture(struct fixture *f)
{
	struct http_server_settings set = {
		.address = STR("127.0.0.1:0"),
		.max_body = 1 << 20,
		.request = on_request,
	};
	struct err e;

	*f = (struct fixture){0};
	now = f;
	log_set_writer(on_log);
	harness_init(&f->h, &loki_write);
	f->h.agent.http = http_client_new(f->h.loop);
	f->server = http_server_new(f->h.loop, &set, f, &e);
	assert_non_null(f->server);
}

static void close_fixture(struct fixture *f)
{
	struct http_client *http = f->h.agent.http;

	http_server_free(f->server);
	graph_stop(f->h.graph, harness_stopped, &f->h.stopped);
	for (int i = 0; i < 40 && !f->h.stopped; i++)
		harness_advance(&f->h, NS_PER_SEC);
	assert_true(f->h.stopped);
	graph_free(f->h.graph);
	http_client_free(http);
	loop_free(f->h.loop);
	buf_fini(&f->h.errors);
	assert_int_equal(f->h.budget.used, 0);
	assert_int_equal(labels_interned(), 0);
	buf_fini(&f->seen);
	buf_fini(&f->heads);
	buf_fini(&f->log);
	log_set_writer(NULL);
}

/* Loads text with each @ replaced by http://127.0.0.1:PORT. */
static bool load(struct fixture *f, const char *text)
{
	struct buf b = {0};
	bool ok;

	for (; *text; text++) {
		if (*text == '@')
			buf_printf(&b, "http://127.0.0.1:%d", http_server_port(f->server));
		else
			buf_add_char(&b, *text);
	}
	buf_add_str(&b, STR("\ntest.source \"in\" { forward_to = [loki.write.w.receiver] }\n"));
	buf_add_char(&b, 0);
	ok = harness_load(&f->h, b.p);
	buf_fini(&b);
	return ok;
}

/* Turns the loop until the server has seen so much. The clock stands still meanwhile. */
static void wait_for(struct fixture *f, const char *want)
{
	for (int i = 0; i < 5000 && f->seen.n < strlen(want); i++)
		loop_turn(f->h.loop, NS_PER_MS);
	assert_str(buf_str(&f->seen), want);
	for (int i = 0; i < 5; i++) /* the answer comes back */
		loop_turn(f->h.loop, NS_PER_MS);
}

static void test_on_the_wire(void **state)
{
	struct fixture f;

	(void)state;
	open_fixture(&f);
	assert_true(load(&f, "loki.write \"w\" {\n"
			     "  external_labels = {cluster = \"c1\", app = \"lost\"}\n"
			     "  endpoint {\n"
			     "    url = \"@/a\"\n"
			     "    tenant_id = \"t\"\n"
			     "    headers = {\"X-More\" = \"1\", \"content-type\" = \"no\"}\n"
			     "  }\n"
			     "}\n"));
	harness_push(app, 1, STR("one"));
	harness_push(app, 2, STR("two"));
	harness_advance(&f.h, NS_PER_SEC);
	wait_for(&f, "/a [t] {app=\"web\", cluster=\"c1\"} one|two\n");
	assert_str(buf_str(&f.heads), "application/x-protobuf\nsnappy\ninvar/" INVAR_VERSION
				      " (linux)\n1\n");
	assert_true(str_find(buf_str(&f.log), STR("custom header key already exists")) > 0);
	close_fixture(&f);
}

static void test_endpoints_are_independent(void **state)
{
	struct fixture f;

	(void)state;
	open_fixture(&f);
	f.refuse = 2;
	assert_true(load(&f, "loki.write \"w\" {\n"
			     "  endpoint { url = \"@/a\" }\n"
			     "  endpoint { url = \"@/b\" }\n"
			     "}\n"));
	harness_push(app, 1, STR("one"));
	harness_advance(&f.h, NS_PER_SEC);
	wait_for(&f, "/a [] {app=\"web\"} one\n");
	harness_push(app, 2, STR("two"));
	harness_advance(&f.h, NS_PER_SEC);
	wait_for(&f, "/a [] {app=\"web\"} one\n/a [] {app=\"web\"} two\n");
	harness_advance(&f.h, 10 * NS_PER_SEC);
	for (int i = 0; i < 100 && f.seen.n < 80; i++) {
		loop_turn(f.h.loop, NS_PER_MS);
		harness_advance(&f.h, NS_PER_SEC);
	}
	wait_for(&f, "/a [] {app=\"web\"} one\n/a [] {app=\"web\"} two\n"
		     "/b [] {app=\"web\"} one\n/b [] {app=\"web\"} two\n");
	close_fixture(&f);
}

static enum health health_of(struct fixture *f)
{
	for (size_t i = 0; i < graph_count(f->h.graph); i++) {
		if (strcmp(graph_node(f->h.graph, i).id, "loki.write.w") == 0)
			return graph_node(f->h.graph, i).health;
	}
	return HEALTH_UNKNOWN;
}

/* A wrong url makes the component unhealthy and keeps the lines; the corrected one gets them. */
static void test_corrected_url(void **state)
{
	struct fixture f;

	(void)state;
	open_fixture(&f);
	assert_true(load(&f, "loki.write \"w\" { endpoint { url = \"@/401\" } }\n"));
	harness_push(app, 1, STR("one"));
	harness_advance(&f.h, NS_PER_SEC);
	for (int i = 0; i < 5000 && health_of(&f) != HEALTH_UNHEALTHY; i++)
		loop_turn(f.h.loop, NS_PER_MS);
	assert_int_equal(health_of(&f), HEALTH_UNHEALTHY);
	assert_true(str_find(buf_str(&f.log), STR("set tenant_id in the endpoint")) > 0);
	harness_push(app, 2, STR("two"));
	assert_true(load(&f, "loki.write \"w\" { endpoint {\n"
			     "  url = \"@/a\"\n  tenant_id = \"t\"\n} }\n"));
	wait_for(&f, "/a [] {app=\"web\"} one\n/a [] {app=\"web\"} two\n");
	assert_int_equal(health_of(&f), HEALTH_HEALTHY);
	harness_push(app, 3, STR("three"));
	buf_clear(&f.seen);
	harness_advance(&f.h, NS_PER_SEC);
	wait_for(&f, "/a [t] {app=\"web\"} three\n");
	close_fixture(&f);
}

/* An endpoint that a reload takes out still sends what it has. */
static void test_removed_endpoint(void **state)
{
	struct fixture f;

	(void)state;
	open_fixture(&f);
	assert_true(load(&f, "loki.write \"w\" {\n endpoint { url = \"@/a\" }\n"
			     " endpoint { url = \"@/b\" }\n}\n"));
	harness_push(app, 1, STR("one"));
	assert_true(load(&f, "loki.write \"w\" { endpoint {\n"
			     "  url = \"@/b\"\n  batch_wait = \"2s\"\n} }\n"));
	for (int i = 0; i < 5000 && f.seen.n < 40; i++)
		loop_turn(f.h.loop, NS_PER_MS);
	assert_true(str_find(buf_str(&f.seen), STR("/a [] {app=\"web\"} one\n")) >= 0);
	assert_true(str_find(buf_str(&f.seen), STR("/b [] {app=\"web\"} one\n")) >= 0);
	close_fixture(&f);
}

static const struct {
	const char *body;
	bool ok;
	const char *want; /* a part of the errors */
} configs[] = {
	{"", true, "there is no endpoint"},
	{"endpoint { url = \"https://x.example/loki/api/v1/push\" }", true, ""},
	{"endpoint { }", false, "missing required attribute \"url\""},
	{"endpoint { url = \"loki:3100\" }", true,
		"1:18: nothing can be sent to the url loki:3100"},
	{"endpoint { url = \"<LOKI_URL>\" }", true, "nothing can be sent"},
	{"endpoint { url = \"\" }", false, "invalid url"},
	{"endpoint { url = \"10.0.0.1:3100/push\" }", false, "invalid url"},
	{"endpoint { url = \":3100/push\" }", false, "invalid url"},
	{"endpoint { url = \"loki 3100\" }", false, "invalid url"},
	{"endpoint { url = \"http:loki\" }", false, "invalid url"},
	{"endpoint { url = \"http:///push\" }", false, "invalid url"},
	{"endpoint { url = \"http://a\" }\nendpoint { url = \"http://a\" }", false,
		"2:1: duplicate client configs are not allowed, found duplicate for name: "},
	{"endpoint {\n url = \"http://a\"\n name = \"n\"\n}\n"
	 "endpoint {\n url = \"http://b\"\n name = \"n\"\n}",
		false, "found duplicate for name: n"},
	{"endpoint { url = \"http://a\" }\nendpoint {\n url = \"http://a\"\n name = \"n\"\n}", true,
		""},
	{"endpoint {\n url = \"http://a\"\n bearer_token = \"a\"\n bearer_token_file = \"b\"\n}",
		false, "at most one of"},
	{"endpoint {\n url = \"http://a\"\n queue_config {\n  capacity = \"1MiB\"\n }\n}", true,
		"capacity"},
	{"wal { enabled = true }", true, "enabled"},
	{"endpoint {\n url = \"http://a\"\n batch_size = \"lots\"\n}", false, "lots"},
	{"endpoint {\n url = \"http://a\"\n max_backoff_retries = 10\n"
	 " min_backoff_period = \"1s\"\n retry_on_http_429 = false\n remote_timeout = \"3s\"\n}",
		true, ""},
};

static void test_configs(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(configs) / sizeof(configs[0]); i++) {
		struct fixture f;
		struct buf b = {0};

		print_message("%s\n", configs[i].body);
		buf_printf(&b, "loki.write \"w\" { %s\n}\n", configs[i].body);
		buf_add_char(&b, 0);
		open_fixture(&f);
		assert_int_equal(load(&f, b.p), configs[i].ok);
		print_message("-> %.*s", (int)f.h.errors.n, f.h.errors.p ? f.h.errors.p : "");
		assert_true(str_find(buf_str(&f.h.errors), str_from(configs[i].want)) >= 0);
		close_fixture(&f);
		buf_fini(&b);
	}
}

TESTS_RUN(cmocka_unit_test(test_configs), cmocka_unit_test(test_on_the_wire),
	cmocka_unit_test(test_endpoints_are_independent), cmocka_unit_test(test_corrected_url),
	cmocka_unit_test(test_removed_endpoint))
