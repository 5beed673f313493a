#include "agent/component/loki.write/request.h"

#include "agent/base/mem.h"
#include "agent/base/must.h"
#include "proto/loki/push_read.h"
#include "proto/loki/push_split.h"

#include <snappy-c.h>
#include <stdlib.h>

/* The body is compressed into as much room as it might need; what it does not need goes back
 * to the heap at once, for a request may wait for hours. */
static void compress(struct loki_request *r, struct str raw)
{
	size_t n = snappy_max_compressed_length(raw.n);

	buf_fini(&r->body);
	buf_reserve(&r->body, n);
	must(snappy_compress(raw.p ? raw.p : "", raw.n, r->body.p, &n) == SNAPPY_OK);
	r->body.p = mem_resize(r->body.p, n);
	r->body.n = n;
	r->body.cap = n;
	r->raw_size = raw.n;
}

struct loki_request *loki_request_new(struct loki_tenant *t, struct str raw)
{
	struct loki_request *r = mem_new(struct loki_request, 1);

	list_init(&r->link);
	r->tenant = loki_tenant_hold(t);
	compress(r, raw);
	return r;
}

static void move_acks(struct loki_request *to, struct loki_request *from)
{
	to->acks = from->acks;
	from->acks = (struct ack_set){0};
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
	free(r->acks.p);
	buf_fini(&r->body);
	loki_tenant_release(r->tenant);
	free(r);
}
