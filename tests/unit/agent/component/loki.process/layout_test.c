#include "agent/component/loki.process/layout.h"

#include "agent/base/timestamp.h"
#include "tests/test.h"

static const struct {
	const char *layout;
	const char *text;
	const char *want; /* RFC 3339; NULL: it is not of this form */
} cases[] = {
	{"RFC3339Nano", "2026-11-22T10:41:07.814458474Z", "2026-11-22T10:41:07.814458474Z"},
	{"RFC3339Nano", "2026-11-22T12:41:07+02:00", "2026-11-22T10:41:07Z"},
	{"RFC3339", "2026-11-22T10:41:07.5-01:30", "2026-11-22T12:11:07.5Z"},
	{"RFC3339", "2026-11-22T10:41:07", NULL},
	{"RFC3339", "2026-11-22T10:41:07Zx", NULL},
	{"RFC3339", "2026-02-29T10:41:07Z", NULL},
	{"RFC3339", "2024-02-29T10:41:07Z", "2024-02-29T10:41:07Z"},
	{"RFC3339", "2026-13-01T10:41:07Z", NULL},
	{"RFC3339", "", NULL},
	{"ANSIC", "Sun Nov  2 10:41:07 2026", "2026-11-02T10:41:07Z"},
	{"UnixDate", "Sun Nov 22 10:41:07 UTC 2026", "2026-11-22T10:41:07Z"},
	{"UnixDate", "Sun Nov 22 10:41:07 GMT+2 2026", "2026-11-22T08:41:07Z"},
	{"RubyDate", "Sun Nov 22 10:41:07 -0700 2026", "2026-11-22T17:41:07Z"},
	{"RFC822", "22 Nov 26 10:41 CEST", "2026-11-22T10:41:00Z"},
	{"RFC822Z", "22 Nov 70 10:41 +0100", "1970-11-22T09:41:00Z"},
	{"RFC850", "Sunday, 22-Nov-26 10:41:07 UTC", "2026-11-22T10:41:07Z"},
	{"RFC1123", "Sun, 22 Nov 2026 10:41:07 GMT", "2026-11-22T10:41:07Z"},
	{"RFC1123Z", "Sun, 22 Nov 2026 10:41:07 +0000", "2026-11-22T10:41:07Z"},
	{"Unix", "1795344067", "2026-11-22T10:41:07Z"},
	{"Unix", "1795344067.25", "2026-11-22T10:41:07.25Z"},
	{"Unix", "1795344067.", NULL},
	{"Unix", "soon", NULL},
	{"Unix", "99999999999999", NULL},
	{"UnixMs", "1795344067814", "2026-11-22T10:41:07.814Z"},
	{"UnixUs", "1795344067814458", "2026-11-22T10:41:07.814458Z"},
	{"UnixNs", "1795344067814458474", "2026-11-22T10:41:07.814458474Z"},
	{"UnixMs", "9999999999999999999", NULL},
	{"02/Jan/2006:15:04:05 -0700", "22/Nov/2026:10:41:07 +0000", "2026-11-22T10:41:07Z"},
	{"2006-01-02 15:04:05,000", "2026-11-22 10:41:07,814", "2026-11-22T10:41:07.814Z"},
	{"2006-01-02 15:04:05,000", "2026-11-22 10:41:07,81", NULL},
	{"2006-01-02 15:04:05.999", "2026-11-22 10:41:07", "2026-11-22T10:41:07Z"},
	{"2006-01-02 15:04:05", "2026-11-22 10:41:07.814458", "2026-11-22T10:41:07.814458Z"},
	{"2006/1/2 3:04:05 PM", "2026/1/2 12:41:07 AM", "2026-01-02T00:41:07Z"},
	{"2006/1/2 3:04:05 pm", "2026/11/22 10:41:07 pm", "2026-11-22T22:41:07Z"},
	{"January 2, 2006", "november 22, 2026", "2026-11-22T00:00:00Z"},
	{"2006-002", "2026-326", "2026-11-22T00:00:00Z"},
	{"20060102T150405Z", "20261122T104107Z", "2026-11-22T10:41:07Z"},
	{"x_2006", "x_2026", "2026-01-01T00:00:00Z"},
	{"Janitor 2006", "Janitor 2026", "2026-01-01T00:00:00Z"},
	{"Jan _2 15:04:05", "Nov  2 10:41:07", "2026-11-02T10:41:07Z"},
	{"Jan _2 15:04:05", "Jan  2 10:41:07", "2027-01-02T10:41:07Z"}, /* now is in December */
	{"2006-01-02T15:04:05Z07:00", "0001-01-01T00:00:00Z", NULL},
};

static void test_layouts(void **state)
{
	struct arena a;
	int64_t now = 0;

	(void)state;
	arena_init(&a, 0);
	assert_true(timestamp_parse(STR("2026-12-30T00:00:00Z"), &now));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char out[TIMESTAMP_SIZE];
		struct layout l;
		int64_t ns = 0;

		print_message("%s: %s\n", cases[i].layout, cases[i].text);
		layout_init(&l, &a, str_from(cases[i].layout), NULL);
		assert_int_equal(layout_parse(&l, str_from(cases[i].text), now, &ns),
			cases[i].want != NULL);
		if (cases[i].want)
			assert_str(timestamp_format(out, ns), cases[i].want);
	}
	arena_fini(&a);
}

TESTS_RUN(cmocka_unit_test(test_layouts))
