/* Loki's push request in JSON: what is read is a push request, and its labels can be looked at. */

#include "agent/base/arena.h"
#include "agent/base/buf.h"
#include "agent/base/err.h"
#include "agent/base/must.h"
#include "agent/base/utf8.h"
#include "proto/loki/push_json.h"
#include "proto/loki/push_read.h"
#include "proto/loki/stream_labels.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_at_labels(struct arena *a, struct str text)
{
	struct stream_labels got;
	struct err e;

	if (!stream_labels_parse(a, text, &got, &e))
		return;
	for (size_t i = 0; i < got.n; i++)
		must(got.p[i].name.n > 0 && utf8_is_valid(got.p[i].value));
}

static void look_at_request(struct arena *a, struct str request)
{
	struct push_cursor c = push_read(request);
	struct str stream;
	struct str labels;
	size_t entries;
	size_t weight;

	must(push_read_count(request, &entries, &weight));
	while (push_read_stream(&c, &stream) == PUSH_ITEM) {
		must(push_read_labels(stream, &labels));
		look_at_labels(a, labels);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str s = {size ? (const char *)data : "", size};
	struct buf request = {0};
	struct arena a;
	struct err e;

	arena_init(&a, 0);
	if (push_json_parse(s, &request, &e)) {
		must(request.n <= 4 * size + 16);
		look_at_request(&a, buf_str(&request));
	} else {
		must(request.n == 0);
	}
	look_at_labels(&a, s);
	arena_fini(&a);
	buf_fini(&request);
	return 0;
}
