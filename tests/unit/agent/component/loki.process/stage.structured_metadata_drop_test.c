#include "tests/stage.h"

#define SET \
	"stage.regex { expression = \"(?P<x>.)(?P<y>.)(?P<z>.)\" }\n" \
	"stage.structured_metadata { values = {x = \"\", y = \"\", z = \"\"} }\n"

static const struct stage_case cases[] = {
	{"some", SET "stage.structured_metadata_drop { values = [\"x\", \"z\", \"none\"] }",
		"a=1|123", "100000000000 {a=\"1\"} [y=2] 123\n"},
	{"all, and then others",
		SET "stage.structured_metadata_drop { values = [\"x\", \"y\", \"z\"] }\n"
		    "stage.structured_metadata { values = {w = \"y\"} }",
		"a=1|123", "100000000000 {a=\"1\"} [w=2] 123\n"},
	{"none", SET "stage.structured_metadata_drop { values = [\"none\"] }", "a=1|123",
		"100000000000 {a=\"1\"} [x=1 y=2 z=3] 123\n"},
	{"no names", "stage.structured_metadata_drop { values = [] }", "",
		"! structured_metadata_drop stage config cannot be empty: values has no name\n"},
};

STAGE_TESTS(cases)

/* What came in with the entry is borrowed, and stays as it was. */
static void test_borrowed(void **state)
{
	static const struct label meta[] = {{{"k", 1}, {"1", 1}}, {{"l", 1}, {"2", 1}}};
	const struct labels *none = labels_empty();
	struct harness h;

	(void)state;
	harness_init(&h, &loki_process);
	assert_true(stage_load(&h, "stage.structured_metadata_drop { values = [\"k\"] }"));
	harness_push_entry(&(struct entry){
		.labels = none, .time = 5, .line = STR("x"), .meta = meta, .n_meta = 2});
	labels_release(none);
	assert_str(buf_str(&harness_seen), "5 {} [l=2] x\n");
	assert_str(meta[0].name, "k");
	harness_fini(&h);
}

TESTS_RUN(cmocka_unit_test(test_cases), cmocka_unit_test(test_borrowed))
