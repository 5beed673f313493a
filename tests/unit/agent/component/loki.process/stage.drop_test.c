#include "tests/stage.h"
#include "agent/base/metric.h"

#define WORD "stage.regex { expression = \"^(?P<w>\\\\w+) (?P<v>\\\\w*)\" }\n"

static const struct stage_case cases[] = {
	{"expression on the line", "stage.drop { expression = \"GET /health|debug\" }",
		"a=1|x GET /health\na=1|x GET /\na=1|debug", "101000000000 {a=\"1\"} x GET /\n"},
	{"expression on a source", WORD "stage.drop {\n source = \"w\"\n expression = \"^de\"\n}",
		"a=1|debug x\na=1|x debug", "101000000000 {a=\"1\"} x debug\n"},
	{"value", WORD "stage.drop {\n source = \"w\"\n value = \"debug\"\n}",
		"a=1|debug x\na=1|debugger x", "101000000000 {a=\"1\"} debugger x\n"},
	{"several sources",
		WORD "stage.drop {\n source = \"w,v\"\n separator = \"#\"\n value = \"a#b\"\n}",
		"a=1|a b\na=1|a c", "101000000000 {a=\"1\"} a c\n"},
	{"a source that is missing is left out",
		WORD "stage.drop {\n source = \"nope,w\"\n expression = \"^x$\"\n}",
		"a=1|x y\na=1|z y", "101000000000 {a=\"1\"} z y\n"},
	{"source alone", "stage.drop { source = \"b\" }", "a=1|l\na=1,b=2|m",
		"100000000000 {a=\"1\"} l\n"},
	{"sources alone: all", "stage.drop { source = \"a,b\" }", "a=1|l\na=1,b=2|m",
		"100000000000 {a=\"1\"} l\n"},
	{"longer than", "stage.drop { longer_than = \"8B\" }", "a=1|12345678\na=1|123456789",
		"100000000000 {a=\"1\"} 12345678\n"},
	{"older than", "stage.drop { older_than = \"899s\" }", "a=1|old\na=1|as old\na=1|new",
		"101000000000 {a=\"1\"} as old\n102000000000 {a=\"1\"} new\n"},
	{"all conditions", "stage.drop {\n longer_than = \"1KB\"\n expression = \"x\"\n}", "a=1|x",
		"100000000000 {a=\"1\"} x\n"},
	{"null is no text",
		"stage.json { expressions = {n = \"\"} }\nstage.drop {\n source = \"n\"\n "
		"expression = \"^$\"\n}",
		"a=1|{\"n\":null}\na=1|{\"n\":\"\"}", "100000000000 {a=\"1\"} {\"n\":null}\n"},
	{"nothing", "stage.drop {}", "",
		"! drop stage config must contain at least one of `source`, `expression`, "
		"`older_than` or "
		"`longer_than`\n"},
	{"value and expression",
		"stage.drop {\n source = \"a\"\n value = \"x\"\n expression = \"x\"\n}", "",
		"! drop stage config error, `value` and `expression` cannot both be defined at the "
		"same "
		"time.\n"},
	{"value without source", "stage.drop {\n value = \"x\"\n older_than = \"1h\"\n}", "",
		"! drop stage config must contain `source` if `value` is specified\n"},
	{"bad expression", "stage.drop { expression = \"(?!x)\" }", "",
		"! expression: could not compile regular expression: error parsing regexp: "
		"invalid or "
		"unsupported Perl "
		"syntax: `(?!`\n"},
};

STAGE_TESTS(cases)

static void test_counter(void **state)
{
	struct harness h;
	struct buf all = {0};

	(void)state;
	harness_init(&h, &loki_process);
	assert_true(stage_load(&h,
		"stage.drop { expression = \"x\" }\n"
		"stage.drop {\n expression = \"y\"\n drop_counter_reason = \"why\"\n}"));
	stage_push_all("a=1|x\na=1|y\na=1|xy\na=1|z");
	metric_print_all(&all);
	buf_add_char(&all, '\0');
	assert_non_null(strstr(all.p, "reason=\"drop_stage\"} 2\n"));
	assert_non_null(strstr(all.p, "reason=\"why\"} 1\n"));
	buf_fini(&all);
	harness_fini(&h);
}

TESTS_RUN(cmocka_unit_test(test_cases), cmocka_unit_test(test_counter))
