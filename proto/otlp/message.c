#include "proto/otlp/message.h"

#include "agent/base/arena.h"
#include "agent/base/mem.h"
#include "agent/base/must.h"

#include <stdlib.h>

enum {
	FIRST_SLOTS = 32,
	MAX_HEAD = 16, /* a tag of 5 bytes and a length or a number of 10 */
};

void otlp_message_fini(struct otlp_message *m)
{
	free(m->p);
	*m = (struct otlp_message){0};
}

static struct otlp_slot *add_slot(struct otlp_message *m)
{
	if (m->n == m->cap) {
		m->cap = m->cap ? m->cap * 2 : FIRST_SLOTS;
		m->p = mem_resize(m->p, m->cap * sizeof(*m->p));
	}
	return &m->p[m->n++];
}

void otlp_message_merge(struct otlp_message *m, struct str body)
{
	struct wire_reader r = wire_read(body);
	struct wire_field f;

	while (wire_next(&r, &f)) {
		struct otlp_slot *s = add_slot(m);

		*s = (struct otlp_slot){.raw = f.raw,
			.bytes = f.bytes,
			.value = f.value,
			.number = f.number,
			.wire = f.wire};
		if (f.wire == WIRE_BYTES && f.number == m->attributes)
			otlp_key_value(f.bytes, &s->key, &s->any);
	}
}

void otlp_message_load(
	struct otlp_message *m, struct arena *a, uint32_t attributes, struct str body)
{
	m->arena = a;
	m->attributes = attributes;
	m->is_changed = false;
	m->n = 0;
	otlp_message_merge(m, body);
}

const struct otlp_slot *otlp_message_find(
	const struct otlp_message *m, uint32_t number, unsigned wire)
{
	for (size_t i = m->n; i-- > 0;)
		if (m->p[i].number == number && m->p[i].wire == wire && m->p[i].raw.n > 0)
			return &m->p[i];
	return NULL;
}

uint64_t otlp_message_number(const struct otlp_message *m, uint32_t number, unsigned wire)
{
	const struct otlp_slot *s = otlp_message_find(m, number, wire);

	return s ? s->value : 0;
}

struct str otlp_message_bytes(const struct otlp_message *m, uint32_t number)
{
	const struct otlp_slot *s = otlp_message_find(m, number, WIRE_BYTES);

	return s ? s->bytes : STR("");
}

/* A buf of so many bytes in the arena: it does not grow. */
static struct buf room(struct otlp_message *m, size_t n)
{
	return (struct buf){.p = arena_new(m->arena, char, n), .cap = n};
}

static void fill_bytes(struct otlp_message *m, struct otlp_slot *s, uint32_t number, struct str v)
{
	struct buf b = room(m, MAX_HEAD + v.n);

	wire_put_bytes(&b, number, v);
	*s = (struct otlp_slot){.raw = buf_str(&b),
		.bytes = {b.p + b.n - v.n, v.n},
		.number = number,
		.wire = WIRE_BYTES};
	if (number == m->attributes)
		otlp_key_value(s->bytes, &s->key, &s->any);
	m->is_changed = true;
}

/* The last slot of this number, or a new one; others of it are taken out. */
static struct otlp_slot *single_slot(struct otlp_message *m, uint32_t number)
{
	struct otlp_slot *s = NULL;

	for (size_t i = m->n; i-- > 0;) {
		if (m->p[i].number != number || m->p[i].raw.n == 0)
			continue;
		if (s)
			m->p[i].raw.n = 0;
		else
			s = &m->p[i];
	}
	return s ? s : add_slot(m);
}

void otlp_message_set_number(
	struct otlp_message *m, uint32_t number, unsigned wire, uint64_t value)
{
	struct otlp_slot *s = single_slot(m, number);
	struct buf b = room(m, MAX_HEAD);

	wire_put_tag(&b, number, wire);
	if (wire == WIRE_VARINT)
		wire_put_varint(&b, value);
	else if (wire == WIRE_FIXED64)
		wire_put_fixed64(&b, value);
	else
		wire_put_fixed32(&b, (uint32_t)value);
	*s = (struct otlp_slot){
		.raw = buf_str(&b), .value = value, .number = number, .wire = wire};
	m->is_changed = true;
}

void otlp_message_set_bytes(struct otlp_message *m, uint32_t number, struct str s)
{
	fill_bytes(m, single_slot(m, number), number, s);
}

void otlp_message_add_bytes(struct otlp_message *m, uint32_t number, struct str s)
{
	fill_bytes(m, add_slot(m), number, s);
}

void otlp_message_remove_at(struct otlp_message *m, size_t slot)
{
	must(slot < m->n);
	m->p[slot].raw.n = 0;
	m->is_changed = true;
}

void otlp_message_set_at(struct otlp_message *m, size_t slot, struct str s)
{
	must(slot < m->n && m->p[slot].wire == WIRE_BYTES);
	fill_bytes(m, &m->p[slot], m->p[slot].number, s);
}

void otlp_message_remove(struct otlp_message *m, uint32_t number)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->p[i].number == number && m->p[i].raw.n > 0)
			otlp_message_remove_at(m, i);
}

const struct otlp_slot *otlp_message_attr(const struct otlp_message *m, struct str key)
{
	for (size_t i = 0; i < m->n; i++)
		if (otlp_slot_is_attr(m, &m->p[i]) && str_eq(m->p[i].key, key))
			return &m->p[i];
	return NULL;
}

/* The first slot of this key, or a new one; others of it are taken out. */
static struct otlp_slot *attr_slot(struct otlp_message *m, struct str key)
{
	struct otlp_slot *s = NULL;

	for (size_t i = 0; i < m->n; i++) {
		if (!otlp_slot_is_attr(m, &m->p[i]) || !str_eq(m->p[i].key, key))
			continue;
		if (s)
			m->p[i].raw.n = 0;
		else
			s = &m->p[i];
	}
	return s ? s : add_slot(m);
}

void otlp_message_set_attr(struct otlp_message *m, struct str key, struct str any)
{
	struct buf b = room(m, 4 * MAX_HEAD + key.n + any.n);
	struct wire_field f;
	struct otlp_slot *s;

	must(m->attributes != 0);
	otlp_key_value_put(&b, m->attributes, key, any);
	s = attr_slot(m, key);
	wire_next(&(struct wire_reader){buf_str(&b), 0}, &f);
	*s = (struct otlp_slot){
		.raw = f.raw, .bytes = f.bytes, .number = f.number, .wire = WIRE_BYTES};
	otlp_key_value(f.bytes, &s->key, &s->any);
	m->is_changed = true;
}

bool otlp_message_remove_attr(struct otlp_message *m, struct str key)
{
	bool found = false;

	for (size_t i = 0; i < m->n; i++) {
		if (!otlp_slot_is_attr(m, &m->p[i]) || !str_eq(m->p[i].key, key))
			continue;
		otlp_message_remove_at(m, i);
		found = true;
	}
	return found;
}

size_t otlp_message_size(const struct otlp_message *m)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++)
		n += m->p[i].raw.n;
	return n;
}

void otlp_message_write(const struct otlp_message *m, struct buf *out)
{
	char *to = buf_reserve(out, otlp_message_size(m) + 1);

	for (size_t i = 0; i < m->n; i++) {
		memcpy(to, m->p[i].raw.p, m->p[i].raw.n);
		to += m->p[i].raw.n;
		out->n += m->p[i].raw.n;
	}
}
