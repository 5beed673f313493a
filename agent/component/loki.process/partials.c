/*
 * A list that is searched: few lines are open at a time, and a line that is not in pieces
 * looks only at how many there are.
 */
#include "agent/component/loki.process/partials.h"

#include "agent/base/log.h"
#include "agent/base/metric.h"
#include "agent/base/vec.h"
#include "agent/flow/budget.h"
#include "agent/flow/join.h"

#include <stdlib.h>

#define WARN_EVERY_NS (INT64_C(60) * 1000000000)

struct partial {
	const struct labels *labels; /* a reference */
	const struct labels *base;   /* a reference: the set the entry came with */
	struct join join;
	int64_t time;    /* of the last piece: what Alloy gives the joined line */
	int64_t touched; /* on the loop's clock */
	size_t charged;  /* bytes, to the budget */
};

static struct process *process_of(const struct partials *p)
{
	return p->stage->in->process;
}

static size_t find(const struct partials *p, const struct labels *labels)
{
	size_t i = 0;

	while (i < p->open.n && p->open.p[i].labels != labels)
		i++;
	return i;
}

static void partial_fini(struct partials *p, struct partial *it)
{
	budget_return(process_of(p)->budget, it->charged);
	join_clear(&it->join);
	buf_fini(&it->join.text);
	labels_release(it->labels);
	labels_release(it->base);
}

/* Takes it out of the list; it is the caller's. */
static struct partial take_out(struct partials *p, size_t i)
{
	struct partial it = p->open.p[i];

	vec_remove(&p->open, i);
	return it;
}

/* Pushes on one as far as it has come. */
static void give_up(struct partials *p, size_t i)
{
	struct partial taken = take_out(p, i);
	struct partial *it = &taken;
	struct work w = {0};
	struct entry e = {
		.labels = it->base,
		.time = it->time,
		.line = join_pending(&it->join),
		.ack = it->join.ack,
	};

	work_init(&w, &e, loop_scratch(process_of(p)->loop));
	w.e.labels = it->labels;
	if (process_of(p)->uses_extracted)
		p->extract(&w);
	pipeline_emit(p->stage, &w);
	work_fini(&w);
	partial_fini(p, it);
}

static void give_back(struct partials *p, size_t i)
{
	struct partial it = take_out(p, i);

	join_fail(&it.join);
	partial_fini(p, &it);
}

void partials_leave(struct partials *p)
{
	timer_clear(&p->idle);
	while (p->open.n > 0) {
		const struct ack *ack = p->open.p[0].join.ack;

		if (ack && !ack->last_chance)
			give_back(p, 0);
		else
			give_up(p, 0);
	}
}

static void count_flushed(struct partials *p)
{
	metric_add(process_of(p)->partials_flushed, 1);
}

/* The one that has waited longest is the one that is least likely to go on. */
static void make_room(struct partials *p)
{
	struct process *process = process_of(p);
	int64_t now = loop_now(process->loop);

	if (p->warned_at == 0 || now - p->warned_at >= WARN_EVERY_NS) {
		p->warned_at = now;
		log_warn(process->id, "partial lines passed on before their end, too many are open",
			KV("max_partial_lines", p->max),
			KV("hint", "raise max_partial_lines above the number of containers on a "
				   "node"));
	}
	while (p->open.n >= p->max) {
		size_t oldest = 0;

		for (size_t i = 1; i < p->open.n; i++) {
			if (p->open.p[i].touched < p->open.p[oldest].touched)
				oldest = i;
		}
		count_flushed(p);
		give_up(p, oldest);
	}
}

static void set_timer(struct partials *p, int64_t in)
{
	timer_set(&p->idle, process_of(p)->loop, in);
}

/* Gives up the lines that have been idle for long enough. */
static void on_idle(struct timer *t)
{
	struct partials *p = container_of(t, struct partials, idle);
	struct process *process = process_of(p);
	int64_t now = loop_now(process->loop);
	int64_t next = INT64_MAX;
	size_t held = 0;

	for (size_t i = 0; i < p->open.n; i++)
		held += p->open.p[i].charged;
	for (size_t i = 0; i < p->open.n;) {
		struct partial *it = &p->open.p[i];
		int64_t left;

		if (held < process->budget->limit / 2 && ack_has_more(it->join.ack))
			it->touched = now;
		left = it->touched + PARTIALS_IDLE_NS - now;
		if (left > 0) {
			next = left < next ? left : next;
			i++;
			continue;
		}
		count_flushed(p);
		give_up(p, i);
	}
	if (p->open.n > 0)
		set_timer(p, next);
}

void partials_take_over(struct partials *p, struct partials *from)
{
	for (size_t i = 0; i < from->open.n; i++)
		*vec_add(&p->open) = from->open.p[i];
	from->open.n = 0;
	timer_clear(&from->idle);
	p->warned_at = from->warned_at;
	if (p->open.n > 0)
		set_timer(p, 0); /* it looks who has waited for long enough */
}

void partials_init(struct partials *p, struct stage *s)
{
	p->stage = s;
	p->idle.fire = on_idle;
}

void partials_fini(struct partials *p)
{
	timer_clear(&p->idle);
	for (size_t i = 0; i < p->open.n; i++)
		partial_fini(p, &p->open.p[i]);
	free(p->open.p);
}

/* What of the piece the limit leaves. */
static struct str fit(struct partials *p, const struct partial *it, struct str piece)
{
	size_t have = it->join.text.n;

	if (p->max_size == 0 || have + piece.n <= p->max_size)
		return piece;
	metric_add(process_of(p)->lines_truncated, 1);
	return str_head(piece, p->max_size > have ? p->max_size - have : 0);
}

static struct partial *open_line(struct partials *p, const struct work *w)
{
	size_t i = find(p, w->e.labels);
	struct partial *it;

	if (i < p->open.n && p->open.p[i].join.text.n + w->e.line.n <= PARTIALS_LINE_MAX)
		return &p->open.p[i];
	if (i < p->open.n) {
		count_flushed(p);
		give_up(p, i);
	}
	if (p->open.n >= p->max)
		make_room(p);
	it = vec_add(&p->open);
	it->labels = labels_hold(w->e.labels);
	it->base = labels_hold(w->x.base);
	return it;
}

void partials_add(struct partials *p, struct work *w)
{
	struct partial *it = open_line(p, w);
	struct str piece = fit(p, it, w->e.line);

	join_add(&it->join, piece, w->e.time, w->e.ack);
	it->time = w->e.time;
	it->touched = loop_now(process_of(p)->loop);
	it->charged += piece.n;
	budget_charge(process_of(p)->budget, piece.n);
	if (!timer_is_set(&p->idle))
		set_timer(p, PARTIALS_IDLE_NS);
}

bool partials_end(struct partials *p, struct work *w)
{
	size_t i = find(p, w->e.labels);
	struct partial it;
	int64_t first;

	if (i == p->open.n)
		return true;
	it = take_out(p, i);
	w->e.line = join_end(&it.join, fit(p, &it, w->e.line), &first, w->e.ack);
	pipeline_emit(p->stage, w);
	partial_fini(p, &it);
	return false;
}
