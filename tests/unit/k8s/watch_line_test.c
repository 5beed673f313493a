#include "k8s/watch_line.h"

#include "agent/base/arena.h"
#include "tests/test.h"

static const struct {
	const char *line;
	const char *want; /* event version [end] [code message] object; NULL: no event */
} events[] = {
	{"{\"type\":\"ADDED\",\"object\":{\"kind\":\"Pod\",\"metadata\":{\"name\":\"a\","
	 "\"resourceVersion\":"
	 "\"12\"},\"spec\":{}}}",
		"0 12 "
		"{\"kind\":\"Pod\",\"metadata\":{\"name\":\"a\",\"resourceVersion\":\"12\"},"
		"\"spec\":{}}"},
	{"{\"object\":{\"metadata\":{\"resourceVersion\":\"7\"}},\"type\":\"DELETED\"}\r",
		"2 7 {\"metadata\":{\"resourceVersion\":\"7\"}}"},
	{"{\"type\":\"MODIFIED\",\"object\":{}}", "1  {}"},
	{"{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"Pod\",\"metadata\":{\"resourceVersion\":"
	 "\"491\","
	 "\"creationTimestamp\":null},\"spec\":{\"containers\":null},\"status\":{}}}",
		"3 491 "
		"{\"kind\":\"Pod\",\"metadata\":{\"resourceVersion\":\"491\",\"creationTimestamp\":"
		"null}"
		",\"spec\":{\"containers\":null},\"status\":{}}"},
	{"{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"annotations\":{\"k8s.io/"
	 "initial-events-end\":"
	 "\"true\"},\"resourceVersion\":\"5\"}}}",
		"3 5 end {\"metadata\":{\"annotations\":{\"k8s.io/initial-events-end\":\"true\"},"
		"\"resourceVersion\":\"5\"}}"},
	{"{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"status\":\"Failure\",\"message\":"
	 "\"too old resource version: 300 (510)\",\"reason\":\"Expired\",\"code\":410}}",
		"4  410 too old resource version: 300 (510) "
		"{\"kind\":\"Status\",\"status\":\"Failure\","
		"\"message\":\"too old resource version: 300 "
		"(510)\",\"reason\":\"Expired\",\"code\":410}"},
	{"{\"type\":\"OTHER\",\"object\":{}}", NULL},
	{"{\"type\":\"ADDED\",\"object\":[]}", NULL},
	{"{\"type\":\"ADDED\"}", NULL},
	{"{\"type\":\"ADDED\",\"object\":{}", NULL},
	{"garbage", NULL},
	{"", NULL},
};

static void test_events(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		struct watch_line l;
		struct buf out = {0};
		struct arena a;
		bool ok;

		print_message("%s\n", events[i].line);
		arena_init(&a, 0);
		ok = watch_line_parse(&a, str_from(events[i].line), &l);
		assert_int_equal(ok, events[i].want != NULL);
		if (ok) {
			buf_printf(&out, "%d " STR_FMT " %s", l.event, STR_ARG(l.version),
				l.is_initial_end ? "end " : "");
			if (l.event == WATCH_ERROR)
				buf_printf(&out, "%lld " STR_FMT " ", (long long)l.code,
					STR_ARG(l.message));
			buf_add_str(&out, l.object);
			assert_str(buf_str(&out), events[i].want);
		}
		buf_fini(&out);
		arena_fini(&a);
	}
}

/* Every text is fed in parts of 1, 2, … bytes: what comes out must not depend on it. */
static const struct {
	const char *text;
	size_t max;
	const char *want;
	unsigned skipped;
} lines[] = {
	{"one\ntwo\n", 10, "one|two|", 0},
	{"one\n\n\ntwo", 10, "one|", 0},
	{"a longer one\nshort\n", 10, "short|", 1},
	{"short\na longer one", 10, "short|", 1},
	{"0123456789\n01234567890\nx\n", 10, "0123456789|x|", 1},
};

static void test_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		for (size_t step = 1; step <= strlen(lines[i].text); step++) {
			struct watch_lines s = {.max = lines[i].max};
			struct str text = str_from(lines[i].text);
			struct buf out = {0};

			while (text.n > 0) {
				struct str part = str_head(text, step);
				struct str line;

				text = str_from_at(text, part.n);
				while (watch_lines_next(&s, &part, &line)) {
					buf_add_str(&out, line);
					buf_add_char(&out, '|');
				}
			}
			assert_str(buf_str(&out), lines[i].want);
			assert_int_equal(s.skipped, lines[i].skipped);
			watch_lines_fini(&s);
			buf_fini(&out);
		}
	}
}

TESTS_RUN(cmocka_unit_test(test_events), cmocka_unit_test(test_lines))
