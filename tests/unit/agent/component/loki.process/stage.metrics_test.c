#include "tests/stage.h"
#include "agent/base/metric.h"

/* What /metrics says of the metrics whose names hold "custom" or "my_". */
static void show(struct buf *out)
{
	struct buf all = {0};
	struct str rest, line;

	buf_clear(out);
	metric_print_all(&all);
	rest = buf_str(&all);
	while (str_cut(rest, '\n', &line, &rest)) {
		if (str_find(line, STR("custom")) >= 0 || str_find(line, STR("my_")) >= 0)
			buf_printf(out, STR_FMT "\n", STR_ARG(line));
	}
	buf_fini(&all);
}

#define ID "component_id=\"loki.process.p\",component_path=\"/\""
#define CUSTOM "loki_process_custom_"

static const struct stage_case cases[] = {
	{"counters",
		"stage.json { expressions = {n = \"\", d = \"\"} }\n"
		"stage.metrics {\n"
		" metric.counter {\n name = \"all\"\n description = \"Every\\nline\"\n"
		" action = \"inc\"\n"
		"  match_all = true\n }\n"
		" metric.counter {\n name = \"bytes\"\n action = \"add\"\n match_all = true\n"
		"  count_entry_bytes = true\n prefix = \"my_\"\n }\n"
		" metric.counter {\n name = \"n\"\n action = \"add\"\n }\n"
		" metric.counter {\n name = \"sevens\"\n source = \"n\"\n value = \"7\"\n action = "
		"\"inc\"\n }\n"
		" metric.counter {\n name = \"d\"\n action = \"add\"\n }\n"
		"}",
		"a=1,__x=2|{\"n\":7,\"d\":\"1m30s\"}\na=1,__x=3|{\"n\":1.5,\"d\":true}\n"
		"a=2|{\"n\":-4}\n"
		"a=2|{\"n\":\"no\",\"d\":null}",
		"# HELP loki_process_custom_all Every\\nline\n"
		"# TYPE loki_process_custom_all counter\n" CUSTOM "all{" ID ",a=\"1\"} 2\n" CUSTOM
		"all{" ID ",a=\"2\"} 2\n"
		"# HELP loki_process_custom_d \n"
		"# TYPE loki_process_custom_d counter\n" CUSTOM "d{" ID ",a=\"1\"} 91\n"
		"# HELP loki_process_custom_n \n"
		"# TYPE loki_process_custom_n counter\n" CUSTOM "n{" ID ",a=\"1\"} 8.5\n"
		"# HELP loki_process_custom_sevens \n"
		"# TYPE loki_process_custom_sevens counter\n" CUSTOM "sevens{" ID ",a=\"1\"} 1\n"
		"# HELP my_bytes \n# TYPE my_bytes counter\n"
		"my_bytes{" ID ",a=\"1\"} 37\nmy_bytes{" ID ",a=\"2\"} 27\n"},
	{"gauges",
		"stage.logfmt { mapping = {v = \"\"} }\n"
		"stage.metrics {\n"
		" metric.gauge {\n name = \"set\"\n source = \"v\"\n action = \"set\"\n }\n"
		" metric.gauge {\n name = \"add\"\n source = \"v\"\n action = \"add\"\n }\n"
		" metric.gauge {\n name = \"sub\"\n source = \"v\"\n action = \"sub\"\n }\n"
		" metric.gauge {\n name = \"inc\"\n source = \"v\"\n action = \"inc\"\n }\n"
		" metric.gauge {\n name = \"dec\"\n source = \"v\"\n value = \"2\"\n"
		" action = \"dec\"\n }\n"
		"}",
		"a=1|v=5\na=1|v=2\na=1|w=3",
		"# HELP loki_process_custom_add \n"
		"# TYPE loki_process_custom_add gauge\n" CUSTOM "add{" ID ",a=\"1\"} 7\n"
		"# HELP loki_process_custom_dec \n"
		"# TYPE loki_process_custom_dec gauge\n" CUSTOM "dec{" ID ",a=\"1\"} -1\n"
		"# HELP loki_process_custom_inc \n"
		"# TYPE loki_process_custom_inc gauge\n" CUSTOM "inc{" ID ",a=\"1\"} 2\n"
		"# HELP loki_process_custom_set \n"
		"# TYPE loki_process_custom_set gauge\n" CUSTOM "set{" ID ",a=\"1\"} 2\n"
		"# HELP loki_process_custom_sub \n"
		"# TYPE loki_process_custom_sub gauge\n" CUSTOM "sub{" ID ",a=\"1\"} -7\n"},
	{"histograms, with bounds at and below zero; one metric of two stages",
		"stage.logfmt { mapping = {v = \"\"} }\n"
		"stage.metrics {\n metric.histogram {\n name = \"h\"\n source = \"v\"\n"
		"  buckets = [-1, 0, 0.5]\n }\n}\n"
		"stage.match {\n selector = \"{a=\\\"2\\\"}\"\n"
		" stage.metrics {\n metric.histogram {\n name = \"h\"\n source = \"v\"\n"
		"  buckets = [-1, 0, 0.5]\n }\n}\n}",
		"a=2,le=7|v=0.25\na=2|v=-3",
		"# HELP loki_process_custom_h \n# TYPE loki_process_custom_h histogram\n" CUSTOM
		"h_bucket{" ID ",a=\"2\",le=\"-1\"} 2\n" CUSTOM "h_bucket{" ID
		",a=\"2\",le=\"0\"} 2\n" CUSTOM "h_bucket{" ID ",a=\"2\",le=\"0.5\"} 4\n" CUSTOM
		"h_bucket{" ID ",a=\"2\",le=\"+Inf\"} 4\n" CUSTOM "h_sum{" ID
		",a=\"2\"} -5.5\n" CUSTOM "h_count{" ID ",a=\"2\"} 4\n"},
};

static void test_cases(void **state)
{
	struct buf out = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct harness h;

		print_message("%s\n", cases[i].name);
		harness_init(&h, &loki_process);
		assert_true(stage_load(&h, cases[i].stages));
		stage_push_all(cases[i].in);
		show(&out);
		assert_str(buf_str(&out), cases[i].want);
		harness_fini(&h);
		show(&out);
		assert_str(buf_str(&out), "");
	}
	buf_fini(&out);
}

#define ONE(text) "stage.metrics {\n" text "\n}"

static const struct stage_case refused[] = {
	{"idle", ONE("metric.counter {\n name = \"a\"\n action = \"inc\"\n"
		     " max_idle_duration = \"1ms\"\n}"),
		"", "! max_idle_duration must be greater or equal than 1s\n"},
	{"counter", ONE("metric.counter {\n name = \"a\"\n action = \"dec\"\n}"), "",
		"! the 'action' counter field must be either 'inc' or 'add'\n"},
	{"both", ONE("metric.counter {\n name = \"a\"\n action = \"inc\"\n match_all = true\n"
		     " value = \"x\"\n}"),
		"", "! a 'counter' metric supports either 'match_all' or a 'value', but not "
		    "both\n"},
	{"bytes", ONE("metric.counter {\n name = \"a\"\n action = \"inc\"\n"
		      " count_entry_bytes = true\n}"),
		"",
		"! the 'count_entry_bytes' counter field must be specified along with match_all "
		"set to true or action set to 'add'\n"},
	{"gauge", ONE("metric.gauge {\n name = \"a\"\n action = \"x\"\n}"), "",
		"! the 'action' gauge field must be one of the following values: [set, inc, dec, "
		"add, sub]\n"},
	{"name", ONE("metric.gauge {\n name = \"a-b\"\n action = \"set\"\n}"), "",
		"! \"loki_process_custom_a-b\" is not a valid metric name\n"},
	{"buckets", ONE("metric.histogram {\n name = \"a\"\n buckets = [1, 1]\n}"), "",
		"! histogram buckets must be in increasing order\n"},
	{"no list", ONE("metric.histogram {\n name = \"a\"\n buckets = 7\n}"), "",
		"! buckets should be list(number), got number\n"},
	{"no numbers", ONE("metric.histogram {\n name = \"a\"\n buckets = [1, \"x\"]\n}"), "",
		"! buckets: should be number, got string\n"},
};

static void test_refused(void **state)
{
	(void)state;
	STAGE_RUN_CASES(refused);
}

/* A series that nothing is added to is not shown any more; others stay. */
static void test_idle(void **state)
{
	struct buf out = {0};
	struct harness h;

	(void)state;
	harness_init(&h, &loki_process);
	assert_true(stage_load(&h, ONE("metric.counter {\n name = \"c\"\n action = \"inc\"\n"
				       " match_all = true\n max_idle_duration = \"10s\"\n}")));
	stage_push_all("a=1|x\na=2|x");
	harness_advance(&h, INT64_C(9000000000));
	stage_push_all("a=2|x");
	harness_advance(&h, INT64_C(1000000000));
	show(&out);
	assert_true(str_ends(buf_str(&out), "counter\n" CUSTOM "c{" ID ",a=\"2\"} 2\n"));
	harness_advance(&h, INT64_C(9000000000));
	show(&out);
	assert_str(buf_str(&out), "");
	stage_push_all("a=2|x");
	show(&out);
	assert_true(str_ends(buf_str(&out), ",a=\"2\"} 1\n"));
	harness_fini(&h);
	buf_fini(&out);
}

/* A label with too many values does not fill the memory. */
static void test_many(void **state)
{
	char text[32];
	struct buf out = {0};
	struct harness h;
	size_t lines = 0;

	(void)state;
	harness_init(&h, &loki_process);
	assert_true(stage_load(&h, ONE("metric.counter {\n name = \"c\"\n action = \"inc\"\n"
				       " match_all = true\n}")));
	for (int i = 0; i < 10100; i++) {
		snprintf(text, sizeof(text), "a=%d|x", i);
		stage_push(str_from(text), 1);
	}
	show(&out);
	for (size_t i = 0; i < out.n; i++)
		lines += out.p[i] == '\n';
	assert_int_equal(lines, 10002);
	buf_fini(&out);
	harness_fini(&h);
	buf_fini(&harness_seen);
}

TESTS_RUN(cmocka_unit_test(test_cases), cmocka_unit_test(test_refused),
	cmocka_unit_test(test_idle), cmocka_unit_test(test_many))
