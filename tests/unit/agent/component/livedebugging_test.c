#include "tests/component.h"

extern const struct component_type livedebugging;

static const struct {
	const char *text;
	bool ok;
	const char *want; /* errors and warnings */
} cases[] = {
	{"livedebugging { }", true, ""},
	{"livedebugging { enabled = true }", true, ""},
	{"livedebugging { enabled = \"yes\" }", false,
		"1:27: \"yes\" should be bool, got string\n"},
	{"livedebugging { }\nlivedebugging { }", false,
		"2:1: block livedebugging already declared at test:1:1\n"},
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct harness h;

		print_message("%s\n", cases[i].text);
		harness_init(&h, &livedebugging);
		assert_int_equal(harness_load(&h, cases[i].text), cases[i].ok);
		assert_str(buf_str(&h.errors), cases[i].want);
		harness_fini(&h);
	}
}

TESTS_RUN(cmocka_unit_test(test_cases))
