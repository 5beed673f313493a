#include "agent/component/common/progress.h"

#include "agent/base/timestamp.h"
#include "tests/test.h"

static struct loop *loop;
static struct progress *p;
static unsigned agains, idles, moves;

static void on_again(void *q)
{
	(void)q;
	agains++;
}

static void on_idle(void *q)
{
	(void)q;
	idles++;
}

static void on_moved(void *q)
{
	(void)q;
	moves++;
}

static int set_up(void **state)
{
	(void)state;
	agains = idles = moves = 0;
	loop = loop_new();
	loop_fake_clock(loop, NS_PER_SEC, NS_PER_SEC);
	p = progress_new(loop, &loop);
	p->again = on_again;
	p->idle = on_idle;
	p->moved = on_moved;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	if (p)
		progress_leave(p);
	loop_free(loop);
	return 0;
}

/* A batch that holds the entry. */
static struct ack *keep(const char *place)
{
	struct ack *a = progress_add(p);

	ack_hold(a);
	progress_reach(p, str_from(place));
	return a;
}

static void want(const char *place)
{
	assert_str(buf_str(&p->place), place);
}

/* Steps of a second, in order, though their answers come in another. */
static void test_in_order(void **state)
{
	struct ack *a = keep("5"), *b = keep("6"), *c;

	(void)state;
	assert_ptr_equal(a, b);
	ack_release(a);
	ack_release(b);
	want(""); /* the step is open */
	loop_advance(loop, NS_PER_SEC);
	want("6");
	a = keep("7");
	loop_advance(loop, NS_PER_SEC);
	c = keep("8");
	loop_advance(loop, NS_PER_SEC);
	ack_release(c);
	want("6");
	ack_release(a);
	want("8");
	assert_int_equal(moves, 2);
	assert_int_equal(idles, 2);
}

/* What nobody keeps is delivered as soon as its step is over. */
static void test_nobody_keeps_it(void **state)
{
	(void)state;
	progress_start_at(p, STR("3"));
	want("3");
	progress_add(p);
	progress_reach(p, STR("5"));
	progress_seal(p);
	want("5");
}

/* A list has no order: all of it is one step, and moves nothing if it was not read to its end. */
static void test_list(void **state)
{
	struct ack *a;

	(void)state;
	progress_list(p);
	a = progress_add(p);
	ack_hold(a);
	loop_advance(loop, 5 * NS_PER_SEC);
	ack_release(a);
	assert_int_equal(idles, 0);
	progress_seal(p);
	want("");
	progress_list(p);
	progress_add(p);
	progress_reach(p, STR("9"));
	want("");
	progress_seal(p);
	want("9");
}

/* What was given up stops the place until nothing is under way; then it is asked for again. */
static void test_given_up(void **state)
{
	struct ack *a = keep("5"), *b;

	(void)state;
	progress_seal(p);
	b = keep("6");
	progress_seal(p);
	ack_fail(a);
	assert_int_equal(agains, 0);
	ack_release(b);
	assert_int_equal(agains, 1);
	want("");
	a = keep("5");
	progress_seal(p);
	ack_release(a);
	want("5");
}

/* The owner may go before what it has pushed. */
static void test_left_behind(void **state)
{
	struct ack *a = keep("5");

	(void)state;
	progress_leave(p);
	p = NULL;
	ack_release(a);
	assert_int_equal(moves + idles + agains, 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

TESTS_RUN(T(test_in_order), T(test_nobody_keeps_it), T(test_list), T(test_given_up),
	T(test_left_behind))
