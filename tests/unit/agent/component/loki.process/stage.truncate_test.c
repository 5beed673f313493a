#include "tests/stage.h"
#include "agent/base/metric.h"

#define RULE(body) "rule {\n limit = \"6B\"\n" body "\n}\n"

static const struct stage_case cases[] = {
	{"line", "stage.truncate {\n" RULE("") "}", "a=1|123456\na=1|1234567",
		"100000000000 {a=\"1\"} 123456\n101000000000 {a=\"1\"} 123456\n"},
	{"suffix", "stage.truncate {\n" RULE("suffix = \"...\"") "}", "a=1|123456\na=1|123",
		"100000000000 {a=\"1\"} 123...\n101000000000 {a=\"1\"} 123\n"},
	{"no character is cut in two", "stage.truncate {\n" RULE("") "}",
		"a=1|12345\xc3\xa4\na=1|1234\xc3\xa4z\na=1|123\xf0\x9f\x98\x80",
		"100000000000 {a=\"1\"} 12345\n101000000000 {a=\"1\"} 1234\xc3\xa4\n"
		"102000000000 {a=\"1\"} 123\n"},
	{"labels", "stage.truncate {\n" RULE("source_type = \"label\"") "}",
		"a=1234567,b=123,c=abcdefgh|l",
		"100000000000 {a=\"123456\", b=\"123\", c=\"abcdef\"} l\n"},
	{"a label",
		"stage.truncate {\n" RULE("source_type = \"label\"\n sources = [\"c\", \"x\"]") "}",
		"a=1234567,c=abcdefgh|l", "100000000000 {a=\"1234567\", c=\"abcdef\"} l\n"},
	{"metadata, extracted, and what is said of it",
		"stage.structured_metadata { values = {m = \"a\"} }\nstage.truncate {\n" RULE(
			"source_type = \"structured_metadata\"")
			RULE("source_type = \"extracted\"\n"
			     " sources = [\"b\"]") "}\n"
						   "stage.truncate {\n" RULE(
							   "") "}\n"
							       "stage.labels { values = {b2 = "
							       "\"b\", t = \"truncated\"} }",
		"a=1234567,b=abcdefg|a longer line",
		"100000000000 {b=\"abcdefg\", b2=\"abcdef\", "
		"t=\"extracted,line,structured_metadata\"} "
		"[m=123456] a long\n"},
	{"no rule", "stage.truncate {}", "", "! missing required block \"rule\"\n"},
	{"no limit", "stage.truncate {\n rule {\n limit = \"0B\"\n }\n}", "",
		"! limit must be greater than zero\n"},
	{"sources of a line", "stage.truncate {\n" RULE("sources = [\"x\"]") "}", "",
		"! sources cannot be set when source_type is 'line'\n"},
	{"long suffix", "stage.truncate {\n" RULE("suffix = \"123456\"") "}", "",
		"! suffix length cannot be greater than or equal to limit\n"},
};

STAGE_TESTS(cases)

static void test_counters(void **state)
{
	struct harness h;
	struct buf all = {0};

	(void)state;
	harness_init(&h, &loki_process);
	assert_true(
		stage_load(&h, "stage.truncate {\n" RULE("") "}\nstage.truncate {\n" RULE("") "}"));
	stage_push_all("a=1|1234567\na=1|1");
	metric_print_all(&all);
	buf_add_char(&all, '\0');
	assert_non_null(
		strstr(all.p, "loki_process_truncated_fields_total{component_id=\"loki.process.p\","
			      "component_path=\"/\",field=\"line\"} 1\n"));
	buf_fini(&all);
	harness_fini(&h);
}

TESTS_RUN(cmocka_unit_test(test_cases), cmocka_unit_test(test_counters))
