#include "proto/otlp/message.h"

#include "agent/base/arena.h"
#include "proto/otlp/edit.h"
#include "tests/proto_text.h"
#include "tests/test.h"

#define A(key, value) "9:{1:\"" key "\" 2:{1:\"" value "\"}}"

static struct arena arena;
static struct otlp_message m;

static void set_attr(void)
{
	otlp_message_set_attr(&m, STR("a"), otlp_any_string(&arena, STR("new")));
}
static void remove_attr(void)
{
	assert_true(otlp_message_remove_attr(&m, STR("a")));
	assert_false(otlp_message_remove_attr(&m, STR("a")));
	assert_null(otlp_message_attr(&m, STR("a")));
}
static void set_name(void)
{
	otlp_message_set_bytes(&m, OTLP_SPAN_NAME, STR("new"));
	assert_str(otlp_message_bytes(&m, OTLP_SPAN_NAME), "new");
}
static void set_kind(void)
{
	otlp_message_set_number(&m, OTLP_SPAN_KIND, WIRE_VARINT, 300);
	assert_int_equal(otlp_message_number(&m, OTLP_SPAN_KIND, WIRE_VARINT), 300);
}
static void set_time(void)
{
	otlp_message_set_number(&m, OTLP_SPAN_START, WIRE_FIXED64, 7);
}
static void remove_events(void)
{
	otlp_message_remove(&m, OTLP_SPAN_EVENTS);
}
static void add_event(void)
{
	otlp_message_add_bytes(&m, OTLP_SPAN_EVENTS, STR("\x12\x01z"));
}
static void nothing(void)
{
}

static const struct {
	const char *in; /* a Span */
	void (*change)(void);
	const char *want;
} cases[] = {
	{"5:\"n\" 99:<1:2> 6:~\"odd\" 9:{}", nothing, "5:\"n\" 99:<1:2> 6:~\"odd\" 9:{}"},
	{"5:\"n\"", set_attr, "5:\"n\" " A("a", "new")},
	{A("a", "1") A("b", "2") "5:\"n\"", set_attr, A("a", "new") A("b", "2") "5:\"n\""},
	{A("a", "1") A("b", "2") A("a", "3"), set_attr, A("a", "new") A("b", "2")},
	{"9:{2:{3:7} 1:\"a\"}", set_attr, A("a", "new")},
	{A("a", "1") A("b", "2") A("a", "3"), remove_attr, A("b", "2")},
	{"5:\"1\" 5:\"2\" 6:3", set_name, "5:\"new\" 6:3"},
	{"6:3 7:L1", set_kind, "6:300 7:L1"},
	{"", set_kind, "6:300"},
	{"7:L1 8:L2 7:L3", set_time, "8:L2 7:L7"},
	{"11:{2:\"x\"} 5:\"n\" 11:{}", remove_events, "5:\"n\""},
	{"11:{2:\"x\"} 5:\"n\"", add_event, "11:{2:\"x\"} 5:\"n\" 11:{2:\"z\"}"},
};

static void test_cases(void **state)
{
	struct buf in = {0};
	struct buf want = {0};
	struct buf out = {0};

	(void)state;
	arena_init(&arena, 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		buf_clear(&in);
		buf_clear(&want);
		buf_clear(&out);
		proto_text(&in, cases[i].in);
		proto_text(&want, cases[i].want);
		otlp_message_load(&m, &arena, OTLP_SPAN_ATTRIBUTES, buf_str(&in));
		cases[i].change();
		assert_int_equal(m.is_changed, cases[i].change != nothing);
		otlp_message_write(&m, &out);
		assert_int_equal(out.n, want.n);
		assert_int_equal(otlp_message_size(&m), want.n);
		assert_memory_equal(out.p, want.p, want.n);
	}
	otlp_message_fini(&m);
	arena_fini(&arena);
	buf_fini(&in);
	buf_fini(&want);
	buf_fini(&out);
}

TESTS_RUN(cmocka_unit_test(test_cases))
