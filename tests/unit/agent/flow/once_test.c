#include "agent/flow/once.h"

#include "tests/test.h"

static int changes;

static void on_changed(struct once *o)
{
	assert_int_equal(o->busy, 0);
	changes++;
}

static void test_parts(void **state)
{
	struct once o = {.changed = on_changed};
	struct once_part a = {0}, b = {0};

	(void)state;
	once_idle(&a); /* it was not busy */
	once_busy(&o, &a);
	once_busy(&o, &a);
	once_busy(&o, &b);
	assert_int_equal(o.busy, 2);
	once_idle(&a);
	once_idle(&a);
	assert_int_equal(changes, 0);
	once_idle(&b);
	assert_int_equal(changes, 1);
	once_busy(NULL, &a); /* without --once */
	once_idle(&a);
	assert_int_equal(changes, 1);
}

TESTS_RUN(cmocka_unit_test(test_parts))
