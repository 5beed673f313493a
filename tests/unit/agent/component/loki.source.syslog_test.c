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

#define HEAD "<13>1 - h a - - "
#define IN(text) text, sizeof(text) - 1

/* What comes by UDP comes from anybody: each datagram is a message, or counted. */
static const struct {
	const char *in;
	size_t n;
	size_t pad; /* bytes of x behind it */
	const char *want;
	int errors, empty, too_long;
} datagrams[] = {
	{IN(""), 0, "", 0, 1, 0},
	{IN("\0"), 0, "", 1, 0, 0},
	{IN("\0\0\n\0\n"), 0, "", 2, 0, 0},
	{IN("\n\r\n\n"), 0, "", 0, 0, 0}, /* ends of lines alone are no messages */
	{IN("<"), 0, "", 1, 0, 0},
	{IN("<1"), 0, "", 1, 0, 0},
	{IN("<13"), 0, "", 1, 0, 0},
	{IN("<13>"), 0, "", 1, 0, 0},
	{IN("<13>1"), 0, "", 1, 0, 0},
	{IN("<999>1 - - - - - - x"), 0, "", 1, 0, 0},
	{IN("<-1>1 - - - - - - x"), 0, "", 1, 0, 0},
	{IN(HEAD "-"), 0, "", 0, 1, 0},
	{IN(""), 65507, "", 0, 0, 1},
	{IN(HEAD "- "), 65000, "", 0, 0, 1},
	{IN(HEAD "- two\n"), 9000, "two\n", 0, 0, 1},
	{IN("99999999 " HEAD "- x"), 0, "", 0, 0, 1},
	{IN("19 " HEAD "- y" HEAD "- z"), 0, "y\nz\n", 0, 0, 0},
	{IN("99 " HEAD "- x"), 0, "", 1, 0, 0},
	{IN(HEAD "[a b=\"c"), 7000, "", 1, 0, 0},
	{IN(HEAD "[a b=\"c\"] \xff\xc0\x80 d"), 0, "\xff\xc0\x80 d\n", 0, 0, 0},
	{IN("<13>1 - h\xff a - - - x"), 0, "", 1, 0, 0},
};

static void send_datagram(int fd, const char *p, size_t n, size_t pad)
{
	char *bytes = mem_new(char, n + pad + 1);

	memcpy(bytes, p, n);
	memset(bytes + n, 'x', pad);
	assert_int_equal(send(fd, bytes, n + pad, 0), n + pad);
	free(bytes);
	settle();
}

static void test_datagrams(void **state)
{
	double errors = 0, empty = 0, too_long = 0;
	int fd;

	(void)state;
	assert_true(load("protocol = \"udp\"\n label_structured_data = true\n"
			 "labels = {job = \"j\"}"));
	fd = dial(SOCK_DGRAM);
	for (size_t i = 0; i < sizeof(datagrams) / sizeof(datagrams[0]); i++) {
		struct buf got = {0};
		struct str line, rest;

		send_datagram(fd, datagrams[i].in, datagrams[i].n, datagrams[i].pad);
		rest = buf_str(&harness_seen);
		while (str_cut(rest, '\n', &line, &rest))
			buf_printf(&got, STR_FMT "\n",
				STR_ARG(str_from_at(line, strlen("1000000000000 {job=\"j\"} "))));
		assert_str(buf_str(&got), datagrams[i].want);
		buf_clear(&harness_seen);
		buf_fini(&got);
		errors += datagrams[i].errors;
		empty += datagrams[i].empty;
		too_long += datagrams[i].too_long;
		assert_true(metric("loki_source_syslog_parsing_errors_total{") == errors);
		assert_true(metric("loki_source_syslog_empty_messages_total{") == empty);
		assert_true(metric("invar_syslog_too_long_total{") == too_long);
	}
	close(fd);
}

/* Structured data of a whole message cost no more than their bytes. */
static void test_huge_structured_data(void **state)
{
	static const struct {
		const char *begin, *again, *end;
	} cases[] = {
		{"", "[a b=\"c\"]", " 1\n"},
		{"[a", " x", "] 2\n"},
		{"[a", " b=\"\\\"c\"", "] 3\n"},
		{"[a b=\"", "\\\\", "\"] 4\n"},
	};
	struct buf b = {0};
	int fd;

	(void)state;
	assert_true(load("label_structured_data = true\n max_message_length = 1048576\n"
			 "labels = {job = \"\"}"));
	fd = dial(SOCK_STREAM);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buf_printf(&b, "%s%s", HEAD, cases[i].begin);
		while (b.n < 1000000)
			buf_printf(&b, "%s", cases[i].again);
		buf_printf(&b, "%s", cases[i].end);
		for (size_t at = 0; at < b.n; at += 50000) {
			size_t n = b.n - at < 50000 ? b.n - at : 50000;

			assert_int_equal(send(fd, b.p + at, n, 0), n);
			loop_turn(h.loop, 0);
			loop_turn(h.loop, 0);
		}
		settle();
		buf_clear(&b);
	}
	buf_fini(&b);
	want("1000000000000 {} 1\n1000000000000 {} 2\n1000000000000 {} 3\n"
	     "1000000000000 {} 4\n");
	close(fd);
}

static void test_cisco(void **state)
{
	int fd;

	(void)state;
	assert_true(load("syslog_format = \"rfc3164\"\n use_incoming_timestamp = true\n"
			 "use_rfc5424_message = true\n"
			 "rfc3164_cisco_components {\n message_counter = true\n}"));
	fd = dial(SOCK_STREAM);
	say(fd, "<189>237: *Jan  1 00:00:05.5: %SYS-5-X: one\n"
		"<189>h: Jan  1 00:00:05: %A-5-B: x\n");
	want("5500000000 " LABELS " one\n");
	assert_true(metric("loki_source_syslog_parsing_errors_total{") == 1);
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

#define USELESS "has no effect when syslog format is "

static const struct {
	const char *text;
	const char *want;
} mistakes[] = {
	{"tls_config {\n cert_file = \"/c\"\n}",
		"5:2: certificate and key files are required\n"},
	{"tls_config {\n ca_file = \"/c\"\n}", "5:2: certificate and key files are required\n"},
	{"tls_config {\n cert_file = \"/c\"\n cert_pem = \"c\"\n key_file = \"/k\"\n}",
		"5:2: at most one of cert_pem and cert_file must be configured\n"},
	{"tls_config {\n cert_file = \"/not/there\"\n key_file = \"/k\"\n}",
		"1:1: cannot start: tls_config: cannot read "
		"/not/there: No such file or directory\n"},
	{"rfc3164_cisco_components {\n enable_all = true\n}",
		"3:2: rfc3164_cisco_components " USELESS "not \"rfc3164\"\n"},
	{"syslog_format = \"rfc3164\"\n rfc3164_cisco_components { }",
		"3:2: at least one option in rfc3164_cisco_components has to be enabled\n"},
	{"raw_format_options { }", "3:2: raw_format_options " USELESS "not \"raw\"\n"},
	{"syslog_format = \"raw\"\n use_incoming_timestamp = true\n use_rfc5424_message = true",
		"3:2: \"use_rfc5424_message\" " USELESS "set to \"raw\"\n"
		"3:2: \"use_incoming_timestamp\" " USELESS "set to \"raw\"\n"},
};

static void test_mistakes(void **state)
{
	(void)state;
	assert_false(load("max_message_length = 0"));
	assert_str(buf_str(&h.errors), "3:2: max_message_length must be from 1 to 1048576, not "
				       "0\n");
	assert_false(load("idle_timeout = \"0s\""));
	assert_str(buf_str(&h.errors), "3:2: idle_timeout must be greater than 0\n");
	assert_false(load("labels = {\"a b\" = \"c\"}"));
	assert_str(buf_str(&h.errors), "3:2: labels: \"a b\" is not the name of a label\n");
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		assert_false(load(mistakes[i].text));
		assert_str(buf_str(&h.errors), mistakes[i].want);
	}
	assert_false(load("tls_config {\n cert_pem = \"a\"\n key_pem = \"b\"\n}"));
	assert_true(str_starts(buf_str(&h.errors), "1:1: cannot start: tls_config: the "
						   "certificate or its key cannot be used: "));
	assert_true(load("tls_config { }")); /* as if it were not there */
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

TESTS_RUN(T(test_tcp), T(test_udp_and_whole_message), T(test_other_formats), T(test_dropped),
	T(test_full), T(test_idle), T(test_reload), T(test_mistakes),
	T(test_datagrams), T(test_huge_structured_data), T(test_cisco))
