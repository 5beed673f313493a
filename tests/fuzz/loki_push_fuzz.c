/*
 * Two ways with the same bytes: as a request from outside, which is read, counted and split,
 * and what the split gave must say the same; and as a recipe of entries, which are encoded,
 * read back and compared.
 */

#include "agent/base/buf.h"
#include "agent/base/must.h"
#include "proto/loki/push_read.h"
#include "proto/loki/push_split.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_and_split(struct str request)
{
	struct buf half[2] = {{0}};
	size_t n[3];
	size_t w[3];
	bool ok = push_read_count(request, &n[0], &w[0]);

	if (push_split(request, &half[0], &half[1]) && ok) {
		must(push_read_count(buf_str(&half[0]), &n[1], &w[1]));
		must(push_read_count(buf_str(&half[1]), &n[2], &w[2]));
		must(n[1] > 0 && n[2] > 0 && n[1] + n[2] == n[0] && w[1] + w[2] == w[0]);
	}
	buf_fini(&half[0]);
	buf_fini(&half[1]);
}

/* Cuts a piece off: its length is a byte, its content what follows. */
static struct str piece(struct str *from)
{
	size_t n = from->n ? (unsigned char)from->p[0] : 0;
	struct str s;

	*from = str_from_at(*from, 1);
	s = str_head(*from, n);
	*from = str_from_at(*from, s.n);
	return s;
}

static struct push_entry make_entry(struct str *from, struct push_pair pairs[3])
{
	struct push_entry e = {.meta = pairs};
	struct str time = piece(from);

	memcpy(&e.time, time.p, time.n < sizeof(e.time) ? time.n : sizeof(e.time));
	e.line = piece(from);
	e.n_meta = from->n ? (unsigned char)from->p[0] % 4 : 0;
	for (size_t i = 0; i < e.n_meta; i++)
		pairs[i] = (struct push_pair){piece(from), piece(from)};
	return e;
}

static void encode_and_read(struct str recipe)
{
	struct push_clock clock = {0};
	struct push_pair pairs[3];
	struct buf entries = {0};
	struct buf request = {0};
	struct str labels = piece(&recipe);
	struct str from = recipe;
	struct push_cursor c;
	struct str stream;
	struct str got;

	while (from.n) {
		struct push_entry e = make_entry(&from, pairs);

		push_encode_entry(&entries, &clock, &e);
	}
	push_encode_stream(&request, labels, buf_str(&entries));
	must(request.n == push_stream_size(labels.n, entries.n));
	c = push_read(buf_str(&request));
	must(push_read_stream(&c, &stream) == PUSH_ITEM);
	must(push_read_labels(stream, &got) && str_eq(got, labels));
	c = push_read(stream);
	while (recipe.n) {
		struct push_entry want = make_entry(&recipe, pairs);
		struct push_cursor meta;
		struct push_entry e;
		struct push_pair p;

		must(push_read_entry(&c, NULL, &e, &meta) == PUSH_ITEM);
		must(e.time == want.time && str_eq(e.line, want.line));
		for (size_t i = 0; i < want.n_meta; i++) {
			must(push_read_pair(&meta, &p) == PUSH_ITEM);
			must(str_eq(p.name, pairs[i].name) && str_eq(p.value, pairs[i].value));
		}
		must(push_read_pair(&meta, &p) == PUSH_END);
	}
	must(push_read_entry(&c, NULL, NULL, NULL) == PUSH_END);
	buf_fini(&entries);
	buf_fini(&request);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str s = {size ? (const char *)data : "", size};

	read_and_split(s);
	encode_and_read(s);
	return 0;
}
