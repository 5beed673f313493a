#include "proto/loki/push_split.h"

#include "agent/base/buf.h"
#include "proto/loki/push_read.h"
#include "tests/test.h"

#include <stdlib.h>

/* A request in words: streams separated by spaces, each a name and the lengths of its lines;
 * the lines are numbered so that order can be seen: "a:3,3" is a0 a1. */
static const struct {
	const char *request;
	const char *first; /* NULL: not to be split */
	const char *second;
} cases[] = {
	{"", NULL, NULL},
	{"a:", NULL, NULL},
	{"a:9", NULL, NULL},
	{"a:9,9", "a0", "a1"},
	{"a:9,9 b:9,9", "a0 a1", "b0 b1"},
	{"a:9,9,9 b:9", "a0 a1", "a2 b0"},
	{"a:900,9,9 b:9", "a0", "a1 a2 b0"},
	{"a:9,9 b: c:900", "a0 a1", "c0"},
	{"a:9 b:9 c:9", "a0", "b0 c0"},
};

static void make_stream(struct buf *request, const char **p)
{
	struct push_clock clock = {0};
	struct buf entries = {0};
	char line[1000];
	char labels[2] = {**p, 0};
	int n = 0;

	for (*p += 2; **p && **p != ' '; *p += **p == ',') {
		size_t len = (size_t)strtol(*p, (char **)(uintptr_t)p, 10);

		memset(line, '.', sizeof(line));
		line[0] = labels[0];
		line[1] = (char)('0' + n++);
		push_encode_entry(&entries, &clock, &(struct push_entry){n, {line, len}, NULL, 0});
	}
	push_encode_stream(request, str_from(labels), buf_str(&entries));
	buf_fini(&entries);
}

static void print_lines(struct buf *out, struct buf *request)
{
	struct push_cursor c = push_read(buf_str(request));
	struct push_entry e;
	struct str stream;
	struct str labels;

	while (push_read_stream(&c, &stream) == PUSH_ITEM) {
		struct push_cursor in = push_read(stream);

		assert_true(push_read_labels(stream, &labels));
		while (push_read_entry(&in, NULL, &e, NULL) == PUSH_ITEM) {
			assert_int_equal(labels.p[0], e.line.p[0]);
			buf_printf(out, "%s%.2s", out->n ? " " : "", e.line.p);
		}
	}
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf b[5] = {{0}};

		print_message("%s\n", cases[i].request);
		for (const char *p = cases[i].request; *p; p += *p == ' ')
			make_stream(&b[0], &p);
		assert_int_equal(push_split(buf_str(&b[0]), &b[1], &b[2]), !!cases[i].first);
		print_lines(&b[3], &b[1]);
		print_lines(&b[4], &b[2]);
		assert_str(buf_str(&b[3]), cases[i].first ? cases[i].first : "");
		assert_str(buf_str(&b[4]), cases[i].second ? cases[i].second : "");
		for (size_t k = 0; k < 5; k++)
			buf_fini(&b[k]);
	}
}

static void test_malformed(void **state)
{
	struct buf a = {0};
	struct buf b = {0};

	(void)state;
	assert_false(push_split(STR("\x0a\x08\x12\x02\x0a\x00\x12\x02\x0a\x00\x0a"), &a, &b));
	assert_int_equal(a.n + b.n, 0);
}

TESTS_RUN(cmocka_unit_test(test_cases), cmocka_unit_test(test_malformed))
