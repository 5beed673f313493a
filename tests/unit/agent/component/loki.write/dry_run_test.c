#include "agent/component/loki.write/dry_run.h"

#include "tests/unit/agent/component/loki.write/fake.h"

#include <unistd.h>

static const struct label external[] = {{{"cluster", 7}, {"c1", 2}}};
static const struct label meta[] = {{{"trace", 5}, {"a b", 3}}, {{"n", 1}, {"1", 1}}};

static const struct {
	const char *name;
	enum dry_run mode;
	bool colour;
	const char *labels;
	const char *line;
	size_t n_meta;
	const char *want;
} cases[] = {
	{"text", DRY_RUN_TEXT, false, "app=web __path__=x", "hello", 0,
		"2026-11-22T10:41:07.8Z {app=\"web\", cluster=\"c1\"} hello\n"},
	{"metadata", DRY_RUN_TEXT, false, "app=web", "hello", 2,
		"2026-11-22T10:41:07.8Z {app=\"web\", cluster=\"c1\"} "
		"trace=\"a b\" n=\"1\" hello\n"},
	{"a terminal", DRY_RUN_TEXT, true, "app=web", "a\x1b[2Jb\tc", 1,
		"\x1b[2m2026-11-22T10:41:07.8Z\x1b[0m \x1b[36m{app=\"web\", cluster=\"c1\"}\x1b[0m "
		"\x1b[33mtrace=\"a b\"\x1b[0m a\\x1b[2Jb\tc\n"},
	{"json", DRY_RUN_JSON, false, "app=web __tenant_id__=t", "\"q\" \xff", 2,
		"{\"component\":\"loki.write.x\",\"timestamp\":\"2026-11-22T10:41:07.8Z\","
		"\"tenant\":\"t\",\"labels\":{\"app\":\"web\",\"cluster\":\"c1\"},"
		"\"structured_metadata\":{\"trace\":\"a b\",\"n\":\"1\"},"
		"\"line\":\"\\\"q\\\" \xef\xbf\xbd\"}\n"},
};

static void test_cases(void **state)
{
	struct loop *loop = loop_new();
	char got[1000];
	int fds[2];

	(void)state;
	assert_int_not_equal(pipe(fds), -1);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct loki_dry_run d;
		const struct labels *l = fake_labels(cases[i].labels);
		struct entry e = {
			.labels = l,
			.time = 1795344067800000000,
			.line = str_from(cases[i].line),
			.meta = meta,
			.n_meta = cases[i].n_meta,
		};
		ssize_t n;

		print_message("%s\n", cases[i].name);
		loki_dry_run_init(&d, loop, "loki.write.x", cases[i].mode, fds[1]);
		assert_false(d.colour);
		d.colour = cases[i].colour;
		loki_dry_run_print(&d, &e, external, 1);
		loop_turn(loop, 0);
		n = read(fds[0], got, sizeof(got));
		assert_true(n > 0);
		assert_str(((struct str){got, (size_t)n}), cases[i].want);
		labels_release(l);
		loki_dry_run_fini(&d);
	}
	close(fds[0]);
	close(fds[1]);
	loop_free(loop);
	assert_int_equal(labels_interned(), 0);
}

TESTS_RUN(cmocka_unit_test(test_cases))
