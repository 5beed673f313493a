#include "proto/syslog/message.h"

#include "agent/base/arena.h"
#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "agent/base/timestamp.h"
#include "tests/test.h"

#define NOW (INT64_C(1795341600) * NS_PER_SEC) /* 2026-11-22T10:00:00Z */

static const struct {
	bool is_3164;
	const char *text;
	const char *want; /* ! error */
} cases[] = {
	{false,
		"<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \xef\xbb\xbf'su "
		"root' failed",
		"4.2 2003-10-11T22:14:15.003Z mymachine.example.com su  ID47 |'su root' failed"},
	{false,
		"<165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - - %% It's time.",
		"20.5 2003-08-24T12:14:15.000003Z 192.0.2.1 myproc 8710  |%% It's time."},
	{false,
		"<165>1 2003-10-11T22:14:15Z h evntslog - ID47 [exampleSDID@32473 iut=\"3\" "
		"eventSource=\"a\\\"]b\"][x@1] An event",
		"20.5 2003-10-11T22:14:15Z h evntslog  ID47 exampleSDID@32473.iut=3 "
		"exampleSDID@32473.eventSource=a\"]b |An event"},
	{false, "<0>1 - - - - - -", "0.0      |"},
	{false, "<13>1 - - - - - [a] x", "1.5      |x"},
	{false, "<13>1 - - - - - [a b=\"c", "! its structured data has no end"},
	{false, "<13>1 - - - - - x", "! it has no structured data, not even -"},
	{false, "<13>1 - - - - - -x", "! no space between its structured data and its text"},
	{false, "<13>1 - - -", "! its header has too few fields"},
	{false, "<13>1 yesterday h a p m -", "! its time is not as RFC 3339 has it"},
	{false, "<192>1 - - - - - -",
		"! the priority is no number from 0 to 191 in angle brackets"},
	{false, "hello", "! it does not begin with a priority, such as <13>"},
	{false, "<34>Oct 11 22:14:15 h su: x",
		"! it has no version behind the priority: is it RFC 3164?"},
	{true, "<34>Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick",
		"4.2 2026-10-11T22:14:15Z mymachine su   |'su root' failed for lonvick"},
	{true, "<13>Nov  2 01:02:03 h sshd[42]: in", "1.5 2026-11-02T01:02:03Z h sshd 42  |in"},
	{true, "<13>Nov 23 09:59:00 h a: b", "1.5 2026-11-23T09:59:00Z h a   |b"},
	{true, "<13>Dec 31 23:59:59 h a: b", "1.5 2025-12-31T23:59:59Z h a   |b"},
	{true, "<13>2026-11-22T09:00:00+01:00 h a: b", "1.5 2026-11-22T08:00:00Z h a   |b"},
	{true, "<13>Feb 29 09:00:00 h a: b",
		"! it has no time such as Nov  2 10:00:00: is it RFC 5424?"},
	{true, "<13>Nov 22 09:00:00 h no tag here", "1.5 2026-11-22T09:00:00Z h    |no tag here"},
	{true, "<13>Nov 22 09:00:00 h", "1.5 2026-11-22T09:00:00Z h    |"},
	{true, "<13>Nov 22 09:00:00", "! it has no host name"},
	{true, "<13>Nov 32 09:00:00 h a: b",
		"! it has no time such as Nov  2 10:00:00: is it RFC 5424?"},
};

static void print(struct buf *b, const struct syslog_message *m)
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
		if (cases[i].is_3164 ? syslog_parse_3164(text, NOW, &m, &e)
				     : syslog_parse_5424(text, &m, &e))
			print(&b, &m);
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
