/* Frames of HTTP/2: headers, resets, and clients that are wrong by their bytes. */

#include "tests/http2_world.h"

static size_t count_of(const char *text)
{
	size_t n = 0;
	size_t len = strlen(text);

	for (size_t i = 0; i + len <= seen.n; i++)
		n += memcmp(seen.p + i, text, len) == 0;
	return n;
}

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
		h2_post(&c, "/headers", headers, NULL);
	h2_wait(&c, "5 closed 0");
	h2_wait(&c, "5 :status=200");
	assert_int_equal(count_of("x-more=vvvv"), 45);
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

/* POST /late, and its end, as one write. */
static void put_reset(struct buf *b, uint32_t id)
{
	static const char head[] = "\0\0\x0c\1\5\0\0\0\0\x83\x86\4\5/late\1\1a";
	static const char reset[] = "\0\0\4\3\0\0\0\0\0\0\0\0\x08";
	size_t at = b->n;

	buf_add(b, head, sizeof(head) - 1);
	buf_add(b, reset, sizeof(reset) - 1);
	for (size_t i = 0; i < 4; i++) {
		char byte = (char)(id >> (24 - 8 * i));

		b->p[at + 5 + i] = byte;
		b->p[at + sizeof(head) - 1 + 5 + i] = byte;
	}
}

/* Each is begun, and nothing is kept of it. nghttp2 ends who does it a thousand times. */
static void test_duty_123_rapid_resets(void **state)
{
	struct buf flood = {0};
	struct h2_client good;
	size_t begun;
	int fd;

	(void)state;
	buf_add(&flood, PREFACE SETTINGS, sizeof(PREFACE SETTINGS) - 1);
	for (uint32_t i = 0; i < 3000; i++)
		put_reset(&flood, 2 * i + 1);
	fd = h2_dial(http_server_port(server));
	for (size_t at = 0; at < flood.n; at += 1000) {
		size_t n = flood.n - at < 1000 ? flood.n - at : 1000;

		if (send(fd, flood.p + at, n, MSG_NOSIGNAL) == -1)
			break;
		loop_turn(l, 0);
		if (at == 10000) {
			for (int i = 0; i < 5000 && gone < 100; i++)
				loop_turn(l, NS_PER_MS);
			assert_in_range(gone, 100, 500);
			assert_true(count_of("/late") == (size_t)gone);
		}
	}
	begin(&good);
	h2_post(&good, "/a", NULL, NULL);
	h2_wait(&good, "1 closed 0");
	for (int i = 0; i < 5000 && count_of("/late") < 500; i++)
		loop_turn(l, NS_PER_MS);
	begun = count_of("/late");
	assert_in_range(begun, 500, 3000);
	assert_int_equal(gone, begun);
	h2_client_fini(&good);
	close(fd);
	buf_fini(&flood);
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
