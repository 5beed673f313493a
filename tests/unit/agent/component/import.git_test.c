#include "tests/component.h"

extern const struct component_type import_git;

static const struct {
	const char *args;
	const char *error;
} cases[] = {
	{"repository = \"r\"\n path = \"p\"",
		"1:1: import.git is Alloy's, and not supported here\n"},
	{"repository = \"r\"", "1:1: missing required attribute \"path\"\n"},
	{"repository = \"r\"\n path = \"p\"\n basic_auth {\n username = \"u\"\n}",
		"1:1: import.git is Alloy's, and not supported here\n"},
};

static void test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct harness h;
		char text[512];

		harness_init(&h, &import_git);
		snprintf(text, sizeof(text), "import.git \"m\" {\n %s\n}\n", cases[i].args);
		assert_false(harness_load(&h, text));
		assert_str(buf_str(&h.errors), cases[i].error);
		harness_fini(&h);
	}
}

TESTS_RUN(cmocka_unit_test(test_refused))
