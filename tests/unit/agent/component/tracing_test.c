#include "tests/component.h"

extern const struct component_type tracing;

static const struct {
	const char *text;
	bool ok;
	const char *want; /* errors and warnings */
} cases[] = {
	{"tracing { }", true, ""},
	{"tracing {\n sampling_fraction = 0.5\n write_to = []\n sampler {\n jaeger_remote {\n"
	 " max_operations = 2\n}\n}\n}",
		true,
		"2:2: attribute \"sampling_fraction\" of tracing is accepted, but has no effect "
		"here\n"
		"3:2: attribute \"write_to\" of tracing is accepted, but has no effect here\n"
		"4:2: block \"sampler\" of tracing is accepted, but has no effect here\n"},
	{"tracing { x = 1 }", false, "1:11: unrecognized attribute name \"x\"\n"},
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct harness h;

		print_message("%s\n", cases[i].text);
		harness_init(&h, &tracing);
		assert_int_equal(harness_load(&h, cases[i].text), cases[i].ok);
		assert_str(buf_str(&h.errors), cases[i].want);
		harness_fini(&h);
	}
}

TESTS_RUN(cmocka_unit_test(test_cases))
