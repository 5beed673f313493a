#include "tests/stage.h"
#include "agent/base/metric.h"

#define INNER "stage.static_labels { values = {hit = \"1\"} }"

static const struct stage_case cases[] = {
	{"inner stages for what is taken",
		"stage.match {\n selector = \"{app=\\\"web\\\"}\"\n " INNER "\n}",
		"app=web|l\napp=db|m",
		"100000000000 {app=\"web\", hit=\"1\"} l\n101000000000 {app=\"db\"} m\n"},
	{"line filters",
		"stage.match {\n selector = \"{app=\\\"web\\\"} |= \\\"err\\\" !~ "
		"\\\"x+y\\\"\"\n " INNER "\n}",
		"app=web|an err\napp=web|an err xxy\napp=web|fine",
		"100000000000 {app=\"web\", hit=\"1\"} an err\n101000000000 {app=\"web\"} an err "
		"xxy\n"
		"102000000000 {app=\"web\"} fine\n"},
	{"drop",
		"stage.match {\n selector = \"{app=~\\\"w.*\\\"} |~ \\\"GET /(health|ready)\\\"\"\n"
		" action = \"drop\"\n drop_counter_reason = \"probes\"\n pipeline_name = \"p\"\n}",
		"app=web|GET /health\napp=web|GET /x\napp=db|GET /ready",
		"101000000000 {app=\"web\"} GET /x\n102000000000 {app=\"db\"} GET /ready\n"},
	{"sees the labels as they are now",
		"stage.static_labels { values = {env = \"prod\"} }\n"
		"stage.match {\n selector = \"{env=\\\"prod\\\"}\"\n " INNER "\n}",
		"a=1|l", "100000000000 {a=\"1\", env=\"prod\", hit=\"1\"} l\n"},
	{"the map is shared",
		"stage.match {\n selector = \"{a=\\\"1\\\"}\"\n stage.regex { expression = "
		"\"(?P<w>\\\\w+)\" }\n}\n"
		"stage.labels { values = {w = \"\"} }",
		"a=1|word\na=2|word",
		"100000000000 {a=\"1\", w=\"word\"} word\n101000000000 {a=\"2\"} word\n"},
	{"nested",
		"stage.match {\n selector = \"{a=\\\"1\\\"}\"\n stage.match {\n selector = "
		"\"{b=\\\"2\\\"}\"\n"
		" action = \"drop\"\n }\n}",
		"a=1,b=2|l\na=1|m", "101000000000 {a=\"1\"} m\n"},
	{"no stages", "stage.match { selector = \"{}\" }", "",
		"! match stage requires at least one additional stage to be defined in '- "
		"stages', or action = \"drop\"\n"},
	{"stages and drop", "stage.match {\n selector = \"{}\"\n action = \"drop\"\n " INNER "\n}",
		"", "! match stage configured to drop entries cannot contains stages: "
		    "leave out action, or the stages\n"},
	{"bad action", "stage.match {\n selector = \"{}\"\n action = \"x\"\n}", "",
		"! match stage action should be 'keep' or 'drop'\n"},
	{"no selector", "stage.match {\n selector = \"\"\n " INNER "\n}", "",
		"! selector statement required for match stage\n"},
	{"a bad selector hides nothing that is inside", "stage.match {\n selector = \"{a}\"\n"
							" action = \"x\"\n stage.regex { "
							"expression = \"(\" }\n}",
		"",
		"! invalid selector syntax for match stage: parse error at line 1, col 3: syntax "
		"error: want =, !=, =~ or !~\n"
		"! match stage action should be 'keep' or 'drop'\n"
		"! expression: could not compile regular expression: error parsing regexp: missing "
		"closing ): `(`\n"},
	{"bad selector", "stage.match {\n selector = \"{a}\"\n " INNER "\n}", "",
		"! invalid selector syntax for match stage: parse error at line 1, col 3: syntax "
		"error: "
		"want =, !=, =~ or !~\n"},
	{"bad inner stage", "stage.match {\n selector = \"{}\"\n stage.output { source = \"\" }\n}",
		"", "! output source value is required if output is specified\n"},
};

STAGE_TESTS(cases)

static const struct {
	const char *more;
	const char *reason;
} reasons[] = {{"drop_counter_reason = \"probes\"", "probes"}, {"", "match_stage"}};

static void test_counter(void **state)
{
	char want[160], text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		struct harness h;
		struct buf all = {0};

		harness_init(&h, &loki_process);
		snprintf(text, sizeof(text),
			"stage.match {\n selector = `{a=\"1\"}`\n action = \"drop\"\n %s\n}",
			reasons[i].more);
		assert_true(stage_load(&h, text));
		stage_push_all("a=1|x\na=2|y\na=1|z");
		metric_print_all(&all);
		buf_add_char(&all, '\0');
		snprintf(want, sizeof(want),
			"loki_process_dropped_lines_total{component_id=\"loki.process.p\","
			"component_path=\"/\",reason=\"%s\"} 2\n",
			reasons[i].reason);
		assert_non_null(strstr(all.p, want));
		buf_fini(&all);
		harness_fini(&h);
	}
}

TESTS_RUN(cmocka_unit_test(test_cases), cmocka_unit_test(test_counter))
