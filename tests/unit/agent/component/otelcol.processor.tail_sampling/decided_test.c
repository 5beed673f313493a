#include "agent/component/otelcol.processor.tail_sampling/decided.h"
#include "tests/test.h"

static void put(struct decided *d, unsigned n)
{
	uint8_t id[TRACE_ID] = {(uint8_t)n, (uint8_t)(n >> 8), 7};

	decided_put(d, id, n);
}

static bool has(struct decided *d, unsigned n)
{
	uint8_t id[TRACE_ID] = {(uint8_t)n, (uint8_t)(n >> 8), 7};
	int64_t at = -1;

	if (!decided_find(d, id, &at))
		return false;
	assert_int_equal(at, n);
	return true;
}

/* The one that was asked for longest ago makes room. */
static void test_order(void **state)
{
	struct decided d;

	(void)state;
	decided_init(&d, 1);
	assert_false(has(&d, 1));
	put(&d, 1); /* none may be */
	assert_false(has(&d, 1));
	decided_set_max(&d, 3);
	put(&d, 1);
	put(&d, 2);
	put(&d, 3);
	put(&d, 2); /* it is there */
	assert_true(has(&d, 1));
	put(&d, 4);
	assert_false(has(&d, 2));
	assert_true(has(&d, 1));
	assert_true(has(&d, 3));
	assert_true(has(&d, 4));
	put(&d, 5);
	assert_false(has(&d, 1));
	decided_set_max(&d, 2); /* fewer: all are forgotten */
	assert_false(has(&d, 3));
	put(&d, 6);
	assert_true(has(&d, 6));
	decided_fini(&d);
}

/* Against the simplest thing that does it. */
static void test_many(void **state)
{
	static const uint32_t sizes[] = {1, 2, 63, 64, 65, 200, 1000};
	struct decided d;

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		unsigned max = sizes[i];

		decided_init(&d, i);
		decided_set_max(&d, max);
		for (unsigned n = 0; n < 3000; n++) {
			put(&d, n);
			assert_true(has(&d, n));
			assert_int_equal(d.n, n + 1 < max ? n + 1 : max);
		}
		for (unsigned n = 0; n < 3000; n++)
			assert_int_equal(has(&d, n), n >= 3000 - max);
		decided_fini(&d);
	}
}

TESTS_RUN(cmocka_unit_test(test_order), cmocka_unit_test(test_many))
