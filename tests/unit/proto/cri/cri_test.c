#include "proto/cri/cri.h"

#include "tests/test.h"

static const struct {
	const char *line;
	const char *want; /* time stream tag|content, or NULL: not CRI */
} cases[] = {
	{"2026-11-22T10:41:07.814458474Z stdout F fast line",
		"1795344067814458474 stdout F|fast line"},
	{"2026-11-22T10:41:07.81445Z stderr P part", "1795344067814450000 stderr P|part"},
	{"2026-11-22T10:41:07Z stdout F ", "1795344067000000000 stdout F|"},
	{"2026-11-22T10:41:07Z stdout F", "1795344067000000000 stdout F|"},
	{"2026-11-22T12:41:08.5+02:00 stdout F zone", "1795344068500000000 stdout F|zone"},
	{"2026-11-22T10:42:00.000000001Z stdout P:a:b tags",
		"1795344120000000001 stdout P:a:b|tags"},
	{"2026-11-22T10:42:01Z stdout no tag", "1795344121000000000 stdout |no tag"},
	{"2026-11-22T10:42:01Z stdout Foo", "1795344121000000000 stdout F|oo"},
	{"2026-11-22T10:42:01Z stdout F  two", "1795344121000000000 stdout F| two"},
	{"not-a-time stdout F text", "- stdout F|text"},
	{"2026-11-22T10:42:61Z stdout F text", "- stdout F|text"},
	{"2026-11-22T10:42:01Z stdout", "1795344121000000000 stdout |"},
	{"2026-11-22T10:42:01Z stdoutF text", NULL},
	{"2026-11-22T10:42:01Z stdlog F text", NULL},
	{"plain text", NULL},
	{" stdout F text", NULL},
	{"", NULL},
};

static void test_lines(void **state)
{
	struct cri_clock clock = {0};

	(void)state;
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			struct cri_line l;
			char got[256];
			char time[32] = "-";

			print_message("%s\n", cases[i].line);
			if (!cri_parse(&clock, str_from(cases[i].line), &l)) {
				assert_null(cases[i].want);
				continue;
			}
			assert_non_null(cases[i].want);
			if (l.has_time)
				snprintf(time, sizeof(time), "%lld", (long long)l.time);
			snprintf(got, sizeof(got), "%s " STR_FMT " " STR_FMT "|" STR_FMT, time,
				STR_ARG(l.stream), STR_ARG(l.tag), STR_ARG(l.content));
			assert_string_equal(got, cases[i].want);
			assert_int_equal(l.is_stderr, strstr(cases[i].line, "stderr") != NULL);
			assert_int_equal(l.is_partial, l.tag.n && l.tag.p[0] == 'P');
		}
	}
}

TESTS_RUN(cmocka_unit_test(test_lines))
