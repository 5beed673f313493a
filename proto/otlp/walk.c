/*
 * The validating walk. It is iterative: an explicit stack holds where each enclosing message
 * ends and what it is. Everything the loop touches is in one struct on the stack, and the
 * helpers are inlined, because this runs over every byte that comes in.
 */

#include "proto/otlp/walk.h"

#include "agent/base/err.h"
#include "agent/base/utf8.h"
#include "proto/otlp/wire.h"

#define INLINE static inline __attribute__((always_inline))
#define COLD static __attribute__((noinline, cold))
#define MAX_NUMBER ((UINT32_C(1) << 29) - 1)

struct frame {
	const uint8_t *end;
	const struct otlp_type *type;
	uint32_t group; /* number of the unknown group this is; 0: a message */
};

struct walk {
	const uint8_t *p;
	const uint8_t *end;           /* of the innermost message */
	const struct otlp_type *type; /* of it; NULL in an unknown group */
	const uint8_t *base;
	const struct otlp_type *types;
	struct otlp_counts counts;
	size_t depth;
	uint32_t group;
	struct frame stack[OTLP_DEPTH];
	struct err *e;
};

COLD bool fail(const struct walk *w, const uint8_t *at, uint32_t number, const char *what)
{
	const char *type = w->type ? w->type->d->short_name : "unknown group";
	size_t byte = (size_t)(at - w->base);

	if (number == 0)
		return err_set(w->e, "byte %zu: %s: %s", byte, type, what);
	if (w->type && number < OTLP_FIELDS && w->type->fields[number].d)
		return err_set(w->e, "byte %zu: %s.%s: %s", byte, type,
			w->type->fields[number].d->name, what);
	return err_set(w->e, "byte %zu: %s: field %u: %s", byte, type, number, what);
}

COLD bool slow_varint(struct walk *w, uint64_t *out)
{
	struct str rest = {(const char *)w->p, (size_t)(w->end - w->p)};
	size_t at = 0;

	if (!wire_varint(rest, &at, out))
		return false;
	w->p += at;
	return true;
}

/* Lengths and tags of one and two bytes are nearly all there are. */
INLINE bool take_varint(struct walk *w, uint64_t *out)
{
	if (w->end - w->p >= 2) {
		if (w->p[0] < 0x80) {
			*out = *w->p++;
			return true;
		}
		if (w->p[1] < 0x80) {
			*out = (uint64_t)(w->p[0] & 0x7f) | (uint64_t)w->p[1] << 7;
			w->p += 2;
			return true;
		}
	}
	return slow_varint(w, out);
}

INLINE bool skip_varint(struct walk *w)
{
	uint64_t unused;

	return take_varint(w, &unused);
}

INLINE uint64_t load8(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, 8);
	return v;
}

INLINE bool is_ascii(const uint8_t *p, size_t n)
{
	const uint64_t high = UINT64_C(0x8080808080808080);
	uint64_t seen = 0;

	if (n < 8) {
		uint8_t any = 0;

		for (size_t i = 0; i < n; i++)
			any |= p[i];
		return any < 0x80;
	}
	for (size_t i = 0; i + 8 < n; i += 8)
		seen |= load8(p + i);
	seen |= load8(p + n - 8);
	return (seen & high) == 0;
}

INLINE bool check_string(struct walk *w, const uint8_t *at, uint32_t number, size_t n)
{
	if (is_ascii(w->p, n) || utf8_is_valid((struct str){(const char *)w->p, n})) {
		w->p += n;
		return true;
	}
	return fail(w, at, number, "not UTF-8");
}

static bool check_id(struct walk *w, const uint8_t *at, uint32_t number, size_t n, size_t want)
{
	if (n != 0 && n != want)
		return fail(w, at, number,
			want == 16 ? "an id has 16 bytes, or none" : "an id has 8 bytes, or none");
	if (w->type->is_span && number <= 2 &&
		(n == 0 || (load8(w->p) | load8(w->p + n - 8)) == 0))
		w->counts.zero_ids++;
	w->p += n;
	return true;
}

static bool check_packed(
	struct walk *w, const uint8_t *at, uint32_t number, size_t n, unsigned element)
{
	const uint8_t *end = w->p + n;
	const uint8_t *outer = w->end;

	if (element != OTLP_VARINT) {
		w->p = end;
		if (n % (element == OTLP_FIXED64 ? 8 : 4) != 0)
			return fail(
				w, at, number, "the length is no multiple of the elements' size");
		return true;
	}
	w->end = end;
	while (w->p < end)
		if (!skip_varint(w))
			return fail(w, w->p, number, "not a varint");
	w->end = outer;
	return true;
}

INLINE bool push(struct walk *w, const uint8_t *at, const struct otlp_type *type,
	const uint8_t *end, uint32_t group)
{
	if (w->depth == OTLP_DEPTH)
		return fail(w, at, 0, "nested too deeply");
	w->stack[w->depth++] = (struct frame){w->end, w->type, w->group};
	w->end = end;
	w->type = type;
	w->group = group;
	return true;
}

INLINE void pop(struct walk *w)
{
	struct frame *f = &w->stack[--w->depth];

	w->end = f->end;
	w->type = f->type;
	w->group = f->group;
}

INLINE bool walk_bytes(struct walk *w, const uint8_t *at, uint32_t number, struct otlp_step step)
{
	uint64_t n;

	if (!take_varint(w, &n))
		return fail(w, at, number, "the length is not a varint");
	if (n > (uint64_t)(w->end - w->p))
		return fail(w, at, number, "runs past the end of its message");
	switch (step.form) {
	case OTLP_MESSAGE:
		w->counts.items += w->types[step.sub].is_item;
		w->counts.resources += w->depth == 0;
		return push(w, at, &w->types[step.sub], w->p + n, 0);
	case OTLP_STRING:
		return check_string(w, at, number, n);
	case OTLP_ID:
		return check_id(w, at, number, n, step.sub);
	case OTLP_PACKED:
		return check_packed(w, at, number, n, step.element);
	default:
		w->p += n;
		return true;
	}
}

static bool walk_group(struct walk *w, const uint8_t *at, uint32_t number, unsigned wire)
{
	if (wire == WIRE_GROUP)
		return push(w, at, NULL, w->end, number);
	if (w->group != number)
		return fail(w, at, number, "a group ends here that did not begin");
	pop(w);
	return true;
}

INLINE bool walk_field(struct walk *w)
{
	const uint8_t *at = w->p;
	struct otlp_step step = {0};
	uint64_t tag;
	uint32_t number;
	unsigned wire;

	if (!take_varint(w, &tag) || tag >> 3 == 0 || tag >> 3 > MAX_NUMBER)
		return fail(w, at, 0, "not a field");
	number = (uint32_t)(tag >> 3);
	wire = (unsigned)(tag & 7);
	if (w->type && number < OTLP_FIELDS)
		step = w->type->steps[number];
	if (step.form != OTLP_UNKNOWN && wire != step.wire &&
		(step.form != OTLP_PACKED || wire != otlp_form_wire(step.element)))
		return fail(w, at, number, "wrong wire type");
	if (wire == WIRE_BYTES)
		return walk_bytes(w, at, number, step);
	if (wire == WIRE_VARINT)
		return skip_varint(w) || fail(w, at, number, "not a varint");
	if (wire == WIRE_FIXED64 || wire == WIRE_FIXED32) {
		size_t n = wire == WIRE_FIXED64 ? 8 : 4;

		if ((size_t)(w->end - w->p) < n)
			return fail(w, at, number, "runs past the end of its message");
		w->p += n;
		return true;
	}
	if (wire > WIRE_FIXED32)
		return fail(w, at, number, "no such wire type");
	return walk_group(w, at, number, wire);
}

bool otlp_walk(enum otlp_kind kind, struct str request, struct otlp_counts *out, struct err *e)
{
	struct walk w;

	w.base = w.p = (const uint8_t *)(request.n ? request.p : "");
	w.end = w.p + request.n;
	w.types = otlp_types();
	w.type = otlp_request(kind);
	w.counts = (struct otlp_counts){0};
	w.depth = 0;
	w.group = 0;
	w.e = e;
	for (;;) {
		while (w.p == w.end) {
			if (w.group != 0)
				return fail(&w, w.p, w.group, "a group that does not end");
			if (w.depth == 0) {
				*out = w.counts;
				return true;
			}
			pop(&w);
		}
		if (!walk_field(&w))
			return false;
	}
}
