#include "proto/syslog/frame.h"

#include "tests/test.h"

static const struct {
	char delimiter;
	bool is_raw;
	const char *in;
	size_t n;
	const char *want; /* messages in brackets; a last one without an end in braces */
	size_t want_n;
	uint64_t too_long;
} cases[] = {
#define IN(text) text, sizeof(text) - 1
	{'\n', false, IN("<1>a\n<2>b\r\n\n<3>c"), IN("[<1>a][<2>b]{<3>c}"), 0},
	{'\n', false, IN("4 <1>a6 <2>b\nc<3>d\n"), IN("[<1>a][<2>b\nc][<3>d]"), 0},
	{'\n', false, IN("10 <1>a"), IN("{10 <1>a}"), 0},
	{'\n', false, IN("12 0123456789x"), IN("{}"), 1},
	{'\n', false, IN("12 0123456789xy4 <1>a"), IN("[<1>a]"), 1},
	{'\n', false, IN("<0123456789>\n<1>a\n"), IN("[<1>a]"), 1},
	{'\n', false, IN("<0123456789"), IN("{}"), 1},
	{'\n', false, IN("0 x\n"), IN("[0 x]"), 0},
	{'\n', true, IN("4 <1>a\n"), IN("[4 <1>a]"), 0},
	{'\0', true, IN("a\nb\0c\0"), IN("[a\nb][c]"), 0},
	/* Ten digits are no length. */
	{'\n', false, IN("9999999999 x\n<1>a\n"), IN("[<1>a]"), 1},
	{'\n', false, IN("999999999 x"), IN("{}"), 1},
	{'\n', false, IN("-1 x\n+1 y\n1\tz\n"), IN("[-1 x][+1 y][1\tz]"), 0},
	{'\n', false, IN("1"), IN("{1}"), 0},
	{'\n', false, IN("1 "), IN("{1 }"), 0},
	{'\n', false, IN("\0\0\n"), IN("[\0\0]"), 0},
	{'\n', false, IN("\r\n\n\r\n"), IN(""), 0},
};

static void put(struct buf *b, char open, struct str m, char close)
{
	buf_add_char(b, open);
	buf_add_str(b, m);
	buf_add_char(b, close);
}

static void run(size_t i, size_t step)
{
	struct syslog_frames f = {
		.max = 10, .delimiter = cases[i].delimiter, .is_raw = cases[i].is_raw};
	struct buf got = {0};
	struct str m;

	for (size_t at = 0; at < cases[i].n; at += step) {
		size_t n = cases[i].n - at < step ? cases[i].n - at : step;

		syslog_frames_add(&f, cases[i].in + at, n);
		while (syslog_frames_next(&f, &m))
			put(&got, '[', m, ']');
		syslog_frames_trim(&f);
	}
	if (f.skip || f.is_skipping)
		buf_printf(&got, "{}");
	if (syslog_frames_last(&f, &m))
		put(&got, '{', m, '}');
	assert_int_equal(got.n, cases[i].want_n);
	assert_true(got.n == 0 || memcmp(got.p, cases[i].want, got.n) == 0);
	assert_int_equal(f.too_long, cases[i].too_long);
	syslog_frames_fini(&f);
	buf_fini(&got);
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (size_t step = 1; step < 20; step++)
			run(i, step);
}

/* A burst's memory is not kept for the rest of a line. */
static void test_trim(void **state)
{
	struct syslog_frames f = {.max = 100, .delimiter = '\n'};
	struct str m;

	(void)state;
	for (int i = 0; i < 10000; i++)
		syslog_frames_add(&f, "<1>abc\n", 7);
	syslog_frames_add(&f, "<1>d", 4);
	while (syslog_frames_next(&f, &m))
		;
	assert_int_equal(syslog_frames_held(&f), 4);
	assert_true(f.held.cap >= 70000);
	syslog_frames_trim(&f);
	assert_true(f.held.cap < 2000);
	syslog_frames_add(&f, "e\n", 2);
	assert_true(syslog_frames_next(&f, &m));
	assert_str(m, "<1>de");
	assert_false(syslog_frames_next(&f, &m));
	syslog_frames_trim(&f);
	assert_int_equal(syslog_frames_held(&f), 0);
	syslog_frames_fini(&f);
}

TESTS_RUN(cmocka_unit_test(test_cases), cmocka_unit_test(test_trim))
