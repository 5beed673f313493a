#include "tests/component.h"

extern const struct component_type remotecfg;

static const struct {
	const char *text;
	bool ok;
	const char *want; /* errors and warnings */
} cases[] = {
	{"remotecfg { }", true, ""},
	{"remotecfg {\n url = \"http://x\"\n id = \"a\"\n attributes = {\"b\" = \"c\"}\n "
	 "basic_auth {\n"
	 " username = \"u\"\n}\n}",
		true, "2:2: attribute \"url\" of remotecfg is accepted, but has no effect here\n"},
	{"remotecfg { attributes = [] }", false, "1:26: [] should be object, got array\n"},
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct harness h;

		print_message("%s\n", cases[i].text);
		harness_init(&h, &remotecfg);
		assert_int_equal(harness_load(&h, cases[i].text), cases[i].ok);
		assert_str(buf_str(&h.errors), cases[i].want);
		harness_fini(&h);
	}
}

TESTS_RUN(cmocka_unit_test(test_cases))
