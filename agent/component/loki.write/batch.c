/*
 * Filling batches. What is held grows with the streams that are in use, not with lines or
 * time: label sets that nobody has pushed with for LOKI_SWEEP are let go, earlier when there are
 * many, and with them the streams and tenants that they alone led to. Buffers of streams
 * are handed round, so that a stream that saw one burst does not keep its size.
 */

#include "agent/component/loki.write/batch.h"

#include "agent/base/log.h"
#include "agent/base/mem.h"
#include "agent/base/must.h"
#include "agent/base/vec.h"
#include "agent/component/loki.write/stream_text.h"

#include <stdlib.h>

#define FIRST_SLOTS ((size_t)64)
#define FIRST_SWEEP ((size_t)1024)
#define RAW_KEEP ((size_t)4 << 20)
#define MAX_TENANT 256 /* bytes; Loki takes 150 */

/* One more would be too much. Empty lines weigh nothing, but their timestamps take room. */
static bool is_full(const struct loki_batch *b, size_t weight)
{
	size_t max = b->all->set->batch_size;

	return b->weight + weight > max || b->bytes > max * 3 + 65536;
}

static void on_wait(struct timer *t)
{
	struct loki_batch *b = container_of(t, struct loki_batch, wait);

	b->all->ready(b->all, b);
}

static struct loki_batch *get_batch(struct loki_batches *all, struct str tenant)
{
	struct loki_batch *b = map_find(&all->tenants, tenant);

	if (b)
		return b;
	b = mem_new(struct loki_batch, 1);
	b->all = all;
	b->tenant = loki_tenant_get(all->set->tenants, all->set->host, tenant);
	b->wait.fire = on_wait;
	list_init(&b->dirty);
	map_set(&all->tenants, tenant, b);
	return b;
}

static void free_batch(struct loki_batch *b)
{
	must(b->entries == 0 && b->acks.n == 0 && b->streams.n == 0);
	map_remove(&b->all->tenants, b->tenant->name);
	timer_clear(&b->wait);
	map_fini(&b->streams);
	loki_tenant_release(b->tenant);
	free(b);
}

static void give_spare(struct loki_batches *all, struct buf *b)
{
	buf_clear(b);
	if (b->cap && all->spare_bytes + b->cap <= all->set->batch_size / 2 * 5) {
		all->spare_bytes += b->cap;
		*vec_add(&all->spare) = *b;
		*b = (struct buf){0};
	}
	buf_fini(b);
}

static struct buf take_spare(struct loki_batches *all)
{
	struct buf b = {0};

	if (all->spare.n == 0)
		return b;
	b = all->spare.p[--all->spare.n];
	all->spare_bytes -= b.cap;
	return b;
}

static void free_spare(struct loki_batches *all)
{
	while (all->spare.n)
		buf_fini(&all->spare.p[--all->spare.n]);
	all->spare_bytes = 0;
}

static void free_stream_if_unused(struct loki_stream *s)
{
	if (s->slots > 0 || s->entries.n > 0)
		return;
	map_remove(&s->batch->streams, s->text);
	free((char *)(uintptr_t)s->text.p);
	free(s);
}

/* What a tenant's name may be in a header; Loki's own rules are narrower. */
static struct str clean_tenant(struct arena *scratch, struct str name, size_t *repaired)
{
	char *p;
	bool bad = name.n > MAX_TENANT;

	name = str_head(name, MAX_TENANT);
	p = arena_new(scratch, char, name.n + 1);
	for (size_t i = 0; i < name.n; i++) {
		bool fits = name.p[i] > ' ' && name.p[i] < 0x7f;

		p[i] = name.p[i];
		if (fits)
			continue;
		p[i] = '_';
		bad = true;
	}
	*repaired += bad;
	return (struct str){p, name.n};
}

static struct loki_stream *make_stream(struct loki_batches *all, const struct labels *labels)
{
	struct str tenant = labels_find(labels, STR("__tenant_id__"));
	struct loki_stream *s;
	struct loki_batch *b;
	struct buf text = {0};
	const struct labels *sent;
	size_t repaired = 0;

	if (tenant.n == 0)
		tenant = all->set->tenant;
	b = get_batch(all, clean_tenant(&all->scratch, tenant, &repaired));
	sent = loki_stream_labels(&all->scratch, labels, all->set->external,
		all->set->n_external, &repaired);
	labels_print(&text, sent);
	labels_release(sent);
	arena_clear(&all->scratch);
	metric_add(b->tenant->repaired, (double)repaired);
	s = map_find(&b->streams, buf_str(&text));
	if (s) {
		buf_fini(&text);
		return s;
	}
	s = mem_new(struct loki_stream, 1);
	s->batch = b;
	s->text = (struct str){mem_resize(text.p, text.n), text.n};
	list_init(&s->link);
	map_set(&b->streams, s->text, s);
	return s;
}

static size_t home_of(const struct loki_batches *all, const struct labels *labels)
{
	return (size_t)((labels->hash ^ labels->hash >> 29) & (all->cap - 1));
}

static struct loki_slot *probe(struct loki_batches *all, const struct labels *labels)
{
	size_t at = home_of(all, labels);

	while (all->slots[at].labels && all->slots[at].labels != labels)
		at = (at + 1) & (all->cap - 1);
	return &all->slots[at];
}

static void resize(struct loki_batches *all, size_t cap)
{
	struct loki_slot *old = all->slots;
	size_t n = all->cap;

	all->slots = mem_new(struct loki_slot, cap);
	all->cap = cap;
	for (size_t i = 0; i < n; i++) {
		if (old[i].labels)
			*probe(all, old[i].labels) = old[i];
	}
	free(old);
}

static void drop_slot(struct loki_slot *slot)
{
	labels_release(slot->labels);
	slot->stream->slots--;
	free_stream_if_unused(slot->stream);
	*slot = (struct loki_slot){0};
}

/* Tenants that nothing leads to any more; the one of the settings stays. */
static void sweep_tenants(struct loki_batches *all)
{
	struct loki_batch **idle = arena_new(&all->scratch, struct loki_batch *, all->tenants.n);
	size_t n = 0;

	MAP_EACH(slot, &all->tenants)
	{
		struct loki_batch *b = slot->value;

		if (b->streams.n == 0 && !str_eq(b->tenant->name, all->set->tenant))
			idle[n++] = b;
	}
	for (size_t i = 0; i < n; i++)
		free_batch(idle[i]);
	arena_clear(&all->scratch);
}

static void sweep(struct loki_batches *all)
{
	size_t cap = FIRST_SLOTS;

	all->last_labels = NULL;
	all->last_stream = NULL;
	for (size_t i = 0; i < all->cap; i++) {
		struct loki_slot *slot = &all->slots[i];

		if (!slot->labels)
			continue;
		if (!slot->used) {
			drop_slot(slot);
			all->n--;
		}
		slot->used = false;
	}
	while (cap < all->n * 2)
		cap *= 2;
	resize(all, cap);
	sweep_tenants(all);
	all->sweep_at = all->n * 2 > FIRST_SWEEP ? all->n * 2 : FIRST_SWEEP;
}

static void on_sweep(struct timer *t)
{
	struct loki_batches *all = container_of(t, struct loki_batches, sweep);

	sweep(all);
	free_spare(all);
	loki_request_trim();
	buf_fini(&all->raw);
	if (all->n)
		timer_set(&all->sweep, all->loop, LOKI_SWEEP);
}

static struct loki_stream *find_stream(struct loki_batches *all, const struct labels *labels)
{
	struct loki_slot *slot = all->cap ? probe(all, labels) : NULL;

	if (!slot || !slot->labels) {
		if (all->n >= all->sweep_at)
			sweep(all);
		if ((all->n + 1) * 2 > all->cap)
			resize(all, all->cap ? all->cap * 2 : FIRST_SLOTS);
		slot = probe(all, labels);
		slot->labels = labels_hold(labels);
		slot->stream = make_stream(all, labels);
		slot->stream->slots++;
		all->n++;
		if (!timer_is_set(&all->sweep))
			timer_set(&all->sweep, all->loop, LOKI_SWEEP);
	}
	slot->used = true;
	all->last_labels = labels;
	all->last_stream = slot->stream;
	return slot->stream;
}

/* Metadata must be valid UTF-8; nearly all of it is. */
static const struct push_pair *take_meta(struct loki_batches *all, struct loki_tenant *t,
	const struct entry *e)
{
	struct push_pair *v = arena_new(&all->scratch, struct push_pair, e->n_meta);
	size_t repaired = 0;

	for (size_t i = 0; i < e->n_meta; i++) {
		v[i].name = loki_stream_utf8(&all->scratch, e->meta[i].name, &repaired);
		v[i].value = loki_stream_utf8(&all->scratch, e->meta[i].value, &repaired);
	}
	if (repaired)
		metric_add(t->repaired, (double)repaired);
	return v;
}

/* False: the batch has as many streams as it may. */
static bool begin_stream(struct loki_batches *all, struct loki_batch *b, struct loki_stream *s)
{
	if (all->set->max_streams && b->n_dirty >= all->set->max_streams)
		return false;
	s->entries = take_spare(all);
	list_add_last(&b->dirty, &s->link);
	b->n_dirty++;
	return true;
}

static void drop_entry(struct loki_batches *all, struct loki_batch *b, size_t weight)
{
	loki_tenant_dropped(b->tenant, LOKI_DROP_STREAMS, 1, weight);
	if (!log_is_due(&all->said_at, loop_now(all->loop)))
		return;
	log_error(all->set->tenants->id, "entry dropped: its batch has as many streams as it may",
		KV("host", all->set->host), KV("max_streams", (int64_t)all->set->max_streams),
		KV("hint", "raise max_streams, or find out which label has so many values; "
			   "said once a minute, loki_write_dropped_entries_total counts"));
}

static void append(struct loki_batches *all, struct loki_stream *s, const struct push_entry *p,
	size_t weight, struct ack *ack)
{
	struct loki_batch *b = s->batch;
	size_t before = s->entries.n;

	if (b->entries && is_full(b, weight)) {
		all->ready(all, b);
		before = 0;
	}
	if (before == 0 && !begin_stream(all, b, s)) {
		drop_entry(all, b, weight);
		return;
	}
	push_encode_entry(&s->entries, &b->clock, p);
	b->bytes += s->entries.n - before;
	all->bytes += s->entries.n - before;
	b->weight += weight;
	if (b->entries++ == 0)
		timer_set(&b->wait, all->loop, all->set->batch_wait);
	ack_set_add(&b->acks, ack);
	loki_ages_add(&b->ages, p->time);
}

void loki_batches_add(struct loki_batches *all, const struct entry *e)
{
	struct push_entry p = {e->time, e->line, NULL, e->n_meta};
	struct loki_stream *s = all->last_stream;

	if (e->labels != all->last_labels)
		s = find_stream(all, e->labels);
	if (e->n_meta)
		p.meta = take_meta(all, s->batch->tenant, e);
	append(all, s, &p, push_entry_weight(&p), e->ack);
	if (e->n_meta)
		arena_clear(&all->scratch);
}

static void concatenate(struct loki_batches *all, struct loki_batch *b)
{
	size_t n = 0;

	LIST_EACH (s, &b->dirty, struct loki_stream, link)
		n += push_stream_size(s->text.n, s->entries.n);
	buf_clear(&all->raw);
	buf_reserve(&all->raw, n);
	LIST_EACH (s, &b->dirty, struct loki_stream, link) {
		push_encode_stream(&all->raw, s->text, buf_str(&s->entries));
		list_remove(&s->link);
		give_spare(all, &s->entries);
		free_stream_if_unused(s);
	}
	must(all->raw.n == n);
}

struct loki_request *loki_batch_take(struct loki_batch *b)
{
	struct loki_batches *all = b->all;
	struct loki_request *r;

	must(b->entries > 0);
	concatenate(all, b);
	r = loki_request_new(b->tenant, buf_str(&all->raw));
	r->entries = b->entries;
	r->acks = b->acks;
	r->ages = b->ages;
	buf_clear(&all->raw);
	buf_shrink(&all->raw, RAW_KEEP);
	all->bytes -= b->bytes;
	b->acks = (struct ack_set){0};
	b->ages.runs = 0;
	b->entries = b->weight = b->bytes = b->n_dirty = 0;
	timer_clear(&b->wait);
	return r;
}

void loki_batches_flush(struct loki_batches *all)
{
	MAP_EACH(slot, &all->tenants)
	{
		struct loki_batch *b = slot->value;

		if (b->entries)
			all->ready(all, b);
	}
}

void loki_batches_init(struct loki_batches *all, struct loop *l,
	const struct loki_batch_settings *set,
	void (*ready)(struct loki_batches *all, struct loki_batch *b))
{
	*all = (struct loki_batches){.loop = l, .set = set, .ready = ready};
	all->sweep_at = FIRST_SWEEP;
	all->sweep.fire = on_sweep;
	arena_init(&all->scratch, 0);
	get_batch(all, set->tenant);
}

void loki_batches_fini(struct loki_batches *all)
{
	for (size_t i = 0; i < all->cap; i++) {
		if (all->slots[i].labels)
			drop_slot(&all->slots[i]);
	}
	free(all->slots);
	timer_clear(&all->sweep);
	sweep_tenants(all);
	free_batch(map_find(&all->tenants, all->set->tenant));
	map_fini(&all->tenants);
	free_spare(all);
	loki_request_trim();
	free(all->spare.p);
	buf_fini(&all->raw);
	arena_fini(&all->scratch);
}
