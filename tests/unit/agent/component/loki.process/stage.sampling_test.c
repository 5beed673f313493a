#include "tests/stage.h"
#include "agent/base/metric.h"

static const struct stage_case cases[] = {
	{"all", "stage.sampling { rate = 1 }", "a=1|l\na=1|m",
		"100000000000 {a=\"1\"} l\n101000000000 {a=\"1\"} m\n"},
	{"none", "stage.sampling { rate = 0 }", "a=1|l\na=1|m", ""},
	{"out of range", "stage.sampling { rate = 1.5 }", "",
		"! sampling stage failed to parse rate,Sampling Rate must be between 0.0 and 1.0, "
		"received "
		"1.500000\n"},
};

STAGE_TESTS(cases)

/* What is not passed on is counted, and the part is near what was asked for. */
static void test_part(void **state)
{
	struct harness h;
	struct buf all = {0};
	const char *at;
	double dropped;

	(void)state;
	harness_init(&h, &loki_process);
	loop_seed(h.loop, 1);
	assert_true(stage_load(
		&h, "stage.sampling {\n rate = 0.25\n drop_counter_reason = \"part\"\n}"));
	for (int i = 0; i < 4000; i++)
		stage_push_all("a=1|x");
	metric_print_all(&all);
	buf_add_char(&all, '\0');
	at = strstr(all.p, "reason=\"part\"} ");
	assert_non_null(at);
	dropped = strtod(at + strlen("reason=\"part\"} "), NULL);
	assert_true(dropped > 2800 && dropped < 3200);
	assert_int_equal(
		harness_seen.n / strlen("100000000000 {a=\"1\"} x\n"), 4000 - (size_t)dropped);
	buf_fini(&all);
	harness_fini(&h);
}

TESTS_RUN(cmocka_unit_test(test_cases), cmocka_unit_test(test_part))
