/*
 * The pass writes as it goes, a message's head after its inside, since only then its length is
 * known and its resource final: the inside is moved once by the size of the head. When nothing
 * inside was changed the whole is taken back and the bytes that came are copied instead, so that
 * order, padding and unknown fields are those of the sender.
 */

#include "proto/otlp/edit.h"

#include "agent/base/mem.h"
#include "agent/base/must.h"

#include <stdlib.h>

enum {
	REQUEST_PART = 1,
	PART_RESOURCE = 1,
	PART_SCOPES = 2,
	SCOPES_SCOPE = 1,
	SCOPES_ITEMS = 2,
	DATA_POINTS = 1,
	KEEP_BUFFER = 1 << 20,
};

struct otlp_edit {
	struct otlp_place place;
	struct arena part_arena;  /* until the next resource */
	struct arena scope_arena; /* until the next scope */
	struct arena item_arena;
	struct arena point_arena;
	struct buf data; /* of a metric, or an event, written anew */
	struct buf head;
	struct otlp_visitor *v;
	struct buf *out;
};

/* What came of a thing. */
enum outcome {
	SAME,
	CHANGED, /* written to out */
	DROPPED,
};

struct otlp_edit *otlp_edit_new(void)
{
	struct otlp_edit *e = mem_new(struct otlp_edit, 1);

	arena_init(&e->part_arena, 0);
	arena_init(&e->scope_arena, 0);
	arena_init(&e->item_arena, 0);
	arena_init(&e->point_arena, 0);
	return e;
}

void otlp_edit_free(struct otlp_edit *e)
{
	if (!e)
		return;
	otlp_message_fini(&e->place.resource);
	otlp_message_fini(&e->place.scope);
	otlp_message_fini(&e->place.item);
	otlp_message_fini(&e->place.data);
	otlp_message_fini(&e->place.point);
	arena_fini(&e->part_arena);
	arena_fini(&e->scope_arena);
	arena_fini(&e->item_arena);
	arena_fini(&e->point_arena);
	buf_fini(&e->data);
	buf_fini(&e->head);
	free(e);
}

uint32_t otlp_item_attributes(enum otlp_kind kind)
{
	static const uint32_t numbers[OTLP_KINDS] = {[OTLP_TRACES] = OTLP_SPAN_ATTRIBUTES,
		[OTLP_LOGS] = OTLP_LOG_ATTRIBUTES,
		[OTLP_METRICS] = OTLP_METRIC_METADATA};

	return numbers[kind];
}

uint32_t otlp_point_attributes(enum otlp_kind kind, uint32_t data_number)
{
	static const uint32_t numbers[] = {[OTLP_METRIC_GAUGE] = 7,
		[OTLP_METRIC_SUM] = 7,
		[OTLP_METRIC_HISTOGRAM] = 9,
		[OTLP_METRIC_EXPONENTIAL] = 1,
		[OTLP_METRIC_SUMMARY] = 7};

	if (kind == OTLP_TRACES)
		return OTLP_EVENT_ATTRIBUTES;
	return data_number < sizeof(numbers) / sizeof(*numbers) ? numbers[data_number] : 0;
}

/* One event or data point. Out is where its bytes go when it was changed. */
static enum outcome edit_point(struct otlp_edit *e, struct str body)
{
	struct otlp_place *p = &e->place;

	arena_clear(&e->point_arena);
	p->scratch = &e->point_arena;
	otlp_message_load(&p->point, &e->point_arena,
		otlp_point_attributes(p->kind, p->data_number), body);
	if (!e->v->point(e->v, p))
		return DROPPED;
	return p->point.is_changed ? CHANGED : SAME;
}

static void edit_events(struct otlp_edit *e)
{
	struct otlp_place *p = &e->place;

	for (size_t i = 0; i < p->item.n; i++) {
		const struct otlp_slot *s = &p->item.p[i];

		if (s->number != OTLP_SPAN_EVENTS || s->wire != WIRE_BYTES || s->raw.n == 0)
			continue;
		switch (edit_point(e, s->bytes)) {
		case SAME:
			break;
		case DROPPED:
			otlp_message_remove_at(&p->item, i);
			break;
		case CHANGED:
			buf_clear(&e->data);
			otlp_message_write(&p->point, &e->data);
			otlp_message_set_at(&p->item, i, buf_str(&e->data));
			break;
		}
	}
}

static bool is_data(const struct otlp_slot *s)
{
	return s->wire == WIRE_BYTES && s->raw.n > 0 &&
	       (s->number == OTLP_METRIC_GAUGE || s->number == OTLP_METRIC_SUM ||
		       s->number == OTLP_METRIC_HISTOGRAM ||
		       s->number == OTLP_METRIC_EXPONENTIAL || s->number == OTLP_METRIC_SUMMARY);
}

/* Which data the metric has: of the oneof's members the last one counts; if it is there more than
 * once in a row, the parts merge. */
static void load_data(struct otlp_edit *e)
{
	struct otlp_place *p = &e->place;
	size_t first = 0;

	p->data_number = 0;
	otlp_message_load(&p->data, &e->item_arena, 0, STR(""));
	for (size_t i = 0; i < p->item.n; i++) {
		if (!is_data(&p->item.p[i]) || p->item.p[i].number == p->data_number)
			continue;
		p->data_number = p->item.p[i].number;
		first = i;
	}
	for (size_t i = first; i < p->item.n; i++)
		if (is_data(&p->item.p[i]))
			otlp_message_merge(&p->data, p->item.p[i].bytes);
}

static bool is_point(const struct otlp_slot *s)
{
	return s->number == DATA_POINTS && s->wire == WIRE_BYTES && s->raw.n > 0;
}

/* The data message with its points, or what is left of them, into e->data. */
static enum outcome edit_points(struct otlp_edit *e)
{
	struct otlp_place *p = &e->place;
	size_t points = 0;
	size_t kept = 0;

	buf_clear(&e->data);
	for (size_t i = 0; i < p->data.n; i++) {
		const struct otlp_slot *s = &p->data.p[i];
		enum outcome o = SAME;

		if (is_point(s)) {
			points++;
			o = edit_point(e, s->bytes);
			kept += o != DROPPED;
		}
		if (o == SAME)
			buf_add_str(&e->data, p->data.p[i].raw);
		else
			p->data.is_changed = true;
		if (o != CHANGED)
			continue;
		wire_put_tag(&e->data, DATA_POINTS, WIRE_BYTES);
		wire_put_varint(&e->data, otlp_message_size(&p->point));
		otlp_message_write(&p->point, &e->data);
	}
	if (points > 0 && kept == 0)
		return DROPPED;
	return p->data.is_changed ? CHANGED : SAME;
}

static enum outcome edit_metric(struct otlp_edit *e)
{
	struct otlp_place *p = &e->place;
	size_t at = 0;
	enum outcome o;

	load_data(e);
	if (e->v->item && !e->v->item(e->v, p))
		return DROPPED;
	if (p->data_number == 0)
		return SAME;
	o = SAME;
	if (e->v->point)
		o = edit_points(e);
	else if (p->data.is_changed) {
		buf_clear(&e->data);
		otlp_message_write(&p->data, &e->data);
		o = CHANGED;
	}
	if (o != CHANGED)
		return o;
	/* In the place of the last part; the others are in it. */
	for (size_t i = 0; i < p->item.n; i++)
		if (is_data(&p->item.p[i]))
			at = i;
	for (size_t i = 0; i < at; i++)
		if (is_data(&p->item.p[i]))
			otlp_message_remove_at(&p->item, i);
	otlp_message_set_at(&p->item, at, buf_str(&e->data));
	return CHANGED;
}

static enum outcome edit_item(struct otlp_edit *e, struct str body)
{
	struct otlp_place *p = &e->place;

	arena_clear(&e->item_arena);
	p->scratch = &e->item_arena;
	p->data_number = 0;
	otlp_message_load(&p->item, &e->item_arena, otlp_item_attributes(p->kind), body);
	if (p->kind == OTLP_METRICS) {
		if (edit_metric(e) == DROPPED)
			return DROPPED;
	} else {
		if (e->v->item && !e->v->item(e->v, p))
			return DROPPED;
		if (p->kind == OTLP_TRACES && e->v->point)
			edit_events(e);
	}
	if (!p->item.is_changed)
		return SAME;
	wire_put_tag(e->out, SCOPES_ITEMS, WIRE_BYTES);
	wire_put_varint(e->out, otlp_message_size(&p->item));
	otlp_message_write(&p->item, e->out);
	return CHANGED;
}

/* Takes the fields of this number, a message that is there once, from a body. False: it is not
 * there at all. */
static bool load_part(struct otlp_message *m, struct arena *a, uint32_t attributes,
	struct str body, uint32_t number)
{
	struct wire_reader r = wire_read(body);
	struct wire_field f;
	bool is_there = false;

	otlp_message_load(m, a, attributes, STR(""));
	while (wire_next(&r, &f)) {
		if (f.number != number || f.wire != WIRE_BYTES)
			continue;
		otlp_message_merge(m, f.bytes);
		is_there = true;
	}
	return is_there;
}

static bool has_items(const struct otlp_edit *e)
{
	return e->v->item || e->v->point;
}

/* The head of what was written since `inside`: tag and length of the whole, then the message m as
 * field number 1, unless it was not there and still is empty. */
static void put_head(struct otlp_edit *e, size_t inside, uint32_t number,
	const struct otlp_message *m, bool was_there)
{
	size_t size = otlp_message_size(m);
	size_t first = was_there || size > 0 ? 1 + wire_varint_size(size) + size : 0;
	size_t n = e->out->n - inside;
	size_t head = 1 + wire_varint_size(first + n) + first;

	buf_clear(&e->head);
	wire_put_tag(&e->head, number, WIRE_BYTES);
	wire_put_varint(&e->head, first + n);
	if (first > 0) {
		wire_put_tag(&e->head, PART_RESOURCE, WIRE_BYTES);
		wire_put_varint(&e->head, size);
		otlp_message_write(m, &e->head);
	}
	must(e->head.n == head);
	buf_reserve(e->out, head);
	memmove(e->out->p + inside + head, e->out->p + inside, n);
	memcpy(e->out->p + inside, e->head.p, head);
	e->out->n += head;
}

/* The items of a scope; *n how many there were, *kept how many are left. True: some changed. */
static bool edit_items(struct otlp_edit *e, struct str body, size_t *n, size_t *kept)
{
	struct wire_reader r = wire_read(body);
	struct wire_field f;
	bool changed = false;

	*n = *kept = 0;
	while (wire_next(&r, &f)) {
		enum outcome o = SAME;

		if (f.number == SCOPES_SCOPE && f.wire == WIRE_BYTES)
			continue;
		if (f.number == SCOPES_ITEMS && f.wire == WIRE_BYTES) {
			++*n;
			if (has_items(e))
				o = edit_item(e, f.bytes);
			*kept += o != DROPPED;
		}
		if (o == SAME)
			buf_add_str(e->out, f.raw);
		else
			changed = true;
	}
	return changed;
}

static enum outcome edit_scope(struct otlp_edit *e, struct str body)
{
	struct otlp_place *p = &e->place;
	size_t start = e->out->n;
	bool was_there;
	bool changed;
	size_t n;
	size_t kept;

	arena_clear(&e->scope_arena);
	p->scratch = &e->scope_arena;
	was_there = load_part(&p->scope, &e->scope_arena, OTLP_SCOPE_ATTRIBUTES, body,
		SCOPES_SCOPE);
	if (e->v->scope && !e->v->scope(e->v, p))
		return DROPPED;
	changed = edit_items(e, body, &n, &kept);
	if ((!changed && !p->scope.is_changed) || (n > 0 && kept == 0)) {
		e->out->n = start;
		return n > 0 && kept == 0 ? DROPPED : SAME;
	}
	put_head(e, start, PART_SCOPES, &p->scope, was_there);
	return CHANGED;
}

/* As edit_items(), a level up. */
static bool edit_scopes(struct otlp_edit *e, struct str body, size_t *n, size_t *kept)
{
	struct wire_reader r = wire_read(body);
	struct wire_field f;
	bool deeper = e->v->scope || has_items(e);
	bool changed = false;

	*n = *kept = 0;
	while (wire_next(&r, &f)) {
		enum outcome o = SAME;

		if (f.number == PART_RESOURCE && f.wire == WIRE_BYTES)
			continue;
		if (f.number == PART_SCOPES && f.wire == WIRE_BYTES) {
			++*n;
			if (deeper)
				o = edit_scope(e, f.bytes);
			*kept += o != DROPPED;
		}
		if (o == SAME)
			buf_add_str(e->out, f.raw);
		else
			changed = true;
	}
	return changed;
}

static enum outcome edit_part(struct otlp_edit *e, struct str body)
{
	struct otlp_place *p = &e->place;
	size_t start = e->out->n;
	bool was_there;
	bool changed;
	size_t n;
	size_t kept;

	arena_clear(&e->part_arena);
	p->scratch = &e->part_arena;
	was_there = load_part(
		&p->resource, &e->part_arena, OTLP_RESOURCE_ATTRIBUTES, body, PART_RESOURCE);
	if (e->v->resource && !e->v->resource(e->v, p))
		return DROPPED;
	changed = edit_scopes(e, body, &n, &kept);
	if ((!changed && !p->resource.is_changed) || (n > 0 && kept == 0)) {
		e->out->n = start;
		return n > 0 && kept == 0 ? DROPPED : SAME;
	}
	put_head(e, start, REQUEST_PART, &p->resource, was_there);
	return CHANGED;
}

bool otlp_edit_run(struct otlp_edit *e, enum otlp_kind kind, struct str request,
	struct otlp_visitor *v, struct buf *out)
{
	struct wire_reader r = wire_read(request);
	size_t start = out->n;
	struct wire_field f;
	bool changed = false;

	e->place.kind = kind;
	e->v = v;
	e->out = out;
	while (wire_next(&r, &f)) {
		enum outcome o = SAME;

		if (f.number == REQUEST_PART && f.wire == WIRE_BYTES)
			o = edit_part(e, f.bytes);
		if (o == SAME)
			buf_add_str(out, f.raw);
		else
			changed = true;
	}
	if (!changed)
		out->n = start;
	buf_clear(&e->data);
	buf_shrink(&e->data, KEEP_BUFFER);
	return changed;
}
