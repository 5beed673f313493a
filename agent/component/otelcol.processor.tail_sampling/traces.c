#include "agent/component/otelcol.processor.tail_sampling/traces.h"

#include "agent/base/mem.h"
#include "agent/base/must.h"
#include "agent/flow/ack.h"
#include "agent/flow/budget.h"
#include "proto/otlp/wire.h"

#include <stdlib.h>

enum {
	FIRST_SLOTS = 64,
	REQUEST_PART = 1, /* ResourceSpans in the request */
	PART_SCOPES = 2,  /* ScopeSpans in these */
	RUN_SIZE = 12,    /* about what tags and lengths around a run take */
	HEAP_SIZE = 16,   /* what the heap takes beside a piece */
};

uint64_t trace_hash(const uint8_t id[TRACE_ID], uint64_t seed)
{
	uint64_t a;
	uint64_t b;
	uint64_t h;

	memcpy(&a, id, sizeof(a));
	memcpy(&b, id + sizeof(a), sizeof(b));
	h = (a ^ seed) * UINT64_C(0x9e3779b97f4a7c15);
	h = ((h ^ h >> 32) + b) * UINT64_C(0xd6e8feb86659fd93);
	h = (h ^ h >> 32 ^ seed) * UINT64_C(0xd6e8feb86659fd93);
	return h ^ h >> 32;
}

void traces_init(struct traces *t, struct budget *b, uint64_t seed)
{
	*t = (struct traces){.budget = b, .seed = seed};
	for (int i = 0; i < STAGES; i++)
		list_init(&t->stages[i]);
}

void traces_fini(struct traces *t)
{
	must(t->n == 0 && t->held == 0);
	free(t->slots);
	t->slots = NULL;
}

static void charge(struct traces *t, size_t n)
{
	t->held += n;
	budget_charge(t->budget, n);
}

static void give_back(struct traces *t, size_t n)
{
	must(t->held >= n);
	t->held -= n;
	budget_return(t->budget, n);
}

/* ---- the table ---- */

static struct trace **slot_of(const struct traces *t, const uint8_t id[TRACE_ID])
{
	return &t->slots[trace_hash(id, t->seed) & (t->n_slots - 1)];
}

static void grow(struct traces *t)
{
	struct traces bigger = *t;

	bigger.n_slots = t->n_slots ? t->n_slots * 2 : FIRST_SLOTS;
	bigger.slots = mem_new(struct trace *, bigger.n_slots);
	for (size_t i = 0; i < t->n_slots; i++) {
		for (struct trace *x = t->slots[i], *next; x; x = next) {
			struct trace **to = slot_of(&bigger, x->id);

			next = x->chain;
			x->chain = *to;
			*to = x;
		}
	}
	free(t->slots);
	t->slots = bigger.slots;
	t->n_slots = bigger.n_slots;
}

struct trace *traces_find(const struct traces *t, const uint8_t id[TRACE_ID])
{
	struct trace *x = t->n_slots ? *slot_of(t, id) : NULL;

	while (x && memcmp(x->id, id, TRACE_ID) != 0)
		x = x->chain;
	return x;
}

/* What a trace takes itself; a slot of the table, and half an empty one, are its own. */
static void recharge(struct traces *t, struct trace *x)
{
	size_t now = sizeof(*x) + 3 * HEAP_SIZE + 2 * sizeof(struct trace *) + x->bytes.cap +
		     x->cap_runs * sizeof(*x->runs);

	if (now > x->charged)
		charge(t, now - x->charged);
	x->charged = now;
}

struct trace *traces_add(struct traces *t, const uint8_t id[TRACE_ID], int64_t now)
{
	struct trace *x = mem_new(struct trace, 1);
	struct trace **slot;

	if (t->n >= t->n_slots)
		grow(t);
	slot = slot_of(t, id);
	memcpy(x->id, id, TRACE_ID);
	x->arrived = now;
	x->stage = STAGE_WAITING;
	x->chain = *slot;
	*slot = x;
	list_add_last(&t->stages[x->stage], &x->link);
	t->n++;
	recharge(t, x);
	return x;
}

void traces_move(struct traces *t, struct trace *x, enum stage to)
{
	list_remove(&x->link);
	x->stage = to;
	list_add_last(&t->stages[to], &x->link);
}

struct trace *traces_first(const struct traces *t, enum stage s)
{
	const struct list *l = &t->stages[s];

	return list_is_empty(l) ? NULL : container_of(l->next, struct trace, link);
}

void traces_remove(struct traces *t, struct trace *x)
{
	struct trace **at = slot_of(t, x->id);

	while (*at != x)
		at = &(*at)->chain;
	*at = x->chain;
	list_remove(&x->link);
	t->n--;
	for (uint32_t i = 0; i < x->n_runs; i++) {
		head_release(t, x->runs[i].resource);
		head_release(t, x->runs[i].scope);
	}
	give_back(t, x->charged);
	if (x->ack)
		ack_release(x->ack);
	buf_fini(&x->bytes);
	free(x->runs);
	free(x);
}

/* ---- what is in a trace ---- */

struct head *head_new(struct traces *t, struct str bytes)
{
	struct head *h = mem_alloc(1, sizeof(*h) + bytes.n);

	h->refs = 1;
	h->n = bytes.n;
	if (bytes.n > 0)
		memcpy(h->bytes, bytes.p, bytes.n);
	charge(t, sizeof(*h) + HEAP_SIZE + h->n);
	return h;
}

void head_release(struct traces *t, struct head *h)
{
	if (!h || --h->refs > 0)
		return;
	give_back(t, sizeof(*h) + HEAP_SIZE + h->n);
	free(h);
}

static struct run *new_run(struct trace *x)
{
	if (x->n_runs == x->cap_runs) {
		x->cap_runs = x->cap_runs ? x->cap_runs * 2 : 1;
		x->runs = mem_resize(x->runs, x->cap_runs * sizeof(*x->runs));
	}
	return &x->runs[x->n_runs++];
}

/* Most traces have few spans: no more is taken than the first needs. */
static void append(struct buf *b, struct str s)
{
	if (b->cap - b->n < s.n) {
		b->cap = b->n + s.n > b->cap / 2 * 3 ? b->n + s.n : b->cap / 2 * 3;
		b->p = mem_resize(b->p, b->cap);
	}
	buf_add_str(b, s);
}

void trace_add(struct traces *t, struct trace *x, struct head *resource, struct head *scope,
	struct str span)
{
	struct run *r = x->n_runs > 0 ? &x->runs[x->n_runs - 1] : NULL;

	if (!r || r->scope != scope || r->resource != resource) {
		x->size += scope->n + RUN_SIZE;
		if (!r || r->resource != resource)
			x->size += resource->n;
		r = new_run(x);
		*r = (struct run){resource, scope, 0};
		resource->refs++;
		scope->refs++;
	}
	append(&x->bytes, span);
	r->end = x->bytes.n;
	x->size += span.n;
	x->spans++;
	recharge(t, x);
}

static size_t run_size(const struct trace *x, uint32_t i)
{
	return x->runs[i].scope->n + x->runs[i].end - (i > 0 ? x->runs[i - 1].end : 0);
}

/* The runs from `from` on that are in the same resource: one ResourceSpans. The first one that is
 * not is returned. */
static uint32_t write_part(const struct trace *x, uint32_t from, struct buf *out)
{
	const struct head *resource = x->runs[from].resource;
	size_t size = resource->n;
	uint32_t to = from;

	for (; to < x->n_runs && x->runs[to].resource == resource; to++)
		size += 1 + wire_varint_size(run_size(x, to)) + run_size(x, to);
	wire_put_tag(out, REQUEST_PART, WIRE_BYTES);
	wire_put_varint(out, size);
	buf_add(out, resource->bytes, resource->n);
	for (uint32_t i = from; i < to; i++) {
		const struct head *scope = x->runs[i].scope;

		wire_put_tag(out, PART_SCOPES, WIRE_BYTES);
		wire_put_varint(out, run_size(x, i));
		buf_add(out, scope->bytes, scope->n);
		buf_add(out, x->bytes.p + x->runs[i].end - (run_size(x, i) - scope->n),
			run_size(x, i) - scope->n);
	}
	return to;
}

void trace_write(const struct trace *x, struct buf *out)
{
	for (uint32_t i = 0; i < x->n_runs;)
		i = write_part(x, i, out);
}
