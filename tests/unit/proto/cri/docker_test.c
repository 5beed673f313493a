#include "proto/cri/docker.h"

#include "agent/base/buf.h"
#include "tests/test.h"

static const struct {
	const char *line;
	const char *want; /* stream time P|F content, or NULL: not of this form */
} cases[] = {
	{"{\"log\":\"hello\\n\",\"stream\":\"stdout\",\"time\":\"2026-11-22T10:41:07.5Z\"}",
		"stdout 1795344067500000000 F hello"},
	{"{\"log\":\"a \\\"b\\\" \\u003c\\ud83d\\ude00 "
	 "\\u00e9\\n\",\"stream\":\"stderr\",\"time\":\"x\"}",
		"stderr - F a \"b\" <\xf0\x9f\x98\x80 \xc3\xa9"},
	{"{\"log\":\"piece\",\"stream\":\"stdout\"}", "stdout - P piece"},
	{"{\"attrs\":{\"a\":[1,{\"b\":\"\\\"}\"}],\"c\":null},\"log\":\"x\\n\"}", " - F x"},
	{"{\"stream\":\"std\\u006fut\",\"log\":\"\\tx\\n\"}", "stdout - F \tx"},
	{"{\"log\":\"\\ud83dx\\n\"}", " - F \xef\xbf\xbdx"},
	{"{ \"log\" : \"x\\n\" , \"stream\" : \"stdout\" }", "stdout - F x"},
	{"{\"stream\":\"stdout\"}", NULL},
	{"{\"log\":1}", NULL},
	{"{\"log\":\"x", NULL},
	{"{\"log\":\"x\\q\"}", NULL},
	{"{\"log\":\"x\\u12\"}", NULL},
	{"{\"a\":[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]],\"log\":\"x\"}", NULL},
	{"{}", NULL},
	{"text", NULL},
	{"", NULL},
};

static void test_lines(void **state)
{
	struct buf scratch = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct docker_line l;
		char got[256];
		char time[32] = "-";

		print_message("%s\n", cases[i].line);
		if (!docker_parse(str_from(cases[i].line), &scratch, &l)) {
			assert_null(cases[i].want);
			continue;
		}
		assert_non_null(cases[i].want);
		if (l.has_time)
			snprintf(time, sizeof(time), "%lld", (long long)l.time);
		snprintf(got, sizeof(got), STR_FMT " %s %c " STR_FMT, STR_ARG(l.stream), time,
			l.is_partial ? 'P' : 'F', STR_ARG(l.content));
		assert_string_equal(got, cases[i].want);
	}
	buf_fini(&scratch);
}

TESTS_RUN(cmocka_unit_test(test_lines))
