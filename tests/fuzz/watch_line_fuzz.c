/*
 * A watch's stream and a list, in parts: what comes out must not depend on where the parts end. The
 * first two bytes say how long the parts and the objects may be.
 */

#include "agent/base/arena.h"
#include "agent/base/must.h"
#include "k8s/watch_line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add(struct buf *out, char kind, struct str s)
{
	buf_add_char(out, kind);
	buf_add_str(out, s);
	buf_add_char(out, '\n');
}

static void read_lines(struct str text, size_t step, size_t max, struct buf *out)
{
	struct watch_lines s = {.max = max};

	while (text.n > 0) {
		struct str part = str_head(text, step);
		struct str line;

		text = str_from_at(text, part.n);
		while (watch_lines_next(&s, &part, &line)) {
			must(line.n > 0 && line.n <= max);
			add(out, 'l', line);
		}
	}
	buf_printf(out, "%llu\n", (unsigned long long)s.skipped);
	watch_lines_fini(&s);
}

static void read_list(struct str text, size_t step, size_t max, struct buf *out)
{
	struct watch_list s = {.max = max};
	enum watch_list_part got;

	do {
		struct str part = str_head(text, step);
		struct str object;

		text = str_from_at(text, part.n);
		while ((got = watch_list_next(&s, &part, &object)) == WATCH_LIST_ITEM ||
			got == WATCH_LIST_METADATA) {
			must(object.n >= 2 && object.n <= max && object.p[0] == '{');
			add(out, got == WATCH_LIST_ITEM ? 'i' : 'm', object);
		}
	} while (text.n > 0);
	buf_printf(out, "%llu %d\n", (unsigned long long)s.skipped, got);
	watch_list_fini(&s);
}

static void parse(struct str line)
{
	struct watch_line l;
	struct arena a;

	arena_init(&a, 0);
	if (watch_line_parse(&a, line, &l))
		must(l.object.n >= 2 && l.object.p >= line.p &&
			l.object.p + l.object.n <= line.p + line.n);
	watch_line_status(&a, line);
	watch_line_list_version(&a, line);
	arena_fini(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct buf whole, parts;
	struct str text = {(const char *)data + 2, size - 2};
	size_t max;

	if (size < 3)
		return 0;
	max = data[1] * (size_t)8;
	buf_clear(&whole);
	buf_clear(&parts);
	read_lines(text, text.n, max, &whole);
	read_lines(text, data[0] + (size_t)1, max, &parts);
	read_list(text, text.n, max, &whole);
	read_list(text, data[0] + (size_t)1, max, &parts);
	must(str_eq(buf_str(&whole), buf_str(&parts)));
	parse(text);
	return 0;
}
