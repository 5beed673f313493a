/* Clients of HTTP/2 that are idle, silent or old. The clock of the loop is moved. */

#include "tests/http2_world.h"

static int64_t later(int64_t ns, struct h2_client *c)
{
	loop_advance(l, ns);
	for (int i = 0; i < 20; i++)
		h2_turn(c);
	return ns;
}

static void test_duty_115_pings(void **state)
{
	struct h2_body body = {STR("body"), false};
	struct h2_client c;

	(void)state;
	start(&(struct http2_settings){.ping_min_time = 300 * NS_PER_SEC}, 0);
	begin(&c);
	h2_post(&c, "/late", NULL, &body);
	for (int i = 0; i < 1000 && !late; i++)
		h2_turn(&c);
	for (size_t n = 1; n <= 3; n++) {
		nghttp2_submit_ping(c.session, 0, NULL);
		for (int i = 0; i < 1000 && c.pongs < n; i++)
			h2_turn(&c);
		assert_int_equal(c.pongs, n);
	}
	http_reply(late, &(struct http_reply){.status = 200}); /* forgives them */
	h2_wait(&c, "1 closed 0");
	assert_false(c.is_closed);
	for (int n = 0; n < 4; n++)
		nghttp2_submit_ping(c.session, 0, NULL);
	h2_wait(&c, "goaway 11 last=1 \"too_many_pings\"");
	h2_wait_closed(&c);
	h2_client_fini(&c);
}

/* The clock of the loop is moved: idle, silent, stalled, old. */
static void test_times(void **state)
{
	static const struct {
		struct http2_settings set;
		int64_t ns; /* until something happens */
		bool asks;  /* with a request whose body stops */
		const char *want;
	} cases[] = {
		{{.max_idle = 60 * NS_PER_SEC}, 60 * NS_PER_SEC, false, "goaway 0"},
		{{.max_age = 600 * NS_PER_SEC}, 600 * NS_PER_SEC, false, "goaway 0"},
		{{0}, 60 * NS_PER_SEC, true, "3 closed 8"},
		{{.max_age = 50 * NS_PER_SEC, .max_age_grace = 5 * NS_PER_SEC}, 50 * NS_PER_SEC,
			true, "goaway 0"},
	};

	(void)state;
	loop_fake_clock(l, NS_PER_SEC, NS_PER_SEC);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct h2_body stuck = {STR("half"), true};
		struct h2_client c;

		start(&cases[i].set, 0);
		begin(&c);
		h2_post(&c, "/a", NULL, NULL);
		h2_wait(&c, "1 closed 0");
		if (cases[i].asks)
			h2_post(&c, "/b", NULL, &stuck);
		for (int k = 0; k < 5000 && cases[i].asks && !http_server_bodies(server); k++)
			h2_turn(&c);
		later(cases[i].ns - NS_PER_MS, &c);
		assert_int_equal(str_find(buf_str(&c.seen), str_from(cases[i].want)), -1);
		later(2 * NS_PER_MS, &c);
		h2_wait(&c, cases[i].want);
		if (cases[i].set.max_age_grace) {
			later(cases[i].set.max_age_grace, &c);
			h2_wait_closed(&c);
		}
		h2_client_fini(&c);
	}
}

static void test_silence(void **state)
{
	struct h2_client c;

	(void)state;
	loop_fake_clock(l, NS_PER_SEC, NS_PER_SEC);
	start(&(struct http2_settings){
		      .ping_after = 100 * NS_PER_SEC, .ping_timeout = 20 * NS_PER_SEC},
		0);
	begin(&c);
	h2_post(&c, "/a", NULL, NULL);
	h2_wait(&c, "1 closed 0");
	later(101 * NS_PER_SEC, &c); /* it is asked, and answers */
	later(50 * NS_PER_SEC, &c);
	assert_false(c.is_closed);
	assert_int_equal(http_server_connections(server), 1);
	loop_advance(l, 101 * NS_PER_SEC); /* is asked, and does not hear */
	for (int i = 0; i < 5; i++)
		loop_turn(l, 0);
	loop_advance(l, 20 * NS_PER_SEC);
	for (int i = 0; i < 5; i++)
		loop_turn(l, 0);
	assert_int_equal(http_server_connections(server), 0);
	h2_client_fini(&c);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

TESTS_RUN(CASE(test_duty_115_pings), CASE(test_times), CASE(test_silence))
