/* The wanted bytes were made with Google's protobuf library from push.proto; and what is written at
 * random is read with the code that protoc-c makes of it. */

#include "proto/loki/push.h"

#include "agent/base/buf.h"
#include "proto/loki/push.pb-c.h"
#include "tests/test.h"

#include <stdlib.h>

static const struct push_pair pairs[] = {
	{{"trace_id", 8}, {"abc", 3}},
	{{"k", 1}, {"", 0}},
};

static const struct {
	int64_t time;
	const char *line;
	size_t line_n;
	size_t n_meta;
	const char *want;
} entries[] = {
	{1795344067814458474, "hello", 5, 0, "12150a0c08c38d8bd80610eaccae8403120568656c6c6f"},
	{0, "", 0, 0, "12020a00"},
	{1, "x", 1, 0, "12070a021001120178"},
	{1000000000, "", 0, 0, "12040a020801"},
	{-1, "a", 1, 0, "12160a1108ffffffffffffffffff0110ff93ebdc03120161"},
	{INT64_MIN, "a", 1, 0, "12150a1008fb85fad1ddffffffff011080e49f45120161"},
	{INT64_MAX, "\xff\0", 2, 0, "12120a0c0884fa85ae2210ffafcb97031202ff00"},
	{1795344067000000000, "m", 1, 2,
		"12210a0608c38d8bd80612016d1a0f0a0874726163655f696412036162631a030a016b"},
};

static struct str hex(struct buf *out, struct str s)
{
	buf_clear(out);
	for (size_t i = 0; i < s.n; i++)
		buf_printf(out, "%02x", (unsigned char)s.p[i]);
	return buf_str(out);
}

/* Each with a clock that knows nothing, with one that knows the same second, and with one
 * that knows another. */
static void test_entries(void **state)
{
	struct buf got = {0};
	struct buf text = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
		struct push_entry e = {entries[i].time, {entries[i].line, entries[i].line_n},
			pairs, entries[i].n_meta};
		struct push_entry other = {77 * INT64_C(1000000000), STR("other"), NULL, 0};
		struct push_clock clock = {0};

		for (int k = 0; k < 3; k++) {
			if (k == 2)
				push_encode_entry(&got, &clock, &other);
			buf_clear(&got);
			push_encode_entry(&got, &clock, &e);
			assert_str(hex(&text, buf_str(&got)), entries[i].want);
		}
	}
	buf_fini(&got);
	buf_fini(&text);
}

static void test_long_line(void **state)
{
	char line[200];
	struct push_entry e = {1795344067000000127, {line, sizeof(line)}, NULL, 0};
	struct push_clock clock = {0};
	struct buf got = {0};
	struct buf text = {0};
	const char *want = "12d5010a0808c38d8bd806107f12c801";

	(void)state;
	memset(line, 'L', sizeof(line));
	push_encode_entry(&got, &clock, &e);
	assert_int_equal(got.n, 16 + sizeof(line));
	assert_str(hex(&text, str_head(buf_str(&got), 16)), want);
	assert_memory_equal(got.p + 16, line, sizeof(line));
	buf_fini(&got);
	buf_fini(&text);
}

static void test_request(void **state)
{
	struct push_clock clock = {0};
	struct buf entry = {0};
	struct buf got = {0};
	struct buf text = {0};
	struct push_entry e = {5000000000, STR("one"), NULL, 0};
	struct str labels = STR("{app=\"web\"}");

	(void)state;
	push_encode_entry(&entry, &clock, &e);
	e.time += 7;
	e.line = STR("two");
	push_encode_entry(&entry, &clock, &e);
	push_encode_stream(&got, labels, buf_str(&entry));
	assert_int_equal(got.n, push_stream_size(labels.n, entry.n));
	push_encode_stream(&got, STR("{}"), (struct str){0});
	assert_str(hex(&text, buf_str(&got)),
		"0a250a0b7b6170703d22776562227d12090a02080512036f6e65120b0a0408051007120374776f"
		"0a040a027b7d");
	buf_fini(&entry);
	buf_fini(&got);
	buf_fini(&text);
}

static void test_weight(void **state)
{
	struct push_entry e = {0, STR("four"), pairs, 2};

	(void)state;
	assert_int_equal(push_entry_weight(&e), 4 + 8 + 3 + 1);
}

static uint32_t seed = 1;

static uint32_t rnd(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)seed * n >> 32);
}

/* A time of any kind: far away, a full second, near the one before. */
static int64_t random_time(int64_t before)
{
	int64_t any = (int64_t)((uint64_t)rnd(UINT32_MAX) << 32 | rnd(UINT32_MAX));

	switch (rnd(4)) {
	case 0:
		return any;
	case 1:
		return any / 1000000000 * 1000000000;
	default:
		return before / 2 + (int64_t)rnd(2000000000);
	}
}

static struct str random_text(char *text, size_t n)
{
	return (struct str){text + rnd(100), rnd((uint32_t)n - 100)};
}

static void compare(const struct push_entry *want, const Loki__Push__EntryAdapter *got)
{
	assert_int_equal(got->timestamp->seconds * 1000000000 + got->timestamp->nanos, want->time);
	assert_true(got->timestamp->nanos >= 0);
	assert_int_equal(got->line.len, want->line.n);
	if (want->line.n)
		assert_memory_equal(got->line.data, want->line.p, want->line.n);
	assert_int_equal(got->n_structuredmetadata, want->n_meta);
	for (size_t i = 0; i < want->n_meta; i++) {
		const Loki__Push__LabelPairAdapter *p = got->structuredmetadata[i];

		assert_str(want->meta[i].name, p->name);
		assert_str(want->meta[i].value, p->value);
	}
}

static void test_oracle(void **state)
{
	static char text[70000];
	struct push_clock clock = {0};
	int64_t time = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)(1 + rnd(127));
	for (int i = 0; i < 3000; i++) {
		struct push_pair meta[3];
		struct push_entry e = {random_time(time), random_text(text, 300), meta, rnd(4)};
		struct buf entry = {0};
		struct buf request = {0};
		Loki__Push__PushRequest *got;

		if (i % 100 == 0)
			e.line = random_text(text, sizeof(text));
		for (size_t k = 0; k < e.n_meta; k++)
			meta[k] = (struct push_pair){
				random_text(text, 400),
				random_text(text, 110),
			};
		time = e.time = e.time == INT64_MIN ? 0 : e.time; /* it overflows in compare() */
		push_encode_entry(&entry, &clock, &e);
		push_encode_stream(&request, STR("{}"), buf_str(&entry));
		got = loki__push__push_request__unpack(NULL, request.n, (uint8_t *)request.p);
		assert_non_null(got);
		assert_int_equal(got->n_streams, 1);
		assert_string_equal(got->streams[0]->labels, "{}");
		assert_int_equal(got->streams[0]->n_entries, 1);
		compare(&e, got->streams[0]->entries[0]);
		loki__push__push_request__free_unpacked(got, NULL);
		buf_fini(&entry);
		buf_fini(&request);
	}
}

TESTS_RUN(cmocka_unit_test(test_entries), cmocka_unit_test(test_long_line),
	cmocka_unit_test(test_request), cmocka_unit_test(test_weight),
	cmocka_unit_test(test_oracle))
