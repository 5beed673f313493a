/* What the walk has passed can be enriched, cut and printed, and is still good. The first byte
 * says which signal. */

#include "agent/base/err.h"
#include "agent/base/must.h"
#include "proto/otlp/json_print.h"
#include "proto/otlp/resource.h"
#include "proto/otlp/slice.h"
#include "proto/otlp/text.h"
#include "proto/otlp/walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void splice(enum otlp_kind kind, struct str request, const struct otlp_counts *before)
{
	static const struct otlp_attr add[] = {{{"k", 1}, {"v", 1}}, {{"pod", 3}, {"web", 3}}};
	struct wire_reader r = wire_read(request);
	struct buf scratch = {0};
	struct buf out = {0};
	struct otlp_counts after;
	struct otlp_part p;
	struct err e;

	while (otlp_part_next(&r, &p)) {
		otlp_part_write(&p, add, 2, &scratch, &out);
	}
	must(wire_at_end(&r));
	must(otlp_walk(kind, buf_str(&out), &after, &e));
	must(after.items == before->items && after.resources == before->resources);
	r = wire_read(buf_str(&out));
	while (otlp_part_next(&r, &p)) {
		struct otlp_attr_reader attrs = otlp_attrs(&p);
		struct otlp_attr a;
		bool is_empty;
		unsigned found = 0;

		while (p.is_resource && otlp_attr_next(&attrs, &a, &is_empty))
			found |= str_is(a.key, "k") ? 1 : str_is(a.key, "pod") ? 2
									       : 0;
		must(!p.is_resource || found == 3);
	}
	buf_fini(&scratch);
	buf_fini(&out);
}

static void slice(enum otlp_kind kind, struct str request, const struct otlp_counts *all)
{
	struct buf out = {0};
	struct otlp_counts a = {0};
	struct otlp_counts b = {0};
	struct err e;
	uint32_t half = all->items / 2;

	must(otlp_count(kind, request) == all->items);
	otlp_slice(kind, request, 0, half, &out);
	must(otlp_walk(kind, buf_str(&out), &a, &e));
	buf_clear(&out);
	otlp_slice(kind, request, half, UINT32_MAX, &out);
	must(otlp_walk(kind, buf_str(&out), &b, &e));
	must(a.items == half && a.items + b.items == all->items);
	buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str request = {(const char *)data + 1, size - 1};
	struct otlp_counts n;
	struct buf text = {0};
	struct err e;
	enum otlp_kind kind;

	if (size == 0)
		return 0;
	kind = (enum otlp_kind)(data[0] % OTLP_KINDS);
	if (!otlp_walk(kind, request, &n, &e))
		return 0;
	splice(kind, request, &n);
	slice(kind, request, &n);
	otlp_json_print(otlp_request(kind), request, &text);
	otlp_text_print(kind, request, OTLP_TEXT_DETAILED, &text);
	buf_fini(&text);
	return 0;
}
