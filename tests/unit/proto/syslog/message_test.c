#include "proto/syslog/message.h"

#include "agent/base/arena.h"
#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "agent/base/timestamp.h"
#include "tests/test.h"

#define NOW (INT64_C(1795341600) * NS_PER_SEC) /* 2026-11-22T10:00:00Z */

enum {
	RFC_5424,
	RFC_3164,
	CISCO,         /* everything */
	CISCO_COUNTER, /* that alone */
	CISCO_HOST,
};

static const struct syslog_cisco cisco[] = {
	[CISCO] = {true, true, true},
	[CISCO_COUNTER] = {.counter = true},
	[CISCO_HOST] = {.host = true},
};

static const struct {
	int format;
	const char *text;
	const char *want; /* ! error */
} cases[] = {
	{RFC_5424,
		"<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \xef\xbb\xbf'su "
		"root' failed",
		"4.2 2003-10-11T22:14:15.003Z mymachine.example.com su  ID47 |'su root' failed"},
	{RFC_5424,
		"<165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - - %% It's time.",
		"20.5 2003-08-24T12:14:15.000003Z 192.0.2.1 myproc 8710  |%% It's time."},
	{RFC_5424,
		"<165>1 2003-10-11T22:14:15Z h evntslog - ID47 [exampleSDID@32473 iut=\"3\" "
		"eventSource=\"a\\\"]b\"][x@1] An event",
		"20.5 2003-10-11T22:14:15Z h evntslog  ID47 exampleSDID@32473.iut=3 "
		"exampleSDID@32473.eventSource=a\"]b |An event"},
	{RFC_5424, "<0>1 - - - - - -", "0.0      |"},
	{RFC_5424, "<13>1 - - - - - [a] x", "1.5      |x"},
	{RFC_5424, "<13>1 - - - - - [a b=\"c", "! its structured data has no end"},
	{RFC_5424, "<13>1 - - - - - x", "! it has no structured data, not even -"},
	{RFC_5424, "<13>1 - - - - - -x", "! no space between its structured data and its text"},
	{RFC_5424, "<13>1 - - -", "! its header has too few fields"},
	{RFC_5424, "<13>1 yesterday h a p m -", "! its time is not as RFC 3339 has it"},
	{RFC_5424, "<192>1 - - - - - -",
		"! the priority is no number from 0 to 191 in angle brackets"},
	{RFC_5424, "hello", "! it does not begin with a priority, such as <13>"},
	{RFC_5424, "<34>Oct 11 22:14:15 h su: x",
		"! it has no version behind the priority: is it RFC 3164?"},
	{RFC_3164, "<34>Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick",
		"4.2 2026-10-11T22:14:15Z mymachine su   |'su root' failed for lonvick"},
	{RFC_3164, "<13>Nov  2 01:02:03 h sshd[42]: in", "1.5 2026-11-02T01:02:03Z h sshd 42  |in"},
	{RFC_3164, "<13>Nov 23 09:59:00 h a: b", "1.5 2026-11-23T09:59:00Z h a   |b"},
	{RFC_3164, "<13>Dec 31 23:59:59 h a: b", "1.5 2025-12-31T23:59:59Z h a   |b"},
	{RFC_3164, "<13>2026-11-22T09:00:00+01:00 h a: b", "1.5 2026-11-22T08:00:00Z h a   |b"},
	{RFC_3164, "<13>Feb 29 09:00:00 h a: b",
		"! it has no time such as Nov  2 10:00:00: is it RFC 5424?"},
	{RFC_3164, "<13>Nov 22 09:00:00 h no tag here",
		"1.5 2026-11-22T09:00:00Z h    |no tag here"},
	{RFC_3164, "<13>Nov 22 09:00:00 h", "1.5 2026-11-22T09:00:00Z h    |"},
	{RFC_3164, "<13>Nov 22 09:00:00", "! it has no host name and no text"},
	{RFC_3164, "<13>Nov 32 09:00:00 h a: b",
		"! it has no time such as Nov  2 10:00:00: is it RFC 5424?"},
	{RFC_3164, "<13>", "! it has no time such as Nov  2 10:00:00: is it RFC 5424?"},
	{RFC_3164, "<13", "! the priority is no number from 0 to 191 in angle brackets"},
	{RFC_3164, "<", "! it does not begin with a priority, such as <13>"},
	{RFC_3164, "<13>Nov 22 09:00:0",
		"! it has no time such as Nov  2 10:00:00: is it RFC 5424?"},
	{RFC_3164, "<13> Nov 22 09:00:00  h  a: b", "1.5 2026-11-22T09:00:00Z h a   |b"},
	{RFC_3164, "<13>Nov 2 09:00:00 h a: b", "1.5 2026-11-02T09:00:00Z h a   |b"},
	{RFC_3164, "<13>Nov 22 09:00:00.654321 h a: b", "1.5 2026-11-22T09:00:00.654321Z h a   |b"},
	{RFC_3164, "<13>Nov 22 09:00:00.0123456789 h a: b",
		"1.5 2026-11-22T09:00:00.012345678Z h a   |b"},
	/* OpenBSD leaves the host out. */
	{RFC_3164, "<13>Nov 22 09:00:00 sshd[42]: in", "1.5 2026-11-22T09:00:00Z  sshd 42  |in"},
	{RFC_3164, "<13>Nov 22 09:00:00 su: x", "1.5 2026-11-22T09:00:00Z  su   |x"},
	{RFC_3164, "<13>Nov 22 09:00:00 h %ASA-6-302013: Built",
		"1.5 2026-11-22T09:00:00Z h %ASA-6-302013   |Built"},
	{RFC_3164, "<13>Nov 22 09:00:00 h http://x is away",
		"1.5 2026-11-22T09:00:00Z h    |http://x is away"},
	{RFC_3164, "<13>Nov 22 09:00:00 h a:", "1.5 2026-11-22T09:00:00Z h a   |"},
	{RFC_3164, "<13>Nov 22 09:00:00 h a[", "1.5 2026-11-22T09:00:00Z h    |a["},
	{RFC_3164, "<13>Nov 22 09:00:00 h\xff a: b", "1.5 2026-11-22T09:00:00Z     |h\xff a: b"},
	{RFC_3164, "<13>Nov 22 09:00:00 h a\xff: b", "1.5 2026-11-22T09:00:00Z h    |a\xff: b"},
	{RFC_5424, "<13>1 - h\xff a p m -", "! its header has bytes that are not printable ASCII"},
	{RFC_5424, "<13>1 - h a p m - \xff\xfe", "1.5  h a p m |\xff\xfe"},
	{RFC_5424, "<13>1 - h a p m [a b=\"\xff\"] x", "1.5  h a p m a.b=\xff |x"},
	/* What is no parameter ends them, the text is kept. */
	{RFC_5424, "<13>1 - h a p m [a b c=\"d\"][e f=\"g\"] x", "1.5  h a p m |x"},
	{RFC_5424, "<13>1 - h a p m [a b=\"c\" ][ e=\"f\"] x", "1.5  h a p m a.b=c |x"},
	{RFC_5424, "<13>1 - h a p m [a b=\"\\n\\\\\"] x", "1.5  h a p m a.b=\\n\\ |x"},
	{CISCO,
		"<189>237: 000485: router1: *Jan  8 19:46:03.295: %LINEPROTO-5-UPDOWN: Line "
		"protocol on Interface Loopback100, changed state to up",
		"23.5 2026-01-08T19:46:03.295Z router1 %LINEPROTO-5-UPDOWN   237 485 |Line "
		"protocol on Interface Loopback100, changed state to up"},
	{CISCO, "<189>269614: myhostname: Apr 11 10:02:08: %LINK-3-UPDOWN: up",
		"23.5 2026-04-11T10:02:08Z myhostname %LINK-3-UPDOWN   269614  |up"},
	{CISCO, "<189>: *Jan  8 19:46:03.295: %SYS-5-CONFIG_I: Configured",
		"23.5 2026-01-08T19:46:03.295Z  %SYS-5-CONFIG_I     |Configured"},
	{CISCO, "<189>1: 2: r: .Jan 8 19:46:03.295 CEST: %SYS-5-CONFIG_I: Configured",
		"23.5 2026-01-08T19:46:03.295Z r %SYS-5-CONFIG_I   1 2 |Configured"},
	{CISCO, "<189>1: 0: r: 2026-01-08T19:46:03Z: %A-5-B: c",
		"23.5 2026-01-08T19:46:03Z r %A-5-B   1 0 |c"},
	{CISCO, "<189>Jan  8 19:46:03 r a: b", "23.5 2026-01-08T19:46:03Z r a     |b"},
	{CISCO_COUNTER, "<189>643: Jan  8 19:46:03: %A-5-B: c",
		"23.5 2026-01-08T19:46:03Z  %A-5-B   643  |c"},
	{CISCO_COUNTER, "<189>643: 7: Jan  8 19:46:03: %A-5-B: c",
		"! it has no time such as Nov  2 10:00:00: is it RFC 5424?"},
	{CISCO_COUNTER, "<189>123456789012345678901: Jan  8 19:46:03: %A-5-B: c",
		"! it has no time such as Nov  2 10:00:00: is it RFC 5424?"},
	{CISCO_HOST, "<189>r1: Jan  8 19:46:03: %A-5-B: c",
		"23.5 2026-01-08T19:46:03Z r1 %A-5-B     |c"},
	{CISCO_HOST, "<189>r\xff: Jan  8 19:46:03: %A-5-B: c",
		"! it has no time such as Nov  2 10:00:00: is it RFC 5424?"},
	{CISCO_HOST, "<189>r1:", "! it has no time such as Nov  2 10:00:00: is it RFC 5424?"},
	{RFC_3164, "<189>643: Jan  8 19:46:03: %A-5-B: c",
		"! it has no time such as Nov  2 10:00:00: is it RFC 5424?"},
};

static void print(struct buf *b, const struct syslog_message *m, bool is_cisco)
{
	struct syslog_param p = {0};
	struct str rest = m->data;
	char time[TIMESTAMP_SIZE];
	struct arena a;

	buf_printf(b, "%u.%u ", m->facility, m->severity);
	if (m->has_time)
		buf_add_str(b, timestamp_format(time, m->time));
	buf_printf(b, " " STR_FMT " " STR_FMT " " STR_FMT " " STR_FMT " ", STR_ARG(m->host),
		STR_ARG(m->app), STR_ARG(m->proc_id), STR_ARG(m->msg_id));
	if (is_cisco)
		buf_printf(b, STR_FMT " " STR_FMT " ", STR_ARG(m->counter), STR_ARG(m->sequence));
	arena_init(&a, 0);
	while (syslog_next_param(&rest, &a, &p))
		buf_printf(b, STR_FMT "." STR_FMT "=" STR_FMT " ", STR_ARG(p.id), STR_ARG(p.name),
			STR_ARG(p.value));
	arena_fini(&a);
	buf_printf(b, "|" STR_FMT, STR_ARG(m->text));
}

static void test_cases(void **state)
{
	struct buf b = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct str text = str_from(cases[i].text);
		struct syslog_message m;
		struct err e = {""};

		buf_clear(&b);
		if (cases[i].format == RFC_5424
				? syslog_parse_5424(text, &m, &e)
				: syslog_parse_3164(text, NOW,
					  cases[i].format >= CISCO ? &cisco[cases[i].format] : NULL,
					  &m, &e))
			print(&b, &m, cases[i].format >= CISCO);
		else
			buf_printf(&b, "! %s", e.text);
		assert_str(buf_str(&b), cases[i].want);
	}
	buf_fini(&b);
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(syslog_facility_name(0), "kern");
	assert_string_equal(syslog_facility_name(23), "local7");
	assert_string_equal(syslog_facility_name(24), "");
	assert_string_equal(syslog_severity_name(3), "error");
	assert_string_equal(syslog_severity_name(8), "");
}

TESTS_RUN(cmocka_unit_test(test_cases), cmocka_unit_test(test_names))
