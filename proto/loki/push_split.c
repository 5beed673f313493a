/* Entries are copied as they are, label strings repeated where a stream is cut. */

#include "proto/loki/push_split.h"

#include "agent/base/buf.h"
#include "proto/loki/push_read.h"

/* A stream: labels, and its entries that go to one side, gathered before they are written. */
struct side {
	struct buf *out;
	struct buf entries;
};

static void end_stream(struct side *s, struct str labels)
{
	if (s->entries.n)
		push_encode_stream(s->out, labels, buf_str(&s->entries));
	buf_clear(&s->entries);
}

/* How many bytes of entries there are, and how many entries. */
static bool measure(struct str request, size_t *bytes, size_t *entries)
{
	struct push_cursor c = push_read(request);
	struct str stream;
	struct str raw;
	enum push_step s;
	enum push_step k;

	*bytes = 0;
	*entries = 0;
	while ((s = push_read_stream(&c, &stream)) == PUSH_ITEM) {
		struct push_cursor in = push_read(stream);
		struct str labels;

		if (!push_read_labels(stream, &labels))
			return false;
		while ((k = push_read_entry(&in, &raw, NULL, NULL)) == PUSH_ITEM) {
			*bytes += raw.n;
			++*entries;
		}
		if (k == PUSH_BAD)
			return false;
	}
	return s == PUSH_END;
}

/* How many entries go to the first side. */
static size_t cut_at(struct str request, size_t bytes, size_t entries)
{
	struct push_cursor c = push_read(request);
	struct str stream;
	struct str raw;
	size_t seen = 0;
	size_t n = 0;

	while (push_read_stream(&c, &stream) == PUSH_ITEM) {
		struct push_cursor in = push_read(stream);

		while (push_read_entry(&in, &raw, NULL, NULL) == PUSH_ITEM) {
			seen += raw.n;
			if (n > 0 && seen > bytes / 2)
				return n;
			n++;
		}
	}
	return entries - 1;
}

bool push_split(struct str request, struct buf *first, struct buf *second)
{
	struct push_cursor c = push_read(request);
	struct side sides[2] = {{.out = first}, {.out = second}};
	struct str stream;
	size_t bytes;
	size_t entries;
	size_t cut;
	size_t n = 0;

	if (!measure(request, &bytes, &entries) || entries < 2)
		return false;
	cut = cut_at(request, bytes, entries);
	if (cut >= entries)
		cut = entries - 1;
	while (push_read_stream(&c, &stream) == PUSH_ITEM) {
		struct push_cursor in = push_read(stream);
		struct str labels = {0};
		struct str raw;

		push_read_labels(stream, &labels);
		while (push_read_entry(&in, &raw, NULL, NULL) == PUSH_ITEM)
			buf_add_str(&sides[n++ >= cut].entries, raw);
		end_stream(&sides[0], labels);
		end_stream(&sides[1], labels);
	}
	buf_fini(&sides[0].entries);
	buf_fini(&sides[1].entries);
	return true;
}
