/* Senders of TCP that mean no good, or speak TLS. */

#include "agent/component/loki.source.syslog/connections.h"

#include "agent/base/err.h"
#include "agent/base/timestamp.h"
#include "agent/loop/tls_server.h"
#include "tests/identity.h"
#include "tests/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <unistd.h>

#define IDLE (120 * NS_PER_SEC)

static struct loop *loop;
static struct budget budget;
static struct syslog_listener listener;
static struct tls_keys *keys;
static struct buf seen;
static uint64_t too_long;
static unsigned closed[SYSLOG_ENDS];

static void on_message(struct syslog_sink *s, struct str message, const char *from)
{
	(void)s;
	assert_string_equal(from, "127.0.0.1");
	buf_printf(&seen, STR_FMT "\n", STR_ARG(str_head(message, 20)));
}

static void on_too_long(struct syslog_sink *s, uint64_t n)
{
	(void)s;
	too_long += n;
}

static void on_closed(struct syslog_sink *s, enum syslog_end why, const char *from)
{
	(void)s;
	(void)from;
	closed[why]++;
}

static struct tls_keys *on_keys(struct syslog_sink *s)
{
	(void)s;
	return keys;
}

static struct syslog_sink sink = {on_message, on_too_long, NULL, on_closed, on_keys};

static int set_up(void **state)
{
	struct err e;

	(void)state;
	loop = loop_new();
	loop_fake_clock(loop, 1000 * NS_PER_SEC, 1000 * NS_PER_SEC);
	budget_init(&budget, (size_t)64 << 20);
	buf_clear(&seen);
	too_long = 0;
	memset(closed, 0, sizeof(closed));
	listener = (struct syslog_listener){.sink = &sink,
		.budget = &budget,
		.max = 8192,
		.delimiter = '\n',
		.is_tls = keys != NULL,
		.idle_timeout = IDLE};
	assert_true(syslog_listener_start(&listener, loop, STR("127.0.0.1:0"), &e));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	syslog_listener_stop(&listener);
	assert_int_equal(budget.used, 0);
	assert_int_equal(listener.held, 0);
	loop_free(loop);
	buf_fini(&seen);
	return 0;
}

static void settle(void)
{
	for (int i = 0; i < 10; i++)
		loop_turn(loop, 1000000);
}

static int dial(void)
{
	struct sockaddr_in a;
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	assert_int_equal(getsockname(listener.acceptor.fd, (struct sockaddr *)&a, &n), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, n), 0);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

static void say(int fd, const char *text, size_t n)
{
	assert_int_equal(send(fd, text, n, MSG_NOSIGNAL), n);
	loop_turn(loop, 0);
}

/* Comes, if there is something to come. */
static void want(const char *text)
{
	for (int i = 0; i < 1000 && seen.n < strlen(text); i++)
		loop_turn(loop, 1000000);
	assert_str(buf_str(&seen), text);
	buf_clear(&seen);
}

/* Has the agent closed it? */
static bool is_closed(int fd)
{
	char byte;
	ssize_t n = recv(fd, &byte, 1, MSG_DONTWAIT);

	return n == 0 || (n == -1 && errno == ECONNRESET);
}

/* Lengths that nobody can mean take no memory. */
static void test_absurd_lengths(void **state)
{
	static const char zeros[60000];
	int fd = dial();

	(void)state;
	say(fd, "999999999 ", 10);
	for (int i = 0; i < 20; i++)
		say(fd, zeros, sizeof(zeros));
	settle();
	assert_int_equal(too_long, 1);
	assert_int_equal(listener.held, 0);
	assert_int_equal(listener.n, 1);
	close(fd);
	fd = dial();
	say(fd, "18446744073709551617 a\n0 b\n00000000000000001 c\n1 d6 e", 53);
	settle();
	want("18446744073709551617\n0 b\n00000000000000001 c\nd\n");
	close(fd);
	settle();
	want("6 e\n");
}

/* Lines without an end: what is held is bounded, in the budget, and given back. */
static void test_endless_lines(void **state)
{
	static char xs[8000];
	int fd[700];

	(void)state;
	memset(xs, 'x', sizeof(xs));
	for (size_t i = 0; i < 700; i++) {
		fd[i] = dial();
		say(fd[i], xs, sizeof(xs));
		assert_true(listener.held <= (size_t)4 << 20);
		assert_int_equal(budget.used, listener.held);
	}
	settle();
	assert_true(listener.held > (size_t)3 << 20 && listener.held <= (size_t)4 << 20);
	assert_int_equal(listener.n + closed[SYSLOG_NO_ROOM], 700);
	for (size_t i = 0; i < 700; i++)
		close(fd[i]);
	settle();
	assert_int_equal(listener.held, 0);
	buf_clear(&seen); /* each is a message at its end */
}

/* One that never ends is skipped, not held. */
static void test_a_line_without_end(void **state)
{
	static char xs[60000];
	int fd = dial();

	(void)state;
	memset(xs, 'x', sizeof(xs));
	for (int i = 0; i < 50; i++)
		say(fd, xs, sizeof(xs));
	say(fd, "\n<1>a\n", 6);
	settle();
	want("<1>a\n");
	assert_int_equal(too_long, 1);
	assert_int_equal(listener.held, 0);
	close(fd);
}

static void raise_limit(void)
{
	struct rlimit r;

	getrlimit(RLIMIT_NOFILE, &r);
	r.rlim_cur = r.rlim_max;
	setrlimit(RLIMIT_NOFILE, &r);
}

/* Those who have said nothing give way to whoever comes. */
static void test_silent(void **state)
{
	enum { MANY = SYSLOG_CONNECTIONS_MAX + 200 };
	int fd[MANY], last;

	(void)state;
	raise_limit();
	for (size_t i = 0; i < MANY; i++) {
		fd[i] = dial();
		loop_turn(loop, 0);
		assert_true(listener.n + listener.acceptor.n_waiting <= SYSLOG_CONNECTIONS_MAX);
	}
	last = dial();
	say(last, "<1>a\n", 5);
	settle();
	want("<1>a\n");
	assert_int_equal(closed[SYSLOG_NO_ROOM], 201);
	assert_true(is_closed(fd[0]));
	assert_false(is_closed(fd[MANY - 1]));
	loop_advance(loop, IDLE + 1);
	settle();
	assert_int_equal(listener.n + listener.acceptor.n_waiting, 0);
	for (size_t i = 0; i < MANY; i++)
		close(fd[i]);
	close(last);
}

/* Those who have spoken give way when they have been silent for a while; what they said is kept. */
static void test_half_silent(void **state)
{
	enum { MANY = SYSLOG_CONNECTIONS_MAX };
	int fd[MANY], last;

	(void)state;
	raise_limit();
	for (size_t i = 0; i < MANY; i++) {
		fd[i] = dial();
		say(fd[i], "<1>x", 4);
	}
	settle();
	assert_int_equal(listener.n, MANY);
	last = dial();
	say(last, "<1>a\n", 5);
	settle();
	want(""); /* it waits in the kernel's queue */
	loop_advance(loop, 5 * NS_PER_SEC);
	say(fd[0], "y", 1);
	loop_advance(loop, 6 * NS_PER_SEC);
	settle();
	want("<1>x\n<1>a\n");
	assert_int_equal(closed[SYSLOG_NO_ROOM], 1);
	assert_false(is_closed(fd[0]));
	assert_true(is_closed(fd[1]));
	for (size_t i = 0; i < MANY; i++)
		close(fd[i]);
	close(last);
	settle();
	buf_clear(&seen);
}

/* A message of two bytes is one. */
static void test_short(void **state)
{
	int fd = dial();

	(void)state;
	say(fd, "a\n", 2);
	close(fd);
	settle();
	want("a\n");
}

static void test_tls_to_plain(void **state)
{
	int fd = dial();

	(void)state;
	say(fd, "\x16\x03\x01\x02\x00\x01", 6);
	settle();
	want("");
	assert_int_equal(closed[SYSLOG_WRONG_TLS], 1);
	assert_true(is_closed(fd));
	close(fd);
}

/* ---- TLS ---- */

static struct identity ca, agent, user, stranger;

struct client {
	gnutls_certificate_credentials_t credentials;
	gnutls_session_t session;
	int fd;
};

static void client_dial(struct client *c, struct identity *shows)
{
	gnutls_datum_t trusted = {(unsigned char *)ca.cert, (unsigned)strlen(ca.cert)};

	c->fd = dial();
	GNUTLS_OK(gnutls_certificate_allocate_credentials(&c->credentials));
	assert_int_equal(gnutls_certificate_set_x509_trust_mem(c->credentials, &trusted,
				 GNUTLS_X509_FMT_PEM),
		1);
	if (shows) {
		gnutls_datum_t cert = {
			(unsigned char *)shows->cert, (unsigned)strlen(shows->cert)};
		gnutls_datum_t key = {(unsigned char *)shows->key, (unsigned)strlen(shows->key)};

		GNUTLS_OK(gnutls_certificate_set_x509_key_mem(
			c->credentials, &cert, &key, GNUTLS_X509_FMT_PEM));
	}
	GNUTLS_OK(gnutls_init(&c->session, GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL));
	GNUTLS_OK(gnutls_set_default_priority(c->session));
	GNUTLS_OK(gnutls_credentials_set(c->session, GNUTLS_CRD_CERTIFICATE, c->credentials));
	gnutls_session_set_verify_cert(c->session, "agent.example", 0);
	gnutls_transport_set_int(c->session, c->fd);
	assert_int_equal(fcntl(c->fd, F_SETFL, O_NONBLOCK), 0);
}

static bool client_shakes_hands(struct client *c)
{
	int r = GNUTLS_E_AGAIN;

	for (int i = 0; i < 1000 && r == GNUTLS_E_AGAIN; i++) {
		r = gnutls_handshake(c->session);
		loop_turn(loop, 1000000);
	}
	return r == GNUTLS_E_SUCCESS;
}

static void client_end(struct client *c)
{
	gnutls_deinit(c->session);
	gnutls_certificate_free_credentials(c->credentials);
	close(c->fd);
}

static int set_up_tls(void **state)
{
	bool wants_user = *state != NULL;
	struct err e;

	keys = tls_keys_new(str_from(agent.cert), str_from(agent.key),
		wants_user ? str_from(ca.cert) : STR(""), &e);
	assert_non_null(keys);
	return set_up(state);
}

static int tear_down_tls(void **state)
{
	tear_down(state);
	tls_keys_release(keys);
	keys = NULL;
	return 0;
}

static void test_tls(void **state)
{
	struct client c;
	static char xs[16000];

	(void)state;
	client_dial(&c, NULL);
	assert_true(client_shakes_hands(&c));
	assert_int_equal(gnutls_record_send(c.session, "<1>a\n<1>", 8), 8);
	settle();
	want("<1>a\n");
	memset(xs, 'x', sizeof(xs));
	memcpy(xs, "b\n", 2);
	memcpy(xs + sizeof(xs) - 3, "\n8 ", 3);
	assert_int_equal(gnutls_record_send(c.session, xs, sizeof(xs)), sizeof(xs));
	assert_int_equal(gnutls_record_send(c.session, "<1>a\nbcd<1>last", 15), 15);
	settle();
	want("<1>b\n<1>a\nbcd\n");
	assert_int_equal(too_long, 1);
	gnutls_bye(c.session, GNUTLS_SHUT_WR);
	settle();
	want("<1>last\n");
	assert_int_equal(listener.n, 0);
	client_end(&c);
}

static void test_tls_clients(void **state)
{
	static const struct {
		struct identity *shows;
		bool is_taken;
	} cases[] = {{NULL, false}, {&user, true}, {&stranger, false}};
	unsigned refused = 0;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct client c;

		client_dial(&c, cases[i].shows);
		/* With TLS 1.3 a client learns of its refusal only when it goes on. */
		if (client_shakes_hands(&c))
			gnutls_record_send(c.session, "<1>a\n", 5);
		refused += !cases[i].is_taken;
		for (int n = 0; n < 1000 && closed[SYSLOG_WRONG_TLS] < refused; n++)
			loop_turn(loop, 1000000);
		assert_int_equal(closed[SYSLOG_WRONG_TLS], refused);
		want(cases[i].is_taken ? "<1>a\n" : "");
		client_end(&c);
		settle();
	}
}

static void test_plain_to_tls(void **state)
{
	static const struct {
		const char *text;
		size_t n;
	} cases[] = {
		{"<1>a\n", 5},
		{"a", 1},
		{"\x16\x03\x01\x00\x05hello", 10},
		{"\x16\x03\x01\xff\xff", 5},
	};

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		int fd = dial();

		say(fd, cases[i].text, cases[i].n);
		shutdown(fd, SHUT_WR);
		settle();
		assert_int_equal(closed[SYSLOG_WRONG_TLS], i + 1);
		close(fd);
	}
	want("");
	assert_int_equal(listener.n, 0);
}

/* A handshake that is not gone on with ends as a silent connection does. */
static void test_half_a_handshake(void **state)
{
	struct client c;

	(void)state;
	client_dial(&c, NULL);
	gnutls_handshake(c.session);
	settle();
	assert_int_equal(listener.n, 1);
	loop_advance(loop, IDLE + 1);
	settle();
	assert_int_equal(listener.n, 0);
	client_end(&c);
}

/* A full budget stops it in the middle of everything, and it goes on. */
static void test_tls_and_a_full_budget(void **state)
{
	struct client c;

	(void)state;
	client_dial(&c, NULL);
	gnutls_handshake(c.session);
	budget_charge(&budget, budget.limit);
	settle();
	budget_return(&budget, budget.limit);
	assert_true(client_shakes_hands(&c));
	assert_int_equal(gnutls_record_send(c.session, "<1>a\n", 5), 5);
	budget_charge(&budget, budget.limit);
	settle();
	want("");
	budget_return(&budget, budget.limit);
	settle();
	want("<1>a\n");
	client_end(&c);
}

static int set_up_all(void **state)
{
	(void)state;
	identity_make(&ca, "ca", NULL);
	identity_make(&agent, "agent.example", &ca);
	identity_make(&user, "user", &ca);
	identity_make(&stranger, "stranger", NULL);
	return 0;
}

static int tear_down_all(void **state)
{
	(void)state;
	identity_free(&ca);
	identity_free(&agent);
	identity_free(&user);
	identity_free(&stranger);
	return 0;
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
#define TLS(f) cmocka_unit_test_setup_teardown(f, set_up_tls, tear_down_tls)
/* clang-format off */
#define TLS_CA(f) {#f, f, set_up_tls, tear_down_tls, &ca}
/* clang-format on */

int main(void)
{
	const struct CMUnitTest tests[] = {T(test_absurd_lengths), T(test_endless_lines),
		T(test_a_line_without_end), T(test_silent), T(test_half_silent), T(test_short),
		T(test_tls_to_plain), TLS(test_tls), TLS_CA(test_tls_clients),
		TLS(test_plain_to_tls), TLS(test_half_a_handshake),
		TLS(test_tls_and_a_full_budget)};

	return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
