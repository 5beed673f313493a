/* The server and a client of HTTP/2 on a socket between them: requests, bodies, the end. */

#include "tests/http2_world.h"

static void test_requests(void **state)
{
	static const char *const headers[] = {"x-test", "v", "te", "trailers", NULL};
	struct h2_body small = {STR("hello"), false};
	struct h2_body empty = {{NULL, 0}, false};
	struct h2_client c;

	(void)state;
	begin(&c);
	h2_post(&c, "/a?q=1&r", headers, &small);
	h2_post(&c, "/grpc", NULL, &empty);
	h2_post(&c, "/forbidden", NULL, NULL);
	h2_wait(&c, "5 closed 0");
	h2_wait(&c, "3 closed 0");
	h2_post(&c, "/headers", headers, NULL);
	h2_wait(&c, "7 closed 0");
	assert_str(buf_str(&seen), "POST /a q=1 x=v 5; POST /grpc 0; "
				   "POST /headers host=a x-test=v te=trailers x=v 0; ");
	assert_true(str_find(buf_str(&c.seen),
			    STR("1 :status=200 content-type=text/plain content-length=7\n")) != -1);
	assert_true(str_find(buf_str(&c.seen), STR("3 :status=200 content-type=text/plain\n")) !=
		    -1);
	assert_true(str_find(buf_str(&c.seen), STR("3 trailers grpc-status=0\n")) != -1);
	assert_true(str_find(buf_str(&c.seen),
			    STR("5 :status=403 content-length=2 retry-after=1\n")) != -1);
	assert_int_equal(http_server_connections(server), 1);
	h2_client_fini(&c);
	for (int i = 0; i < 1000 && http_server_connections(server); i++)
		loop_turn(l, NS_PER_MS);
	assert_int_equal(http_server_connections(server), 0);
}

/* An answer may be made of what came; it is copied. */
static void test_echo(void **state)
{
	struct h2_body body = {STR("what came"), false};
	struct h2_client c;

	(void)state;
	begin(&c);
	h2_post(&c, "/echo", NULL, &body);
	h2_wait(&c, "1 closed 0");
	assert_str(buf_str(&c.data), "what came");
	h2_client_fini(&c);
}

/* Longer than the windows: WINDOW_UPDATEs are needed on the stream, and on the connection. */
static void test_duty_111_large_bodies(void **state)
{
	struct str text = make(MAX_BODY);
	struct h2_body bodies[40];
	struct h2_client c;

	(void)state;
	begin(&c);
	for (size_t i = 0; i < 40; i++) {
		bodies[i] = (struct h2_body){text, false};
		h2_post(&c, "/b", NULL, &bodies[i]);
	}
	for (int i = 0; i < 40; i++) {
		char want[32];

		snprintf(want, sizeof(want), "%d closed 0", 2 * i + 1);
		h2_wait(&c, want);
	}
	assert_int_equal(http_server_bodies(server), 0);
	h2_client_fini(&c);
	release(text);
}

static void test_duty_109_too_large(void **state)
{
	struct str text = make(MAX_BODY * 20);
	struct h2_body body = {str_head(text, MAX_BODY + 1), false};
	struct h2_body long_body = {text, false};
	static const char *const length[] = {"content-length", "5242880", NULL};
	struct h2_body good = {STR("good"), false};
	struct h2_client c;

	(void)state;
	begin(&c);
	h2_post(&c, "/b", NULL, &body);
	h2_wait(&c, "1 closed 0");
	h2_post(&c, "/b", length, &long_body); /* too long to be thrown away: reset, answered */
	h2_wait(&c, "3 :status=413");
	h2_wait(&c, "3 closed 0");
	h2_post(&c, "/good", NULL, &good); /* the connection has survived */
	h2_wait(&c, "5 :status=200");
	assert_int_equal(too_large, 2);
	assert_int_equal(http_server_bodies(server), 0);
	h2_client_fini(&c);
	release(text);
}

/* When there is little room the oldest body goes on, the others wait for their windows; when there
 * is none, a body is refused. */
static void test_room(void **state)
{
	struct str text = make(MAX_BODY);
	struct h2_body bodies[3] = {{str_head(text, 100000), true}, {text, false}, {text, false}};
	struct h2_client c;

	(void)state;
	start(&(struct http2_settings){0}, 2 * MAX_BODY);
	begin(&c);
	for (size_t i = 0; i < 3; i++)
		h2_post(&c, "/b", NULL, &bodies[i]);
	for (int i = 0; i < 300; i++)
		h2_turn(&c);
	/* the first has stopped, though it has its turn; what there is of all is bounded */
	assert_true(http_server_bodies(server) >= 100000);
	assert_true(http_server_bodies(server) <= 2 * MAX_BODY);
	assert_str(seen.n ? buf_str(&seen) : STR(""), "");
	bodies[0].is_stuck = false;
	nghttp2_session_resume_data(c.session, 1);
	h2_wait(&c, "1 closed 0");
	h2_wait(&c, "3 closed 0");
	h2_wait(&c, "5 closed 0");
	assert_str(buf_str(&seen), "POST /b 100000; POST /b 262144; POST /b 262144; ");
	assert_int_equal(http_server_bodies(server), 0);
	h2_client_fini(&c);
	release(text);
}

static void test_late(void **state)
{
	struct h2_body body = {STR("body"), false};
	struct h2_client c;

	(void)state;
	begin(&c);
	h2_post(&c, "/late", NULL, &body);
	for (int i = 0; i < 1000 && !late; i++)
		h2_turn(&c);
	assert_str(http_request_body(late), "body");
	assert_int_equal(IN6_IS_ADDR_V4MAPPED(http_request_peer(late)), 1);
	h2_post(&c, "/next", NULL, NULL); /* does not wait for it */
	h2_wait(&c, "3 closed 0");
	http_reply(late, &(struct http_reply){.status = 503});
	h2_wait(&c, "1 :status=503");
	h2_wait(&c, "1 closed 0");
	/* the client takes its request back */
	body.left = STR("body");
	late = NULL;
	h2_post(&c, "/late", NULL, &body);
	for (int i = 0; i < 1000 && !late; i++)
		h2_turn(&c);
	nghttp2_submit_rst_stream(c.session, 0, 5, NGHTTP2_CANCEL);
	for (int i = 0; i < 1000 && !gone; i++)
		h2_turn(&c);
	assert_int_equal(gone, 1);
	/* it goes away; the server goes away */
	for (int i = 0; i < 2; i++) {
		body.left = STR("body");
		late = NULL;
		h2_post(&c, "/late", NULL, &body);
		for (int k = 0; k < 1000 && !late; k++)
			h2_turn(&c);
		assert_non_null(late);
		if (i == 0) {
			h2_client_fini(&c);
			for (int k = 0; k < 1000 && gone == 1; k++)
				loop_turn(l, NS_PER_MS);
			assert_int_equal(gone, 2);
			begin(&c);
		}
	}
	http_server_free(server);
	server = NULL;
	assert_int_equal(gone, 3);
	h2_client_fini(&c);
}

/* What was seen, of the client or the server, has this. */
#define ASSERT_SEEN(buf, ...) \
	do { \
		char want[64]; \
		snprintf(want, sizeof(want), __VA_ARGS__); \
		if (str_find(buf_str(buf), str_from(want)) == -1) \
			fail_msg("never seen: %s", want); \
	} while (0)

/* All are open at the same time: each sends half of its body before any sends the rest. */
static void test_duty_112_many_calls(void **state)
{
	enum { CALLS = 200 };
	struct str text = make((size_t)2 * CALLS);
	struct h2_body bodies[CALLS];
	struct h2_client c;
	int32_t ids[CALLS];

	(void)state;
	begin(&c);
	h2_post(&c, "/grpc", NULL, NULL); /* its answer: the server's settings are here */
	h2_wait(&c, "1 closed 0");
	for (size_t i = 0; i < CALLS; i++) {
		bodies[i] = (struct h2_body){str_head(text, i + 1), true};
		ids[i] = h2_post(&c, "/b", NULL, &bodies[i]);
	}
	while (nghttp2_session_want_write(c.session))
		h2_turn(&c);
	for (size_t i = CALLS; i-- > 0;) {
		assert_int_equal(bodies[i].left.n, 0);
		bodies[i] = (struct h2_body){str_head(text, i + 1), false};
		assert_int_equal(nghttp2_session_resume_data(c.session, ids[i]), 0);
	}
	for (size_t i = 0; i < CALLS; i++) {
		char closed[32];

		snprintf(closed, sizeof(closed), "\n%d closed 0\n", ids[i]);
		h2_wait(&c, closed);
		ASSERT_SEEN(&c.seen, "\n%d :status=200 ", ids[i]);
		ASSERT_SEEN(&seen, "; POST /b %zu; ", 2 * (i + 1));
	}
	h2_client_fini(&c);
	release(text);
}

static void test_duty_113_many_connections(void **state)
{
	struct h2_body bodies[20];
	struct h2_client c[20];

	(void)state;
	for (size_t i = 0; i < 20; i++) {
		begin(&c[i]);
		bodies[i] = (struct h2_body){STR("hello"), false};
		h2_post(&c[i], "/b", NULL, &bodies[i]);
	}
	for (size_t i = 0; i < 20; i++)
		h2_wait(&c[i], "1 closed 0");
	assert_int_equal(http_server_connections(server), 20);
	for (size_t i = 0; i < 20; i++)
		h2_client_fini(&c[i]);
}

static void test_drain(void **state)
{
	struct h2_body body = {STR("body"), false};
	struct h2_client c, idle;

	(void)state;
	loop_fake_clock(l, NS_PER_SEC, NS_PER_SEC);
	begin(&c);
	begin(&idle);
	h2_post(&idle, "/a", NULL, NULL);
	h2_wait(&idle, "1 closed 0");
	h2_post(&c, "/late", NULL, &body);
	for (int i = 0; i < 1000 && !late; i++)
		h2_turn(&c);
	http_server_quiesce(server);
	h2_wait(&c, "goaway 0 last=2147483647");
	h2_wait(&c, "goaway 0 last=1 ");
	h2_turn(&idle);
	loop_advance(l, 500 * NS_PER_MS); /* nghttp2 does not answer pings then */
	h2_wait_closed(&idle);
	assert_false(c.is_closed);
	http_reply(late, &(struct http_reply){.status = 200});
	h2_wait(&c, "1 closed 0");
	h2_wait_closed(&c);
	h2_client_fini(&c);
	h2_client_fini(&idle);
	for (int i = 0; i < 1000 && http_server_connections(server); i++)
		loop_turn(l, NS_PER_MS);
	assert_int_equal(http_server_connections(server), 0);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

TESTS_RUN(CASE(test_requests), CASE(test_echo), CASE(test_duty_111_large_bodies),
	CASE(test_duty_109_too_large), CASE(test_room), CASE(test_late),
	CASE(test_duty_112_many_calls), CASE(test_duty_113_many_connections), CASE(test_drain))
