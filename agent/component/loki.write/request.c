#include "agent/component/loki.write/request.h"

#include "agent/base/mem.h"
#include "agent/base/must.h"
#include "proto/loki/push_read.h"
#include "proto/loki/push_split.h"

#include <snappy-c.h>
#include <stdlib.h>

#define STORED_MAX ((size_t)1 << 30)
#define SPARE_MAX ((size_t)4 << 20)

/* Bodies of requests that are done with, for the next ones: memory that was used a moment ago
 * costs no page faults, which were a tenth of all that a batch takes. Of the process. */
static struct buf spare[2];

static struct buf take_spare(size_t room)
{
	struct buf b = {0};

	for (size_t i = 0; i < 2; i++) {
		if (spare[i].cap < room)
			continue;
		b = spare[i];
		spare[i] = (struct buf){0};
		break;
	}
	buf_clear(&b);
	buf_reserve(&b, room);
	return b;
}

/* In place of one that is smaller. */
static void give_spare(struct buf *b)
{
	size_t least = spare[0].cap <= spare[1].cap ? 0 : 1;

	if (b->cap > spare[least].cap && b->cap <= SPARE_MAX) {
		buf_fini(&spare[least]);
		spare[least] = *b;
		*b = (struct buf){0};
	}
	buf_fini(b);
}

void loki_request_trim(void)
{
	buf_fini(&spare[0]);
	buf_fini(&spare[1]);
}

static void compress(struct loki_request *r, struct str raw)
{
	size_t n = snappy_max_compressed_length(raw.n);

	give_spare(&r->body);
	r->body = take_spare(n);
	must(snappy_compress(raw.p ? raw.p : "", raw.n, r->body.p, &n) == SNAPPY_OK);
	r->body.n = n;
	r->raw_size = raw.n;
}

void loki_request_pack(struct loki_request *r)
{
	if (r->body.cap == r->body.n)
		return;
	r->body.p = mem_resize(r->body.p, r->body.n);
	r->body.cap = r->body.n;
}

struct loki_request *loki_request_new(struct loki_tenant *t, struct str raw)
{
	struct loki_request *r = mem_new(struct loki_request, 1);

	list_init(&r->link);
	r->tenant = loki_tenant_hold(t);
	compress(r, raw);
	return r;
}

struct loki_request *loki_request_stored(struct loki_tenant *t, struct str body, size_t entries)
{
	struct loki_request *r;
	size_t n;

	if (snappy_uncompressed_length(body.p, body.n, &n) != SNAPPY_OK || n > STORED_MAX ||
		snappy_validate_compressed_buffer(body.p, body.n) != SNAPPY_OK)
		return NULL;
	r = mem_new(struct loki_request, 1);
	list_init(&r->link);
	r->tenant = loki_tenant_hold(t);
	buf_add_str(&r->body, body);
	r->raw_size = n;
	r->entries = entries;
	return r;
}

void loki_request_settled(struct loki_request *r)
{
	if (r->place.segment)
		disk_done(&r->place);
	r->place = (struct disk_place){0};
}

static void move_acks(struct loki_request *to, struct loki_request *from)
{
	to->acks = from->acks;
	from->acks = (struct ack_set){0};
	to->place = from->place;
	from->place = (struct disk_place){0};
	to->is_covered = from->is_covered;
	from->is_covered = true;
}

bool loki_request_split(struct loki_request *r, struct loki_request **second)
{
	struct buf half[2] = {{0}};
	struct buf raw = {0};
	size_t n = r->raw_size;
	size_t weight;
	bool cut;

	must(snappy_uncompress(r->body.p, r->body.n, buf_reserve(&raw, n + 1), &n) == SNAPPY_OK);
	must(n == r->raw_size);
	raw.n = n;
	cut = push_split(buf_str(&raw), &half[0], &half[1]);
	buf_fini(&raw);
	if (cut) {
		*second = loki_request_new(r->tenant, buf_str(&half[1]));
		move_acks(*second, r);
		(*second)->ages = r->ages;
		r->ages.runs = 0;
		compress(r, buf_str(&half[0]));
		must(push_read_count(buf_str(&half[0]), &r->entries, &weight));
		must(push_read_count(buf_str(&half[1]), &(*second)->entries, &weight));
	}
	buf_fini(&half[0]);
	buf_fini(&half[1]);
	return cut;
}

void loki_request_free(struct loki_request *r)
{
	must(r->acks.n == 0);
	if (r->place.segment)
		disk_leave(&r->place);
	free(r->acks.p);
	give_spare(&r->body);
	loki_tenant_release(r->tenant);
	free(r);
}
