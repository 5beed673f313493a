/* A pass over the request finds each item's backend; if they are not all the same, one more pass a
 * backend drops the others. There are few backends, and requests of one trace are the rule. */

#include "agent/component/otelcol.exporter.loadbalancing/route.h"

#include "agent/base/buf.h"
#include "agent/base/container_of.h"
#include "agent/base/mem.h"
#include "agent/base/vec.h"
#include "proto/otlp/edit.h"
#include "proto/otlp/slice.h"

#include <libdeflate.h>

#include <stdlib.h>

struct router {
	struct otlp_visitor visitor;
	struct otlp_edit *edit;
	enum routing_key key;
	const struct ring *ring;
	struct {
		size_t *p;
		size_t n, cap;
	} backends; /* of each item, or data point */
	size_t at;
	size_t wanted;
	struct {
		struct route_piece *p;
		size_t n, cap;
	} pieces;
	struct {
		struct buf *p;
		size_t n, cap;
	} bytes; /* of the pieces */
	struct buf text;
	struct buf unchanged; /* what is only looked at; stays empty */
};

struct router *router_new(void)
{
	struct router *r = mem_new(struct router, 1);

	r->edit = otlp_edit_new();
	return r;
}

void router_free(struct router *r)
{
	if (!r)
		return;
	otlp_edit_free(r->edit);
	for (size_t i = 0; i < r->bytes.n; i++)
		buf_fini(&r->bytes.p[i]);
	free(r->bytes.p);
	free(r->pieces.p);
	free(r->backends.p);
	buf_fini(&r->text);
	buf_fini(&r->unchanged);
	free(r);
}

static struct str service_of(const struct otlp_place *p)
{
	const struct otlp_slot *a = otlp_message_attr(&p->resource, STR("service.name"));
	struct otlp_any v = otlp_any_read(a ? a->any : STR(""));

	return v.kind == OTLP_ANY_STRING ? v.bytes : STR("");
}

static struct str resource_of(struct router *r, const struct otlp_place *p)
{
	buf_clear(&r->text);
	otlp_message_write(&p->resource, &r->text);
	return buf_str(&r->text);
}

static struct str key_of(struct router *r, const struct otlp_place *p)
{
	switch (r->key) {
	case ROUTE_TRACE_ID:
		if (p->kind == OTLP_TRACES)
			return otlp_message_bytes(&p->item, OTLP_SPAN_TRACE_ID);
		if (p->kind == OTLP_LOGS)
			return otlp_message_bytes(&p->item, OTLP_LOG_TRACE_ID);
		return service_of(p);
	case ROUTE_METRIC:
		if (p->kind == OTLP_METRICS)
			return otlp_message_bytes(&p->item, OTLP_METRIC_NAME);
		return service_of(p);
	case ROUTE_RESOURCE:
		return resource_of(r, p);
	case ROUTE_SERVICE:
	case ROUTE_STREAM:
		break;
	}
	return service_of(p);
}

static void put_number(struct buf *b, uint64_t v)
{
	buf_add(b, (const char *)&v, sizeof(v));
}

/* The same whatever the order of the attributes is: SDKs do not promise one. */
static void put_attributes(struct buf *b, const struct otlp_message *m)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < m->n; i++) {
		const struct otlp_slot *s = &m->p[i];

		if (otlp_slot_is_attr(m, s))
			sum += (uint64_t)libdeflate_crc32(0, s->key.p, s->key.n) *
			       (1 + (uint64_t)libdeflate_crc32(1, s->any.p, s->any.n));
	}
	put_number(b, sum);
}

static struct str stream_of(struct router *r, const struct otlp_place *p)
{
	const struct str texts[] = {
		otlp_message_bytes(&p->scope, OTLP_SCOPE_NAME),
		otlp_message_bytes(&p->scope, OTLP_SCOPE_VERSION),
		otlp_message_bytes(&p->item, OTLP_METRIC_NAME),
		otlp_message_bytes(&p->item, OTLP_METRIC_UNIT),
	};

	buf_clear(&r->text);
	put_attributes(&r->text, &p->resource);
	put_attributes(&r->text, &p->point);
	put_number(&r->text, p->data_number);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		buf_add_str(&r->text, texts[i]);
		buf_add_char(&r->text, 0);
	}
	return buf_str(&r->text);
}

static bool look(struct otlp_visitor *v, struct otlp_place *p)
{
	struct router *r = container_of(v, struct router, visitor);

	*vec_add(&r->backends) = ring_find(r->ring, key_of(r, p));
	return true;
}

static bool look_at_point(struct otlp_visitor *v, struct otlp_place *p)
{
	struct router *r = container_of(v, struct router, visitor);

	*vec_add(&r->backends) = ring_find(r->ring, stream_of(r, p));
	return true;
}

static bool choose(struct otlp_visitor *v, struct otlp_place *p)
{
	struct router *r = container_of(v, struct router, visitor);

	(void)p;
	return r->backends.p[r->at++] == r->wanted;
}

static bool has_piece(const struct router *r, size_t backend)
{
	for (size_t i = 0; i < r->pieces.n; i++)
		if (r->pieces.p[i].backend == backend)
			return true;
	return false;
}

static void visit(struct router *r, const struct telemetry *t,
	bool (*item)(struct otlp_visitor *v, struct otlp_place *p),
	bool (*point)(struct otlp_visitor *v, struct otlp_place *p))
{
	bool is_by_point = r->key == ROUTE_STREAM && t->kind == SIGNAL_METRICS;

	r->visitor = (struct otlp_visitor){0};
	if (is_by_point)
		r->visitor.point = point;
	else
		r->visitor.item = item;
}

static void add_piece(struct router *r, const struct telemetry *t, size_t backend)
{
	size_t i = r->pieces.n;
	struct telemetry part = *t;

	if (r->bytes.n == i)
		(void)vec_add(&r->bytes);
	buf_clear(&r->bytes.p[i]);
	visit(r, t, choose, choose);
	r->at = 0;
	r->wanted = backend;
	otlp_edit_run(r->edit, (enum otlp_kind)t->kind, t->bytes, &r->visitor, &r->bytes.p[i]);
	part.bytes = buf_str(&r->bytes.p[i]);
	part.items = otlp_count((enum otlp_kind)t->kind, part.bytes);
	*vec_add(&r->pieces) = (struct route_piece){backend, part};
}

const struct route_piece *router_cut(struct router *r, enum routing_key key,
	const struct ring *ring, const struct telemetry *t, size_t *n)
{
	size_t same = 0;

	r->key = key;
	r->ring = ring;
	r->backends.n = 0;
	r->pieces.n = 0;
	visit(r, t, look, look_at_point);
	otlp_edit_run(r->edit, (enum otlp_kind)t->kind, t->bytes, &r->visitor, &r->unchanged);
	while (same < r->backends.n && r->backends.p[same] == r->backends.p[0])
		same++;
	if (same == r->backends.n)
		*vec_add(&r->pieces) =
			(struct route_piece){r->backends.n > 0 ? r->backends.p[0] : 0, *t};
	for (size_t i = 0; same < r->backends.n && i < r->backends.n; i++)
		if (!has_piece(r, r->backends.p[i]))
			add_piece(r, t, r->backends.p[i]);
	*n = r->pieces.n;
	return r->pieces.p;
}
