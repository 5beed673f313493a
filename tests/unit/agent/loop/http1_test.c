/* Requests as bytes: what is sent, and the beginning of what comes back. */

#include "tests/http_server_world.h"

/* libmicrohttpd 1.0 looks at the encodings itself, and says it in its own words. */
#define UNCLEAR \
	(MHD_VERSION < 0x01000000 ? "400 The length of the body is not clear.\n" : "400 *")

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
	{"GET /headers HTTP/1.1\r\n" HOST "X-a: 1\r\nx-A:  2 \r\nx-b:\r\n\r\n", 1, "200 0 bytes",
		"GET /headers Host=a X-a=1 x-A=2 x-b= ; "},
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
		1, UNCLEAR, ""},
	{"POST /b HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 1,
		UNCLEAR, ""},
	{"POST /b HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n"
	 "Transfer-Encoding: identity\r\n\r\n0\r\n\r\n",
		1, UNCLEAR, ""},
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

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

TESTS_RUN(CASE(test_requests), CASE(test_byte_by_byte), CASE(test_too_large),
	CASE(test_long_head))
