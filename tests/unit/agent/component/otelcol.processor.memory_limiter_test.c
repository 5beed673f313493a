#include "tests/processor.h"

extern const struct component_type otelcol_processor_memory_limiter;

static const char *const signals[SIGNAL_KINDS] = {"traces ", "logs ", "metrics "};

#define INTERVAL "check_interval = \"1s\"\n"

/* clang-format off */
static const struct processor_case cases[] = {
	{SIGNAL_TRACES, INTERVAL "limit = \"1TiB\"", SPANS("{\"name\":\"s\"}"), SPANS(
		"{\"name\":\"s\"}")},
	{SIGNAL_METRICS, INTERVAL "limit_percentage = 100\nspike_limit_percentage = 1", METRICS(
		"{\"name\":\"m\",\"gauge\":{\"dataPoints\":[{}]}}"), METRICS(
		"{\"name\":\"m\",\"gauge\":{\"dataPoints\":[{}]}}")},
	{SIGNAL_TRACES, "check_interval = \"0s\"\nlimit = \"1GiB\"", NULL, "1:1: check_interval m"
									"ust be greater than zero"},
	{SIGNAL_TRACES, INTERVAL, NULL, "1:1: either limit or limit_percentage must be set to gre"
					"ater than zero, and limit_percentage to at most 100"},
	{SIGNAL_TRACES, INTERVAL "limit = \"1GiB\"\nlimit_percentage = 50", NULL,
		"1:1: either limit or limit_percentage must be set, but not both"},
	{SIGNAL_TRACES, INTERVAL "limit = \"1MiB\"\nspike_limit = \"1MiB\"", NULL,
		"1:1: spike_limit must be less than limit"},
	{SIGNAL_TRACES, INTERVAL "limit_percentage = 50\nspike_limit_percentage = 60", NULL,
		"1:1: spike_limit_percentage must be less than limit_percentage"},
};
/* clang-format on */

static void test_cases(void **state)
{
	(void)state;
	processor_test(&otelcol_processor_memory_limiter, cases, sizeof(cases) / sizeof(*cases),
		signals);
}

/* No process is that small: everything is refused, and may come again. */
static void test_refused(void **state)
{
	struct harness h;

	(void)state;
	otel_init(&h, &otelcol_processor_memory_limiter, NULL);
	assert_true(processor_load(&h, "otelcol.processor.memory_limiter",
		INTERVAL "limit = \"100KiB\"", "traces "));
	assert_int_equal(
		processor_push(SIGNAL_TRACES, NULL, SPANS("{\"name\":\"s\"}")), CONSUMER_FULL);
	harness_advance(&h, INT64_C(1000000000));
	assert_int_equal(
		processor_push(SIGNAL_TRACES, NULL, SPANS("{\"name\":\"s\"}")), CONSUMER_FULL);
	otel_seen("");
	harness_fini(&h);
}

TESTS_RUN(cmocka_unit_test(test_cases), cmocka_unit_test(test_refused))
