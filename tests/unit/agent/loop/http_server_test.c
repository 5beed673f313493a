/* What is late, gone, slow or too many, with raw sockets against the server. */

#include "tests/http_server_world.h"

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

static void set_limit(size_t connections)
{
	struct http_server_settings set = {
		.address = STR("127.0.0.1:0"),
		.max_body = MAX_BODY,
		.max_connections = connections,
		.request = on_request,
		.gone = on_gone,
		.http2 = &(struct http2_settings){0},
	};
	struct err e;

	http_server_free(server);
	server = http_server_new(l, &set, &seen, &e);
}

static bool is_closed(int fd)
{
	char text[1000];
	ssize_t n = -1;

	for (int i = 0; i < 2000 && n != 0; i++) {
		loop_turn(l, NS_PER_MS);
		n = recv(fd, text, sizeof(text), MSG_DONTWAIT);
		if (n == -1 && errno == ECONNRESET)
			n = 0;
	}
	return n == 0;
}

/* Duty 51: a new client is served at once while others say nothing, or little; who is silent for
 * longest is closed for it. */
static void test_limit(void **state)
{
	static const char *const firsts[] = {"", "P", "POST /a HTTP/1.1\r\nHo",
		"POST /b HTTP/1.1\r\n" HOST "Content-Length: 50\r\n\r\nhalf",
		"GET /a HTTP/1.1\r\n" HOST "\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0"};

	(void)state;
	for (size_t i = 0; i < sizeof(firsts) / sizeof(*firsts); i++) {
		struct buf answer = {0};
		struct buf text = {0};
		int silent[20];
		int fd;

		set_limit(10);
		for (size_t k = 0; k < 20; k++) {
			silent[k] = dial();
			tell(silent[k], str_from(firsts[i]));
			turn(5);
		}
		fd = dial();
		tell(fd, STR("GET /new HTTP/1.1\r\n" HOST "\r\n"));
		hear(fd, &answer, 1);
		assert_str(statuses(&answer, &text), "200 0 bytes");
		assert_in_range(http_server_connections(server), 1, 10);
		assert_true(is_closed(silent[0]));
		for (size_t k = 0; k < 20; k++)
			close(silent[k]);
		for (int k = 0; k < 2000 && http_server_connections(server) > 1; k++)
			loop_turn(l, NS_PER_MS);
		assert_int_equal(http_server_connections(server), 1);
		close(fd);
		fd = dial(); /* and when they have gone */
		buf_clear(&answer);
		tell(fd, STR("GET /new HTTP/1.1\r\n" HOST "\r\n"));
		hear(fd, &answer, 1);
		assert_str(statuses(&answer, &text), "200 0 bytes");
		close(fd);
		buf_fini(&answer);
		buf_fini(&text);
	}
}

/* Who waits for us is not closed: the new one waits too. */
static void test_limit_of_busy(void **state)
{
	struct buf answer = {0};
	struct buf text = {0};
	int busy, fd;

	(void)state;
	set_limit(1);
	busy = dial();
	ask_late(busy);
	fd = dial();
	tell(fd, STR("GET /new HTTP/1.1\r\n" HOST "\r\n"));
	for (int i = 0; i < 50; i++)
		loop_turn(l, NS_PER_MS);
	assert_str(buf_str(&seen), "POST /late body; ");
	http_reply(late, &(struct http_reply){.status = 200, .body = STR("done")});
	hear(fd, &answer, 1);
	assert_str(statuses(&answer, &text), "200 0 bytes");
	buf_clear(&answer);
	hear(busy, &answer, 1);
	assert_str(statuses(&answer, &text), "200 done");
	assert_true(is_closed(busy));
	close(busy);
	close(fd);
	buf_fini(&answer);
	buf_fini(&text);
}

/* Duty 48: the end comes with the last bytes. Nothing is kept for longer than a second or two. */
static void test_ends(void **state)
{
	static const char *const parts[] = {"POST /b HTTP/1.1\r\nHo",
		"POST /b HTTP/1.1\r\n" HOST "Content-Length: 50\r\n\r\ncut",
		"POST /b HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n5\r\ncut",
		"GET /a HTTP/1.1\r\n" HOST "\r\n"};

	(void)state;
	loop_fake_clock(l, NS_PER_SEC, NS_PER_SEC);
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		int fd = dial();

		assert_true(send(fd, parts[i], strlen(parts[i]), MSG_NOSIGNAL) > 0);
		shutdown(fd, SHUT_WR);
		for (int k = 0; k < 20; k++)
			loop_turn(l, NS_PER_MS);
		loop_advance(l, 2 * NS_PER_SEC);
		for (int k = 0; k < 2000 && http_server_connections(server); k++)
			loop_turn(l, NS_PER_MS);
		assert_int_equal(http_server_connections(server), 0);
		assert_int_equal(http_server_bodies(server), 0);
		close(fd);
	}
	assert_str(buf_str(&seen), "GET /a ; ");
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

TESTS_RUN(CASE(test_late), CASE(test_gone), CASE(test_quiesce), CASE(test_many),
	CASE(test_other_protocols), CASE(test_slow), CASE(test_limit), CASE(test_limit_of_busy),
	CASE(test_ends), CASE(test_http2), CASE(test_port_in_use))
