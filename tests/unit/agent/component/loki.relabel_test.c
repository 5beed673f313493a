#include "agent/base/metric.h"
#include "tests/component.h"

extern const struct component_type loki_relabel;

#define CONFIG(rules) \
	"loki.relabel \"r\" {\n forward_to = [test.sink.s.receiver]\n max_cache_size = 2\n" rules \
	"}\ntest.sink \"s\" {}\ntest.source \"in\" { forward_to = [loki.relabel.r.receiver] }\n"

#define DROP_X \
	"rule {\n source_labels = [\"a\"]\n regex = \"x\"\n action = \"drop\"\n}\n" \
	"rule {\n regex = \"__tmp|gone\"\n action = \"labeldrop\"\n}\n" \
	"rule {\n source_labels = [\"a\"]\n target_label = \"__b\"\n}\n"

static const char *const one[] = {"a", "1", "__tmp", "t", NULL};
static const char *const two[] = {"a", "2", NULL};
static const char *const three[] = {"a", "3", NULL};
static const char *const dropped[] = {"a", "x", NULL};
static const char *const emptied[] = {"gone", "1", NULL};

static double value_of(const char *name)
{
	struct buf all = {0};
	const char *at;
	double v = -1;

	metric_print_all(&all);
	buf_add_char(&all, '\0');
	for (at = all.p; at && (at = strstr(at, name)); at++) {
		if ((at == all.p || at[-1] == '\n') && at[strlen(name)] == '{')
			v = strtod(strchr(at, '}') + 1, NULL);
	}
	buf_fini(&all);
	return v;
}

static void test_entries(void **state)
{
	struct harness h;

	(void)state;
	harness_init(&h, &loki_relabel);
	assert_true(harness_load(&h, CONFIG(DROP_X)));
	harness_push(one, 5, STR("first"));
	harness_push(one, 6, STR("second"));
	harness_push(dropped, 7, STR("never"));
	harness_push(emptied, 8, STR("never"));
	harness_push(two, 9, STR("third"));
	assert_str(buf_str(&harness_seen), "5 {__b=\"1\", a=\"1\"} first\n"
					   "6 {__b=\"1\", a=\"1\"} second\n"
					   "9 {__b=\"2\", a=\"2\"} third\n");
	assert_true(value_of("loki_relabel_entries_processed") == 5);
	assert_true(value_of("loki_relabel_entries_written") == 3);
	assert_true(value_of("loki_relabel_cache_hits") == 1);
	assert_true(value_of("loki_relabel_cache_misses") == 4);
	assert_true(value_of("loki_relabel_cache_size") == 2);
	harness_fini(&h);
}

/* Other rules: nothing that was remembered may be used. */
static void test_reload(void **state)
{
	struct harness h;

	(void)state;
	harness_init(&h, &loki_relabel);
	assert_true(harness_load(&h, CONFIG("")));
	harness_push(two, 1, STR("l"));
	assert_true(harness_load(
		&h, CONFIG("rule {\n target_label = \"z\"\n replacement = \"!\"\n}\n")));
	harness_push(two, 2, STR("l"));
	harness_push(three, 3, STR("l"));
	assert_str(buf_str(&harness_seen), "1 {a=\"2\"} l\n2 {a=\"2\", z=\"!\"} l\n"
					   "3 {a=\"3\", z=\"!\"} l\n");
	harness_fini(&h);
}

static void test_cache_size(void **state)
{
	struct harness h;

	(void)state;
	harness_init(&h, &loki_relabel);
	assert_false(harness_load(
		&h, "loki.relabel \"r\" {\n forward_to = []\n max_cache_size = 0\n}\n"));
	assert_str(buf_str(&h.errors), "1:1: max_cache_size must be between 1 and 10000000\n");
	harness_fini(&h);
}

TESTS_RUN(cmocka_unit_test(test_entries), cmocka_unit_test(test_reload),
	cmocka_unit_test(test_cache_size))
