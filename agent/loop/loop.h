#pragma once

/*
 * The one event loop of the process, on libuv. Everything waits here: timers, descriptors,
 * signals. A turn is: wait; run the callbacks of what happened; run the deferred tasks;
 * empty the scratch arena. No callback blocks or loops without bound.
 *
 * Timers, tasks and descriptors are embedded in their owner; the callback gets them and finds the
 * owner with container_of().
 */

#include "agent/base/arena.h"
#include "agent/base/list.h"

#include <stdbool.h>
#include <stdint.h>

struct loop;

struct loop *loop_new(void);
void loop_free(struct loop *l); /* after loop_run() has returned; everything in it is stopped */
void loop_run(struct loop *l);  /* until loop_stop() */
void loop_stop(struct loop *l); /* the current turn is finished first */

/* One turn: waits at most max_ns (-1: for ever; 0: not at all). For tests. */
void loop_turn(struct loop *l, int64_t max_ns);

/* Nanoseconds: now on a clock that never jumps (the same value all through a turn), wall
 * as Unix time. Nobody else asks the system what time it is. */
int64_t loop_now(const struct loop *l);
int64_t loop_wall(const struct loop *l);
/* The same clock as loop_now(), read at this moment: for how long work within a turn takes. */
int64_t loop_measure(const struct loop *l);

/* For tests: the clock stands still and moves, with the timers that fall due, when told. */
void loop_fake_clock(struct loop *l, int64_t now, int64_t wall);
void loop_advance(struct loop *l, int64_t ns);

/* Scratch memory: lives until the end of this turn. */
struct arena *loop_scratch(struct loop *l);

/* Uniform in [0, n). Seeded from the system; tests may set the seed. */
uint64_t loop_random(struct loop *l, uint64_t n);
void loop_seed(struct loop *l, uint64_t seed);

/* A timer fires once. Setting a set timer moves it. */
struct timer {
	void (*fire)(struct timer *t);
	struct loop *loop; /* set by timer_set() */
	int64_t at;        /* on the loop's clock; 0: not set */
	struct list link;  /* this and what follows: the loop's own */
	size_t index;
	uint64_t order;
};

void timer_set(struct timer *t, struct loop *l, int64_t in_ns);
void timer_clear(struct timer *t); /* no effect if not set */
static inline bool timer_is_set(const struct timer *t)
{
	return t->at != 0;
}

/* A task runs once at the end of this turn (those deferred by a task: in the next turn). */
struct task {
	void (*run)(struct task *t);
	struct list link; /* zeroed before its first use */
};

void task_defer(struct task *t, struct loop *l); /* no effect if it is deferred already */
void task_cancel(struct task *t);

/* A descriptor of somebody else's that is to be read (or written) when it is ready. */
enum {
	FD_READ = 1,
	FD_WRITE = 2,
	FD_HANGUP = 4, /* the peer of a socket has closed its side */
};

struct fd_watch {
	void (*ready)(struct fd_watch *w, unsigned events);
	struct fd_handle *handle; /* the loop's own; NULL: not started */
};

/* Again: changes events; 0 pauses. An error or a hang-up of the descriptor is reported as all
 * events, so that the next read or write says what it was. One watch a descriptor. */
void fd_start(struct fd_watch *w, struct loop *l, int fd, unsigned events);
void fd_stop(struct fd_watch *w); /* before the descriptor is closed; twice is fine */

/* SIGHUP, SIGINT, SIGTERM, … as callbacks of the loop. */
struct signal_watch {
	void (*caught)(struct signal_watch *w);
	int number;
	struct signal_handle *handle;
};

void signal_start(struct signal_watch *w, struct loop *l, int number);
void signal_stop(struct signal_watch *w);
