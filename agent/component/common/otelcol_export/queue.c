/*
 * In memory each request is one piece of it, with its body behind its head. Of an earlier life's
 * requests not all are remembered at once, for there may be millions of small ones.
 */

#include "agent/component/common/otelcol_export/queue.h"

#include "agent/base/err.h"
#include "agent/base/mem.h"
#include "agent/base/must.h"
#include "agent/component/common/otelcol_storage.h"
#include "agent/flow/ack.h"
#include "agent/flow/budget.h"
#include "agent/flow/client.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	KNOWN_MAX = 1 << 17, /* waiting requests that are remembered */
};

void export_queue_init(struct export_queue *q, struct budget *b)
{
	*q = (struct export_queue){.budget = b};
	list_init(&q->waiting);
	list_init(&q->disks);
}

/* What it takes, but for itself. */
static size_t weight(const struct queued *r)
{
	return (r->body ? r->n : 0) + client_size(r->client);
}

static void put(struct export_queue *q, struct queued *r, bool is_first)
{
	list_init(&r->link);
	if (is_first)
		list_add_first(&q->waiting, &r->link);
	else
		list_add_last(&q->waiting, &r->link);
	q->requests++;
	q->queued++;
	q->items += r->items;
	q->bytes += r->n;
	q->memory += !queued_is_kept(r);
	budget_charge(q->budget, sizeof(*r) + weight(r));
}

static void unlink_waiting(struct export_queue *q, struct queued *r)
{
	list_remove(&r->link);
	must(q->queued > 0 && q->items >= r->items && q->bytes >= r->n);
	q->queued--;
	q->items -= r->items;
	q->bytes -= r->n;
}

/* Makes what an earlier life left known, as much of it as there is room for. */
static void read_on(struct export_queue *q)
{
	if (q->is_leaving)
		return;
	for (struct list *l = q->disks.next; l != &q->disks; l = l->next) {
		struct disk *d = disk_from_link(l);
		struct disk_place at;
		struct record rec;

		while (q->queued < KNOWN_MAX && disk_next(d, &rec, &at)) {
			struct queued *r = mem_new(struct queued, 1);

			r->items = rec.items;
			r->n = rec.n - rec.client;
			r->client_n = rec.client;
			r->place = at;
			put(q, r, false);
		}
	}
}

/* Folders of earlier settings go when all in them has been sent. */
static void close_empty(struct export_queue *q)
{
	for (struct list *l = q->disks.next, *next; l != &q->disks; l = next) {
		struct disk *d = disk_from_link(l);

		next = l->next;
		if (d != q->disk && disk_is_empty(d))
			disk_close(d);
	}
}

void export_queue_fini(struct export_queue *q)
{
	must(q->requests == 0);
	while (!list_is_empty(&q->disks))
		disk_close(disk_from_link(q->disks.next));
	q->disk = NULL;
}

static struct disk *find_disk(struct export_queue *q, const struct storage *s)
{
	for (struct list *l = q->disks.next; l != &q->disks; l = l->next)
		if (disk_is_at(disk_from_link(l), s))
			return disk_from_link(l);
	return NULL;
}

bool export_queue_keep(struct export_queue *q, struct storage *s, struct str name,
	enum signal_kind kind, const char *id, struct err *e)
{
	struct disk *d = s ? find_disk(q, s) : NULL;

	if (d) {
		disk_set_storage(d, s);
	} else if (s) {
		d = disk_open(s, name, kind, id, e);
		if (!d)
			return false;
		list_add_last(&q->disks, disk_link(d));
	}
	q->disk = d;
	close_empty(q);
	read_on(q);
	return true;
}

static struct queued *new_in_memory(const struct queue_entry *entry)
{
	struct queued *r = mem_alloc(1, sizeof(*r) + entry->body.n);

	if (entry->body.n > 0)
		memcpy(r + 1, entry->body.p, entry->body.n);
	r->body = (const char *)(r + 1);
	r->client = client_hold(entry->client);
	r->ack = entry->ack;
	if (r->ack)
		ack_hold(r->ack);
	return r;
}

/* NULL: the disk does not take it. */
static struct queued *new_on_disk(
	struct export_queue *q, const struct queue_entry *entry, struct err *e)
{
	struct str pairs = client_pairs(entry->client);
	struct record rec = {
		.kind = entry->kind,
		.n = (uint32_t)(pairs.n + entry->body.n),
		.client = (uint32_t)pairs.n,
		.items = entry->items,
	};
	struct disk_place at;
	struct queued *r;

	if (q->queued >= KNOWN_MAX) {
		err_set(e, "more than %d requests wait", KNOWN_MAX);
		return NULL;
	}
	snprintf(rec.format, sizeof(rec.format), "%s", entry->format);
	rec.body_crc = record_crc(pairs, entry->body);
	if (!disk_append(q->disk, &rec, pairs, entry->body, &at, e))
		return NULL;
	r = mem_new(struct queued, 1);
	r->place = at;
	r->client_n = (uint32_t)pairs.n;
	return r;
}

bool export_queue_add(
	struct export_queue *q, const struct queue_entry *entry, bool is_first, struct err *e)
{
	struct queued *r;

	must(entry->body.n <= RECORD_MAX - RECORD_CLIENT_MAX);
	must(client_pairs(entry->client).n <= RECORD_CLIENT_MAX);
	must(strlen(entry->format) < RECORD_FORMAT);
	r = q->disk ? new_on_disk(q, entry, e) : new_in_memory(entry);
	if (!r)
		return false;
	r->items = entry->items;
	r->n = (uint32_t)entry->body.n;
	r->format = entry->format;
	put(q, r, is_first);
	return true;
}

void export_queue_undo(struct export_queue *q, size_t n, bool is_first)
{
	for (; n > 0; n--) {
		struct list *l = is_first ? q->waiting.next : q->waiting.prev;
		struct queued *r = container_of(l, struct queued, link);

		must(l != &q->waiting);
		unlink_waiting(q, r); /* NOLINT: the analyser does not see it leave the list */
		export_queue_done(q, r);
	}
}

/* Brings its body to memory. */
static bool load(struct export_queue *q, struct queued *r)
{
	char *block;

	if (r->body)
		return true;
	block = disk_read(&r->place, r->client_n + r->n);
	if (!block)
		return false;
	if (!client_parse((struct str){block + RECORD_HEAD, r->client_n}, &r->client)) {
		free(block);
		return false;
	}
	r->block = block;
	r->body = block + RECORD_HEAD + r->client_n;
	r->format = block + RECORD_FORMAT_AT;
	budget_charge(q->budget, weight(r));
	return true;
}

struct queued *export_queue_take(struct export_queue *q)
{
	struct queued *r;

	if (q->queued < KNOWN_MAX / 2)
		read_on(q);
	while (!list_is_empty(&q->waiting)) {
		r = container_of(q->waiting.next, struct queued, link);
		unlink_waiting(q, r); /* NOLINT: the analyser does not see it leave the list */
		if (load(q, r))
			return r;
		q->lost += r->items;
		export_queue_done(q, r);
	}
	return NULL;
}

static void forget(struct export_queue *q, struct queued *r)
{
	must(q->requests > 0);
	q->requests--;
	q->memory -= !queued_is_kept(r);
	budget_return(q->budget, sizeof(*r) + weight(r));
	client_release(r->client);
	free(r->block);
	free(r);
}

void export_queue_done(struct export_queue *q, struct queued *r)
{
	struct disk *d = queued_is_kept(r) ? disk_of(&r->place) : NULL;
	struct ack *ack = r->ack;

	if (d)
		disk_done(&r->place);
	forget(q, r);
	if (d && d != q->disk)
		close_empty(q);
	if (ack)
		ack_release(ack);
}

void export_queue_lose(struct export_queue *q, struct queued *r)
{
	must(!queued_is_kept(r));
	if (r->ack)
		ack_mark_failed(r->ack);
	export_queue_done(q, r);
}

void export_queue_leave(struct export_queue *q, struct queued *r)
{
	must(queued_is_kept(r));
	disk_leave(&r->place);
	forget(q, r);
}

void export_queue_leave_waiting(struct export_queue *q)
{
	q->is_leaving = true;
	LIST_EACH (r, &q->waiting, struct queued, link) {
		if (!queued_is_kept(r))
			continue;
		unlink_waiting(q, r);
		export_queue_leave(q, r);
	}
}

void export_queue_repack(
	struct export_queue *q, struct queued *r, struct str body, const char *format)
{
	char *block = mem_text(body);

	budget_return(q->budget, r->n);
	free(r->block);
	r->block = block;
	r->body = block;
	r->n = (uint32_t)body.n;
	r->format = format;
	budget_charge(q->budget, r->n);
}
