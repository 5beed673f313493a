/* One kept request a signal is enough: while there is one, no other is taken. */

#include "agent/component/common/otelcol_fanout.h"

#include "agent/flow/ack.h"
#include "agent/flow/budget.h"
#include "agent/flow/client.h"

static void on_timer(struct timer *t);

void fanout_init(struct fanout *f, struct loop *l, struct budget *b)
{
	*f = (struct fanout){.loop = l, .budget = b, .timer = {.fire = on_timer}};
}

/* has_failed: not everybody has it. */
static void drop(struct fanout *f, struct fanout_kept *k, bool has_failed)
{
	budget_return(f->budget, k->bytes.n + client_size(k->t.client));
	client_release(k->t.client);
	if (k->t.ack && has_failed)
		ack_fail(k->t.ack);
	else if (k->t.ack)
		ack_release(k->t.ack);
	buf_clear(&k->bytes);
	buf_shrink(&k->bytes, 0);
	k->t = (struct telemetry){0};
	k->done = 0;
}

void fanout_fini(struct fanout *f)
{
	timer_clear(&f->timer);
	for (size_t i = 0; i < SIGNAL_KINDS; i++) {
		drop(f, &f->kept[i], true);
		buf_fini(&f->kept[i].bytes);
	}
}

void fanout_set(struct fanout *f, const struct otelcol_output *o)
{
	/* The consumers may be others now, so what one of them has is not known any more: those
	 * that had it get it again rather than one not at all. */
	for (size_t i = 0; i < SIGNAL_KINDS; i++)
		f->kept[i].done = 0;
	otelcol_output_consumers(o, f->to);
}

static void keep(struct fanout *f, const struct telemetry *t, uint64_t done)
{
	struct fanout_kept *k = &f->kept[t->kind];

	buf_add_str(&k->bytes, t->bytes);
	k->t = *t;
	k->t.bytes = buf_str(&k->bytes);
	k->done = done;
	client_hold(t->client);
	if (t->ack)
		ack_hold(t->ack);
	budget_charge(f->budget, k->bytes.n + client_size(t->client));
	if (!timer_is_set(&f->timer))
		timer_set(&f->timer, f->loop, OTELCOL_RETRY_PAUSE);
}

enum consumed fanout_push(struct fanout *f, const struct telemetry *t)
{
	uint64_t done = 0;
	enum consumed r;

	if (f->kept[t->kind].bytes.n > 0)
		return CONSUMER_FULL;
	r = consumers_push(&f->to[t->kind], t, &done);
	if (r != CONSUMER_FULL || done == 0)
		return r;
	keep(f, t, done);
	return CONSUMED;
}

static void on_timer(struct timer *t)
{
	struct fanout *f = container_of(t, struct fanout, timer);

	for (size_t i = 0; i < SIGNAL_KINDS; i++) {
		struct fanout_kept *k = &f->kept[i];

		if (k->bytes.n > 0 && consumers_push(&f->to[i], &k->t, &k->done) != CONSUMER_FULL)
			drop(f, k, false);
	}
	if (!fanout_is_empty(f))
		timer_set(&f->timer, f->loop, OTELCOL_RETRY_PAUSE);
	else if (f->drained)
		f->drained(f);
}

bool fanout_takes(const struct fanout *f, enum signal_kind kind)
{
	return consumers_take(&f->to[kind], kind);
}

bool fanout_is_empty(const struct fanout *f)
{
	for (size_t i = 0; i < SIGNAL_KINDS; i++)
		if (f->kept[i].bytes.n > 0)
			return false;
	return true;
}
