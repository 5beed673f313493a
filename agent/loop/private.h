#pragma once

/* What the sources of this folder know of the loop. Nobody else includes it. */

#include "agent/base/arena.h"
#include "agent/base/list.h"
#include "agent/loop/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

/* Read lazily, at most once a turn; behind a pointer because loop_now() takes a const loop. */
struct loop_clock {
	int64_t now;
	int64_t wall;
	bool has_now;
	bool has_wall;
	bool is_fake; /* moves by loop_advance() alone */
};

struct loop {
	uv_loop_t uv;
	uv_prepare_t before_wait; /* keeps the loop alive, and makes the clock stale */
	uv_timer_t wake;          /* ends the wait when the first timer falls due */
	struct loop_clock *clock;
	struct {
		struct timer **p; /* a binary heap by (at, order); p[0] is not used */
		size_t n, cap;
	} timers;
	struct list due; /* timers about to fire in this turn */
	uint64_t timer_order;
	struct list tasks;
	struct list running; /* tasks of this turn */
	struct arena scratch;
	uint64_t random;
	bool stopped;
};

/* Fires what is due at loop_now(). */
void timer_run_due(struct loop *l);
struct timer *timer_first(const struct loop *l); /* NULL: none is set */
void task_run_all(struct loop *l);

/*
 * A timer on the system's clock even where the loop's is held by a test: for curl and
 * libmicrohttpd, which read that clock themselves. It fires as a task.
 */
struct real_timer {
	void (*fire)(struct real_timer *t);
	struct task task;
	struct real_handle *handle;
};

void real_timer_set(struct real_timer *t, struct loop *l, uint64_t ms);
void real_timer_clear(struct real_timer *t);
void real_timer_close(struct real_timer *t);
