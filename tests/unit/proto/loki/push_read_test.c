#include "proto/loki/push_read.h"

#include "agent/base/buf.h"
#include "tests/test.h"

#include <inttypes.h>

/* What a request says: labels[time line name=value ...], or "!" where it stops making sense. */
static const struct {
	const char *name;
	const char *bytes;
	size_t n;
	const char *want;
} cases[] = {
#define CASE(name, bytes, want) \
	{ \
		name, bytes, sizeof(bytes) - 1, want \
	}
	CASE("empty", "", ""),
	CASE("one stream, no entry", "\x0a\x04\x0a\x02{}", "{}"),
	CASE("two entries", "\x0a\x1c\x0a\x02{}\x12\x09\x0a\x02\x08\x05\x12\x03one"
			    "\x12\x0b\x0a\x04\x08\x05\x10\x07\x12\x03two",
		"{}[5000000000 one][5000000007 two]"),
	CASE("labels after the entry", "\x0a\x08\x12\x02\x0a\x00\x0a\x02{}", "{}[0 ]"),
	CASE("metadata", "\x0a\x0c\x12\x0a\x1a\x06\x0a\x01k\x12\x01v\x0a\x00", "[0  k=v]"),
	CASE("hash and unknown fields are passed over",
		"\x0a\x0f\x18\x07\x0a\x02{}\x79"
		"12345678",
		"{}"),
	CASE("unknown fixed32, fixed64", "\x25"
					 "1234\x29"
					 "12345678\x0a\x04\x0a\x02{}",
		"{}"),
	CASE("unknown field in an entry", "\x0a\x06\x12\x04\x20\x01\x12\x00", "[0 ]"),
	CASE("cut length", "\x0a", "!"),
	CASE("length beyond the end", "\x0a\x05\x0a\x02{}", "!"),
	CASE("length of 2^64-1", "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "!"),
	CASE("varint of eleven bytes", "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "!"),
	CASE("streams as a varint", "\x08\x01", "!"),
	CASE("line as a varint", "\x0a\x04\x12\x02\x10\x01", "!"),
	CASE("group", "\x0b\x0c", "!"),
	CASE("field number 0", "\x02\x00", "!"),
	CASE("seconds that do not fit",
		"\x0a\x0d\x12\x0b\x0a\x09\x08\xff\xff\xff\xff\xff\xff\xff\x7f",
		"[9223372036854775807 ]"),
};

static bool print_entry(struct buf *out, struct push_entry *e, struct push_cursor *meta)
{
	struct push_pair p;
	enum push_step s;

	buf_printf(out, "[%" PRId64 " " STR_FMT, e->time, STR_ARG(e->line));
	while ((s = push_read_pair(meta, &p)) == PUSH_ITEM)
		buf_printf(out, " " STR_FMT "=" STR_FMT, STR_ARG(p.name), STR_ARG(p.value));
	buf_add_char(out, ']');
	return s == PUSH_END;
}

static bool print_request(struct buf *out, struct str request)
{
	struct push_cursor c = push_read(request);
	struct push_cursor meta;
	struct push_entry e;
	struct str stream;
	struct str labels;
	enum push_step s;
	enum push_step k;

	while ((s = push_read_stream(&c, &stream)) == PUSH_ITEM) {
		struct push_cursor in = push_read(stream);

		if (!push_read_labels(stream, &labels))
			return false;
		buf_add_str(out, labels);
		while ((k = push_read_entry(&in, NULL, &e, &meta)) == PUSH_ITEM) {
			if (!print_entry(out, &e, &meta))
				return false;
		}
		if (k == PUSH_BAD)
			return false;
	}
	return s == PUSH_END;
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf out = {0};
		struct str request = {cases[i].bytes, cases[i].n};
		size_t entries = 0;
		size_t weight = 0;
		bool ok = print_request(&out, request);

		print_message("%s\n", cases[i].name);
		if (!ok)
			assert_string_equal(cases[i].want, "!");
		else
			assert_str(buf_str(&out), cases[i].want);
		assert_int_equal(push_read_count(request, &entries, &weight), ok);
		buf_fini(&out);
	}
}

static void test_count(void **state)
{
	struct push_pair pair = {STR("k"), STR("val")};
	struct push_entry e = {1, STR("line"), &pair, 1};
	struct push_clock clock = {0};
	struct buf entry = {0};
	struct buf request = {0};
	size_t entries = 0;
	size_t weight = 0;

	(void)state;
	push_encode_entry(&entry, &clock, &e);
	push_encode_entry(&entry, &clock, &e);
	push_encode_stream(&request, STR("{}"), buf_str(&entry));
	push_encode_stream(&request, STR("{a=\"b\"}"), buf_str(&entry));
	assert_true(push_read_count(buf_str(&request), &entries, &weight));
	assert_int_equal(entries, 4);
	assert_int_equal(weight, 4 * push_entry_weight(&e));
	buf_fini(&entry);
	buf_fini(&request);
}

TESTS_RUN(cmocka_unit_test(test_cases), cmocka_unit_test(test_count))
