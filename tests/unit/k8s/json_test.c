#include "k8s/json.h"

#include "agent/base/arena.h"
#include "agent/base/buf.h"
#include "tests/test.h"

/* Walks a value of any kind and writes it down: {k:v,…}, [v,…], 'text', numbers. */
static void dump(struct buf *out, struct json *j, struct arena *a, int depth)
{
	struct str key;

	if (depth > 8)
		return;
	switch (json_peek(j)) {
	case '{':
		buf_add_char(out, '{');
		for (json_enter_object(j); json_next_key(j, &key);) {
			buf_add_str(out, json_unescape(key, a));
			buf_add_char(out, ':');
			dump(out, j, a, depth + 1);
		}
		buf_add_char(out, '}');
		break;
	case '[':
		buf_printf(out, "%zu[", json_count(j));
		for (json_enter_array(j); json_next_item(j);)
			dump(out, j, a, depth + 1);
		buf_add_char(out, ']');
		break;
	case '"':
		buf_printf(out, "'");
		buf_add_str(out, json_str(j, a));
		buf_printf(out, "'");
		break;
	case '0':
		buf_printf(out, "%lld ", (long long)json_int(j));
		break;
	default:
		buf_printf(out, json_bool(j) ? "yes " : "no ");
	}
}

static const struct {
	const char *text;
	const char *want; /* NULL: it is bad */
} cases[] = {
	{"{}", "{}"},
	{" { \"a\" : 1 , \"b\":[ ] } ", "{a:1 b:0[]}"},
	{"[1,-2,[3],{\"x\":null}]", "4[1 -2 1[3 ]{x:no }]"},
	{"[true,false,1.5,99999999999999999999]", "4[yes no 0 0 ]"},
	{"\"a\\n\\\"\\\\\\/\\u00e9\\ud83d\\ude00\"", "'a\n\"\\/\xc3\xa9\xf0\x9f\x98\x80'"},
	{"\"\\ud83d!\\udc00 \\u12g4\"", "'\xef\xbf\xbd!\xef\xbf\xbd \xef\xbf\xbd"
					"12g4'"},
	{"\"\xff ok\"", "'\xef\xbf\xbd ok'"},
	{"{\"k\\u0065y\":\"v\"}", "{key:'v'}"},
	{"", NULL},
	{"{", NULL},
	{"{\"a\"}", NULL},
	{"{\"a\":}", NULL},
	{"{\"a\":1,}", NULL},
	{"[1,]", NULL},
	{"[1 2]", NULL},
	{"{\"a\":1 \"b\":2}", NULL},
	{"\"open", NULL},
	{"\"open\\", NULL},
	{"\"new\nline\"", NULL},
	{"[tru]", NULL},
	{"[1]]", NULL},
	{"{]", NULL},
	{"1 2", NULL},
};

static void test_walk(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct json j = json_from(str_from(cases[i].text));
		struct json whole = j;
		struct arena a;
		struct buf out = {0};

		print_message("%s\n", cases[i].text);
		arena_init(&a, 0);
		dump(&out, &j, &a, 0);
		json_skip(&whole);
		assert_int_equal(json_is_done(&whole), cases[i].want != NULL);
		assert_int_equal(json_is_done(&j), cases[i].want != NULL);
		if (cases[i].want)
			assert_str(buf_str(&out), cases[i].want);
		buf_fini(&out);
		arena_fini(&a);
	}
}

static void test_depth(void **state)
{
	char text[2 * JSON_DEPTH_MAX + 4];

	(void)state;
	for (size_t n = JSON_DEPTH_MAX; n <= JSON_DEPTH_MAX + 1; n++) {
		struct json j;

		memset(text, '[', n);
		text[n] = '1';
		memset(text + n + 1, ']', n);
		j = json_from((struct str){text, 2 * n + 1});
		json_skip(&j);
		assert_int_equal(json_is_done(&j), n <= JSON_DEPTH_MAX);
	}
}

static void test_wrong_type_reads_as_empty(void **state)
{
	struct json j = json_from(STR("{\"a\":[1,{}],\"b\":{\"x\":\"y\"},\"c\":\"d\",\"e\":7}"));
	struct arena a;
	struct str key;
	int seen = 0;

	(void)state;
	arena_init(&a, 0);
	for (json_enter_object(&j); json_next_key(&j, &key); seen++) {
		if (str_is(key, "a"))
			assert_int_equal(json_str(&j, &a).n, 0);
		else if (str_is(key, "b"))
			assert_int_equal(json_int(&j), 0);
		else if (str_is(key, "c"))
			for (json_enter_object(&j); json_next_key(&j, &key);)
				fail();
		else
			assert_str(json_raw(&j), "7");
	}
	assert_int_equal(seen, 4);
	assert_true(json_is_done(&j));
	arena_fini(&a);
}

TESTS_RUN(cmocka_unit_test(test_walk), cmocka_unit_test(test_depth),
	cmocka_unit_test(test_wrong_type_reads_as_empty))
