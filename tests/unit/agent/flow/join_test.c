#include "agent/flow/join.h"

#include "tests/test.h"

static int settled;
static int failed;

static void on_settled(struct ack *a)
{
	settled++;
	failed += a->failed;
}

/* Pieces from three chunks: none is settled before the chunk of the last piece is. */
static void test_acks_wait_for_the_whole(void **state)
{
	struct join j = {0};
	struct ack a[3];
	int64_t time;

	(void)state;
	settled = 0;
	for (size_t i = 0; i < 3; i++)
		ack_init(&a[i], on_settled);
	join_add(&j, STR("one "), 7, &a[0]);
	join_add(&j, STR("two "), 8, &a[0]);
	ack_release(&a[0]);
	join_add(&j, STR("three "), 9, &a[1]);
	ack_release(&a[1]);
	assert_str(join_end(&j, STR("four"), &time, &a[2]), "one two three four");
	assert_int_equal(time, 7);
	join_clear(&j);
	assert_int_equal(settled, 0);
	ack_release(&a[2]);
	assert_int_equal(settled, 3);
	buf_fini(&j.text);
}

/* Whoever reads knows what is open of what it has brought. */
static void test_origin(void **state)
{
	struct join j = {0}, other = {0};
	struct ack_origin origin = {0};
	struct ack a[3];
	int64_t time;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		ack_init(&a[i], on_settled);
		a[i].origin = &origin;
	}
	join_add(&j, STR("one "), 7, &a[0]);
	join_add(&other, STR("another "), 7, &a[0]);
	assert_int_equal(origin.open, 2);
	join_add(&j, STR("two "), 7, &a[1]);
	join_add(&other, STR("newline"), 7, NULL);
	assert_int_equal(origin.open, 2);
	join_end(&j, STR("three"), &time, &a[2]);
	join_clear(&j);
	assert_int_equal(origin.open, 1);
	join_fail(&other);
	assert_int_equal(origin.open, 0);
	join_add(&j, STR("one "), 7, &a[2]);
	join_end(&j, STR("of no chunk"), &time, NULL);
	join_clear(&j);
	assert_int_equal(origin.open, 0);
	for (size_t i = 0; i < 3; i++)
		ack_release(&a[i]);
	buf_fini(&j.text);
	buf_fini(&other.text);
}

static void test_pending_is_given_back(void **state)
{
	struct join j = {0};
	struct ack a;

	(void)state;
	settled = 0;
	ack_init(&a, on_settled);
	join_add(&j, STR("no end"), 7, &a);
	ack_release(&a);
	assert_str(join_pending(&j), "no end");
	assert_int_equal(settled, 0);
	join_clear(&j);
	assert_int_equal(settled, 1);
	assert_false(j.is_open);
	buf_fini(&j.text);
}

static void test_pending_is_given_back_undone(void **state)
{
	struct join j = {0};
	struct ack a, b;

	(void)state;
	settled = failed = 0;
	ack_init(&a, on_settled);
	ack_init(&b, on_settled);
	join_add(&j, STR("no "), 7, &a);
	join_add(&j, STR("end"), 8, &b);
	ack_release(&a);
	ack_release(&b);
	join_fail(&j);
	assert_int_equal(settled, 2);
	assert_int_equal(failed, 2);
	assert_false(j.is_open);
	join_fail(&j);
	buf_fini(&j.text);
}

TESTS_RUN(cmocka_unit_test(test_acks_wait_for_the_whole),
	cmocka_unit_test(test_pending_is_given_back_undone),
	cmocka_unit_test(test_origin), cmocka_unit_test(test_pending_is_given_back))
