#include "agent/component/otelcol.processor.tail_sampling/cut.h"

#include "proto/otlp/edit.h"

#define KEEP_BUFFER ((size_t)64 << 10)

enum {
	REQUEST_PART = 1,
	PART_SCOPES = 2,
	SCOPES_SPANS = 2,
};

static bool is_zero(struct str id)
{
	for (size_t i = 0; i < id.n; i++)
		if (id.p[i] != 0)
			return false;
	return true;
}

static void show(struct cut *c, const struct wire_field *field)
{
	struct cut_span s = {.is_root = true, .raw = field->raw};
	struct wire_reader r = wire_read(field->bytes);
	struct wire_field f;

	while (wire_next(&r, &f)) {
		if (f.wire != WIRE_BYTES)
			continue;
		if (f.number == OTLP_SPAN_TRACE_ID) {
			memset(s.id, 0, sizeof(s.id));
			if (f.bytes.n == sizeof(s.id))
				memcpy(s.id, f.bytes.p, sizeof(s.id));
		} else if (f.number == OTLP_SPAN_PARENT) {
			s.is_root = is_zero(f.bytes);
		}
	}
	c->span(c, &s);
}

/* All fields of a message but those of this number, as a head; the one there is if it is that. */
static void set_head(struct cut *c, struct head **h, struct str message, uint32_t but)
{
	struct wire_reader r = wire_read(message);
	struct wire_field f;

	buf_clear(&c->text);
	while (wire_next(&r, &f))
		if (f.number != but || f.wire != WIRE_BYTES)
			buf_add_str(&c->text, f.raw);
	if (*h && str_eq((struct str){(*h)->bytes, (*h)->n}, buf_str(&c->text)))
		return;
	head_release(c->traces, *h);
	*h = head_new(c->traces, buf_str(&c->text));
}

void cut_keep(struct cut *c, const struct cut_span *s, struct trace *x)
{
	if (c->is_new_part)
		set_head(c, &c->resource, c->part, PART_SCOPES);
	if (c->is_new_scope)
		set_head(c, &c->scope, c->scopes, SCOPES_SPANS);
	c->is_new_part = c->is_new_scope = false;
	trace_add(c->traces, x, c->resource, c->scope, s->raw);
}

static void show_scopes(struct cut *c, struct str scopes)
{
	struct wire_reader r = wire_read(scopes);
	struct wire_field f;

	c->scopes = scopes;
	c->is_new_scope = true;
	while (wire_next(&r, &f))
		if (f.number == SCOPES_SPANS && f.wire == WIRE_BYTES)
			show(c, &f);
}

static void show_part(struct cut *c, struct str part)
{
	struct wire_reader r = wire_read(part);
	struct wire_field f;

	c->part = part;
	c->is_new_part = true;
	while (wire_next(&r, &f))
		if (f.number == PART_SCOPES && f.wire == WIRE_BYTES)
			show_scopes(c, f.bytes);
}

void cut_run(struct cut *c, struct str request)
{
	struct wire_reader r = wire_read(request);
	struct wire_field f;

	while (wire_next(&r, &f))
		if (f.number == REQUEST_PART && f.wire == WIRE_BYTES)
			show_part(c, f.bytes);
	head_release(c->traces, c->resource);
	head_release(c->traces, c->scope);
	c->resource = c->scope = NULL;
	buf_clear(&c->text);
	buf_shrink(&c->text, KEEP_BUFFER);
}

void cut_fini(struct cut *c)
{
	buf_fini(&c->text);
}
