#include "tests/stage.h"

#define SECOND INT64_C(1000000000)

static const struct stage_case cases[] = {
	{"above the burst they are dropped",
		"stage.limit {\n rate = 1\n burst = 2\n drop = true\n}", "a=1|x\na=2|y\na=1|z",
		"100000000000 {a=\"1\"} x\n101000000000 {a=\"2\"} y\n"},
	{"each value by itself",
		"stage.limit {\n rate = 1\n burst = 1\n drop = true\n by_label_name = \"a\"\n}",
		"a=1|x\na=2|y\na=1|z\nb=1|u\nb=1|v",
		"100000000000 {a=\"1\"} x\n101000000000 {a=\"2\"} y\n"
		"103000000000 {b=\"1\"} u\n104000000000 {b=\"1\"} v\n"},
	{"no rate", "stage.limit {\n rate = 0\n burst = 1\n}", "",
		"! limit stage failed to parse rate or burst: both must be greater than 0\n"},
	{"no burst", "stage.limit {\n rate = 1\n burst = 0\n}", "",
		"! limit stage failed to parse rate or burst: both must be greater than 0\n"},
	{"by label, but not dropped",
		"stage.limit {\n rate = 1\n burst = 1\n by_label_name = \"a\"\n}", "",
		"! When ratelimiting by label, drop must be true: by_label_name is set\n"},
};

STAGE_TESTS(cases)

static int settled;

static void on_settled(struct ack *a)
{
	(void)a;
	settled++;
}

/* Those that wait keep their order, values and acks; the budget knows of them. */
static void test_wait(void **state)
{
	static const struct label v = {{"f", 1}, {"a", 1}};
	const struct labels *set;
	struct harness h;
	struct ack a;

	(void)state;
	settled = 0;
	harness_init(&h, &loki_process);
	set = labels_intern(&v, 1);
	assert_true(stage_load(&h, "stage.regex { expression = \"(?P<w>.)\" }\n"
				   "stage.limit {\n rate = 2\n burst = 1\n}\n"
				   "stage.labels { values = {w = \"\"} }"));
	ack_init(&a, on_settled);
	for (int i = 0; i < 3; i++)
		harness_push_entry(&(struct entry){.labels = set,
			.time = i,
			.line = str_from((const char *[]){"x", "y", "z"}[i]),
			.ack = &a});
	labels_release(set);
	ack_release(&a);
	assert_str(buf_str(&harness_seen), "0 {f=\"a\", w=\"x\"} x\n");
	assert_true(h.budget.used > 0);
	harness_advance(&h, SECOND / 2 + 2);
	assert_str(buf_str(&harness_seen), "0 {f=\"a\", w=\"x\"} x\n1 {f=\"a\", w=\"y\"} y\n");
	assert_int_equal(settled, 0);
	harness_advance(&h, SECOND / 2 + 2);
	assert_int_equal(settled, 1);
	assert_int_equal(h.budget.used, 0);
	harness_fini(&h);
	assert_str(buf_str(&harness_seen),
		"0 {f=\"a\", w=\"x\"} x\n1 {f=\"a\", w=\"y\"} y\n2 {f=\"a\", w=\"z\"} z\n");
}

/* A stop does not wait. */
static void test_stop(void **state)
{
	struct harness h;

	(void)state;
	harness_init(&h, &loki_process);
	assert_true(stage_load(&h, "stage.limit {\n rate = 0.001\n burst = 1\n}"));
	stage_push_all("a=1|x\na=1|y\na=1|z");
	harness_fini(&h);
	assert_str(buf_str(&harness_seen), "100000000000 {a=\"1\"} x\n"
					   "101000000000 {a=\"1\"} y\n102000000000 {a=\"1\"} z\n");
}

/* A high rate: as many as the clock allows, no more. */
static void test_many(void **state)
{
	static const char line[] = "1 {a=\"1\"} x\n";
	struct harness h;

	(void)state;
	harness_init(&h, &loki_process);
	assert_true(stage_load(&h, "stage.limit {\n rate = 1000000\n burst = 1000\n}"));
	for (int i = 0; i < 6000; i++)
		stage_push(STR("a=1|x"), 1);
	assert_int_equal(harness_seen.n, 1000 * strlen(line));
	harness_advance(&h, SECOND / 1000 + 1);
	assert_in_range(harness_seen.n, 1900 * strlen(line), 2001 * strlen(line));
	harness_advance(&h, SECOND / 100);
	assert_int_equal(harness_seen.n, 6000 * strlen(line));
	harness_fini(&h);
	buf_fini(&harness_seen);
}

/* The buckets of many values are forgotten, generation by generation. */
static void test_values(void **state)
{
	char text[32];
	struct harness h;

	(void)state;
	harness_init(&h, &loki_process);
	assert_true(stage_load(&h,
		"stage.limit {\n rate = 1\n burst = 1\n drop = true\n by_label_name = \"a\"\n"
		" max_distinct_labels = 5\n}"));
	for (int i = 0; i < 25000; i++) {
		snprintf(text, sizeof(text), "a=%d|x", i);
		stage_push(str_from(text), 1);
	}
	buf_clear(&harness_seen);
	stage_push(STR("a=24000|known"), 1);
	stage_push(STR("a=12000|known"), 1);
	stage_push(STR("a=100|forgotten"), 1);
	assert_str(buf_str(&harness_seen), "1 {a=\"100\"} forgotten\n");
	harness_fini(&h);
	buf_fini(&harness_seen);
}

TESTS_RUN(cmocka_unit_test(test_cases), cmocka_unit_test(test_wait), cmocka_unit_test(test_stop),
	cmocka_unit_test(test_many), cmocka_unit_test(test_values))
