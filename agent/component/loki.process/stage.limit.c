/*
 * stage.limit: so many entries a second, by a token bucket; the others wait or are dropped.
 *
 * Alloy waits by blocking the pipeline. Here entries that wait are kept in order, with their
 * acks, and are charged to the memory budget, so that the sources stop reading when there are too
 * many; the loop goes on. With by_label_name each value has a bucket, in two generations: when
 * the newer one is full, the older one is forgotten, as in Alloy.
 */
#include "agent/base/log.h"
#include "agent/base/map.h"
#include "agent/base/mem.h"
#include "agent/base/metric.h"
#include "agent/component/loki.process/held.h"
#include "agent/component/loki.process/limiter.h"
#include "agent/flow/budget.h"
#include "agent/loop/loop.h"

#include <stdlib.h>

#define DISTINCT_MIN 10000
#define A_TURN 1000 /* entries that are let go in one turn */

struct limit_args {
	double rate;
	int64_t burst;
	bool drop;
	struct str by_label_name;
	int64_t max_distinct_labels;
};

static const struct arg limit_args[] = {
	ARG(limit_args, rate, .type = ARG_FLOAT, .flags = ARG_REQUIRED,
		.help = "Entries a second."),
	ARG(limit_args, burst, .type = ARG_INT, .flags = ARG_REQUIRED,
		.help = "Entries that may come at once."),
	ARG(limit_args, drop, .type = ARG_BOOL,
		.help = "Whether entries above the rate are dropped; else they wait."),
	ARG(limit_args, by_label_name, .type = ARG_STR,
		.help = "Name of a label, each value of which has a limit of its own."),
	ARG(limit_args, max_distinct_labels, .type = ARG_INT, .def = "10000",
		.help = "How many values of that label are told apart; 10000 at least."),
	ARGS_END,
};

static const struct metric_family dropped_by_label = {
	"loki_process_dropped_lines_by_label_total", METRIC_COUNTER,
	"Lines that a limit for a value of a label dropped.", NULL};

struct waiting {
	struct waiting *next;
	struct held held;
	struct ack *ack;
	size_t charged;
};

/* Of one value of the label. */
struct by_value {
	struct limiter limiter;
	struct metric *dropped; /* NULL: none was */
};

struct limit {
	struct stage base;
	const struct limit_args *args;
	double burst;
	struct limiter limiter;
	struct metric *dropped;
	struct map newer;
	struct map older;
	size_t max;
	struct timer timer;
	struct waiting *first;
	struct waiting **last;
	struct work out; /* one entry is let go at a time */
};

static bool limit_check(const void *args, struct range at, struct diags *d)
{
	const struct limit_args *a = args;

	bool ok = true;

	if (!(a->rate > 0) || a->burst <= 0)
		ok = diag_error(d, at,
			"limit stage failed to parse rate or burst: both must be greater than 0");
	if (a->by_label_name.n && !a->drop)
		ok = diag_error(d, at,
			"When ratelimiting by label, drop must be true: by_label_name is set");
	return ok;
}

static struct process *process_of(const struct limit *l)
{
	return l->base.in->process;
}

/* --- those that wait --- */

static void wait(struct limit *l, const struct work *w)
{
	struct waiting *it = mem_new(struct waiting, 1);

	held_keep(&it->held, w, w->e.line);
	it->charged = it->held.cap + sizeof(*it);
	it->ack = w->e.ack;
	if (it->ack)
		ack_hold(it->ack);
	budget_charge(process_of(l)->budget, it->charged);
	*l->last = it;
	l->last = &it->next;
}

static void let_go(struct limit *l)
{
	struct waiting *it = l->first;

	l->first = it->next;
	if (!l->first)
		l->last = &l->first;
	held_restore(&it->held, &l->out, loop_scratch(process_of(l)->loop));
	l->out.e.ack = it->ack;
	pipeline_emit(&l->base, &l->out);
	if (it->ack)
		ack_release(it->ack);
	budget_return(process_of(l)->budget, it->charged);
	held_fini(&it->held);
	free(it);
}

static bool allow(struct limit *l)
{
	return limiter_allow(
		&l->limiter, l->args->rate, l->burst, loop_now(process_of(l)->loop));
}

static void on_timer(struct timer *t)
{
	struct limit *l = container_of(t, struct limit, timer);
	int left = A_TURN;

	while (l->first && left > 0 && allow(l)) {
		let_go(l);
		left--;
	}
	if (l->first)
		timer_set(t, process_of(l)->loop,
			left > 0 ? limiter_wait_ns(&l->limiter, l->args->rate) : 1);
}

static bool pass_or_wait(struct limit *l, const struct work *w)
{
	if (!l->first && allow(l))
		return true;
	wait(l, w);
	if (!timer_is_set(&l->timer))
		timer_set(&l->timer, process_of(l)->loop,
			limiter_wait_ns(&l->limiter, l->args->rate));
	return false;
}

/* --- those of one value of a label --- */

static void forget(struct map *m)
{
	MAP_EACH(slot, m)
	{
		struct by_value *v = slot->value;

		metric_free(v->dropped);
		free(v);
	}
	map_fini(m);
	*m = (struct map){0};
}

static struct by_value *find_value(struct limit *l, struct str value)
{
	struct by_value *v = map_find(&l->newer, value);

	if (v)
		return v;
	if (l->newer.n >= l->max) {
		forget(&l->older);
		l->older = l->newer;
		l->newer = (struct map){0};
	}
	v = map_remove(&l->older, value);
	if (!v)
		v = mem_new(struct by_value, 1);
	map_set(&l->newer, value, v);
	return v;
}

static bool allow_value(struct limit *l, struct str value)
{
	struct process *p = process_of(l);
	struct by_value *v = find_value(l, value);

	if (limiter_allow(&v->limiter, l->args->rate, l->burst, loop_now(p->loop)))
		return true;
	if (!v->dropped)
		v->dropped = metric_new(&dropped_by_label,
			(const struct metric_label[]){{"component_id", p->id},
				{"component_path", "/"}, {"label_name", l->args->by_label_name.p},
				{"label_value", value.p}, {NULL, NULL}});
	metric_add(v->dropped, 1);
	return false;
}

/* --- the stage --- */

static bool limit_init(struct stage *s, const void *args, struct err *e)
{
	struct limit *l = container_of(s, struct limit, base);

	(void)e;
	l->args = args;
	l->burst = (double)l->args->burst;
	l->last = &l->first;
	l->timer.fire = on_timer;
	l->dropped = process_drop_counter(s->in->process, STR("ratelimit_drop_stage"));
	l->max = l->args->max_distinct_labels > DISTINCT_MIN
			 ? (size_t)l->args->max_distinct_labels
			 : DISTINCT_MIN;
	if (l->args->by_label_name.n && l->args->max_distinct_labels < DISTINCT_MIN)
		log_warn(s->in->process->id, "max_distinct_labels was raised to its least value",
			KV("value", DISTINCT_MIN));
	return true;
}

static bool limit_run(struct stage *s, struct work *w)
{
	struct limit *l = container_of(s, struct limit, base);
	bool ok;

	if (!l->args->drop)
		return pass_or_wait(l, w);
	if (l->args->by_label_name.n) {
		struct str value = labels_find(w->e.labels, l->args->by_label_name);

		ok = !value.p || allow_value(l, value);
	} else {
		ok = allow(l);
	}
	if (!ok)
		metric_add(l->dropped, 1);
	return ok;
}

/* A stop or a reload does not wait for the rate. */
static void limit_leave(struct stage *s)
{
	struct limit *l = container_of(s, struct limit, base);

	timer_clear(&l->timer);
	while (l->first)
		let_go(l);
}

static void limit_fini(struct stage *s)
{
	struct limit *l = container_of(s, struct limit, base);

	timer_clear(&l->timer);
	forget(&l->newer);
	forget(&l->older);
	work_fini(&l->out);
}

static const struct stage_ops limit_ops = {
	.size = sizeof(struct limit),
	.check = limit_check,
	.init = limit_init,
	.run = limit_run,
	.leave = limit_leave,
	.fini = limit_fini,
};

const struct arg_choice_type stage_limit = {
	.name = "stage.limit",
	.help = "Limits the rate of entries.",
	.args = limit_args,
	.size = sizeof(struct limit_args),
	.ops = &limit_ops,
};
