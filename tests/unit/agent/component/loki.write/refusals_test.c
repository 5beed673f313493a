#include "agent/component/loki.write/refusals.h"

#include "agent/base/buf.h"
#include "tests/test.h"

static const struct {
	const char *text;
	const char *want; /* reason, how many, stream; a newline after each */
} cases[] = {
	{"", ""},
	{"snappy: corrupt input\n", ""},
	{"entry for stream '{job=\"old\"}' has timestamp too old: 2026-11-15T09:51:20Z, oldest "
	 "acceptable timestamp is: 2026-11-15T10:51:20Z\n",
		"too_old 1 {job=\"old\"}\n"},
	{"entry for stream '{a=\"}{\"}' has timestamp too new: 2026-11-22T11:02:20Z\n"
	 "max entry size '262144' bytes exceeded for stream '{job=\"long\"}' while adding an entry "
	 "with length '262145' bytes",
		"too_new 1 {a=\"}{\"}\nline_too_long 1 {job=\"long\"}\n"},
	{"entry with timestamp 2026-11-22 08:51:20 +0000 UTC ignored, reason: 'entry too far "
	 "behind, entry timestamp is: 2026-11-22T08:51:20Z, oldest acceptable timestamp is: "
	 "2026-11-22T09:51:20Z',\n"
	 "entry with timestamp 2026-11-22 08:51:21 +0000 UTC ignored, reason: 'entry too far "
	 "behind, entry timestamp is: 2026-11-22T08:51:21Z, oldest acceptable timestamp is: "
	 "2026-11-22T09:51:20Z',\n"
	 "user 'probe', total ignored: 37 out of 50 for stream: {job=\"ord\"}\n",
		"too_far_behind 37 {job=\"ord\"}\n"},
	/* cut short: as many as are named */
	{"entry with timestamp 1 ignored, reason: 'entry too far behind',\n"
	 "entry with timestamp 2 ignored, reason: 'entry too far behind',\n",
		"too_far_behind 2 \n"},
	{"12 errors like: entry for stream '{a=\"b\"}' has timestamp too old: x",
		"too_old 12 {a=\"b\"}\n"},
	{"99999999999999999999 errors like: x has timestamp too old", "too_old 1000000 \n"},
	{"user 'x', total ignored: 5 out of 5 for stream: {}\n", ""},
	{"entry for stream '{l00=\"v\"}' has 16 label names; limit 15", "labels 1 {l00=\"v\"}\n"},
	{"stream '{a=\"1\"}' has too many structured metadata labels: '129', limit: '128'.",
		"metadata 1 {a=\"1\"}\n"},
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct loki_refusals r = {.rest = str_from(cases[i].text)};
		struct loki_refusal one;
		struct buf got = {0};

		while (loki_refusals_next(&r, &one))
			buf_printf(&got, "%s %zu " STR_FMT "\n", loki_why_names[one.why],
				one.entries, STR_ARG(one.stream));
		assert_str(buf_str(&got), cases[i].want);
		buf_fini(&got);
	}
}

TESTS_RUN(cmocka_unit_test(test_cases))
