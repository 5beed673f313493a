#include "agent/tail/import.h"

#include "agent/base/err.h"
#include "agent/flow/labels.h"
#include "tests/test.h"

static const struct labels *labels(const char *job)
{
	struct label v[] = {{STR("filename"), STR("/a")}, {STR("job"), str_from(job)}};

	return labels_intern(v, 2);
}

static void check(const char *text, const char *path, const char *job, int64_t want)
{
	const struct labels *l = labels(job);
	const struct import_entry *e;
	struct import i = {0};
	struct err err;

	assert_true(import_parse(&i, str_from(text), &err));
	e = import_find(&i, path, l);
	assert_int_equal(e ? (int64_t)e->offset : -1, want);
	import_fini(&i);
	labels_release(l);
}

/* As Alloy writes it, and what is as good. */
#define ALLOY \
	"positions:\n" \
	"  ? path: /var/log/pods/a_b_c/d/0.log\n" \
	"    labels: '{job=\"one\"}'\n" \
	"  : \"700\"\n" \
	"  ? path: /var/log/pods/a_b_c/d/0.log\n" \
	"    labels: '{job=\"two\"}'\n" \
	"  : \"300\"\n" \
	"  ? path: cursor-loki.source.kubernetes.a\n" \
	"    labels: '{}'\n" \
	"  : \"1700000000000000\"\n" \
	"  ? {labels: \"\", path: /b}\n" \
	"  : 5\n"

static void test_alloy(void **state)
{
	(void)state;
	check(ALLOY, "/var/log/pods/a_b_c/d/0.log", "one", 700);
	check(ALLOY, "/var/log/pods/a_b_c/d/0.log", "two", 300);
	check(ALLOY, "/var/log/pods/a_b_c/d/0.log", "three", 300); /* nothing is missed */
	check(ALLOY, "/b", "one", 5);
	check(ALLOY, "/c", "one", -1);
	check(ALLOY, "cursor-loki.source.kubernetes.a", "one", -1);
}

static void test_promtail(void **state)
{
	static const char text[] = "positions:\n  /a: \"10\"\n  \"/b c\": \"20\"\n"
				   "  journal-x: s=abc;i=1\n  /d: \"\"\n  /e: -1\n";

	(void)state;
	check(text, "/a", "one", 10);
	check(text, "/b c", "one", 20);
	check(text, "journal-x", "one", -1);
	check(text, "/d", "one", -1);
	check(text, "/e", "one", -1);
	check("positions: {}\n", "/a", "one", -1);
	check("positions:\n", "/a", "one", -1);
	check("", "/a", "one", -1);
	check("x: [1, {a: 2}]\npositions:\n  /a: 1\ny: {}\n", "/a", "one", 1);
}

static void test_refused(void **state)
{
	static const struct {
		const char *text;
		const char *want;
	} cases[] = {
		{"- 1\n", "line 1: want positions:"},
		{"a: 1\n", "line 2: want positions:"},
		{"positions: [1]\n", "line 1: want a map of positions"},
		{"positions:\n  [a]: 1\n", "line 2: want a path"},
		{"positions:\n  /a: [1]\n", "line 2: want an offset"},
		{"positions:\n  /a: *b\n", "line 2: want an offset"},
		{"positions:\n  ? path: {}\n  : 1\n", "line 2: want a text"},
		{"positions:\n  /a: \"1\n", "line 3: found unexpected end of stream"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct import into = {0};
		struct err e = {0};

		assert_false(import_parse(&into, str_from(cases[i].text), &e));
		assert_string_equal(e.text, cases[i].want);
		assert_int_equal(into.n, 0);
	}
}

TESTS_RUN(cmocka_unit_test(test_alloy), cmocka_unit_test(test_promtail),
	cmocka_unit_test(test_refused))
