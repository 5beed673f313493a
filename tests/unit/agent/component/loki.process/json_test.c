#include "agent/component/loki.process/json.h"

#include "tests/test.h"

static const struct {
	const char *text;
	const char *want; /* as json_to_text() has it; NULL: not valid */
} cases[] = {
	{"1", "1"},
	{" true ", "true"},
	{"null", "(null)"},
	{"\"\"", ""},
	{"\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "a\"\\/\b\f\n\r\t"},
	{"\"\\u00e4\\ud83d\\ude00\"", "\xc3\xa4\xf0\x9f\x98\x80"},
	{"\"\\ud83dx\\ude00\"", "\xef\xbf\xbdx\xef\xbf\xbd"},
	{"\"\\ud83d\\u0041\"", "\xef\xbf\xbd"
			       "A"},
	{"-0", "-0"},
	{"12345678901234567890123", "12345678901234567890123"},
	{"1.0", "1"},
	{"-1.50", "-1.5"},
	{"0.1", "0.1"},
	{"123.456", "123.456"},
	{"1e3", "1000"},
	{"1.5E+2", "150"},
	{"1e-7", "0.0000001"},
	{"1.25e-3", "0.00125"},
	{"1e21", "1000000000000000000000"},
	{"0.30000000000000004", "0.30000000000000004"},
	{"1e999", "1e999"},
	{"0.0", "0"},
	{"-0.000123456789012345", "-0.000123456789012345"},
	{"123456789012.345", "123456789012.345"},
	{"0.10000000000000001", "0.1"}, /* more digits than a double keeps apart */
	{"123456789012345.67", "123456789012345.67"},
	{"9007199254740993.5", "9007199254740994"},
	{"{}", "{}"},
	{" { \"a b\" : [ 1 , { } ] } ", "{\"a b\":[1,{}]}"},
	{"[[],[]]", "[[],[]]"},

	{"", NULL},
	{" ", NULL},
	{"01", NULL},
	{"-", NULL},
	{"1.", NULL},
	{".5", NULL},
	{"1e", NULL},
	{"+1", NULL},
	{"tru", NULL},
	{"nulll", NULL},
	{"\"", NULL},
	{"\"\\x\"", NULL},
	{"\"\\u12\"", NULL},
	{"\"a\nb\"", NULL},
	{"[1,]", NULL},
	{"[,1]", NULL},
	{"[1 2]", NULL},
	{"[1}", NULL},
	{"{\"a\"}", NULL},
	{"{\"a\":}", NULL},
	{"{\"a\":1,}", NULL},
	{"{a:1}", NULL},
	{"{1:1}", NULL},
	{"{\"a\":1]", NULL},
	{"{} {}", NULL},
	{"[", NULL},
	{"{\"a\":", NULL},
};

static void test_texts(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a, 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct str text = str_from(cases[i].text);
		struct str out = STR("(null)");

		print_message("%s\n", cases[i].text);
		assert_int_equal(json_is_valid(text), cases[i].want != NULL);
		if (!cases[i].want)
			continue;
		assert_int_equal(json_to_text(text, &a, &out), json_kind(text) != JSON_NULL);
		assert_str(out, cases[i].want);
	}
	arena_fini(&a);
}

static void test_depth(void **state)
{
	char text[2 * JSON_DEPTH_MAX + 4];

	(void)state;
	memset(text, '[', JSON_DEPTH_MAX + 1);
	memset(text + JSON_DEPTH_MAX + 1, ']', JSON_DEPTH_MAX + 1);
	assert_false(json_is_valid((struct str){text, 2 * JSON_DEPTH_MAX + 2}));
	assert_true(json_is_valid((struct str){text + 1, 2 * JSON_DEPTH_MAX}));
}

TESTS_RUN(cmocka_unit_test(test_texts), cmocka_unit_test(test_depth))
