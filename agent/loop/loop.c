/*
 * The loop: one uv_run(UV_RUN_ONCE) a turn, and around it what libuv does not have: timers in
 * nanoseconds on a clock that tests can hold, tasks, scratch memory.
 *
 * Our timers do not fire inside uv_run(). One uv_timer, set to the first of them, only ends the
 * wait; what is due is fired afterwards, so that a turn has one order whatever woke it, and a
 * timer that sets itself to 0 cannot keep libuv in its own timer loop for ever (1.44 has no
 * guard against that).
 */

#include "agent/loop/loop.h"

#include "agent/base/mem.h"
#include "agent/base/must.h"
#include "agent/base/timestamp.h"
#include "agent/loop/private.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

static int64_t read_clock(clockid_t id)
{
	struct timespec ts;

	must(clock_gettime(id, &ts) == 0);
	return (int64_t)ts.tv_sec * NS_PER_SEC + ts.tv_nsec;
}

static void on_before_wait(uv_prepare_t *p)
{
	struct loop *l = container_of(p, struct loop, before_wait);

	if (l->clock->is_fake)
		return;
	l->clock->has_now = false;
	l->clock->has_wall = false;
}

/* In libuv before 1.45 a timer may fire before the wait of the same uv_run(), which would then
 * wait for ever; uv_stop() makes that wait a look. It has no effect beyond this uv_run(). */
static void on_wake(uv_timer_t *t)
{
	uv_stop(t->loop);
}

struct loop *loop_new(void)
{
	struct loop *l = mem_new(struct loop, 1);

	l->clock = mem_new(struct loop_clock, 1);
	must(uv_loop_init(&l->uv) == 0);
	must(uv_prepare_init(&l->uv, &l->before_wait) == 0);
	must(uv_prepare_start(&l->before_wait, on_before_wait) == 0);
	must(uv_timer_init(&l->uv, &l->wake) == 0);
	list_init(&l->due);
	list_init(&l->tasks);
	list_init(&l->running);
	arena_init(&l->scratch, 0);
	if (getrandom(&l->random, sizeof(l->random), GRND_NONBLOCK) == -1)
		l->random = (uint64_t)(read_clock(CLOCK_REALTIME) ^ (int64_t)(uintptr_t)l);
	/* A peer that has gone is an error of write(), not the end of the process. */
	signal(SIGPIPE, SIG_IGN);
	return l;
}

void loop_free(struct loop *l)
{
	if (!l)
		return;
	must(l->timers.n == 0);
	must(list_is_empty(&l->tasks));
	uv_close((uv_handle_t *)&l->before_wait, NULL);
	uv_close((uv_handle_t *)&l->wake, NULL);
	uv_run(&l->uv, UV_RUN_DEFAULT); /* handles that were stopped are freed in here */
	must(uv_loop_close(&l->uv) == 0);
	arena_fini(&l->scratch);
	free(l->timers.p);
	free(l->clock);
	free(l);
}

/* The uv clock is ours, cut to milliseconds; so the next whole one is never too early. */
static void arm(struct loop *l, int64_t max_ns)
{
	struct timer *first = l->clock->is_fake ? NULL : timer_first(l);
	int64_t at = first ? first->at : INT64_MAX;
	uint64_t ms;

	uv_update_time(&l->uv);
	if (max_ns >= 0) {
		int64_t until = read_clock(CLOCK_MONOTONIC) + max_ns;

		at = until < at ? until : at;
	}
	if (at == INT64_MAX) {
		uv_timer_stop(&l->wake);
		return;
	}
	ms = (uint64_t)((at - 1) / NS_PER_MS + 1);
	ms = ms > uv_now(&l->uv) ? ms - uv_now(&l->uv) : 0;
	must(uv_timer_start(&l->wake, on_wake, ms, 0) == 0);
}

static bool may_wait(const struct loop *l, int64_t max_ns)
{
	const struct timer *first = timer_first(l);

	if (max_ns == 0 || l->stopped || !list_is_empty(&l->tasks))
		return false;
	return !(l->clock->is_fake && first && first->at <= l->clock->now);
}

void loop_turn(struct loop *l, int64_t max_ns)
{
	if (may_wait(l, max_ns)) {
		arm(l, max_ns);
		uv_run(&l->uv, UV_RUN_ONCE);
	} else {
		uv_run(&l->uv, UV_RUN_NOWAIT);
	}
	timer_run_due(l);
	task_run_all(l);
	arena_clear(&l->scratch);
}

void loop_run(struct loop *l)
{
	while (!l->stopped)
		loop_turn(l, -1);
	l->stopped = false;
}

void loop_stop(struct loop *l)
{
	l->stopped = true;
}

int64_t loop_now(const struct loop *l)
{
	if (!l->clock->has_now) {
		l->clock->now = read_clock(CLOCK_MONOTONIC);
		l->clock->has_now = true;
	}
	return l->clock->now;
}

int64_t loop_wall(const struct loop *l)
{
	if (!l->clock->has_wall) {
		l->clock->wall = read_clock(CLOCK_REALTIME);
		l->clock->has_wall = true;
	}
	return l->clock->wall;
}

int64_t loop_measure(const struct loop *l)
{
	return l->clock->is_fake ? l->clock->now : read_clock(CLOCK_MONOTONIC);
}

void loop_fake_clock(struct loop *l, int64_t now, int64_t wall)
{
	*l->clock = (struct loop_clock){
		.now = now,
		.wall = wall,
		.has_now = true,
		.has_wall = true,
		.is_fake = true,
	};
}

static void move_clock(struct loop *l, int64_t to)
{
	l->clock->wall += to - l->clock->now;
	l->clock->now = to;
}

/* Stops at every timer on the way, as if each were a turn of its own. */
void loop_advance(struct loop *l, int64_t ns)
{
	int64_t to = l->clock->now + ns;
	struct timer *first;

	must(l->clock->is_fake && ns >= 0);
	while ((first = timer_first(l)) && first->at <= to) {
		if (first->at > l->clock->now)
			move_clock(l, first->at);
		timer_run_due(l);
		task_run_all(l);
		arena_clear(&l->scratch);
	}
	move_clock(l, to);
}

struct arena *loop_scratch(struct loop *l)
{
	return &l->scratch;
}

/* SplitMix64 (Steele, Lea, Flood 2014): for jitter and tokens of no secrecy. */
static uint64_t next_random(struct loop *l)
{
	uint64_t z = l->random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

uint64_t loop_random(struct loop *l, uint64_t n)
{
	uint64_t r;

	if (n <= 1)
		return 0;
	do {
		r = next_random(l);
	} while (r < -n % n); /* what would make the first few likelier */
	return r % n;
}

void loop_seed(struct loop *l, uint64_t seed)
{
	l->random = seed;
}
