/* clang-format off */
#include "tests/component.h"
/* clang-format on */
#include "agent/base/metric.h"

#include <arpa/inet.h>
#include <unistd.h>

extern const struct component_type loki_source_syslog;

static struct harness h;
static unsigned port;

static int set_up(void **state)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	(void)state;
	assert_int_equal(bind(fd, (struct sockaddr *)&a, n), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	port = ntohs(a.sin_port);
	close(fd);
	harness_init(&h, &loki_source_syslog);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	harness_fini(&h);
	return 0;
}

static bool load(const char *listener)
{
	char text[1024];

	snprintf(text, sizeof(text),
		"loki.source.syslog \"s\" {\n forward_to = [test.sink.s.receiver]\n listener {\n"
		" address = \"127.0.0.1:%u\"\n %s\n}\n}\ntest.sink \"s\" { }\n",
		port, listener);
	return harness_load(&h, text);
}

static void settle(void)
{
	for (int i = 0; i < 20; i++)
		loop_turn(h.loop, 2000000);
}

static int dial(int type)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons((uint16_t)port)};
	int fd = socket(AF_INET, type, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

static void say(int fd, const char *text)
{
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	settle();
}

static void want(const char *text)
{
	assert_str(buf_str(&harness_seen), text);
	buf_clear(&harness_seen);
}

static double metric(const char *line)
{
	struct buf b = {0};
	const char *at;
	double v = -1;

	metric_print_all(&b);
	buf_add_char(&b, 0);
	at = strstr(b.p, line);
	if (at && (at = strchr(at, '}')))
		v = strtod(at + 1, NULL);
	buf_fini(&b);
	return v;
}

#define LABELS "{job=\"loki.source.syslog.s\"}"

static void test_tcp(void **state)
{
	int fd;

	(void)state;
	assert_true(load("labels = {a = \"b\"}\n use_incoming_timestamp = true"));
	fd = dial(SOCK_STREAM);
	say(fd, "<34>1 1970-01-01T00:00:01Z h su - - - one\n<34>1 - h su");
	want("1000000000 {a=\"b\", job=\"loki.source.syslog.s\"} one\n");
	say(fd, " - - - two\n19 <34>1 - - - - - - x\n<34>1 - - - - - - last");
	want("1000000000000 {a=\"b\", job=\"loki.source.syslog.s\"} two\n"
	     "1000000000000 {a=\"b\", job=\"loki.source.syslog.s\"} x\n");
	close(fd);
	settle();
	want("1000000000000 {a=\"b\", job=\"loki.source.syslog.s\"} last\n");
}

static void test_udp_and_whole_message(void **state)
{
	int fd;

	(void)state;
	assert_true(load("protocol = \"udp\"\n use_rfc5424_message = true"));
	fd = dial(SOCK_DGRAM);
	say(fd, "<34>1 - h su - - - one");
	say(fd, "<34>1 - h su - - - two\n");
	want("1000000000000 " LABELS " <34>1 - h su - - - one\n"
	     "1000000000000 " LABELS " <34>1 - h su - - - two\n");
	close(fd);
}

static void test_other_formats(void **state)
{
	int fd;

	(void)state;
	assert_true(load("syslog_format = \"raw\""));
	fd = dial(SOCK_STREAM);
	say(fd, "4 any thing\n");
	want("1000000000000 " LABELS " 4 any thing\n");
	close(fd);
	assert_true(load("syslog_format = \"rfc3164\"\n use_incoming_timestamp = true"));
	fd = dial(SOCK_STREAM);
	say(fd, "<34>Jan  1 00:00:05 h su[7]: one\n");
	want("5000000000 " LABELS " one\n");
	close(fd);
}

/* Other labels leave the connections as they are; another listener does not. */
static void test_reload(void **state)
{
	int fd;

	(void)state;
	assert_true(load(""));
	fd = dial(SOCK_STREAM);
	say(fd, "<34>1 - - - - - - o");
	assert_true(load("labels = {a = \"b\"}"));
	say(fd, "ne\n");
	want("1000000000000 {a=\"b\", job=\"loki.source.syslog.s\"} one\n");
	assert_true(load("idle_timeout = \"5s\""));
	settle();
	assert_int_equal(read(fd, &(char){0}, 1), 0);
	close(fd);
	fd = dial(SOCK_STREAM);
	say(fd, "<34>1 - - - - - - two\n");
	want("1000000000000 " LABELS " two\n");
	close(fd);
}

/* What is dropped is counted. */
static void test_dropped(void **state)
{
	int fd;

	(void)state;
	assert_true(load("max_message_length = 40"));
	fd = dial(SOCK_STREAM);
	say(fd, "hello\n<34>1 - - - - - -\n<34>1 - - - - - - 0123456789012345678901234567890\n");
	want("");
	assert_true(metric("loki_source_syslog_parsing_errors_total{") == 1);
	assert_true(metric("loki_source_syslog_empty_messages_total{") == 1);
	assert_true(metric("invar_syslog_too_long_total{") == 1);
	close(fd);
}

/* A full budget stops the reading; the sender's bytes wait. */
static void test_full(void **state)
{
	int fd;

	(void)state;
	assert_true(load(""));
	fd = dial(SOCK_STREAM);
	say(fd, "<34>1 - - - - - - one\n");
	want("1000000000000 " LABELS " one\n");
	budget_charge(&h.budget, h.budget.limit);
	say(fd, "<34>1 - - - - - - two\n");
	want("");
	budget_return(&h.budget, h.budget.limit);
	settle();
	want("1000000000000 " LABELS " two\n");
	close(fd);
}

static void test_idle(void **state)
{
	char byte;
	int fd;

	(void)state;
	assert_true(load("idle_timeout = \"10s\""));
	fd = dial(SOCK_STREAM);
	say(fd, "<34>1 - - - - - - one\n<34>1 - - - - - - two");
	loop_advance(h.loop, INT64_C(11) * 1000000000);
	settle();
	want("1000000000000 " LABELS " one\n1010000000000 " LABELS " two\n");
	assert_int_equal(read(fd, &byte, 1), 0);
	close(fd);
}

static void test_mistakes(void **state)
{
	(void)state;
	assert_false(load("max_message_length = 0"));
	assert_str(buf_str(&h.errors), "3:2: max_message_length must be from 1 to 1048576\n");
	assert_false(load("idle_timeout = \"0s\""));
	assert_str(buf_str(&h.errors), "3:2: idle_timeout must be greater than 0\n");
	assert_false(load("labels = {\"a b\" = \"c\"}"));
	assert_str(buf_str(&h.errors), "3:2: \"a b\" is not the name of a label\n");
	assert_false(load("tls_config { }"));
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

TESTS_RUN(T(test_tcp), T(test_udp_and_whole_message), T(test_other_formats), T(test_dropped),
	T(test_full), T(test_idle), T(test_reload), T(test_mistakes))
