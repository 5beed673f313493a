#include "agent/base/buf.h"
#include "agent/base/timestamp.h"
#include "agent/loop/loop.h"
#include "tests/test.h"

#include <stdlib.h>

struct named {
	struct timer timer;
	const char *name;
	int64_t again; /* set again after firing, by so much; -1: not */
	struct named *clears;
	struct loop *loop;
	struct buf *log;
};

static void on_fire(struct timer *t)
{
	struct named *n = container_of(t, struct named, timer);

	assert_false(timer_is_set(t));
	buf_printf(n->log, "%s@%d ", n->name, (int)(loop_now(n->loop) / NS_PER_MS));
	if (n->clears)
		timer_clear(&n->clears->timer);
	if (n->again >= 0) {
		timer_set(t, n->loop, n->again);
		n->again = -1;
	}
}

static struct named named(const char *name, struct loop *l, struct buf *log)
{
	return (struct named){{.fire = on_fire}, name, -1, NULL, l, log};
}

static void test_order(void **state)
{
	struct loop *l = loop_new();
	struct buf log = {0};
	struct named a = named("a", l, &log);
	struct named b = named("b", l, &log);
	struct named c = named("c", l, &log);
	struct named d = named("d", l, &log);

	(void)state;
	loop_fake_clock(l, 0, 1000 * NS_PER_SEC);
	timer_set(&c.timer, l, 30 * NS_PER_MS);
	timer_set(&a.timer, l, 10 * NS_PER_MS);
	timer_set(&d.timer, l, 30 * NS_PER_MS);
	timer_set(&b.timer, l, 50 * NS_PER_MS);
	timer_set(&b.timer, l, 20 * NS_PER_MS); /* moved */
	a.again = 5 * NS_PER_MS;
	loop_advance(l, 25 * NS_PER_MS);
	assert_str(buf_str(&log), "a@10 a@15 b@20 ");
	assert_int_equal(loop_now(l), 25 * NS_PER_MS);
	assert_int_equal(loop_wall(l), 1000 * NS_PER_SEC + 25 * NS_PER_MS);
	c.clears = &d; /* both are due in the same turn */
	loop_advance(l, 25 * NS_PER_MS);
	assert_str(buf_str(&log), "a@10 a@15 b@20 c@30 ");
	timer_clear(&d.timer);
	timer_clear(&d.timer);
	buf_fini(&log);
	loop_free(l);
}

/* A timer set to 0 by its own callback fires in the next turn, not in this one. */
static void test_zero(void **state)
{
	struct loop *l = loop_new();
	struct buf log = {0};
	struct named a = named("a", l, &log);

	(void)state;
	a.again = 0;
	timer_set(&a.timer, l, -5);
	loop_turn(l, 0);
	assert_false(log.n == 0);
	assert_true(timer_is_set(&a.timer));
	loop_turn(l, -1);
	assert_false(timer_is_set(&a.timer));
	buf_fini(&log);
	loop_free(l);
}

/* On the real clock: the wait ends by itself, and never before the time. */
static void test_real(void **state)
{
	struct loop *l = loop_new();
	struct buf log = {0};
	struct named a = named("a", l, &log);
	int64_t start;

	(void)state;
	start = loop_now(l);
	timer_set(&a.timer, l, 3 * NS_PER_MS + 1);
	while (timer_is_set(&a.timer))
		loop_turn(l, -1);
	assert_true(loop_now(l) > start + 3 * NS_PER_MS);
	buf_fini(&log);
	loop_free(l);
}

/* Against a plain list: whatever is set, moved and cleared, they fire in order. */
static void test_many(void **state)
{
	enum { N = 500 };
	struct loop *l = loop_new();
	struct buf log = {0};
	struct named *t = calloc(N, sizeof(*t));
	int64_t last = 0;
	size_t left = 0;

	(void)state;
	loop_seed(l, 42);
	loop_fake_clock(l, 0, 0);
	for (size_t i = 0; i < N; i++)
		t[i] = named("t", l, &log);
	for (size_t i = 0; i < (size_t)N * 20; i++) {
		struct timer *one = &t[loop_random(l, N)].timer;

		if (loop_random(l, 4) == 0)
			timer_clear(one);
		else
			timer_set(one, l, (int64_t)loop_random(l, 1000) * NS_PER_MS);
	}
	for (size_t i = 0; i < N; i++)
		left += timer_is_set(&t[i].timer);
	loop_advance(l, 1000 * NS_PER_MS);
	for (const char *p = log.p; p < log.p + log.n; left--) {
		int64_t at = strtol(p + 2, NULL, 10);

		assert_true(at >= last);
		last = at;
		p = (const char *)memchr(p, ' ', (size_t)(log.p + log.n - p)) + 1;
	}
	assert_int_equal(left, 0);
	free(t);
	buf_fini(&log);
	loop_free(l);
}

TESTS_RUN(cmocka_unit_test(test_order), cmocka_unit_test(test_zero), cmocka_unit_test(test_real),
	cmocka_unit_test(test_many))
