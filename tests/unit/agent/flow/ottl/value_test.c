#include "tests/ottl.h"

/* Values as attributes and back, JSON, sizes. */
static void test_json(void **state)
{
	static const struct ottl_test_expression cases[] = {
		{"ParseJSON(\" [] \")", "{\"arrayValue\":{}}"},
		{"ParseJSON(\"{}\")", "{\"kvlistValue\":{}}"},
		{"ParseJSON(\"1e3\")", "{\"doubleValue\":1000}"},
		{"ParseJSON(\"null\")", "nil"},
		{"ParseJSON(\"1 2\")", "! ParseJSON(): byte 2: text after the end"},
		{"ParseJSON(\"\")", "! ParseJSON(): byte 0: want a number"},
		{"[nil, [true]]", "{\"arrayValue\":{\"values\":[{},{\"arrayValue\":{\"values\":["
				  "{\"boolValue\":true}]}}]}}"},
	};

	(void)state;
	ottl_test_values(cases, sizeof(cases) / sizeof(*cases));
}

/* A document that is too deep for us, and a value that grows. */
static void test_limits(void **state)
{
	struct buf text = {0};
	struct buf out = {0};

	(void)state;
	buf_add_str(&text, STR("ParseJSON(\""));
	for (int i = 0; i < 40; i++)
		buf_add_char(&text, '[');
	buf_printf(&text, "\")%c", 0);
	ottl_test_value(text.p, &out);
	assert_str(buf_str(&out), "! ParseJSON(): JSON is nested deeper than 32");
	buf_clear(&text);
	buf_clear(&out);
	for (int i = 0; i < 20; i++)
		buf_add_char(&text, '[');
	for (int i = 0; i < 20; i++)
		buf_add_char(&text, ']');
	buf_add_char(&text, 0);
	ottl_test_value(text.p, &out);
	assert_str(buf_str(&out), "! the value has more than 16 levels");
	buf_clear(&text);
	buf_clear(&out);
	buf_add_str(&text, STR("Concat([\""));
	for (int i = 0; i < 60000; i++)
		buf_add_char(&text, 'x');
	buf_printf(&text, "\"], \"\")%c", 0);
	ottl_test_value(text.p, &out);
	assert_true(out.n > 60000);
	buf_fini(&text);
	buf_fini(&out);
}

TESTS_RUN(cmocka_unit_test(test_json), cmocka_unit_test(test_limits))
