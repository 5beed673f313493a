#include "agent/component/common/otelcol_export/export.h"
#include "tests/test.h"

static void test_backoff(void **state)
{
	struct otelcol_retry r = {.initial_interval = 5000,
		.multiplier = 1.5,
		.randomization_factor = 0.5,
		.max_interval = 10000};
	int64_t interval = 0;

	(void)state;
	assert_int_equal(export_backoff(&r, &interval, 1 << 19), 5000);
	assert_int_equal(export_backoff(&r, &interval, 0), 3750);
	assert_int_equal(export_backoff(&r, &interval, 1 << 20), 15000);
	assert_int_equal(export_backoff(&r, &interval, 1 << 19), 10000);
}

TESTS_RUN(cmocka_unit_test(test_backoff))
