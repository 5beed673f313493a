#include "agent/graph/plan.h"

#include "agent/base/buf.h"
#include "agent/config/ast.h"
#include "tests/test.h"

#include <stdlib.h>

#define DATA "tests/data/alloy/validator/"

/* Blocks of Alloy that the golden files use, as far as they use them. */

struct any {
	struct value v[12];
	struct arg_capsules to;
	struct arg_targets targets;
	struct str text[6];
	void *block[4];
	struct arg_blocks blocks;
	struct arg_choices stages;
};

#define TEXT(i, text_name, ...) \
	ARG_NAMED(any, text_name, text[i], .type = ARG_STR, __VA_ARGS__)
#define REQ .flags = ARG_REQUIRED

static const struct arg none_args[] = {ARGS_END};
static const struct arg logging_args[] = {
	TEXT(0, "level"),
	TEXT(1, "format"),
	ARG_NAMED(any, "write_to", to, .type = ARG_CAPSULES, .capsule = &capsule_logs_receiver),
	ARGS_END,
};
static const struct arg file_args[] = {TEXT(0, "filename", REQ), ARGS_END};
static const struct arg string_args[] = {TEXT(0, "content", REQ), ARGS_END};
static const struct arg git_args[] = {
	TEXT(0, "repository", REQ), TEXT(1, "revision"), TEXT(2, "path", REQ), ARGS_END};
static const struct arg url_args[] = {TEXT(0, "url", REQ), ARGS_END};
static const struct arg match_args[] = {
	ARG_NAMED(any, "path_targets", targets, .type = ARG_TARGETS, REQ), ARGS_END};
static const struct arg source_args[] = {
	ARG_NAMED(any, "targets", targets, .type = ARG_TARGETS, REQ),
	ARG_NAMED(any, "forward_to", to, .type = ARG_CAPSULES, .capsule = &capsule_logs_receiver,
		REQ),
	TEXT(0, "encoding"),
	ARGS_END,
};
static const struct arg relabel_args[] = {
	ARG_NAMED(any, "forward_to", to, .type = ARG_CAPSULES, .capsule = &capsule_logs_receiver,
		REQ),
	ARGS_END,
};
static const char *const actions[] = {"insert", "update", "upsert", "delete", NULL};
static const struct arg header_args[] = {
	TEXT(0, "key"), TEXT(1, "action", .one_of = actions), ARGS_END};
static const struct arg headers_args[] = {
	ARG_NAMED(any, "header", blocks, .type = ARG_BLOCK, .flags = ARG_REPEATED,
		.block = header_args,
		.size = sizeof(struct any)),
	ARGS_END,
};
static const struct arg stage_args[] = {
	ARG_NAMED(any, "mapping", v[0], .type = ARG_ANY),
	ARG_NAMED(any, "values", v[1], .type = ARG_ANY),
	ARGS_END,
};
static const struct arg_choice_type stage_logfmt = {
	"stage.logfmt", NULL, stage_args, sizeof(struct any), NULL};
static const struct arg_choice_type stage_labels = {
	"stage.labels", NULL, stage_args, sizeof(struct any), NULL};
static const struct arg_choice_type *const stages[] = {&stage_logfmt, &stage_labels, NULL};
static const struct arg process_args[] = {
	ARG_NAMED(any, "forward_to", to, .type = ARG_CAPSULES, .capsule = &capsule_logs_receiver,
		REQ),
	ARG_NAMED(any, "stages", stages, .type = ARG_CHOICE, .choices = stages),
	ARGS_END,
};
static const struct arg write_args[] = {
	ARG_NAMED(any, "endpoint", blocks, .type = ARG_BLOCK, .flags = ARG_REPEATED,
		.block = url_args,
		.size = sizeof(struct any)),
	ARGS_END,
};
static const struct arg number_args[] = {
	ARG_NAMED(any, "n", v[0], .type = ARG_ANY), TEXT(0, "text"), ARGS_END};

/* What check() says of them is told apart by what its messages name. */
struct strict {
	struct range at;
	int64_t low;
	int64_t high;
	struct str word;
	struct arg_capsules to;
	struct strict_part *part;
};
struct strict_part {
	struct range at;
	int64_t low;
};
static const char *const strict_words[] = {"a", "b", NULL};
static const struct arg part_args[] = {ARG_PLACE(strict_part, at),
	ARG(strict_part, low, .type = ARG_INT, .def = "1"), ARGS_END};
static const struct arg strict_args[] = {
	ARG_PLACE(strict, at),
	ARG(strict, low, .type = ARG_INT, .def = "1"),
	ARG(strict, high, .type = ARG_INT, REQ),
	ARG(strict, word, .type = ARG_STR, .def = "a", .one_of = strict_words),
	ARG(strict, to, .type = ARG_CAPSULES, .capsule = &capsule_logs_receiver),
	ARG(strict, part, .type = ARG_BLOCK, .block = part_args, .size = sizeof(struct strict_part),
		REQ),
	ARGS_END,
};

static bool strict_check(const void *args, struct diags *d)
{
	const struct strict *a = args;

	assert_true(str_is(a->word, "a") || str_is(a->word, "b"));
	if (a->low < 1)
		diag_error(d, a->at, "low is not positive");
	if (a->high < 1)
		diag_error(d, a->at, "high is not positive");
	if (a->high < 1 || a->low < 1)
		diag_error(d, a->at, "all is wrong");
	if (a->part->low < 1)
		diag_error(d, a->part->at, "low is not positive in the part");
	return d->errors == 0;
}

static const struct export_field receiver[] = {
	{"receiver", ARG_CAPSULE, &capsule_logs_receiver, NULL}, {NULL, ARG_END, NULL, NULL}};
static const struct export_field targets[] = {
	{"targets", ARG_TARGETS, NULL, NULL}, {NULL, ARG_END, NULL, NULL}};
static const struct export_field input[] = {
	{"input", ARG_CAPSULE, &capsule_consumer, NULL}, {NULL, ARG_END, NULL, NULL}};
static const struct export_field content[] = {
	{"content", ARG_STR, NULL, NULL}, {NULL, ARG_END, NULL, NULL}};

static bool checked(const void *args, struct diags *d)
{
	const struct any *a = args;

	if (str_is(a->text[0], "bad"))
		return diag_error(d, (struct range){0}, "text is bad");
	return true;
}

static bool imported(struct arena *a, struct component *c, const void *args, struct imported *out,
	struct err *e)
{
	struct import_text *text = arena_new(a, struct import_text, 1);
	const struct any *given = args;

	(void)c;
	(void)e;
	*out = (struct imported){.p = text, .n = 1, .is_open = !given};
	if (given)
		*text = (struct import_text){STR("string"), given->text[0]};
	return true;
}

#define TYPE(symbol, block, table, exported, ...) \
	static const struct component_type symbol = {.name = block, \
		.stability = STABILITY_GA, \
		.args = table, \
		.args_size = sizeof(struct any), \
		.size = sizeof(struct component), \
		.exports = exported, \
		__VA_ARGS__}

TYPE(headers, "otelcol.auth.headers", headers_args, NULL);
TYPE(http, "http", none_args, NULL, .is_config = true);
TYPE(import_file, "import.file", file_args, NULL, .is_config = true, .is_labeled = true);
TYPE(import_git, "import.git", git_args, NULL, .is_config = true, .is_labeled = true);
TYPE(import_http, "import.http", url_args, NULL, .is_config = true, .is_labeled = true);
TYPE(import_string, "import.string", string_args, NULL, .is_config = true, .is_labeled = true,
	.import = imported);
TYPE(local_file, "local.file", file_args, content);
TYPE(local_file_match, "local.file_match", match_args, targets);
TYPE(logging, "logging", logging_args, NULL, .is_config = true);
TYPE(loki_process, "loki.process", process_args, receiver);
TYPE(loki_source_file, "loki.source.file", source_args, NULL);
TYPE(loki_write, "loki.write", write_args, receiver);
TYPE(otlp, "otelcol.exporter.otlp", none_args, input);
TYPE(prometheus_relabel, "prometheus.relabel", relabel_args, receiver);
TYPE(remote_http, "remote.http", url_args, content);
TYPE(test_number, "test.number", number_args, content, .check = checked);
static const struct component_type test_strict = {.name = "test.strict",
	.stability = STABILITY_GA,
	.args = strict_args,
	.args_size = sizeof(struct strict),
	.size = sizeof(struct component),
	.check = strict_check};
static const struct component_type test_new = {.name = "test.new",
	.stability = STABILITY_EXPERIMENTAL,
	.args = none_args,
	.size = sizeof(struct component)};

static const struct component_type *const types[] = {&headers, &http, &import_file,
	&import_git, &import_http, &import_string, &local_file, &local_file_match, &logging,
	&loki_process, &loki_source_file, &loki_write, &otlp, &prometheus_relabel, &remote_http,
	&test_new, &test_number, &test_strict, NULL};
static const char *const foreign[] = {"loki.echo", "pyroscope.*", NULL};

static int stability = STABILITY_GA;

static struct plan *make(struct arena *a, struct file *const *files, size_t n, bool terse,
	struct diags *d)
{
	const struct plan_settings set = {
		.types = {types, foreign}, .stability = stability, .terse = terse};

	return plan_new(a, &set, files, n, d);
}

static struct str read_all(struct arena *a, const char *path)
{
	struct buf b = {0};
	FILE *f = fopen(path, "re");
	struct str s;

	assert_non_null(f);
	b.n = fread(buf_reserve(&b, 1 << 20), 1, 1 << 20, f);
	fclose(f);
	s = arena_str(a, buf_str(&b));
	buf_fini(&b);
	return s;
}

struct archive {
	struct source sources[8];
	struct file *files[8];
	size_t n;
};

/* txtar: "-- name --" begins a file. */
static void read_archive(struct arena *a, struct str text, struct archive *out, struct diags *d)
{
	while (text.n) {
		const char *nl = memchr(text.p, '\n', text.n);
		size_t n = nl ? (size_t)(nl - text.p) + 1 : text.n;

		if (str_starts(text, "-- ")) {
			assert_true(out->n < 8);
			out->sources[out->n++] = (struct source){{text.p + 3, n - 7}, {text.p + n,
											      0}};
		} else if (out->n > 0) {
			out->sources[out->n - 1].text.n += n;
		}
		text = str_from_at(text, n);
	}
	for (size_t i = 0; i < out->n; i++)
		out->files[i] = parse_file(a, &out->sources[i], d);
}

static const char *const goldens[] = {
	"cycle", "duplicates", "invalid_declare", "invalid_properties", "invalid_types", "missing",
	"mixed"};

static void test_goldens(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(goldens) / sizeof(goldens[0]); i++) {
		struct archive files = {0};
		struct buf got = {0};
		char path[200];
		struct arena a;
		struct diags d;

		print_message("%s\n", goldens[i]);
		arena_init(&a, 0);
		diags_init(&d, &a);
		snprintf(path, sizeof(path), DATA "%s.txtar", goldens[i]);
		read_archive(&a, read_all(&a, path), &files, &d);
		assert_int_equal(d.n, 0);
		plan_fini(make(&a, files.files, files.n, true, &d));
		for (size_t k = 0; k < d.n; k++)
			d.p[k].hint = (struct str){0}; /* ours */
		diags_print(&got, &d, false);
		snprintf(path, sizeof(path), DATA "%s.diags", goldens[i]);
		assert_str(buf_str(&got), read_all(&a, path).p);
		buf_fini(&got);
		diags_fini(&d);
		arena_fini(&a);
	}
}

static void show(struct buf *b, const struct diags *d)
{
	for (size_t i = 0; i < d->n; i++) {
		size_t line = 0, column = 0;

		if (d->p[i].at.file)
			range_position(d->p[i].at, &line, &column);
		buf_printf(b, "%s%s%zu:%zu " STR_FMT, i ? "; " : "",
			d->p[i].severity == DIAG_WARNING ? "warning " : "", line, column,
			STR_ARG(d->p[i].message));
	}
}

static const struct {
	const char *text;
	const char *want; /* the diagnostics, or the order of evaluation */
} cases[] = {
	{"", ""},
	{"a = 1", "1:1 unrecognized attribute a"},
	{"loki.echo \"x\" { }", "1:1 component \"loki.echo\" is Alloy's, and not supported here"},
	{"pyroscope.scrape \"x\" { }",
		"1:1 component \"pyroscope.scrape\" is Alloy's, and not supported here"},
	{"pyroscope \"x\" { }", "1:1 cannot find the definition of component name \"pyroscope\""},
	{"test.new \"x\" { }",
		"1:1 component \"test.new\" is at stability level \"experimental\", which is "
		"below the "
		"minimum allowed stability level \"generally-available\". Use --stability.level "
		"command-line flag to enable \"experimental\" features"},
	{"logging \"x\" { }", "1:9 block \"logging\" does not support specifying labels"},
	{"http { }\nlogging { }\nloki.write \"w\" { }", "logging loki.write.w http"},
	{"loki.source.file \"f\" {\n targets = local.file_match.m.targets\n"
	 " forward_to = [loki.write.w.receiver]\n}\nloki.write \"w\" { }\n"
	 "local.file_match \"m\" { path_targets = [] }",
		"local.file_match.m loki.write.w loki.source.file.f"},
	{"test.number \"a\" { n = loki.write.w }\nloki.write \"w\" { }",
		"loki.write.w test.number.a"},
	{"test.number \"a\" { n = loki.write.w.nope }\nloki.write \"w\" { }",
		"1:36 field \"nope\" does not exist"},
	{"test.number \"a\" { n = local.file.f.content + 1 }\nlocal.file \"f\" { filename = \"x\" "
	 "}",
		"local.file.f test.number.a"},
	{"test.number \"a\" { text = local.file.f.content }\nlocal.file \"f\" { filename = \"x\" }",
		"local.file.f test.number.a"},
	{"test.number \"a\" { n = 1 / 0 }", "1:27 0 divide by zero error"},
	{"test.number \"a\" { text = \"bad\" }", "0:0 text is bad"},
	{"loki.process \"p\" { forward_to = [loki.write.w] }\nloki.write \"w\" { }",
		"1:34 loki.write.w expected capsule(\"loki.LogsReceiver\"), got object"},
	/* what is wrong hides nothing but what follows from it */
	{"test.strict \"a\" {\n low = 0\n high = 0\n part { low = 0 }\n}",
		"1:1 low is not positive; 1:1 high is not positive; 1:1 all is wrong; "
		"4:2 low is not positive in the part"},
	{"test.strict \"a\" {\n low = 0\n part { low = 0 }\n}",
		"1:1 missing required attribute \"high\"; 1:1 low is not positive; "
		"3:2 low is not positive in the part"},
	{"test.strict \"a\" {\n low = nope.x\n high = 0\n part { low = 0 }\n}",
		"1:1 high is not positive; 4:2 low is not positive in the part; "
		"2:8 component \"nope.x\" does not exist or is out of scope"},
	{"test.strict \"a\" {\n low = 1 / 0\n high = 0\n part { low = \"x\" }\n}",
		"2:12 0 divide by zero error; 4:15 \"x\" should be number, got string; "
		"1:1 high is not positive"},
	{"test.strict \"a\" {\n low = 0\n high = 1\n word = \"c\"\n part = 1\n}",
		"4:9 unknown word c; 5:2 \"part\" must be a block, but is used as an attribute; "
		"1:1 missing required block \"part\"; 1:1 low is not positive"},
	{"test.strict \"a\" {\n low = 0\n high = 1\n word = null\n}",
		"4:9 unknown word ; 1:1 missing required block \"part\"; 1:1 low is not positive"},
	{"test.strict \"a\" {\n low = 0\n high = local.file.f.content\n part { }\n}\n"
	 "local.file \"f\" { filename = \"x\" }",
		"local.file.f test.strict.a"},
	{"declare \"d\" {\n argument \"to\" { }\n test.strict \"a\" {\n to = argument.to.value\n"
	 " low = 0\n high = 1\n part { }\n }\n}",
		"3:2 low is not positive; 3:2 all is wrong"},
	{"test.number \"a\" { n = nope.x }\ntest.number \"b\" { n = env(\"X\") }",
		"1:23 component \"nope.x\" does not exist or is out of scope; warning 2:23 this "
		"stdlib "
		"function is deprecated; please refer to the documentation for updated usage and "
		"alternatives"},
	{"test.number \"a\" { n = string.nope }", "1:30 field \"nope\" does not exist"},
	{"test.number \"a\" { n = array.combine_maps([], [], []) }",
		"1:23 array.combine_maps is at stability level \"experimental\", which is below "
		"the "
		"minimum allowed stability level \"generally-available\". Use --stability.level "
		"command-line flag to enable \"experimental\" features"},
	{"loki.process \"p\" { forward_to = [otelcol.exporter.otlp.o.input] }\n"
	 "otelcol.exporter.otlp \"o\" { }",
		"1:34 otelcol.exporter.otlp.o.input expected capsule(\"loki.LogsReceiver\"), got "
		"capsule(\"otelcol.Consumer\")"},
	{"logging { write_to = [loki.write.w.receiver] }\nloki.write \"w\" { }",
		"loki.write.w logging"},
	/* modules */
	{"declare \"a\" { }\na \"x\" { }", "a.x"},
	{"a \"x\" { }\ndeclare \"a\" {\n argument \"t\" { }\n"
	 " local.file \"f\" { filename = argument.t.value }\n"
	 " export \"c\" { value = local.file.f.content }\n}\n",
		"1:1 missing required attribute \"t\""},
	{"a \"x\" { t = \"f\" }\ndeclare \"a\" {\n argument \"t\" { }\n"
	 " local.file \"f\" { filename = argument.t.value }\n"
	 " export \"c\" { value = local.file.f.content }\n}\n"
	 "test.number \"n\" { text = a.x.c }",
		"a.x/argument.t a.x/local.file.f a.x/export.c a.x test.number.n"},
	{"declare \"a\" { }\na \"x\" { }\ntest.number \"n\" { text = a.x.nope }",
		"3:26 field \"nope\" does not exist"},
	{"declare \"a\" { }\na \"x\" {\n b { }\n}", "3:2 unrecognized block name \"b\""},
	{"declare \"a\" {\n a \"x\" { }\n}\na \"x\" { }", "2:2 cannot reference self"},
	{"declare \"a\" {\n b \"x\" { }\n}\ndeclare \"b\" {\n a \"x\" { }\n}\na \"x\" { }",
		"5:2 cycle detected: declare.a, declare.b"},
	{"declare \"a\" {\n argument \"t\" { }\n export \"o\" { value = argument.t.value }\n}\n"
	 "a \"x\" { t = a.y.o }\na \"y\" { t = a.x.o }",
		"5:1 cycle detected: a.x, a.y; 6:1 cycle detected: a.x, a.y"},
	{"declare \"a\" {\n test.number \"n\" { n = 1 / 0 }\n}", "2:28 0 divide by zero error"},
	{"declare \"a\" {\n loki.write \"w\" { }\n}\ntest.number \"n\" { n = loki.write.w }",
		"4:23 component \"loki.write.w\" does not exist or is out of scope"},
	{"loki.write \"w\" { }\ndeclare \"a\" {\n test.number \"n\" { n = loki.write.w }\n}",
		"3:24 component \"loki.write.w\" does not exist or is out of scope"},
	{"declare \"a\" {\n declare \"b\" { }\n b \"x\" { }\n}\na \"y\" { }\nb \"z\" { }",
		"6:1 cannot find the definition of component name \"b\""},
	{"declare \"b\" { }\ndeclare \"a\" {\n b \"x\" { }\n}\na \"y\" { }", "a.y a.y/b.x"},
	{"declare \"a\" {\n logging { }\n}", "2:2 logging not allowed in module"},
	{"export \"a\" { value = 1 }", "1:1 export blocks only allowed inside a module"},
	/* imports */
	{"import.string \"m\" { content = `declare \"a\" { }` }\nm.a \"x\" { }",
		"import.string.m m.a.x"},
	{"import.string \"m\" { content = `declare \"a\" { }` }\nm.b \"x\" { }",
		"2:1 cannot find the definition of component name \"m.b\""},
	{"import.string \"m\" { content = `logging { }` }",
		"1:1 only declare and import blocks are allowed in a module, got logging"},
	{"import.string \"m\" { content = `declare` }",
		"1:8 expected block label, got TERMINATOR"},
	{"local.file \"f\" { filename = \"f\" }\n"
	 "import.string \"m\" { content = local.file.f.content }\nm.b \"x\" { }\n"
	 "test.number \"n\" { n = m.b.x.y }",
		"local.file.f import.string.m m.b.x test.number.n"},
	{"declare \"d\" {\n argument \"c\" { }\n"
	 " import.string \"m\" { content = argument.c.value }\n m.b \"x\" { }\n}\n"
	 "d \"y\" { c = `declare \"b\" {\nloki.write \"w\" { }\n}` }",
		"d.y/argument.c d.y d.y/import.string.m d.y/m.b.x d.y/m.b.x/loki.write.w"},
	{"test.number \"n\" { text = module_path }", "test.number.n"},
};

static void check_order(const char *text, const char *want)
{
	struct source src = {STR("t"), str_from(text)};
	struct buf got = {0};
	struct arena a;
	struct diags d;
	struct plan *p;
	struct file *f;

	print_message("%s\n", text);
	arena_init(&a, 0);
	diags_init(&d, &a);
	f = parse_file(&a, &src, &d);
	assert_int_equal(d.n, 0);
	p = make(&a, &f, 1, false, &d);
	show(&got, &d);
	for (size_t k = 0; d.n == 0 && k < p->n; k++) {
		assert_int_equal(p->sorted[k]->rank, k);
		buf_printf(&got, "%s" STR_FMT, k ? " " : "", STR_ARG(p->sorted[k]->node_id));
	}
	assert_str(buf_str(&got), want);
	plan_fini(p);
	buf_fini(&got);
	diags_fini(&d);
	arena_fini(&a);
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check_order(cases[i].text, cases[i].want);
}

static const struct {
	const char *text;
	const char *want;
} experimental[] = {
	{"foreach \"f\" {\n collection = [1, \"a b\", 1, {k = 2}]\n var = \"i\"\n id = \"k\"\n"
	 " template {\n  test.number \"n\" { n = i }\n }\n}",
		"foreach.f foreach.f/foreach_1_1/test.number.n "
		"foreach.f/foreach_a_b_1/test.number.n foreach.f/foreach_1_2/test.number.n "
		"foreach.f/foreach_2_1/test.number.n"},
	{"foreach \"f\" {\n collection = [1]\n var = \"i\"\n template {\n"
	 "  test.number \"n\" { n = [i, loki.write.w] }\n }\n}\nloki.write \"w\" { }",
		"loki.write.w foreach.f foreach.f/foreach_1_1/test.number.n"},
	{"foreach \"f\" {\n collection = []\n var = \"i\"\n template {\n"
	 "  test.number \"n\" { n = j }\n }\n}",
		"5:25 component \"j\" does not exist or is out of scope"},
	{"foreach \"f\" {\n collection = 1\n var = \"i\"\n template { }\n}",
		"1:1 collection should be array, got number"},
	{"local.file \"x\" { filename = \"x\" }\nforeach \"f\" {\n"
	 " collection = [local.file.x.content]\n var = \"i\"\n template { }\n}",
		"local.file.x foreach.f"},
};

static void test_foreach(void **state)
{
	(void)state;
	stability = STABILITY_EXPERIMENTAL;
	for (size_t i = 0; i < sizeof(experimental) / sizeof(experimental[0]); i++)
		check_order(experimental[i].text, experimental[i].want);
	stability = STABILITY_GA;
}

/* Modules that make each other many times over come to an end. */
static void test_too_many(void **state)
{
	struct buf text = {0};
	struct source src;
	struct arena a;
	struct diags d;
	struct file *f;

	(void)state;
	buf_printf(&text, "declare \"m0\" { }\n");
	for (int i = 1; i < 40; i++)
		buf_printf(&text, "declare \"m%d\" {\n m%d \"a\" { }\n m%d \"b\" { }\n}\n", i,
			i - 1, i - 1);
	buf_printf(&text, "m39 \"x\" { }\n");
	src = (struct source){STR("t"), buf_str(&text)};
	arena_init(&a, 0);
	diags_init(&d, &a);
	f = parse_file(&a, &src, &d);
	plan_fini(make(&a, &f, 1, false, &d));
	assert_int_equal(d.errors, 1);
	assert_true(str_starts(d.p[0].message, "more than 30000 blocks"));
	diags_fini(&d);
	arena_fini(&a);
	buf_fini(&text);
}

/* A long chain is no deep recursion. */
static void test_chain(void **state)
{
	enum {
		N = 20000,
	};
	struct buf text = {0};
	struct source src;
	struct arena a;
	struct diags d;
	struct plan *p;
	struct file *f;

	(void)state;
	for (int i = 0; i < N; i++)
		buf_printf(&text, "loki.process \"p%d\" { forward_to = [%s%d.receiver] }\n", i,
			i == N - 1 ? "loki.write.w" : "loki.process.p", i == N - 1 ? 0 : i + 1);
	buf_printf(&text, "loki.write \"w0\" { }\n");
	src = (struct source){STR("t"), buf_str(&text)};
	arena_init(&a, 0);
	diags_init(&d, &a);
	f = parse_file(&a, &src, &d);
	p = make(&a, &f, 1, false, &d);
	assert_int_equal(d.errors, 0);
	assert_str(p->sorted[0]->id, "loki.write.w0");
	assert_str(p->sorted[N]->id, "loki.process.p0");
	plan_fini(p);
	diags_fini(&d);
	arena_fini(&a);
	buf_fini(&text);
}

TESTS_RUN(cmocka_unit_test(test_goldens), cmocka_unit_test(test_cases),
	cmocka_unit_test(test_chain),
	cmocka_unit_test(test_foreach), cmocka_unit_test(test_too_many))
