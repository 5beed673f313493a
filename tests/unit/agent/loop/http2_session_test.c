/* Frames of HTTP/2: headers, resets, and clients that are wrong by their bytes. */

#include "tests/http2_world.h"

static void test_duty_114_headers(void **state)
{
	struct str text = make(1 << 20);
	const char *headers[32] = {NULL};
	char value[400];
	struct h2_client c;

	(void)state;
	memset(value, 'v', sizeof(value) - 1);
	value[sizeof(value) - 1] = 0;
	for (size_t i = 0; i < 15; i++) {
		headers[2 * i] = "x-more";
		headers[2 * i + 1] = value;
	}
	begin(&c);
	for (int i = 0; i < 3; i++) /* the second time from the dynamic table */
		h2_post(&c, "/a", headers, NULL);
	h2_wait(&c, "5 closed 0");
	headers[1] = text.p; /* a MiB: more than is taken */
	headers[2] = NULL;
	h2_post(&c, "/a", headers, NULL);
	for (int i = 0; i < 5000 && !c.is_closed &&
			str_find(buf_str(&c.seen), STR("7 :status=431")) == -1;
		i++)
		h2_turn(&c);
	h2_client_fini(&c);
	begin(&c);
	h2_post(&c, "/a", NULL, NULL); /* still there */
	h2_wait(&c, "1 closed 0");
	h2_client_fini(&c);
	release(text);
}

static void test_headers_too_large(void **state)
{
	const char *headers[64] = {NULL};
	struct str text = make(3000);
	struct h2_client c;

	(void)state;
	for (size_t i = 0; i < 25; i++) { /* 75 KB: nghttp2 lets it pass, we do not */
		headers[2 * i] = "x-more";
		headers[2 * i + 1] = text.p;
	}
	begin(&c);
	h2_post(&c, "/a", headers, NULL);
	h2_wait(&c, "1 :status=431");
	h2_post(&c, "/a", NULL, NULL);
	h2_wait(&c, "3 :status=200");
	h2_client_fini(&c);
	release(text);
}

static void test_duty_123_rapid_resets(void **state)
{
	struct h2_client bad, good;

	(void)state;
	begin(&bad);
	begin(&good);
	for (int i = 0; i < 3000 && !bad.is_closed; i++) {
		int32_t id = h2_post(&bad, "/late", NULL, NULL);

		nghttp2_submit_rst_stream(bad.session, 0, id, NGHTTP2_CANCEL);
		if (i % 50 == 0)
			h2_turn(&bad);
	}
	h2_post(&good, "/a", NULL, NULL);
	h2_wait(&good, "1 closed 0");
	h2_client_fini(&bad);
	h2_client_fini(&good);
}

/* Bytes that are no HTTP/2, or that never become a request. They end at once, or in time. */
static const struct {
	const char *bytes;
	size_t n;
} bad[] = {
#define BAD(s) \
	{ \
		s, sizeof(s) - 1 \
	}
	BAD("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n" SETTINGS),
	BAD(PREFACE "GET / HTTP/1.1\r\n\r\n"),
	BAD(PREFACE "\0\0\0\1\5\0\0\0\1"),                                /* no SETTINGS first */
	BAD(PREFACE SETTINGS "\0\0\1\1\5\0\0\0\1\xff"),                   /* HPACK that is none */
	BAD(PREFACE SETTINGS "\0\0\5\0\0\0\0\0\1hello"),                  /* DATA of no stream */
	BAD(PREFACE SETTINGS "\xff\xff\xff\0\0\0\0\0\1"),                 /* a frame too long */
	BAD(PREFACE SETTINGS "\0\0\4\x08\0\0\0\0\0\0\0\0\0"),             /* window by 0 */
	BAD(PREFACE SETTINGS "\0\0\6\4\0\0\0\0\0\0\4\x80\0\0\0"),         /* a window too large */
	BAD(PREFACE SETTINGS "\0\0\0\x09\4\0\0\0\1"),                     /* CONTINUATION alone */
	BAD(PREFACE SETTINGS "\0\0\1\1\0\0\0\0\1\x83\0\0\0\6\0\0\0\0\0"), /* not continued */
	BAD(PREFACE),
	BAD(PREFACE SETTINGS "\0\0\1\1\0\0\0\0\1\x83"), /* half of a head */
#undef BAD
};

static void test_bad(void **state)
{
	(void)state;
	loop_fake_clock(l, NS_PER_SEC, NS_PER_SEC);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		int fd = h2_dial(http_server_port(server));
		char text[1000];
		ssize_t n = -1;

		assert_int_equal(send(fd, bad[i].bytes, bad[i].n, MSG_NOSIGNAL), (ssize_t)bad[i].n);
		for (int k = 0; k < 20; k++)
			loop_turn(l, NS_PER_MS);
		loop_advance(l, 61 * NS_PER_SEC);
		for (int k = 0; k < 2000 && n != 0; k++) {
			loop_turn(l, NS_PER_MS);
			n = recv(fd, text, sizeof(text), MSG_DONTWAIT);
			if (n == -1 && errno != EAGAIN)
				n = 0;
		}
		assert_int_equal(n, 0);
		close(fd);
		for (int k = 0; k < 2000 && http_server_connections(server); k++)
			loop_turn(l, NS_PER_MS);
		assert_int_equal(http_server_connections(server), 0);
	}
	assert_str(seen.n ? buf_str(&seen) : STR(""), "");
}

/* Who does not read is not read from, and closed in time. */
static void test_a_client_that_does_not_read(void **state)
{
	struct h2_client c;
	int small = 4096;

	(void)state;
	loop_fake_clock(l, NS_PER_SEC, NS_PER_SEC);
	begin(&c);
	setsockopt(c.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	h2_post(&c, "/a", NULL, NULL);
	h2_wait(&c, "1 closed 0");
	for (int i = 0; i < 400000 && http_server_connections(server) == 1; i++) {
		static const char ping[] = "\0\0\x08\6\0\0\0\0\0abcdefgh";

		send(c.fd, ping, sizeof(ping) - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (i % 64 == 0)
			loop_turn(l, 0);
		if (i % 40000 == 39999)
			loop_advance(l, 31 * NS_PER_SEC);
	}
	assert_int_equal(http_server_connections(server), 0);
	h2_client_fini(&c);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

TESTS_RUN(CASE(test_duty_114_headers), CASE(test_headers_too_large),
	CASE(test_duty_123_rapid_resets), CASE(test_bad), CASE(test_a_client_that_does_not_read))
