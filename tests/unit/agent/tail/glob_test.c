#include "agent/tail/glob.h"

#include "agent/base/buf.h"
#include "tests/test.h"

#include <stdlib.h>

static const struct {
	const char *pattern;
	const char *want; /* one a line; NULL: refused */
} braces[] = {
	{"/a/b", "/a/b\n"},
	{"/var/log/{syslog,messages,*.log}",
		"/var/log/syslog\n/var/log/messages\n/var/log/*.log\n"},
	{"/{a,b}/{c,d}", "/a/c\n/b/c\n/a/d\n/b/d\n"},
	{"/{a,{b,c}d}", "/a\n/bd\n/cd\n"},
	{"/x{,.1}", "/x\n/x.1\n"},
	{"/\\{a", "/\\{a\n"},
	{"/{a", NULL},
	{"/{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}", NULL},
};

static int by_text(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static void test_alternatives(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(braces) / sizeof(braces[0]); i++) {
		struct arena a = {0};
		struct glob_list l = {0};
		struct buf got = {0};
		char want[256];
		struct str lines[8];
		size_t n = 0;

		print_message("%s\n", braces[i].pattern);
		if (!glob_alternatives(&a, str_from(braces[i].pattern), &l)) {
			assert_null(braces[i].want);
			arena_fini(&a);
			continue;
		}
		snprintf(want, sizeof(want), "%s", braces[i].want);
		for (struct str rest = str_from(want); str_cut(rest, '\n', &lines[n], &rest);)
			n++;
		assert_int_equal(l.n, n);
		qsort(lines, n, sizeof(lines[0]), by_text);
		qsort(l.p, n, sizeof(lines[0]), by_text);
		for (size_t k = 0; k < n; k++)
			assert_true(str_eq(lines[k], l.p[k]));
		buf_fini(&got);
		arena_fini(&a);
	}
}

static const struct {
	const char *pattern;
	const char *path;
	bool want;
} paths[] = {
	{"/var/log/*.log", "/var/log/a.log", true},
	{"/var/log/*.log", "/var/log/.a.log", true},
	{"/var/log/*.log", "/var/log/b/a.log", false},
	{"/var/log/**/*.log", "/var/log/a.log", true},
	{"/var/log/**/*.log", "/var/log/b/c/a.log", true},
	{"/var/log/**/x/*.log", "/var/log/b/x/c/x/a.log", true},
	{"/var/log/**", "/var/log/b/c", true},
	{"/var/log/pods/*u-1/app/*.log", "/var/log/pods/ns_pod_u-1/app/0.log", true},
	{"/var/log/pods/*u-1/app/*.log", "/var/log/pods/ns_pod_u-1/app/0.log.1", false},
	{"/a/[0-9].log", "/a/7.log", true},
	{"/a/?", "/a/bb", false},
	{"/a/b", "/a", false},
	{"/a", "/a/b", false},
};

static void test_paths(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		print_message("%s %s\n", paths[i].pattern, paths[i].path);
		assert_int_equal(
			glob_path_matches(str_from(paths[i].pattern), str_from(paths[i].path)),
			paths[i].want);
	}
}

TESTS_RUN(cmocka_unit_test(test_alternatives), cmocka_unit_test(test_paths))
