#include "tests/ottl.h"

static void test_infer(void **state)
{
	/* clang-format off */
	static const struct {
		const char *text;
		int want; /* -1: none */
	} cases[] = {
		{"set(span.name, resource.attributes[\"a\"])", OTTL_SPAN},
		{"set(resource.attributes[\"span.x\"], \"log.body\")", OTTL_RESOURCE},
		{"set(spanevent.name, span.name)", OTTL_SPANEVENT},
		{"set(attributes[\"a\"], 1)", -1},
		{"set(resource.attributes[\"a\\\"span.\"], instrumentation_scope.name)",
			OTTL_SCOPE},
		{"datapoint.attributes[\"x\"] == metric.name", OTTL_DATAPOINT},
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		enum ottl_context c = OTTL_RESOURCE;
		bool found = ottl_infer(str_from(cases[i].text), &c);

		assert_int_equal(found ? (int)c : -1, cases[i].want);
	}
}

TESTS_RUN(cmocka_unit_test(test_infer))
