/* A line that is not in pieces looks only at whether there are others that are: partials_end(). */
#include "agent/component/loki.process/partials.h"

#include "agent/base/log.h"
#include "agent/base/mem.h"
#include "agent/base/metric.h"
#include "agent/flow/budget.h"
#include "agent/flow/join.h"

#include <stdlib.h>

struct partial {
	struct list link;
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

static struct str key_of(const struct labels *const *labels)
{
	return (struct str){(const char *)labels, sizeof(*labels)};
}

static struct partial *find(const struct partials *p, const struct labels *labels)
{
	return map_find(&p->open, key_of(&labels));
}

static struct partial *oldest(const struct partials *p)
{
	return container_of(p->order.next, struct partial, link);
}

static void touch(struct partials *p, struct partial *it)
{
	it->touched = loop_now(process_of(p)->loop);
	list_remove(&it->link);
	list_add_last(&p->order, &it->link);
}

/* It is the caller's, to whom it is no longer open. */
static void take_out(struct partials *p, struct partial *it)
{
	map_remove(&p->open, key_of(&it->labels));
	list_remove(&it->link);
	p->held -= it->charged;
}

static void partial_free(struct partials *p, struct partial *it)
{
	budget_return(process_of(p)->budget, it->charged);
	join_clear(&it->join);
	buf_fini(&it->join.text);
	labels_release(it->labels);
	labels_release(it->base);
	free(it);
}

/* Pushes on one as far as it has come. */
static void give_up(struct partials *p, struct partial *it)
{
	struct work w = {0};
	struct entry e = {
		.labels = it->base,
		.time = it->time,
		.line = join_pending(&it->join),
		.ack = it->join.ack,
	};

	take_out(p, it);
	work_init(&w, &e, loop_scratch(process_of(p)->loop));
	w.e.labels = it->labels;
	if (process_of(p)->uses_extracted)
		p->extract(&w);
	pipeline_emit(p->stage, &w);
	work_fini(&w);
	partial_free(p, it);
}

static void give_back(struct partials *p, struct partial *it)
{
	take_out(p, it);
	join_fail(&it->join);
	partial_free(p, it);
}

void partials_leave(struct partials *p)
{
	timer_clear(&p->idle);
	LIST_EACH (it, &p->order, struct partial, link) {
		const struct ack *ack = it->join.ack;

		if (ack && !ack->last_chance)
			give_back(p, it);
		else
			give_up(p, it);
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

	if (log_is_due(&p->warned_at, loop_now(process->loop)))
		log_warn(process->id, "partial lines passed on before their end, too many are open",
			KV("max_partial_lines", p->max),
			KV("hint", "raise max_partial_lines above the number of containers on a "
				   "node"));
	while (p->open.n >= p->max) {
		count_flushed(p);
		give_up(p, oldest(p));
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
	int64_t before = loop_now(process->loop) - PARTIALS_IDLE_NS;

	while (p->open.n > 0 && oldest(p)->touched <= before) {
		struct partial *it = oldest(p);

		if (p->held < process->budget->limit / 2 && ack_has_more(it->join.ack)) {
			touch(p, it);
		} else {
			count_flushed(p);
			give_up(p, it);
		}
	}
	if (p->open.n > 0)
		set_timer(p, oldest(p)->touched - before);
}

void partials_take_over(struct partials *p, struct partials *from)
{
	MAP_EACH(slot, &from->open)
	map_set(&p->open, slot->key, slot->value);
	map_fini(&from->open);
	while (!list_is_empty(&from->order)) {
		struct partial *it = oldest(from);

		list_remove(&it->link);
		list_add_last(&p->order, &it->link);
	}
	p->held = from->held;
	from->held = 0;
	timer_clear(&from->idle);
	p->warned_at = from->warned_at;
	if (p->open.n > 0)
		set_timer(p, 0); /* it looks who has waited for long enough */
}

void partials_init(struct partials *p, struct stage *s)
{
	p->stage = s;
	p->idle.fire = on_idle;
	list_init(&p->order);
}

void partials_fini(struct partials *p)
{
	timer_clear(&p->idle);
	LIST_EACH (it, &p->order, struct partial, link) {
		take_out(p, it);
		partial_free(p, it);
	}
	map_fini(&p->open);
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
	struct partial *it = find(p, w->e.labels);

	if (it && it->join.text.n + w->e.line.n <= PARTIALS_LINE_MAX)
		return it;
	if (it) {
		count_flushed(p);
		give_up(p, it);
	}
	if (p->open.n >= p->max)
		make_room(p);
	it = mem_new(struct partial, 1);
	list_init(&it->link);
	it->labels = labels_hold(w->e.labels);
	it->base = labels_hold(w->x.base);
	map_set(&p->open, key_of(&it->labels), it);
	return it;
}

void partials_add(struct partials *p, struct work *w)
{
	struct partial *it = open_line(p, w);
	struct str piece = fit(p, it, w->e.line);

	join_add(&it->join, piece, w->e.time, w->e.ack);
	it->time = w->e.time;
	touch(p, it);
	it->charged += piece.n;
	p->held += piece.n;
	budget_charge(process_of(p)->budget, piece.n);
	if (!timer_is_set(&p->idle))
		set_timer(p, PARTIALS_IDLE_NS);
}

bool partials_end(struct partials *p, struct work *w)
{
	struct partial *it = find(p, w->e.labels);
	int64_t first;

	if (!it)
		return true;
	take_out(p, it);
	w->e.line = join_end(&it->join, fit(p, it, w->e.line), &first, w->e.ack);
	pipeline_emit(p->stage, w);
	partial_free(p, it);
	return false;
}
