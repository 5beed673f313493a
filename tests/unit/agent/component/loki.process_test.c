#include "agent/base/metric.h"
#include "tests/stage.h"

#define T "2026-11-22T10:41:07.5Z "
#define NS "1795344067500000000 "

static const struct stage_case cases[] = {
	{"no stages: entries pass", "", "a=1|l", "100000000000 {a=\"1\"} l\n"},
	{"in the order written",
		"stage.static_labels { values = {x = \"1\"} }\nstage.label_drop { values = [\"x\"] "
		"}\n"
		"stage.static_labels { values = {y = \"2\"} }",
		"a=1|l", "100000000000 {a=\"1\", y=\"2\"} l\n"},
	{"what clusters do: cri, fields of JSON, noise dropped, high cardinality moved",
		"stage.cri {}\n"
		"stage.match {\n selector = \"{container=\\\"web\\\"} |= \\\"{\\\"\"\n"
		" stage.json { expressions = {level = \"\", msg = \"\", id = \"req.id\"} }\n"
		" stage.drop {\n source = \"level\"\n value = \"debug\"\n }\n"
		" stage.labels { values = {level = \"\"} }\n stage.output { source = \"msg\" }\n}\n"
		"stage.structured_metadata { values = {pod = \"\", id = \"\"} }\n"
		"stage.label_drop { values = [\"filename\"] }",
		"container=web,filename=f,pod=p|" T
		"stdout F {\"level\":\"info\",\"msg\":\"hi\",\"req\":{\"id\":\"7\"}}\n"
		"container=web,filename=f,pod=p|" T
		"stdout F {\"level\":\"debug\",\"msg\":\"no\"}\n"
		"container=db,filename=f,pod=q|" T "stderr F plain",
		NS "{container=\"web\", level=\"info\", stream=\"stdout\"} [id=7 pod=p] hi\n" NS
		   "{container=\"db\", stream=\"stderr\"} [pod=q] plain\n"},
	{"every mistake is reported",
		"stage.output { source = \"\" }\nstage.drop {}\nstage.geoip {}", "",
		"! output source value is required if output is specified\n"
		"! drop stage config must contain at least one of `source`, `expression`, "
		"`older_than` "
		"or `longer_than`\n"
		"! stage.geoip is not supported\n"},
};

STAGE_TESTS(cases)

/* What is held goes through the stages that it was held by. */
static void test_reload(void **state)
{
	struct harness h;

	(void)state;
	harness_init(&h, &loki_process);
	assert_true(stage_load(&h, "stage.cri {}\nstage.static_labels { values = {v = \"old\"} }"));
	stage_push_all("a=1|" T "stdout P held");
	assert_true(stage_load(&h, "stage.static_labels { values = {v = \"new\"} }"));
	assert_str(buf_str(&harness_seen), NS "{a=\"1\", stream=\"stdout\", v=\"old\"} held\n");
	buf_clear(&harness_seen);
	stage_push_all("a=1|x");
	assert_str(buf_str(&harness_seen), "100000000000 {a=\"1\", v=\"new\"} x\n");
	assert_false(stage_load(&h, "stage.output { source = \"\" }"));
	buf_clear(&harness_seen);
	stage_push_all("a=1|y");
	assert_str(buf_str(&harness_seen), "100000000000 {a=\"1\", v=\"new\"} y\n");
	harness_fini(&h);
}

/* Counters go on through a reload. */
static void test_counters_stay(void **state)
{
	struct harness h;
	struct buf all = {0};

	(void)state;
	harness_init(&h, &loki_process);
	assert_true(stage_load(&h, "stage.drop { expression = \"x\" }"));
	stage_push_all("a=1|x");
	assert_true(stage_load(&h, "stage.drop { expression = \"y\" }"));
	stage_push_all("a=1|y");
	metric_print_all(&all);
	buf_add_char(&all, '\0');
	assert_non_null(strstr(all.p, "reason=\"drop_stage\"} 2\n"));
	buf_fini(&all);
	harness_fini(&h);
}

/* Metadata that came with an entry is kept, and is added to. */
static void test_metadata(void **state)
{
	static const struct label v = {{"a", 1}, {"1", 1}};
	static const struct label meta[] = {{{"m", 1}, {"0", 1}}, {{"b", 1}, {"old", 3}}};
	const struct labels *set = labels_intern(&v, 1);
	struct entry e = {.labels = set, .time = 5, .line = STR("l"), .meta = meta, .n_meta = 2};
	struct harness h;

	(void)state;
	harness_init(&h, &loki_process);
	assert_true(stage_load(&h, "stage.structured_metadata { values = {b = \"a\"} }"));
	harness_push_entry(&e);
	assert_str(buf_str(&harness_seen), "5 {} [m=0 b=1] l\n");
	labels_release(set);
	harness_fini(&h);
}

TESTS_RUN(cmocka_unit_test(test_cases), cmocka_unit_test(test_reload),
	cmocka_unit_test(test_counters_stay), cmocka_unit_test(test_metadata))
