#include "agent/flow/ack.h"

#include "tests/test.h"

static char order[16];

struct thing {
	struct ack ack;
	char name;
};

static void on_settled(struct ack *a)
{
	struct thing *t = (struct thing *)(void *)a;

	order[strlen(order)] = t->name;
}

static void make(struct thing *t, char name)
{
	t->name = name;
	ack_init(&t->ack, on_settled);
}

static void test_last_release_settles(void **state)
{
	struct thing a;
	struct ack_set set = {0};

	(void)state;
	memset(order, 0, sizeof(order));
	make(&a, 'a');
	ack_set_add(&set, &a.ack);
	ack_set_add(&set, &a.ack);
	ack_set_add(&set, NULL);
	assert_int_equal(set.n, 1);
	ack_release(&a.ack);
	assert_string_equal(order, "");
	ack_set_release(&set);
	assert_string_equal(order, "a");
}

/* a waits for b, b for c: none is settled before c, and a long chain needs no deep stack. */
static void test_chain(void **state)
{
	struct thing a;
	struct thing b;
	struct thing c;

	(void)state;
	memset(order, 0, sizeof(order));
	make(&a, 'a');
	make(&b, 'b');
	make(&c, 'c');
	ack_hold(&a.ack);
	ack_chain(&b.ack, &a.ack);
	ack_hold(&b.ack);
	ack_chain(&c.ack, &b.ack);
	ack_release(&a.ack);
	ack_release(&b.ack);
	assert_string_equal(order, "");
	ack_release(&c.ack);
	assert_string_equal(order, "cba");
}

static void test_chain_to_itself(void **state)
{
	struct thing a;

	(void)state;
	memset(order, 0, sizeof(order));
	make(&a, 'a');
	ack_hold(&a.ack);
	ack_chain(&a.ack, &a.ack);
	ack_release(&a.ack);
	assert_string_equal(order, "a");
}

/* Who gave up on the end of a record gave up on its beginning. */
static void test_failed_with_those_before(void **state)
{
	struct thing a;
	struct thing b;

	(void)state;
	make(&a, 'a');
	make(&b, 'b');
	ack_hold(&a.ack);
	ack_chain(&b.ack, &a.ack);
	ack_release(&a.ack);
	ack_hold(&b.ack);
	ack_fail(&b.ack);
	assert_true(b.ack.failed);
	assert_false(a.ack.failed);
	ack_release(&b.ack);
	assert_true(a.ack.failed);
}

static void test_gather(void **state)
{
	struct ack *all = NULL;
	struct thing a, b;

	(void)state;
	memset(order, 0, sizeof(order));
	ack_gather(&all, NULL);
	assert_null(all);
	make(&a, 'a');
	make(&b, 'b');
	ack_gather(&all, &a.ack);
	ack_gather(&all, &a.ack); /* the same once more */
	assert_int_equal(a.ack.refs, 2);
	ack_gather(&all, &b.ack);
	ack_hold(all); /* who keeps it */
	ack_release(all);
	ack_release(&a.ack);
	ack_release(&b.ack);
	assert_string_equal(order, "");
	ack_fail(all);
	assert_int_equal(strlen(order), 2);
	assert_true(a.ack.failed && b.ack.failed);
}

TESTS_RUN(cmocka_unit_test(test_last_release_settles), cmocka_unit_test(test_chain),
	cmocka_unit_test(test_chain_to_itself), cmocka_unit_test(test_failed_with_those_before),
	cmocka_unit_test(test_gather))
