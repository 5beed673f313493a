#include "proto/syslog/frame.h"

#include "tests/test.h"

static const struct {
	char delimiter;
	bool is_raw;
	const char *in;
	size_t n;
	const char *want; /* messages in brackets; a last one without an end in braces */
	uint64_t too_long;
} cases[] = {
#define IN(text) text, sizeof(text) - 1
	{'\n', false, IN("<1>a\n<2>b\r\n\n<3>c"), "[<1>a][<2>b]{<3>c}", 0},
	{'\n', false, IN("4 <1>a6 <2>b\nc<3>d\n"), "[<1>a][<2>b\nc][<3>d]", 0},
	{'\n', false, IN("10 <1>a"), "{10 <1>a}", 0},
	{'\n', false, IN("12 0123456789x"), "{}", 1},
	{'\n', false, IN("12 0123456789xy4 <1>a"), "[<1>a]", 1},
	{'\n', false, IN("<0123456789>\n<1>a\n"), "[<1>a]", 1},
	{'\n', false, IN("<0123456789"), "{}", 1},
	{'\n', false, IN("0 x\n"), "[0 x]", 0},
	{'\n', true, IN("4 <1>a\n"), "[4 <1>a]", 0},
	{'\0', true, IN("a\nb\0c\0"), "[a\nb][c]", 0},
};

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
			buf_printf(&got, "[" STR_FMT "]", STR_ARG(m));
	}
	if (f.skip || f.is_skipping)
		buf_printf(&got, "{}");
	if (syslog_frames_last(&f, &m))
		buf_printf(&got, "{" STR_FMT "}", STR_ARG(m));
	assert_str(buf_str(&got), cases[i].want);
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

TESTS_RUN(cmocka_unit_test(test_cases))
