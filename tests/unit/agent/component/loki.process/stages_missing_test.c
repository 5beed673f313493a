#include "agent/component/loki.process/stage.h"
#include "tests/stage.h"

static const struct stage_case cases[] = {
	{"one error a stage, whatever is in it",
		"stage.windowsevent { source = \"x\" }\n"
		"stage.eventlogmessage { overwrite_existing = true }\n"
		"stage.geoip {\n db = 7\n custom_lookups = {x = \"y\"}\n}",
		"",
		"! stage.windowsevent is not supported\n"
		"! stage.eventlogmessage is not supported\n"
		"! stage.geoip is not supported\n"},
	{"unknown to Alloy too", "stage.nope {}", "", "! unrecognized block name \"stage.nope\"\n"},
};

STAGE_TESTS(cases)

static void test_all_are_listed_sorted(void **state)
{
	size_t n = 0;

	(void)state;
	for (; stage_types[n]; n++) {
		if (n > 0)
			assert_true(strcmp(stage_types[n - 1]->name, stage_types[n]->name) < 0);
		assert_non_null(stage_types[n]->ops);
		assert_non_null(stage_types[n]->args);
	}
	assert_int_equal(n, 31);
}

TESTS_RUN(cmocka_unit_test(test_cases), cmocka_unit_test(test_all_are_listed_sorted))
