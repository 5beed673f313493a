/* Raw sockets against the server: what is sent, and the beginning of what comes back. */

#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "agent/base/mem.h"
#include "agent/base/timestamp.h"
#include "agent/loop/http_server.h"
#include "agent/loop/loop.h"
#include "tests/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_BODY ((size_t)64 * 1024)

static struct loop *l;
static struct http_server *server;
static struct http_request *late;
static struct buf seen; /* what the handler was told */
static int gone;

static void on_request(struct http_server *s, struct http_request *r)
{
	struct str body = http_request_body(r);
	struct str q = http_request_query(r, "q");
	char text[64];

	assert_ptr_equal(http_server_owner(s), &seen);
	buf_printf(&seen, STR_FMT " " STR_FMT, STR_ARG(http_request_method(r)),
		STR_ARG(http_request_path(r)));
	if (q.p)
		buf_printf(&seen, " q=" STR_FMT, STR_ARG(q));
	if (http_request_header(r, "x-TEST").p)
		buf_printf(&seen, " x=" STR_FMT, STR_ARG(http_request_header(r, "x-TEST")));
	buf_printf(&seen, " " STR_FMT "; ", STR_ARG(str_head(body, 20)));
	if (str_is(http_request_path(r), "/late")) {
		late = r;
		http_request_set_user(r, &late);
		return;
	}
	snprintf(text, sizeof(text), "%zu bytes", body.n);
	http_reply(r, &(struct http_reply){
			      .status = 200,
			      .content_type = "text/plain",
			      .body = str_from(text),
		      });
}

static bool on_head(struct http_server *s, struct http_request *r)
{
	(void)s;
	if (!str_is(http_request_path(r), "/forbidden"))
		return true;
	http_reply(r, &(struct http_reply){.status = 403, .body = STR("no")});
	return false;
}

static void on_gone(struct http_server *s, struct http_request *r)
{
	(void)s;
	assert_ptr_equal(http_request_user(r), &late);
	late = NULL;
	gone++;
}

static int set_up(void **state)
{
	struct http_server_settings set = {
		.address = STR("127.0.0.1:0"),
		.max_body = MAX_BODY,
		.request = on_request,
		.head = on_head,
		.gone = on_gone,
	};
	struct err e;

	(void)state;
	late = NULL;
	gone = 0;
	l = loop_new();
	server = http_server_new(l, &set, &seen, &e);
	assert_non_null(server);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	http_server_free(server);
	loop_free(l);
	buf_fini(&seen);
	return 0;
}

static int dial(void)
{
	struct sockaddr_in a = {
		.sin_family = AF_INET,
		.sin_addr = {htonl(INADDR_LOOPBACK)},
		.sin_port = htons((uint16_t)http_server_port(server)),
	};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

static void turn(int n)
{
	while (n-- > 0)
		loop_turn(l, 0);
}

/* Sends all of it, the server running beside. Stops where the server has closed. */
static void tell(int fd, struct str text)
{
	while (text.n) {
		ssize_t n = send(fd, text.p, text.n, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n == -1 && errno != EAGAIN)
			return;
		if (n > 0)
			text = str_from_at(text, (size_t)n);
		turn(1);
	}
}

/* Reads until there are n answers ("HTTP/1.1 " at a line's start), or the end. */
static void hear(int fd, struct buf *out, size_t answers)
{
	size_t quiet = 0;

	for (int i = 0; i < 3000 && quiet < 3; i++) {
		ssize_t n = recv(fd, buf_reserve(out, 65536), 65536, MSG_DONTWAIT);
		size_t count = 0;

		if (n == 0 || (n == -1 && errno != EAGAIN))
			return;
		if (n > 0)
			out->n += (size_t)n;
		for (size_t at = 0; at + 9 <= out->n; at++)
			count += memcmp(out->p + at, "HTTP/1.1 ", 9) == 0;
		quiet = n == -1 && count >= answers ? quiet + 1 : 0;
		loop_turn(l, NS_PER_MS);
	}
}

/* "200" or "200 400 200": the statuses, then the last answer's body after a space. */
static struct str statuses(const struct buf *b, struct buf *out)
{
	struct str all = buf_str(b);
	ptrdiff_t end;

	buf_clear(out);
	for (size_t at = 0; at + 12 <= all.n; at++)
		if (memcmp(all.p + at, "HTTP/1.1 ", 9) == 0)
			buf_printf(out, "%.3s ", all.p + at + 9);
	while ((end = str_find(all, STR("\r\n\r\n"))) != -1)
		all = str_from_at(all, (size_t)end + 4);
	buf_add_str(out, b->n ? all : STR(""));
	return buf_str(out);
}

#define HOST "Host: a\r\n"

static const struct {
	const char *send;
	size_t answers;
	const char *want;
	const char *told;
} cases[] = {
	{"GET /a?q=1%202&r HTTP/1.1\r\n" HOST "X-Test: v\r\n\r\n", 1, "200 0 bytes",
		"GET /a q=1 2 x=v ; "},
	{"POST /b HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello", 1, "200 5 bytes",
		"POST /b hello; "},
	{"POST /b HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
	 "3\r\nhel\r\n2\r\nlo\r\n0\r\nTrailer: t\r\n\r\n",
		1, "200 5 bytes", "POST /b hello; "},
	/* pipelined, one of them bad */
	{"POST /1 HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\na"
	 "POST /2 HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nbb"
	 "GET /3 HTTP/1.1\r\n" HOST "\r\n",
		3, "200 200 200 0 bytes", "POST /1 a; POST /2 bb; GET /3 ; "},
	{"GET /a HTTP/1.0\r\n\r\n", 1, "200 0 bytes", "GET /a ; "},
	{"GET /a HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n", 1, "200 0 bytes", "GET /a ; "},
	/* refused by head(), with a body that is thrown away; the connection goes on */
	{"POST /forbidden HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc"
	 "GET /a HTTP/1.1\r\n" HOST "\r\n",
		2, "403 200 0 bytes", "GET /a ; "},
	{"POST /b HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n", 1,
		"100 ", ""},
	{"POST /forbidden HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n", 1,
		"403 no", ""},
	/* the length may be read in two ways, or in none */
	{"POST /b HTTP/1.1\r\n" HOST "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 1,
		"400 The length of the body is not clear.\n", ""},
	{"POST /b HTTP/1.1\r\n" HOST "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 1,
		"400 The length of the body is not clear.\n", ""},
	{"POST /b HTTP/1.1\r\n" HOST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
	 "0\r\n\r\n",
		1, "400 The length of the body is not clear.\n", ""},
	{"POST /b HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 1,
		"400 The length of the body is not clear.\n", ""},
	{"POST /b HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n"
	 "Transfer-Encoding: identity\r\n\r\n0\r\n\r\n",
		1, "400 The length of the body is not clear.\n", ""},
	{"POST /b HTTP/1.1\r\n" HOST "Content-Length: -5\r\n\r\nhello", 1, "400 *", ""},
	{"POST /b HTTP/1.1\r\n" HOST "Content-Length: +5\r\n\r\nhello", 1, "400 *", ""},
	{"POST /b HTTP/1.1\r\n" HOST "Content-Length: 5, 5\r\n\r\nhello", 1, "400 *", ""},
	{"POST /b HTTP/1.1\r\n" HOST "Content-Length: 99999999999999999999\r\n\r\nhello", 1, "4*",
		""},
	{"POST /b HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nzz\r\nhello", 1,
		"400 *", ""},
	{"POST /b HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n-1\r\nhello", 1,
		"400 *", ""},
	{"POST /b HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
	 "fffffffffffffffff\r\nhello",
		1, "4*", ""},
	{"POST /b HTTP/1.1\r\n" HOST "Content-Length : 5\r\n\r\nhello", 1, "400 *", ""},
	{"POST /b HTTP/1.1\r\n" HOST "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", 1,
		"400 *", ""},
	{"POST /b HTTP/1.1\r\n" HOST "Content-Length:\r\n 5\r\n\r\nhello", 1, "400 *", ""},
	{"POST /b HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 1, "400 *", ""},
	{"GET /b HTTP/1.1\r\n" HOST HOST "\r\n", 1, "400 *", ""},
	{"GET /b HTTP/1.1\r\n\r\n", 1, "400 *", ""}, /* no Host */
	{"nonsense\r\n\r\n", 0, "*", ""},
	{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 0, "*", ""},
	{"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 0, "*", ""},
	{"POST /b HTTP/1.1\r\n" HOST "Content-Length: 50\r\n\r\ncut", 0, "", ""},
	/* libmicrohttpd 1.0.1 takes the end of an extension for data, and refuses what follows */
	{"POST /b HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
	 "3;x=\"y\"\r\nhel\r\n0\r\n\r\n",
		1, MHD_VERSION < 0x01000000 ? "200 3 bytes" : "400 *",
		MHD_VERSION < 0x01000000 ? "POST /b hel; " : ""},
};

static bool matches(struct str got, const char *want)
{
	size_t n = strlen(want);

	if (n && want[n - 1] == '*')
		return got.n >= n - 1 && (n == 1 || memcmp(got.p, want, n - 1) == 0);
	return str_is(got, want);
}

static void check(size_t i, struct buf *answer)
{
	struct buf text = {0};
	struct str got = statuses(answer, &text);

	if (!matches(got, cases[i].want))
		assert_str(got, cases[i].want);
	assert_str(seen.n ? buf_str(&seen) : STR(""), cases[i].told);
	buf_clear(&seen);
	buf_fini(&text);
}

static void test_requests(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf answer = {0};
		int fd = dial();

		print_message("%.60s\n", cases[i].send);
		tell(fd, str_from(cases[i].send));
		hear(fd, &answer, cases[i].answers);
		check(i, &answer);
		close(fd);
		buf_fini(&answer);
	}
}

static void test_byte_by_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct buf answer = {0};
		int fd = dial();

		for (const char *p = cases[i].send; *p; p++) {
			tell(fd, (struct str){p, 1});
			turn(2);
		}
		hear(fd, &answer, cases[i].answers);
		check(i, &answer);
		close(fd);
		buf_fini(&answer);
	}
}

/* Bodies of n bytes under a limit of MAX_BODY; the answer can be read, whatever the length. */
static void send_body(size_t n, bool chunked, const char *want)
{
	struct buf text = {0};
	struct buf answer = {0};
	struct buf got = {0};
	char *body = mem_new(char, n);
	int fd = dial();

	memset(body, 'x', n);
	buf_printf(&text, "POST /b HTTP/1.1\r\n" HOST);
	if (chunked)
		buf_printf(&text, "Transfer-Encoding: chunked\r\n\r\n%zx\r\n", n);
	else
		buf_printf(&text, "Content-Length: %zu\r\n\r\n", n);
	buf_add(&text, body, n);
	if (chunked)
		buf_printf(&text, "\r\n0\r\n\r\n");
	tell(fd, buf_str(&text));
	hear(fd, &answer, 1);
	if (!matches(statuses(&answer, &got), want))
		assert_str(statuses(&answer, &got), want);
	close(fd);
	free(body);
	buf_fini(&text);
	buf_fini(&answer);
	buf_fini(&got);
	buf_clear(&seen);
}

static void test_too_large(void **state)
{
	(void)state;
	send_body(MAX_BODY, false, "200 65536 bytes");
	send_body(MAX_BODY, true, "200 65536 bytes");
	send_body(MAX_BODY + 1, false, "413 The body is too large.\n");
	send_body(MAX_BODY + 1, true, "413 The body is too large.\n");
	send_body(5000000, false, "413 The body is too large.\n");
	send_body(5000000, true, "413 The body is too large.\n");
}

static void test_long_head(void **state)
{
	struct buf text = {0};
	struct buf answer = {0};
	int fd = dial();

	(void)state;
	buf_printf(&text, "GET /a HTTP/1.1\r\n" HOST "X: ");
	memset(buf_reserve(&text, 2 << 20), 'x', 2 << 20);
	text.n += 2 << 20;
	buf_printf(&text, "\r\n\r\n");
	tell(fd, buf_str(&text));
	hear(fd, &answer, 1);
	close(fd);
	buf_clear(&text);
	assert_true(answer.n == 0 || matches(statuses(&answer, &text), "431 *"));
	buf_fini(&text);
	buf_fini(&answer);
	send_body(10, false, "200 10 bytes"); /* it is still up */
}

static void ask_late(int fd)
{
	tell(fd, STR("POST /late HTTP/1.1\r\n" HOST "Content-Length: 4\r\n\r\nbody"));
	for (int i = 0; i < 1000 && !late; i++)
		loop_turn(l, NS_PER_MS);
	assert_non_null(late);
	assert_str(http_request_body(late), "body");
	assert_int_equal(IN6_IS_ADDR_V4MAPPED(http_request_peer(late)), 1);
}

static void test_late(void **state)
{
	const struct http_reply_header headers[] = {{"Retry-After", "1"}, {NULL, NULL}};
	struct buf answer = {0};
	struct buf text = {0};
	int fd = dial();

	(void)state;
	ask_late(fd);
	tell(fd, STR("GET /next HTTP/1.1\r\n" HOST "\r\n")); /* waits its turn */
	turn(5);
	http_reply(late, &(struct http_reply){
				 .status = 503,
				 .body = STR("full"),
				 .headers = headers,
			 });
	hear(fd, &answer, 2);
	assert_true(str_find(buf_str(&answer), STR("Retry-After: 1\r\n")) > 0);
	assert_str(statuses(&answer, &text), "503 200 0 bytes");
	assert_str(buf_str(&seen), "POST /late body; GET /next ; ");
	close(fd);
	buf_fini(&answer);
	buf_fini(&text);
}

static void test_gone(void **state)
{
	int fd = dial();

	(void)state;
	ask_late(fd);
	assert_int_equal(http_server_connections(server), 1);
	close(fd);
	for (int i = 0; i < 1000 && (gone == 0 || http_server_connections(server)); i++)
		loop_turn(l, NS_PER_MS);
	assert_int_equal(gone, 1);
	assert_int_equal(http_server_connections(server), 0);
	fd = dial();
	ask_late(fd);
	http_server_free(server); /* tells of those that wait */
	server = NULL;
	assert_int_equal(gone, 2);
	close(fd);
}

static void test_quiesce(void **state)
{
	struct buf answer = {0};
	int fd = dial();
	struct sockaddr_in a = {
		.sin_family = AF_INET,
		.sin_addr = {htonl(INADDR_LOOPBACK)},
		.sin_port = htons((uint16_t)http_server_port(server)),
	};
	int other = socket(AF_INET, SOCK_STREAM, 0);

	(void)state;
	ask_late(fd);
	http_server_quiesce(server);
	assert_int_equal(connect(other, (struct sockaddr *)&a, sizeof(a)), -1);
	http_reply(late, &(struct http_reply){.status = 200, .body = STR("done")});
	hear(fd, &answer, 1);
	assert_true(str_find(buf_str(&answer), STR("Connection: close")) > 0);
	assert_true(str_ends(buf_str(&answer), "done"));
	close(fd);
	close(other);
	buf_fini(&answer);
}

static void test_many(void **state)
{
	enum { N = 300 };
	int half[N];

	(void)state;
	for (int i = 0; i < N; i++) {
		half[i] = dial();
		tell(half[i], STR("POST /v1/traces HTTP/1.1\r\nHo"));
	}
	send_body(10, false, "200 10 bytes");
	assert_true(http_server_connections(server) >= N);
	for (int i = 0; i < N; i++)
		close(half[i]);
}

/* Nobody waits for the answer to something else than HTTP. */
static void test_other_protocols(void **state)
{
	static const char *const firsts[] = {"\x16\x03\x01\x02", "nonsense\r\n\r\n",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(firsts) / sizeof(firsts[0]); i++) {
		int fd = dial();
		char text[1000];
		ssize_t n = -1;

		tell(fd, str_from(firsts[i]));
		for (int j = 0; j < 1000 && n != 0; j++) {
			loop_turn(l, NS_PER_MS);
			n = recv(fd, text, sizeof(text), MSG_DONTWAIT);
			if (n == -1 && errno == ECONNRESET)
				n = 0;
		}
		assert_int_equal(n, 0);
		close(fd);
	}
	assert_int_equal(http_server_connections(server), 0);
}

static void set_slow(int64_t header, int64_t read)
{
	struct http_server_settings set = {
		.address = STR("127.0.0.1:0"),
		.max_body = MAX_BODY,
		.header_timeout = header,
		.read_timeout = read,
		.request = on_request,
	};
	struct err e;

	http_server_free(server);
	server = http_server_new(l, &set, &seen, &e);
}

/* Duty 51: heads and bodies that come too slowly are ended, by the loop's clock. */
static void test_slow(void **state)
{
	static const char *const parts[] = {"POST /b HTTP/1.1\r\nHo",
		"POST /b HTTP/1.1\r\n" HOST "Content-Length: 50\r\n\r\ncut"};

	(void)state;
	loop_fake_clock(l, NS_PER_SEC, NS_PER_SEC);
	for (size_t i = 0; i < 2; i++) {
		char byte;
		ssize_t n = -1;
		int fd;

		set_slow(20 * NS_PER_SEC, i * 30 * NS_PER_SEC);
		fd = dial();
		tell(fd, str_from(parts[i]));
		for (int k = 0; k < 20; k++)
			loop_turn(l, NS_PER_MS);
		loop_advance(l, 19 * NS_PER_SEC);
		tell(fd, STR("s"));
		for (int k = 0; k < 20; k++)
			loop_turn(l, NS_PER_MS);
		assert_int_equal(http_server_connections(server), 1);
		loop_advance(l, 12 * NS_PER_SEC);
		for (int k = 0; k < 2000 && n == -1; k++) {
			loop_turn(l, NS_PER_MS);
			n = recv(fd, &byte, 1, MSG_DONTWAIT);
		}
		assert_int_equal(n, 0);
		close(fd);
	}
	assert_int_equal(seen.n, 0);
}

/* Above the limit they wait to be accepted, and are served when others have gone. */
static void test_limit(void **state)
{
	struct http_server_settings set = {
		.address = STR("127.0.0.1:0"),
		.max_body = MAX_BODY,
		.max_connections = 2,
		.request = on_request,
	};
	struct buf answer = {0};
	struct err e;
	int fd[3];

	(void)state;
	http_server_free(server);
	server = http_server_new(l, &set, &seen, &e);
	for (int i = 0; i < 3; i++) {
		fd[i] = dial();
		tell(fd[i], STR("GET /a HTTP/1.1\r\n" HOST "\r\n"));
		turn(20);
	}
	assert_int_equal(http_server_connections(server), 2);
	assert_str(buf_str(&seen), "GET /a ; GET /a ; ");
	close(fd[0]);
	hear(fd[2], &answer, 1);
	assert_str(buf_str(&seen), "GET /a ; GET /a ; GET /a ; ");
	close(fd[1]);
	close(fd[2]);
	buf_fini(&answer);
}

/* The first bytes may come one by one. */
static void test_http2(void **state)
{
	struct http_server_settings set = {
		.address = STR("127.0.0.1:0"),
		.max_body = MAX_BODY,
		.request = on_request,
		.http2 = &(struct http2_settings){0},
	};
	char text[16];
	ssize_t n = -1;
	struct err e;
	int fd;

	(void)state;
	http_server_free(server);
	server = http_server_new(l, &set, &seen, &e);
	fd = dial();
	tell(fd, STR("PR"));
	turn(10);
	assert_int_equal(recv(fd, text, sizeof(text), MSG_DONTWAIT), -1);
	tell(fd, STR("I * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
	for (int i = 0; i < 1000 && n == -1; i++) {
		loop_turn(l, NS_PER_MS);
		n = recv(fd, text, sizeof(text), MSG_DONTWAIT);
	}
	assert_true(n > 9 && text[3] == 4); /* SETTINGS */
	close(fd);
}

static void test_port_in_use(void **state)
{
	struct http_server_settings set = {.request = on_request, .max_body = 1};
	char address[32];
	struct err e;

	(void)state;
	snprintf(address, sizeof(address), "127.0.0.1:%d", http_server_port(server));
	set.address = str_from(address);
	assert_null(http_server_new(l, &set, NULL, &e));
	assert_non_null(strstr(e.text, "the port is in use"));
	set.address = STR("nonsense");
	assert_null(http_server_new(l, &set, NULL, &e));
	assert_string_equal(e.text,
		"listen address \"nonsense\": want HOST:PORT, such as 0.0.0.0:4318");
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

TESTS_RUN(CASE(test_requests), CASE(test_byte_by_byte), CASE(test_too_large), CASE(test_long_head),
	CASE(test_late), CASE(test_gone), CASE(test_quiesce), CASE(test_many),
	CASE(test_other_protocols), CASE(test_slow), CASE(test_limit), CASE(test_http2),
	CASE(test_port_in_use))
