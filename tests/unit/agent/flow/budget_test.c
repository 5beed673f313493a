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

/* Of 800 each account has 200 for itself, whatever the other holds. */
static void test_one_account_leaves_room_to_the_other(void **state)
{
	struct budget logs, otlp;

	(void)state;
	budget_init(&logs, 800);
	budget_init(&otlp, 800);
	budget_pair(&logs, &otlp);
	budget_charge(&logs, 599);
	assert_false(budget_is_full(&logs));
	budget_charge(&logs, 1);
	assert_true(budget_is_full(&logs));
	assert_false(budget_is_full(&otlp));
	budget_charge(&otlp, 199);
	assert_false(budget_is_full(&otlp));
	budget_charge(&otlp, 1);
	assert_true(budget_is_full(&otlp));
	budget_return(&logs, 300);
	assert_false(budget_is_full(&otlp));
	budget_charge(&otlp, 300);
	assert_true(budget_is_full(&otlp));
	assert_true(budget_is_full(&logs));
	budget_return(&logs, 300); /* 500 and 0: a quarter is still kept for logs */
	assert_false(budget_is_full(&otlp));
	assert_false(budget_is_full(&logs));
	budget_charge(&otlp, 100);
	assert_true(budget_is_full(&otlp));
	assert_false(budget_is_full(&logs));
}

static void on_count(struct budget_waiter *w)
{
	(void)w;
	calls++;
}

static void test_room_for_one_is_room_for_the_other(void **state)
{
	struct budget_waiter w = {.room = on_count};
	struct budget logs, otlp;

	(void)state;
	calls = 0;
	budget_init(&logs, 800);
	budget_init(&otlp, 800);
	budget_pair(&logs, &otlp);
	budget_charge(&logs, 400);
	budget_charge(&otlp, 400);
	assert_true(budget_is_full(&otlp));
	budget_wait(&otlp, &w);
	budget_return(&logs, 100);
	assert_int_equal(calls, 0); /* 700 is not below 7/8 */
	budget_return(&logs, 1);
	assert_int_equal(calls, 1);
}

/* What logs become in the other account counts for both. */
static void test_a_bridge_makes_them_one(void **state)
{
	struct budget_waiter w = {.room = on_count};
	struct budget logs, otlp;

	(void)state;
	calls = 0;
	budget_init(&logs, 800);
	budget_init(&otlp, 800);
	budget_pair(&logs, &otlp);
	budget_bridge(&otlp, true);
	budget_charge(&otlp, 799);
	assert_false(budget_is_full(&logs));
	budget_charge(&otlp, 1);
	assert_true(budget_is_full(&logs));
	budget_wait(&logs, &w);
	budget_bridge(&otlp, false); /* the memory is used all the same */
	assert_true(budget_is_full(&logs));
	budget_return(&otlp, 150);
	assert_false(budget_is_full(&logs));
	assert_true(budget_is_full(&otlp));
	assert_int_equal(calls, 1);
}

TESTS_RUN(cmocka_unit_test(test_waiters_are_called_once),
	cmocka_unit_test(test_one_account_leaves_room_to_the_other),
	cmocka_unit_test(test_room_for_one_is_room_for_the_other),
	cmocka_unit_test(test_a_bridge_makes_them_one))
