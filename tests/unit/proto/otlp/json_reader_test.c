#include "proto/otlp/json_reader.h"

#include "agent/base/err.h"
#include "agent/base/mem.h"
#include "tests/test.h"

#include <stdlib.h>

/* Any value alone: skipped to its end, or refused. */
static const struct {
	const char *text;
	const char *want; /* "" or the error */
} values[] = {
	{"null", ""},
	{" true ", ""},
	{"-0.5e+10", ""},
	{"\"a\\u00e9\\n\"", ""},
	{"[]", ""},
	{"{}", ""},
	{"[1,[2,{}],{\"a\":[null]}]", ""},
	{"{\"a\":{\"b\":{}},\"c\":[[[]]]}", ""},
	{"", "byte 0: want a number"},
	{"nul", "byte 0: want null"},
	{"01", "byte 1: text after the end"},
	{"1.", "byte 2: digits are missing"},
	{"1e", "byte 2: digits are missing"},
	{"-", "byte 1: want a number"},
	{"[1,]", "byte 3: want a number"},
	{"[1 2]", "byte 3: want ',' or ']'"},
	{"{\"a\":1,}", "byte 7: want a string"},
	{"{a:1}", "byte 1: want a string"},
	{"{\"a\" 1}", "byte 5: want ':'"},
	{"{\"a\":}", "byte 5: want a number"},
	{"[}", "byte 1: want a number"},
	{"[", "byte 1: want a number"},
	{"\"a", "byte 2: the string does not end"},
	{"\"a\\", "byte 3: the string does not end"},
	{"\"\\x\"", "byte 3: unknown escape"},
	{"\"\\u12g4\"", "byte 3: \\u wants four hex digits"},
	{"\"\xff\"", "byte 1: the string is not UTF-8"},
	{"\"\t\"", "byte 1: control character in a string"},
	{"{} {}", "byte 3: text after the end"},
};

static void test_skip(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		struct err e = {""};
		struct json_reader r = {.text = str_from(values[i].text), .e = &e};
		bool ok = json_reader_skip(&r) && json_reader_end(&r);

		assert_str(str_from(e.text), values[i].want);
		assert_int_equal(ok, values[i].want[0] == 0);
		buf_fini(&r.scratch);
	}
}

static const struct {
	const char *text;
	const char *want;
} strings[] = {
	{"\"\"", ""},
	{"\"plain gr\xc3\xbc\xc3\x9f\"", "plain gr\xc3\xbc\xc3\x9f"},
	{"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t"},
	{"\"\\u20AC\\u20ac\"", "\xe2\x82\xac\xe2\x82\xac"},
	{"\"x\\ud83d\\ude00y\"", "x\xf0\x9f\x98\x80y"},
	{"\"\\ud83d!\"", "\xef\xbf\xbd!"},
	{"\"\\ude00\"", "\xef\xbf\xbd"},
	{"\"\\ud83d\\u0041\"", "\xef\xbf\xbd"
			       "A"},
};

static void test_string(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(strings) / sizeof(*strings); i++) {
		struct err e = {""};
		struct json_reader r = {.text = str_from(strings[i].text), .e = &e};
		struct str s;

		assert_true(json_reader_string(&r, &s) && json_reader_end(&r));
		assert_str(s, strings[i].want);
		buf_fini(&r.scratch);
	}
}

static bool skip_nested(size_t depth)
{
	char *text = mem_alloc(1, depth * 2 + 1);
	struct err e;
	struct json_reader r = {.text = {text, depth * 2}, .e = &e};
	bool ok;

	memset(text, '[', depth);
	memset(text + depth, ']', depth);
	ok = json_reader_skip(&r) && json_reader_end(&r);
	free(text);
	return ok;
}

static void test_depth(void **state)
{
	(void)state;
	assert_true(skip_nested(JSON_SKIP_DEPTH));
	assert_false(skip_nested(JSON_SKIP_DEPTH + 1));
	assert_false(skip_nested(100000));
}

TESTS_RUN(cmocka_unit_test(test_skip), cmocka_unit_test(test_string), cmocka_unit_test(test_depth))
