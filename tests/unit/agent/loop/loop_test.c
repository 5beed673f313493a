#include "agent/base/timestamp.h"
#include "agent/loop/loop.h"
#include "tests/test.h"

#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

static struct loop *l;
static int runs;

static int set_up(void **state)
{
	(void)state;
	l = loop_new();
	runs = 0;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	loop_free(l);
	return 0;
}

static struct task first;
static struct task second;

static void on_first(struct task *t)
{
	runs++;
	if (runs == 1) {
		task_defer(t, l); /* for the next turn */
		task_cancel(&second);
	}
}

static void on_second(struct task *t)
{
	(void)t;
	runs += 100;
}

static void test_tasks(void **state)
{
	(void)state;
	first = (struct task){.run = on_first};
	second = (struct task){.run = on_second};
	task_cancel(&first); /* never deferred */
	task_defer(&first, l);
	task_defer(&first, l);
	task_defer(&second, l);
	loop_turn(l, -1);
	assert_int_equal(runs, 1);
	loop_turn(l, -1); /* a task waits, so the loop does not */
	assert_int_equal(runs, 2);
	loop_turn(l, 0);
	assert_int_equal(runs, 2);
	task_defer(&second, l);
	loop_turn(l, -1);
	assert_int_equal(runs, 102);
}

struct reader {
	struct fd_watch watch;
	int fd;
	unsigned events;
	char bytes[16];
};

static void on_ready(struct fd_watch *w, unsigned events)
{
	struct reader *r = container_of(w, struct reader, watch);

	runs++;
	r->events |= events;
	if (events & FD_READ && read(r->fd, r->bytes, sizeof(r->bytes)) <= 0)
		fd_stop(w);
}

static void test_fds(void **state)
{
	struct reader r = {.watch.ready = on_ready};
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	r.fd = pair[0];
	fd_start(&r.watch, l, r.fd, FD_READ);
	loop_turn(l, 0);
	assert_int_equal(runs, 0);
	assert_int_equal(write(pair[1], "hello", 6), 6);
	loop_turn(l, -1);
	assert_string_equal(r.bytes, "hello");
	assert_int_equal(r.events, FD_READ);

	fd_start(&r.watch, l, r.fd, 0); /* paused */
	assert_int_equal(write(pair[1], "later", 6), 6);
	loop_turn(l, 0);
	assert_string_equal(r.bytes, "hello");
	fd_start(&r.watch, l, r.fd, FD_READ | FD_WRITE);
	loop_turn(l, -1);
	assert_string_equal(r.bytes, "later");
	assert_int_equal(r.events, FD_READ | FD_WRITE);

	fd_start(&r.watch, l, r.fd, FD_READ);
	close(pair[1]);
	while (r.watch.handle)
		loop_turn(l, -1);
	fd_stop(&r.watch);
	close(pair[0]);
}

static void on_signal(struct signal_watch *w)
{
	(void)w;
	runs++;
	loop_stop(l);
}

static void test_signals(void **state)
{
	struct signal_watch w = {.caught = on_signal};

	(void)state;
	signal_start(&w, l, SIGUSR1);
	raise(SIGUSR1);
	loop_run(l);
	assert_int_equal(runs, 1);
	signal_stop(&w);
	signal_stop(&w);
	loop_stop(l);
	loop_run(l); /* stopped before it ran: returns at once */
}

static void on_now(struct task *t)
{
	int64_t now = loop_now(l);

	(void)t;
	usleep(2000);
	assert_int_equal(loop_now(l), now); /* the same all through a turn */
	assert_non_null(arena_alloc(loop_scratch(l), 1, 100));
}

static void test_turn(void **state)
{
	struct task t = {.run = on_now};
	int64_t now = loop_now(l);

	(void)state;
	task_defer(&t, l);
	loop_turn(l, 0);
	assert_int_equal(loop_scratch(l)->used, 0);
	loop_turn(l, NS_PER_MS);
	assert_true(loop_now(l) > now);
	assert_true(loop_wall(l) > 1600000000 * NS_PER_SEC);
}

static void test_random(void **state)
{
	int seen[10] = {0};
	uint64_t a;

	(void)state;
	assert_int_equal(loop_random(l, 0), 0);
	assert_int_equal(loop_random(l, 1), 0);
	for (int i = 0; i < 10000; i++)
		seen[loop_random(l, 10)]++;
	for (int i = 0; i < 10; i++)
		assert_in_range(seen[i], 800, 1200);
	loop_seed(l, 7);
	a = loop_random(l, UINT64_MAX);
	loop_seed(l, 7);
	assert_int_equal(loop_random(l, UINT64_MAX), a);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

TESTS_RUN(CASE(test_tasks), CASE(test_fds), CASE(test_signals), CASE(test_turn), CASE(test_random))
