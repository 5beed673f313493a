#include "proto/otlp/any.h"

#include "agent/base/arena.h"
#include "tests/proto_text.h"
#include "tests/test.h"

/* clang-format off */
static const struct {
	const char *any; /* the body of an AnyValue */
	const char *text;
	const char *json;
	unsigned depth;
} cases[] = {
	{"", "", "null", 0},
	{"1:\"a\\b\"", "a\\b", "\"a\\\\b\"", 0},
	{"2:1", "true", "true", 0},
	{"2:0", "false", "false", 0},
	{"3:18446744073709551615", "-1", "-1", 0},
	{"4:L4609434218613702656", "1.5", "1.5", 0},
	{"4:L4607182418800017408", "1", "1", 0},
	{"4:L4921056587992461136", "1e+21", "1e+21", 0},
	{"4:L4502148214488346440", "1e-7", "1e-7", 0},
	{"4:L4517329193108106637", "0.000001", "0.000001", 0},
	{"4:L9221120237041090560", "NaN", "\"NaN\"", 0},
	{"7:#000102ff", "AAEC/w==", "\"AAEC/w==\"", 0},
	{"5:{1:{1:\"a\"} 1:{3:2} 1:{}}", "[\"a\",2,null]", "[\"a\",2,null]", 1},
	{"6:{1:{1:\"b\" 2:{3:1}} 1:{1:\"a\" 2:{5:{}}}}", "{\"a\":[],\"b\":1}",
		"{\"a\":[],\"b\":1}", 2},
	/* a key twice: the last counts; so does the oneof's last; unknown fields do not */
	{"6:{1:{1:\"b\" 2:{3:1}} 1:{1:\"b\" 2:{3:2}}}", "{\"b\":2}", "{\"b\":2}", 1},
	{"1:\"a\" 3:7 9:\"x\"", "7", "7", 0},
	{"3:\"wrong wire type\" 2:1", "true", "true", 0},
};
/* clang-format on */

static void test_text(void **state)
{
	struct buf any = {0};
	struct buf out = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		buf_clear(&any);
		proto_text(&any, cases[i].any);
		buf_clear(&out);
		otlp_any_text(&out, buf_str(&any));
		assert_str(buf_str(&out), cases[i].text);
		buf_clear(&out);
		otlp_any_json(&out, buf_str(&any));
		assert_str(buf_str(&out), cases[i].json);
		assert_int_equal(otlp_any_depth(buf_str(&any)), cases[i].depth);
		assert_true(otlp_any_eq(buf_str(&any), buf_str(&any)) || i == 10);
	}
	buf_fini(&any);
	buf_fini(&out);
}

static void test_eq(void **state)
{
	static const struct {
		const char *a;
		const char *b;
		bool eq;
	} pairs[] = {
		{"1:\"a\"", "1:\"b\"", false},
		{"3:1", "4:L4607182418800017408", false}, /* kinds differ */
		{"6:{1:{1:\"a\" 2:{3:1}} 1:{1:\"b\"}}", "6:{1:{1:\"b\"} 1:{2:{3:1} 1:\"a\"}}",
			true},
		{"6:{1:{1:\"a\" 2:{3:1}}}", "6:{1:{1:\"a\" 2:{3:2}}}", false},
		{"5:{1:{3:1}}", "5:{1:{3:1} 1:{}}", false},
		{"5:{1:{3:1} 1:{}}", "5:{1:{3:1} 1:{}}", true},
	};
	struct buf a = {0};
	struct buf b = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		buf_clear(&a);
		buf_clear(&b);
		proto_text(&a, pairs[i].a);
		proto_text(&b, pairs[i].b);
		assert_int_equal(otlp_any_eq(buf_str(&a), buf_str(&b)), pairs[i].eq);
	}
	buf_fini(&a);
	buf_fini(&b);
}

/* Deeper than anybody needs: it is null, and nothing falls over. */
static void test_deep(void **state)
{
	struct buf a = {0};
	struct buf out = {0};

	(void)state;
	for (int i = 0; i < 500; i++) {
		struct buf b = {0};
		struct buf list = {0};

		wire_put_bytes(&list, 1, buf_str(&a));
		wire_put_bytes(&b, OTLP_ANY_ARRAY, buf_str(&list));
		buf_fini(&list);
		buf_fini(&a);
		a = b;
	}
	assert_int_equal(otlp_any_depth(buf_str(&a)), OTLP_ANY_DEPTH + 1);
	otlp_any_text(&out, buf_str(&a));
	assert_true(str_find(buf_str(&out), STR("[null]")) > 0);
	assert_false(otlp_any_eq(buf_str(&a), buf_str(&a)));
	buf_fini(&a);
	buf_fini(&out);
}

static void test_make(void **state)
{
	struct arena a;
	struct buf out = {0};

	(void)state;
	arena_init(&a, 0);
	otlp_any_text(&out, otlp_any_string(&a, STR("x")));
	otlp_any_text(&out, otlp_any_int(&a, INT64_MIN));
	otlp_any_text(&out, otlp_any_make(&a, &(struct otlp_any){.kind = OTLP_ANY_EMPTY}));
	otlp_any_text(&out, otlp_any_make(&a, &(struct otlp_any){.kind = OTLP_ANY_BOOL}));
	otlp_any_text(&out,
		otlp_any_make(&a, &(struct otlp_any){.kind = OTLP_ANY_DOUBLE, .number = 0.1}));
	assert_str(buf_str(&out), "x-9223372036854775808false0.1");
	buf_fini(&out);
	arena_fini(&a);
}

TESTS_RUN(cmocka_unit_test(test_text), cmocka_unit_test(test_eq), cmocka_unit_test(test_deep),
	cmocka_unit_test(test_make))
