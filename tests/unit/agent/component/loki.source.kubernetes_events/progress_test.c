#include "agent/component/loki.source.kubernetes_events/progress.h"

#include "agent/base/timestamp.h"
#include "tests/test.h"

static struct loop *loop;
static struct progress p;
static unsigned agains, idles;

static void on_again(struct progress *q)
{
	(void)q;
	agains++;
}

static void on_idle(struct progress *q)
{
	(void)q;
	idles++;
}

static int set_up(void **state)
{
	(void)state;
	agains = idles = 0;
	loop = loop_new();
	loop_fake_clock(loop, NS_PER_SEC, NS_PER_SEC);
	p = (struct progress){.again = on_again, .idle = on_idle};
	progress_init(&p, loop);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	progress_fini(&p);
	loop_free(loop);
	return 0;
}

/* A batch that holds the entry. */
static struct ack *keep(uint64_t version)
{
	struct ack *a = progress_add(&p, version, (int64_t)version * 10);

	ack_hold(a);
	return a;
}

/* Steps of a second, in order, though their answers come in another. */
static void test_in_order(void **state)
{
	struct ack *a = keep(5), *b = keep(6), *c;

	(void)state;
	assert_ptr_equal(a, b);
	ack_release(a);
	ack_release(b);
	assert_int_equal(p.version, 0); /* the step is open */
	loop_advance(loop, NS_PER_SEC);
	assert_int_equal(p.version, 6);
	assert_int_equal(p.time, 60);
	a = keep(7);
	loop_advance(loop, NS_PER_SEC);
	c = keep(8);
	loop_advance(loop, NS_PER_SEC);
	ack_release(c);
	assert_int_equal(p.version, 6);
	ack_release(a);
	assert_int_equal(p.version, 8);
	assert_int_equal(idles, 2);
}

/* What nobody keeps is delivered as soon as its step is over. */
static void test_nobody_keeps_it(void **state)
{
	(void)state;
	progress_add(&p, 5, 50);
	progress_seal(&p);
	assert_int_equal(p.version, 5);
}

/* A list has no order: all of it is one step. */
static void test_list(void **state)
{
	struct ack *a;

	(void)state;
	progress_listing(&p);
	a = keep(9);
	loop_advance(loop, 5 * NS_PER_SEC);
	progress_add(&p, 3, 30);
	ack_release(a);
	assert_int_equal(p.version, 0);
	progress_listed(&p);
	assert_int_equal(p.version, 9);
}

static void test_a_list_that_was_cut(void **state)
{
	(void)state;
	progress_listing(&p);
	progress_add(&p, 9, 90);
	progress_forget(&p);
	progress_listed(&p);
	assert_int_equal(p.version, 0);
	progress_forget(&p);
}

/* What was given up stops the progress until nothing is under way; then it is asked for again. */
static void test_given_up(void **state)
{
	struct ack *a = keep(5), *b;

	(void)state;
	progress_seal(&p);
	b = keep(6);
	progress_seal(&p);
	ack_fail(a);
	assert_int_equal(agains, 0);
	ack_release(b);
	assert_int_equal(agains, 1);
	assert_int_equal(p.version, 0);
	a = keep(5);
	progress_seal(&p);
	ack_release(a);
	assert_int_equal(p.version, 5);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

TESTS_RUN(T(test_in_order), T(test_nobody_keeps_it), T(test_list), T(test_a_list_that_was_cut),
	T(test_given_up))
