#include "agent/base/log.h"
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

/*
 * No pattern and no line can hold the agent up: each stage with what takes a backtracking, a
 * doubling or a nested search longest, on long lines of each kind. What comes out does not matter
 * here; that it comes out, and that each line is passed on or counted as dropped, does.
 */
static const char *const slow[] = {
	"stage.regex { expression = `(?P<x>(a+)+$)` }",
	"stage.regex { expression = `(?P<x>(?:a?){60}a{60})` }",
	"stage.regex {\n expression = `(?P<x>([0-9]+)*x)`\n labels_from_groups = true\n}",
	"stage.drop { expression = `^(a|aa|[0-9]|[0-9][0-9])+$` }",
	"stage.match {\n selector = `{a=~\"1\"} |~ \"(a*)*b\" !~ \"(.*)*,(.*)*;\"`\n action = "
	"\"drop\"\n}",
	"stage.replace {\n expression = `((a+)+b)`\n replace = \"x\"\n}",
	"stage.replace {\n expression = `(a|[0-9])`\n replace = \"{{ .Value }}{{ .Value }}\"\n}",
	"stage.replace {\n expression = `(.*?)*?;`\n replace = \"{{ .Entry }}\"\n}",
	"stage.multiline { firstline = `^(a+)+$` }",
	"stage.luhn {\n skip_regex = `([0-9]+)*x`\n delimiters = \" -\"\n min_length = 2\n}",
	"stage.json { regex = `^(a+)+$` }",
	"stage.json { expressions = {x = `[@,@]|[@,@]|[@,@]|[@,@]|[@,@]|[@,@]|[@,@]|[@,@]|[@,@]|"
	"[@,@]|[@,@]|[@,@]|[@,@]|[@,@]|[@,@]|[@,@]|[@,@]|[@,@]|[@,@]|[@,@]|[@,@]|[@,@]|[@,@]`} }",
	"stage.json { expressions = {x = `[?contains(to_string(@), 'x')] | sort(@) | reverse(@)`, "
	"y = `[*][*][*]`, z = `map(&map(&to_string(@), [@,@,@]), @)`} }",
	"stage.logfmt { regex = `^(a+)+$` }",
	"stage.structured_metadata { regex = `^(.*)*;$` }",
	"stage.pattern { pattern = \"<a>a<b>a<c>aaaaaaaaaaaaaab<d>\" }",
	"stage.template {\n source = \"x\"\n template = `{{ range splitList \"\" .Entry }}"
	"{{ range splitList \"\" $.Entry }}{{ range splitList \"\" $.Entry }}x{{ end }}{{ end }}"
	"{{ end }}`\n}",
	"stage.template {\n source = \"x\"\n template = `{{ regexReplaceAll \"(a+)+b\" .Entry "
	"\"\" }}{{ repeat 1000000000 \"x\" }}`\n}",
	"stage.template {\n source = \"x\"\n template = `{{ range until 1000000000 }}{{ $.Entry }}"
	"{{ end }}`\n}",
	"stage.template {\n source = \"x\"\n template = `{{ $x := .Entry }}{{ range until 60 }}"
	"{{ $x = print $x $x }}{{ end }}{{ $x }}`\n}",
	"stage.decolorize { }",
	"stage.cri { }",
	"stage.docker { }",
	"stage.split_json { }",
	"stage.pack { labels = [\"a\"] }",
	"stage.truncate {\n rule {\n limit = \"3B\"\n suffix = \"x\"\n }\n}",
	"stage.regex { expression = `(?s)(?P<t>.*)` }\nstage.timestamp {\n source = \"t\"\n"
	" format = \"2006-01-02T15:04:05.999999999Z07:00\"\n fallback_formats = [\"Unix\"]\n}",
};

static const struct {
	const char *begin, *again, *end;
} long_lines[] = {
	{"", "a", "!"},
	{"", "4", ""},
	{"", "4-", "x"},
	{"", "a,a;", "!"},
	{"{\"", "a", "\":1}"},
	{"[", "\"a\",", "1]"},
	{"[", "[", ""},
	{"", "a=", "\""},
	{"", "\x1b[", ""},
	{"", "\xc3\xa4", "\xff"},
};

static uint64_t line_sum(struct buf *b)
{
	uint64_t n = 0;

	for (size_t i = 0; i < b->n; i++)
		n += b->p[i] == '\n';
	return n;
}

static void test_nothing_hangs(void **state)
{
	struct buf line = {0};

	(void)state;
	log_set(LOG_ERROR, LOG_LOGFMT);
	for (size_t i = 0; i < sizeof(slow) / sizeof(slow[0]); i++) {
		struct harness h;

		harness_init(&h, &loki_process);
		print_message("%s\n", slow[i]);
		if (!stage_load(&h, slow[i]))
			fail_msg(STR_FMT, STR_ARG(buf_str(&h.errors)));
		for (size_t k = 0; k < sizeof(long_lines) / sizeof(long_lines[0]); k++) {
			buf_clear(&line);
			buf_printf(&line, "a=1|%s", long_lines[k].begin);
			while (line.n < 30000)
				buf_printf(&line, "%s", long_lines[k].again);
			buf_printf(&line, "%s", long_lines[k].end);
			stage_push(buf_str(&line), 1);
		}
		harness_advance(&h, INT64_C(10000000000));
		assert_true(line_sum(&harness_seen) > 0 ||
			    str_find(str_from(slow[i]), STR("drop")) >= 0);
		harness_fini(&h);
	}
	buf_fini(&line);
	buf_fini(&harness_seen);
	log_set(LOG_INFO, LOG_LOGFMT);
}

TESTS_RUN(cmocka_unit_test(test_cases), cmocka_unit_test(test_reload),
	cmocka_unit_test(test_counters_stay), cmocka_unit_test(test_metadata),
	cmocka_unit_test(test_nothing_hangs))
