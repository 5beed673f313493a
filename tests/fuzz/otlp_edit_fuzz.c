/*
 * The editor on any valid request. A pass that changes nothing gives no bytes; one that writes
 * everything anew gives a request which means the same, libprotobuf-c being the judge; and whatever
 * is dropped or set, the result is still valid. The first byte says which signal, the second what
 * is done.
 */

#include "agent/base/container_of.h"
#include "agent/base/err.h"
#include "agent/base/must.h"
#include "proto/otlp/edit.h"
#include "proto/otlp/walk.h"
#include "proto/otlp/wire.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct probe {
	struct otlp_visitor v;
	unsigned how;
	unsigned seen;
};

static bool visit(struct probe *p, struct otlp_place *at, struct otlp_message *m)
{
	p->seen++;
	if (p->how == 0)
		return true;
	m->is_changed = true;
	if (p->how == 1)
		return true;
	if (m->attributes != 0) {
		otlp_message_set_attr(m, STR("k"), otlp_any_string(at->scratch, STR("v")));
		must(otlp_message_attr(m, STR("k")));
		otlp_message_set_attr(m, STR("n"), otlp_any_int(at->scratch, -1));
		must(otlp_message_remove_attr(m, STR("n")));
		must(!otlp_message_attr(m, STR("n")));
	}
	return (p->seen & p->how) != p->how;
}

static bool on_resource(struct otlp_visitor *v, struct otlp_place *p)
{
	return visit(container_of(v, struct probe, v), p, &p->resource);
}

static bool on_scope(struct otlp_visitor *v, struct otlp_place *p)
{
	return visit(container_of(v, struct probe, v), p, &p->scope);
}

static bool on_item(struct otlp_visitor *v, struct otlp_place *p)
{
	return visit(container_of(v, struct probe, v), p, &p->item);
}

static bool on_point(struct otlp_visitor *v, struct otlp_place *p)
{
	return visit(container_of(v, struct probe, v), p, &p->point);
}

/* Unknown fields are lost by libprotobuf-c when it merges two parts of a message; so they do not
 * count here (unit tests look at them). */
static void forget_unknown(ProtobufCMessage *m, unsigned depth)
{
	must(depth < OTLP_DEPTH + 2);
	for (unsigned i = 0; i < m->n_unknown_fields; i++)
		free(m->unknown_fields[i].data);
	free(m->unknown_fields);
	m->unknown_fields = NULL;
	m->n_unknown_fields = 0;
	for (unsigned i = 0; i < m->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *f = &m->descriptor->fields[i];
		char *member = (char *)m + f->offset;
		uint32_t chosen = f->id;
		size_t n = 1;

		if (f->type != PROTOBUF_C_TYPE_MESSAGE)
			continue;
		if (f->label == PROTOBUF_C_LABEL_REPEATED) {
			memcpy(&n, (char *)m + f->quantifier_offset, sizeof(n));
			if (n > 0)
				memcpy((void *)&member, (void *)member, sizeof(char *));
		} else if (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
			memcpy(&chosen, (char *)m + f->quantifier_offset, sizeof(chosen));
		}
		for (size_t k = 0; k < n && chosen == f->id; k++) {
			ProtobufCMessage *inside;

			memcpy(&inside, member + k * sizeof(inside), sizeof(inside));
			if (inside)
				forget_unknown(inside, depth + 1);
		}
	}
}

/* The same message as libprotobuf-c packs it; n 0: it cannot read it. */
static struct buf canonical(enum otlp_kind kind, struct str s)
{
	ProtobufCMessage *m =
		protobuf_c_message_unpack(otlp_request(kind)->d, NULL, s.n, (const uint8_t *)s.p);
	struct buf b = {0};

	if (!m)
		return b;
	forget_unknown(m, 0);
	buf_reserve(&b, protobuf_c_message_get_packed_size(m) + 1);
	b.n = protobuf_c_message_pack(m, (uint8_t *)b.p);
	protobuf_c_message_free_unpacked(m, NULL);
	return b;
}

/* Does a message come in two parts? Of those libprotobuf-c forgets the numbers of the first part,
 * which by protobuf's rules stay (seed found-by-comparison), so it is no judge there. */
static bool has_parts(const ProtobufCMessageDescriptor *d, struct str s, unsigned depth)
{
	struct wire_reader r = wire_read(s);
	struct wire_field f;
	uint64_t seen = 0; /* numbers below 64, all that OTLP has */

	must(depth < OTLP_DEPTH + 2);
	while (wire_next(&r, &f)) {
		const ProtobufCFieldDescriptor *field =
			protobuf_c_message_descriptor_get_field(d, f.number);

		if (!field || field->type != PROTOBUF_C_TYPE_MESSAGE || f.wire != WIRE_BYTES)
			continue;
		if (field->label != PROTOBUF_C_LABEL_REPEATED && seen >> (f.number & 63) & 1)
			return true;
		seen |= (uint64_t)1 << (f.number & 63);
		if (has_parts(field->descriptor, f.bytes, depth + 1))
			return true;
	}
	return false;
}

static void check_same(enum otlp_kind kind, struct str before, struct str after)
{
	struct buf a = {0};
	struct buf b = {0};

	if (has_parts(otlp_request(kind)->d, before, 0))
		return;
	a = canonical(kind, before);
	b = canonical(kind, after);
	if (a.p) {
		must(b.p);
		must(a.n == b.n && memcmp(a.p, b.p, a.n) == 0);
	}
	buf_fini(&a);
	buf_fini(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct probe p = {.v = {on_resource, on_scope, on_item, on_point}};
	struct str request = {(const char *)data + 2, size - 2};
	struct otlp_counts before;
	struct otlp_counts after;
	struct otlp_edit *edit;
	struct buf out = {0};
	struct err e;
	enum otlp_kind kind;

	if (size < 2)
		return 0;
	kind = (enum otlp_kind)(data[0] % OTLP_KINDS);
	if (!otlp_walk(kind, request, &before, &e))
		return 0;
	edit = otlp_edit_new();
	must(!otlp_edit_run(edit, kind, request, &p.v, &out) && out.n == 0);
	p.how = 1;
	if (otlp_edit_run(edit, kind, request, &p.v, &out)) {
		must(otlp_walk(kind, buf_str(&out), &after, &e));
		must(before.items == after.items && before.resources == after.resources);
		check_same(kind, request, buf_str(&out));
	}
	buf_clear(&out);
	p.how = 2 + data[1] % 6;
	if (otlp_edit_run(edit, kind, request, &p.v, &out))
		must(otlp_walk(kind, buf_str(&out), &after, &e) && after.items <= before.items);
	otlp_edit_free(edit);
	buf_fini(&out);
	return 0;
}
