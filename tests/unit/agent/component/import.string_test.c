#include "tests/component.h"

extern const struct component_type import_string;

#define MODULE(text) \
	"`declare \"c\" {\n test.sink \"s\" { targets = [{v = \"" text "\"}] }\n}`"

static void test_static(void **state)
{
	struct harness h;

	(void)state;
	harness_init(&h, &import_string);
	assert_true(harness_load(&h,
		"import.string \"m\" {\n content = " MODULE("1") "\n}\nm.c \"x\" { }\n"));
	assert_str(buf_str(&harness_seen), "target v=1;\n");
	buf_clear(&harness_seen);
	assert_true(harness_load(&h,
		"import.string \"m\" {\n content = " MODULE("2") "\n}\nm.c \"x\" { }\n"));
	assert_str(buf_str(&harness_seen), "target v=2;\n");
	harness_fini(&h);
}

/* In a custom component the text may be what that one was given. */
static void test_nested(void **state)
{
	struct harness h;

	(void)state;
	harness_init(&h, &import_string);
	assert_true(harness_load(&h,
		"declare \"d\" {\n argument \"text\" { }\n"
		" import.string \"m\" {\n content = argument.text.value\n}\n"
		" m.c \"x\" { }\n}\n"
		"d \"a\" {\n text = " MODULE("1") "\n}\nd \"b\" {\n text = " MODULE("2") "\n}\n"));
	assert_str(buf_str(&harness_seen), "target v=1;\ntarget v=2;\n");
	harness_fini(&h);
}

static void test_wrong(void **state)
{
	struct harness h;

	(void)state;
	harness_init(&h, &import_string);
	assert_false(harness_load(&h, "import.string \"m\" {\n content = `\n\na = 1`\n}\n"));
	assert_str(buf_str(&h.errors), "3:1: unrecognized attribute a\n");
	harness_fini(&h);
}

TESTS_RUN(cmocka_unit_test(test_static), cmocka_unit_test(test_nested),
	cmocka_unit_test(test_wrong))
