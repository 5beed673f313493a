#include "agent/flow/budget.h"

#include "tests/test.h"

static int calls;
static struct budget b;

static void on_room(struct budget_waiter *w)
{
	calls++;
	if (calls == 1)
		budget_wait(&b, w);
}

static void test_waiters_are_called_once(void **state)
{
	struct budget_waiter w = {.room = on_room};

	(void)state;
	budget_init(&b, 800);
	budget_charge(&b, 800);
	assert_true(budget_is_full(&b));
	budget_wait(&b, &w);
	budget_wait(&b, &w);
	budget_return(&b, 100);
	assert_int_equal(calls, 0);
	budget_return(&b, 1);
	assert_int_equal(calls, 1);
	budget_return(&b, 1);
	assert_int_equal(calls, 2);
	budget_return(&b, 1);
	assert_int_equal(calls, 2);
	budget_wait(&b, &w);
	budget_unwait(&w);
	budget_return(&b, 1);
	assert_int_equal(calls, 2);
}

TESTS_RUN(cmocka_unit_test(test_waiters_are_called_once))
