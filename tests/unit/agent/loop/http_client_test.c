/* The client against our own server and against scripts on a raw socket, all in one loop. */

#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "agent/base/mem.h"
#include "agent/base/timestamp.h"
#include "agent/loop/http_client.h"
#include "agent/loop/http_server.h"
#include "agent/loop/loop.h"
#include "tests/test.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

static struct loop *l;
static struct http_client *client;
static struct http_server *server;
static struct http_target *target;
static struct http_request *late;
static struct buf seen;
static size_t connections; /* the most there were at one time */
static char base[64];

static void say(struct http_request *r, const char *name)
{
	struct str v = http_request_header(r, name);

	if (v.p)
		buf_printf(&seen, " %s=" STR_FMT, name, STR_ARG(v));
}

static void answer(struct http_request *r, int status, const char *name, const char *value,
	struct str body)
{
	const struct http_reply_header headers[] = {{name, value}, {NULL, NULL}};

	http_reply(r, &(struct http_reply){
			      .status = status,
			      .content_type = "text/plain",
			      .headers = headers,
			      .body = body,
		      });
}

static void answer_gzip(struct http_request *r)
{
	unsigned char out[256];
	char in[5000];
	z_stream z = {0};

	memset(in, 'z', sizeof(in));
	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = (unsigned char *)in;
	z.avail_in = sizeof(in);
	z.next_out = out;
	z.avail_out = sizeof(out);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	answer(r, 200, "Content-Encoding", "gzip",
		(struct str){(char *)out, sizeof(out) - z.avail_out});
	deflateEnd(&z);
}

static void on_request(struct http_server *s, struct http_request *r)
{
	struct str path = http_request_path(r);
	static char big[300000];

	if (http_server_connections(s) > connections)
		connections = http_server_connections(s);
	buf_printf(&seen, STR_FMT " " STR_FMT " %zu", STR_ARG(http_request_method(r)),
		STR_ARG(path), http_request_body(r).n);
	say(r, "Authorization");
	say(r, "X-Own");
	say(r, "Expect");
	say(r, "Content-Type");
	say(r, "Accept-Encoding");
	buf_add(&seen, "; ", 2);
	if (str_is(path, "/late"))
		late = r;
	else if (str_is(path, "/429"))
		answer(r, 429, "Retry-After", "7", STR("slow down"));
	else if (str_is(path, "/301"))
		answer(r, 301, "Location", "/ok", STR(""));
	else if (str_is(path, "/307"))
		answer(r, 307, "Location", "/ok", STR("elsewhere"));
	else if (str_is(path, "/gzip"))
		answer_gzip(r);
	else if (str_is(path, "/big"))
		answer(r, 200, "X", "y", (struct str){big, sizeof(big)});
	else if (str_is(path, "/empty-header"))
		answer(r, 200, "X", " ", STR("fine"));
	else
		answer(r, 200, "X", "y", STR("fine"));
}

struct test_call {
	struct http_call call;
	struct buf said; /* status and body, or the error */
	int done;
	int again; /* started again in done() so often */
	size_t part_bytes;
	struct http_call *cancels; /* in part() */
};

static void on_done(struct http_call *call, enum http_outcome outcome)
{
	struct test_call *t = container_of(call, struct test_call, call);

	t->done++;
	buf_clear(&t->said);
	if (outcome == HTTP_ANSWERED)
		buf_printf(&t->said, "%d " STR_FMT, call->status,
			STR_ARG(str_head(call->answer, 20)));
	else
		buf_printf(&t->said, "! %s", call->error);
	for (size_t i = 0; i < call->n_answer_headers; i++)
		buf_printf(&t->said, call->answer_headers[i].value.p ? " " STR_FMT "." : " none",
			STR_ARG(call->answer_headers[i].value));
	if (t->again > 0) {
		t->again--;
		http_call_start(target, call);
	}
}

static void on_part(struct http_call *call, struct str bytes)
{
	struct test_call *t = container_of(call, struct test_call, call);

	assert_int_equal(call->status, 200);
	t->part_bytes += bytes.n;
	if (t->cancels)
		http_call_cancel(t->cancels);
	if (t->again > 0) {
		t->again--;
		t->cancels = NULL;
		http_call_start(target, call);
	}
}

static int set_up(void **state)
{
	struct http_server_settings set = {
		.address = STR("127.0.0.1:0"),
		.max_body = 10 << 20,
		.request = on_request,
	};
	struct http_settings settings = {.follow_redirects = true};
	struct err e;

	(void)state;
	l = loop_new();
	client = http_client_new(l);
	server = http_server_new(l, &set, NULL, &e);
	assert_non_null(server);
	target = http_target_new(client, &settings, &e);
	snprintf(base, sizeof(base), "http://127.0.0.1:%d", http_server_port(server));
	connections = 0;
	late = NULL;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	http_target_free(target);
	http_client_free(client);
	http_server_free(server);
	loop_free(l);
	buf_fini(&seen);
	return 0;
}

static void start(struct http_target *t, struct test_call *c, const char *method, const char *path,
	struct str body)
{
	static char url[128];

	snprintf(url, sizeof(url), "%s%s", path[0] == '/' ? base : "", path);
	c->call.method = method;
	c->call.url = str_from(url);
	c->call.body = body;
	c->call.done = on_done;
	http_call_start(t, &c->call);
	assert_int_equal(c->done, 0);
}

static void until(const int *what, int n)
{
	for (int i = 0; i < 5000 && *what < n; i++)
		loop_turn(l, 2 * NS_PER_MS);
	assert_int_equal(*what, n);
}

static void ask(struct http_target *t, const char *method, const char *path, struct str body,
	const char *want, const char *told)
{
	struct test_call c = {0};

	start(t, &c, method, path, body);
	until(&c.done, 1);
	assert_null(c.call.transfer);
	assert_str(buf_str(&c.said), want);
	assert_str(seen.n ? buf_str(&seen) : STR(""), told);
	buf_clear(&seen);
	buf_fini(&c.said);
}

static void test_simple(void **state)
{
	(void)state;
	ask(target, "GET", "/ok", STR(""), "200 fine", "GET /ok 0; ");
	ask(target, "POST", "/ok", STR("body"), "200 fine", "POST /ok 4; ");
	ask(target, "POST", "/ok", STR(""), "200 fine", "POST /ok 0; ");
	ask(target, "PUT", "/ok", STR("x"), "200 fine", "PUT /ok 1; ");
	ask(target, "GET", "/ok", STR(""), "200 fine", "GET /ok 0; ");
	ask(target, "POST", "/301", STR("body"), "200 fine", "POST /301 4; GET /ok 0; ");
	ask(target, "POST", "/307", STR("body"), "200 fine", "POST /307 4; POST /ok 4; ");
	assert_int_equal(connections, 1); /* kept alive all the while */
}

static void test_big_body(void **state)
{
	size_t n = 5000000;
	char *body = mem_new(char, n);

	(void)state;
	ask(target, "POST", "/ok", (struct str){body, n}, "200 fine", "POST /ok 5000000; ");
	ask(target, "POST", "/307", (struct str){body, n}, "200 fine",
		"POST /307 5000000; POST /ok 5000000; ");
	free(body);
}

/* Duty 226: more than is kept of an answer is cut. */
static void test_answers(void **state)
{
	struct test_call c = {0};

	(void)state;
	start(target, &c, "GET", "/429", STR(""));
	until(&c.done, 1);
	assert_str(buf_str(&c.said), "429 slow down");
	assert_int_equal(c.call.retry_after, 7 * NS_PER_SEC);
	assert_str(c.call.content_type, "text/plain");
	c.done = 0;
	start(target, &c, "GET", "/big", STR(""));
	until(&c.done, 1);
	assert_int_equal(c.call.answer.n, 64 * 1024); /* the rest is cut */
	assert_int_equal(c.call.retry_after, -1);
	c.done = 0;
	c.call.part = on_part;
	start(target, &c, "GET", "/big", STR(""));
	until(&c.done, 1);
	assert_int_equal(c.part_bytes, 300000);
	buf_fini(&c.said);
}

/* An empty header is empty: libcurl 7.88 has a carriage return in it. */
static void test_answer_headers(void **state)
{
	struct http_answer_header headers[] = {{.name = "x"}, {.name = "Y"}};
	struct test_call c = {.call = {.answer_headers = headers, .n_answer_headers = 2}};

	(void)state;
	start(target, &c, "GET", "/ok", STR(""));
	until(&c.done, 1);
	assert_str(buf_str(&c.said), "200 fine y. none");
	c.done = 0;
	start(target, &c, "GET", "/empty-header", STR(""));
	until(&c.done, 1);
	assert_str(buf_str(&c.said), "200 fine . none");
	buf_fini(&c.said);
}

static void test_gzip(void **state)
{
	struct test_call c = {0};

	(void)state;
	c.call.accept_gzip = true;
	start(target, &c, "GET", "/gzip", STR(""));
	until(&c.done, 1);
	assert_str(buf_str(&c.said), "200 zzzzzzzzzzzzzzzzzzzz");
	assert_int_equal(c.call.answer.n, 5000);
	assert_str(buf_str(&seen), "GET /gzip 0 Accept-Encoding=gzip; ");
	buf_fini(&c.said);
}

static void test_again(void **state)
{
	struct test_call c = {.again = 5};

	(void)state;
	start(target, &c, "POST", "/ok", STR("x"));
	until(&c.done, 6);
	assert_int_equal(connections, 1);
	c.done = 0;
	c.again = 3; /* an error, at once: done() is still called from the loop */
	start(target, &c, "GET", "gopher://x/", STR(""));
	until(&c.done, 4);
	buf_fini(&c.said);
}

static void test_cancel(void **state)
{
	struct test_call a = {0};
	struct test_call b = {0};

	(void)state;
	start(target, &a, "GET", "/late", STR(""));
	http_call_cancel(&a.call);
	http_call_cancel(&a.call);
	start(target, &a, "GET", "/late", STR(""));
	for (int i = 0; i < 2000 && !late; i++)
		loop_turn(l, 2 * NS_PER_MS);
	b.call.part = on_part;
	b.cancels = &a.call; /* another one */
	start(target, &b, "GET", "/ok", STR(""));
	until(&b.done, 1);
	assert_null(a.call.transfer);
	assert_int_equal(a.done, 0);
	b.done = 0;
	b.cancels = &b.call; /* itself, and starts again */
	b.again = 1;
	start(target, &b, "GET", "/ok", STR(""));
	until(&b.done, 1);
	b.cancels = &b.call;
	b.done = 0;
	start(target, &b, "GET", "/big", STR(""));
	for (int i = 0; i < 50; i++)
		loop_turn(l, NS_PER_MS);
	assert_int_equal(b.done, 0);
	assert_null(b.call.transfer);
	buf_fini(&b.said);
}

/* Whatever is under way when the client or the target is freed. */
static void test_freed(void **state)
{
	struct test_call a = {0};
	struct test_call b = {0};
	struct http_settings settings = {0};
	struct err e;
	struct http_target *other = http_target_new(client, &settings, &e);

	(void)state;
	start(other, &b, "GET", "/late", STR(""));
	http_call_cancel(&b.call);
	http_target_free(other);
	start(target, &a, "GET", "/late", STR(""));
	loop_turn(l, 0);
	http_client_free(client);
	assert_null(a.call.transfer);
	client = NULL;
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void test_credentials(void **state)
{
	char path[] = "/tmp/http-client-test-XXXXXX";
	struct http_header own[] = {{STR("X-Own"), STR("one")}};
	struct http_settings basic = {
		.basic_username = STR("user"),
		.basic_password = STR("pass word"),
		.headers = own,
		.n_headers = 1,
	};
	struct http_settings bearer = {.bearer_token_file = str_from(path)};
	struct http_settings type = {
		.authorization_type = STR("Own"),
		.authorization_credentials = STR("secret"),
	};
	struct http_target *t;
	struct err e;

	(void)state;
	close(mkstemp(path));
	t = http_target_new(client, &basic, &e);
	ask(t, "GET", "/ok", STR(""), "200 fine",
		"GET /ok 0 Authorization=Basic dXNlcjpwYXNzIHdvcmQ= X-Own=one; ");
	http_target_free(t);

	t = http_target_new(client, &bearer, &e);
	write_file(path, "one\n");
	ask(t, "GET", "/ok", STR(""), "200 fine", "GET /ok 0 Authorization=Bearer one; ");
	write_file(path, " two ");
	ask(t, "GET", "/ok", STR(""), "200 fine", "GET /ok 0 Authorization=Bearer two; ");
	write_file(path, "two\nthree");
	ask(t, "GET", "/ok", STR(""),
		"! the credentials hold a line break or a control character", "");
	unlink(path);
	{
		struct test_call c = {0};

		start(t, &c, "GET", "/ok", STR(""));
		until(&c.done, 1);
		assert_true(str_starts(buf_str(&c.said), "! bearer_token_file: /tmp/http-client-"));
		assert_true(str_ends(buf_str(&c.said), ": No such file or directory"));
		buf_fini(&c.said);
	}
	http_target_free(t);

	t = http_target_new(client, &type, &e);
	ask(t, "GET", "/ok", STR(""), "200 fine", "GET /ok 0 Authorization=Own secret; ");
	http_target_free(t);
}

/* A redirect to another port is another host: what is secret stays here. */
/* Duty 231. */
static void test_redirect_elsewhere(void **state)
{
	struct http_settings set = {.bearer_token = STR("secret"), .follow_redirects = true};
	struct http_target *t;
	struct test_call c = {0};
	struct err e;
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t size = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	char text[256];
	char request[1000] = "";
	int peer = -1;

	(void)state;
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(fd, 5), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &size), 0);
	t = http_target_new(client, &set, &e);
	snprintf(text, sizeof(text), "http://127.0.0.1:%d/", ntohs(a.sin_port));
	start(t, &c, "GET", text, STR(""));
	for (int i = 0; i < 2000 && peer == -1; i++) {
		loop_turn(l, NS_PER_MS);
		peer = accept(fd, NULL, NULL);
	}
	loop_turn(l, 5 * NS_PER_MS);
	assert_true(recv(peer, request, sizeof(request) - 1, 0) > 0);
	assert_non_null(strstr(request, "Authorization: Bearer secret\r\n"));
	assert_non_null(strstr(request, "User-Agent: invar/" INVAR_VERSION " (linux)\r\n"));
	snprintf(text, sizeof(text),
		"HTTP/1.1 302 Found\r\nLocation: %s/ok\r\nContent-Length: 0\r\n\r\n", base);
	assert_true(send(peer, text, strlen(text), 0) > 0);
	until(&c.done, 1);
	assert_str(buf_str(&seen), "GET /ok 0; ");
	assert_str(buf_str(&c.said), "200 fine");
	http_target_free(t);
	close(peer);
	close(fd);
	buf_fini(&c.said);
}

static int accept_one(int fd)
{
	int peer = -1;

	for (int i = 0; i < 2000 && peer == -1; i++) {
		loop_turn(l, NS_PER_MS);
		peer = accept4(fd, NULL, NULL, SOCK_NONBLOCK);
	}
	assert_true(peer != -1);
	return peer;
}

/* Reads n bytes or more, the client running beside. */
static void swallow(int peer, size_t n)
{
	static char bytes[65536];

	for (int i = 0; i < 5000 && n > 0; i++) {
		ssize_t got = recv(peer, bytes, sizeof(bytes), MSG_DONTWAIT);

		n -= got > 0 ? ((size_t)got < n ? (size_t)got : n) : 0;
		loop_turn(l, got > 0 ? 0 : NS_PER_MS);
	}
	assert_int_equal(n, 0);
}

/* The server closes a kept connection just as it is used again: the request goes out anew, from
 * its beginning, on another one. */
static void test_closed_under_us(void **state)
{
	static const char fine[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
	static char body[200000];
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t size = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct test_call c = {0};
	char url[64];
	int peer;

	(void)state;
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(fd, 5), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &size), 0);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", ntohs(a.sin_port));
	start(target, &c, "POST", url, STR("x"));
	peer = accept_one(fd);
	swallow(peer, 30);
	assert_true(send(peer, fine, sizeof(fine) - 1, 0) > 0);
	until(&c.done, 1);
	c.done = 0;
	start(target, &c, "POST", url, (struct str){body, sizeof(body)});
	swallow(peer, 50000);
	close(peer);
	peer = accept_one(fd);
	swallow(peer, sizeof(body));
	assert_true(send(peer, fine, sizeof(fine) - 1, 0) > 0);
	until(&c.done, 1);
	assert_str(buf_str(&c.said), "200 ");
	close(peer);
	close(fd);
	buf_fini(&c.said);
}

static void expect_error(struct http_target *t, const char *url, const char *part)
{
	struct test_call c = {0};

	start(t, &c, "GET", url, STR(""));
	until(&c.done, 1);
	print_message(STR_FMT "\n", STR_ARG(buf_str(&c.said)));
	assert_true(str_starts(buf_str(&c.said), "! "));
	assert_true(str_find(buf_str(&c.said), str_from(part)) > 0);
	buf_fini(&c.said);
}

static void test_errors(void **state)
{
	struct http_settings quick = {.timeout = 20 * NS_PER_MS};
	struct http_settings idle = {.idle_timeout = 20 * NS_PER_MS};
	struct http_target *t = http_target_new(client, &quick, NULL);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t size = sizeof(a);
	char url[64];

	(void)state;
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0); /* does not listen */
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &size), 0);
	snprintf(url, sizeof(url), "http://u:secret@127.0.0.1:%d/", ntohs(a.sin_port));
	expect_error(target, url, ": connection refused");
	snprintf(url, sizeof(url), "https://127.0.0.1:%d/", http_server_port(server));
	expect_error(target, url, ": TLS handshake failed");
	expect_error(target, "loki:3100/push", ": the URL does not begin with http");
	expect_error(t, "/late", ": time-out before an answer came");
	http_target_free(t);
	t = http_target_new(client, &idle, NULL);
	expect_error(t, "/late", ": nothing received for 20ms");
	http_target_free(t);
	close(fd);
}

static void test_settings(void **state)
{
	static const struct http_header bad[] = {{STR("X"), STR("a\r\nB: c")}};
	static const struct {
		struct http_settings set;
		const char *want;
	} cases[] = {
		{{.ca_file = STR("/none")}, "ca_file: /none: No such file or directory"},
		{{.ca_pem = STR("x")},
			"ca_pem holds no PEM text with \"-----BEGIN … CERTIFICATE-----\""},
		{{.min_version = STR("SSL3")},
			"min_version: \"SSL3\" is none of TLS10, TLS11, TLS12, TLS13"},
		{{.headers = bad, .n_headers = 1},
			"header \"X\": its name or its value has a character that HTTP does not "
			"allow there"},
		{{.proxy_url = STR("http://:x:y")},
			"proxy_url: Port number was not a decimal number between 0 and 65535"},
	};
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_null(http_target_new(client, &cases[i].set, &e));
		assert_string_equal(e.text, cases[i].want);
	}
}

/* The proxy of the environment is used only when that was asked for. */
static void test_proxy(void **state)
{
	struct http_settings environment = {.proxy_from_environment = true};
	struct http_settings given = {.proxy_url = str_from(base)};
	struct http_settings except = {.proxy_url = STR("http://127.0.0.1:1"),
		.no_proxy = STR("example.com,127.0.0.0/8")};
	struct http_target *t;

	(void)state;
	setenv("HTTP_PROXY", base, 1);
	ask(target, "GET", "/ok", STR(""), "200 fine", "GET /ok 0; ");
	t = http_target_new(client, &environment, NULL);
	ask(t, "GET", "http://nowhere.invalid/x", STR(""), "200 fine",
		"GET http://nowhere.invalid/x 0; ");
	http_target_free(t);
	unsetenv("HTTP_PROXY");
	t = http_target_new(client, &given, NULL);
	ask(t, "GET", "http://nowhere.invalid/x", STR(""), "200 fine",
		"GET http://nowhere.invalid/x 0; ");
	http_target_free(t);
	t = http_target_new(client, &except, NULL);
	ask(t, "GET", "/ok", STR(""), "200 fine", "GET /ok 0; ");
	http_target_free(t);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

TESTS_RUN(CASE(test_simple), CASE(test_big_body), CASE(test_answers), CASE(test_answer_headers),
	CASE(test_gzip),
	CASE(test_again), CASE(test_cancel), CASE(test_freed), CASE(test_credentials),
	CASE(test_redirect_elsewhere), CASE(test_closed_under_us),
	CASE(test_errors), CASE(test_settings), CASE(test_proxy))
