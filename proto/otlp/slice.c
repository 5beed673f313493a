/*
 * Cutting goes down the three levels of traces and logs (request, resource, scope) or the five of
 * metrics, in a recursion as deep as these levels. At each level the fields that lead to items are
 * followed, all others are copied. Lengths are written padded, in five bytes, so that nothing
 * is moved afterwards.
 */

#include "proto/otlp/slice.h"

#include "proto/otlp/wire.h"

/* By level the field numbers (as bits) that lead towards the items; 0 ends. */
static const uint32_t paths[OTLP_KINDS][6] = {
	[OTLP_TRACES] = {1 << 1, 1 << 2, 1 << 2},
	[OTLP_LOGS] = {1 << 1, 1 << 2, 1 << 2},
	[OTLP_METRICS] = {1 << 1, 1 << 2, 1 << 2, 1 << 5 | 1 << 7 | 1 << 9 | 1 << 10 | 1 << 11,
		1 << 1},
};

static bool leads_on(const uint32_t *level, const struct wire_field *f)
{
	return f->wire == WIRE_BYTES && f->number < 32 && (*level >> f->number & 1);
}

static uint32_t count(const uint32_t *level, struct str message)
{
	struct wire_reader r = wire_read(message);
	struct wire_field f;
	uint32_t n = 0;

	if (*level == 0)
		return 1;
	while (wire_next(&r, &f))
		if (leads_on(level, &f))
			n += count(level + 1, f.bytes);
	return n;
}

uint32_t otlp_count(enum otlp_kind kind, struct str request)
{
	return count(paths[kind], request);
}

/* Writes the fields of message with its items [from, to) only. */
static void cut(const uint32_t *level, struct str message, uint32_t from, uint32_t to, bool others,
	struct buf *out)
{
	struct wire_reader r = wire_read(message);
	struct wire_field f;
	uint32_t at = 0;

	while (wire_next(&r, &f)) {
		uint32_t n;
		size_t open;

		if (!leads_on(level, &f)) {
			if (others)
				buf_add_str(out, f.raw);
			continue;
		}
		n = count(level + 1, f.bytes);
		if (n > 0 && at >= from && at + n <= to) {
			buf_add_str(out, f.raw);
		} else if (at < to && at + n > from) {
			open = wire_open_long(out, f.number);
			cut(level + 1, f.bytes, from > at ? from - at : 0, to - at, true, out);
			wire_close_long(out, open);
		}
		at += n;
	}
}

void otlp_slice(enum otlp_kind kind, struct str request, uint32_t from, uint32_t n, struct buf *out)
{
	cut(paths[kind], request, from, n > UINT32_MAX - from ? UINT32_MAX : from + n, from == 0,
		out);
}
