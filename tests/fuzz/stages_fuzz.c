/*
 * Lines of a log through stages, which are those of one of a few pipelines: the first byte says
 * which. What comes out can be read to its last byte, labels and metadata are UTF-8, and at the end
 * no memory, no label set and nothing of the budget is left.
 */
#include "agent/base/container_of.h"
#include "agent/base/log.h"
#include "agent/base/mem.h"
#include "agent/base/must.h"
#include "agent/base/utf8.h"
#include "agent/config/ast.h"
#include "agent/flow/budget.h"
#include "agent/flow/entry.h"
#include "agent/graph/context.h"
#include "agent/graph/graph.h"
#include "agent/loop/loop.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

extern const struct component_type loki_process;

#define VALUES \
	"stage.labels { values = {k = \"\", l = \"\"} }\n" \
	"stage.structured_metadata { values = {m = \"\", n = \"\"} }\n"

/* clang-format off */
static const char *const pipelines[] = {
	"stage.cri {\n"
	" max_partial_lines = 3\n"
	" max_partial_line_size = 1024\n"
	"}\n",
	"stage.docker { }\n"
	"stage.decolorize { }\n",
	"stage.json {\n"
	" expressions = {k = \"\", l = \"a.b[0]\", m = \"c[?d].e | [0]\", n = \"join('-', f)\"}\n"
	" regex = \"^x\"\n"
	"}\n"
	VALUES
	"stage.pack {\n"
	" labels = [\"k\", \"x\"]\n"
	" ingest_timestamp = false\n"
	"}\n",
	"stage.logfmt {\n"
	" mapping = {k = \"\", l = \"level\", m = \"\"}\n"
	" regex = \"^x\"\n"
	"}\n"
	VALUES
	"stage.output { source = \"m\" }\n",
	"stage.regex {\n"
	" expression = `(?P<k>\\w+)[ =]\"?(?P<m>[^\"]*)`\n"
	"}\n"
	"stage.pattern {\n"
	" pattern = \"<k> <_>=<n>;<l>\"\n"
	" labels_from_groups = true\n"
	"}\n"
	VALUES
	"stage.template {\n"
	" source = \"k\"\n"
	" template = `{{ .k | ToUpper | trunc 5 }}"
	"{{ range splitList \" \" .Entry }}{{ . | quote }}{{ end }}`\n"
	"}\n",
	"stage.replace {\n"
	" expression = `(?:(?P<k>\\d+)|(x)(y?))`\n"
	" replace = \"<{{ .Value | lower }}{{ .k }}>\"\n"
	"}\n"
	"stage.luhn {\n"
	" delimiters = \" -\"\n"
	" skip_regex = `id=\\d+`\n"
	"}\n"
	VALUES,
	"stage.multiline {\n"
	" firstline = `^\\S`\n"
	" max_lines = 3\n"
	"}\n"
	"stage.split_json { }\n"
	"stage.truncate {\n"
	" rule {\n"
	" limit = \"20B\"\n"
	" suffix = \"..\"\n"
	" }\n"
	" rule {\n"
	" limit = \"3B\"\n"
	" source_type = \"label\"\n"
	" }\n"
	"}\n",
	"stage.regex { expression = `^(?P<t>.*?),(?P<k>.*)` }\n"
	"stage.timestamp {\n"
	" source = \"t\"\n"
	" format = \"RFC3339\"\n"
	" fallback_formats = [\"02/Jan/2006:15:04:05.000 -0700\", "
	"\"UnixMs\", \"Mon Jan _2 3:04PM MST 06\"]\n"
	" location = \"UTC\"\n"
	"}\n"
	"stage.tenant { source = \"k\" }\n"
	VALUES,
	"stage.match {\n"
	" selector = `{a=\"1\"} |= \"x\" !~ \"y+z\" != \"w\"`\n"
	" stage.static_labels { values = {s = \"t\"} }\n"
	"}\n"
	"stage.drop {\n"
	" source = \"a,k\"\n"
	" expression = \"^1$\"\n"
	" longer_than = \"40B\"\n"
	"}\n"
	"stage.metrics {\n"
	" metric.counter {\n"
	" name = \"n\"\n"
	" match_all = true\n"
	" action = \"inc\"\n"
	" }\n"
	"}\n"
	"stage.limit {\n"
	" rate = 10\n"
	" burst = 2\n"
	"}\n",
};
/* clang-format on */

struct source_args {
	struct arg_capsules to;
};

struct sink {
	struct component base;
	struct receiver receiver;
};

static struct receivers to;
static unsigned sum;

static void look_at(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		sum += (unsigned char)s.p[i];
}

static void on_entry(struct receiver *r, const struct entry *e)
{
	(void)r;
	look_at(e->line);
	for (size_t i = 0; i < e->labels->n; i++) {
		must(utf8_is_valid(e->labels->v[i].name) && e->labels->v[i].name.n > 0);
		must(e->labels->v[i].value.n > 0);
		look_at(e->labels->v[i].value);
	}
	for (size_t i = 0; i < e->n_meta; i++) {
		must(utf8_is_valid(e->meta[i].name) && utf8_is_valid(e->meta[i].value));
		look_at(e->meta[i].value);
	}
}

static bool sink_start(struct component *c, const void *args, struct err *e)
{
	struct sink *s = container_of(c, struct sink, base);

	(void)args;
	(void)e;
	s->receiver.push = on_entry;
	component_export(c, "receiver", value_capsule(&capsule_logs_receiver, &s->receiver));
	return true;
}

static bool source_start(struct component *c, const void *args, struct err *e)
{
	const struct source_args *a = args;

	(void)c;
	(void)e;
	to = (struct receivers){(struct receiver *const *)a->to.p, a->to.n};
	return true;
}

static const struct arg no_args[] = {ARGS_END};
static const struct arg source_args[] = {
	ARG(source_args, to, .type = ARG_CAPSULES, .capsule = &capsule_logs_receiver,
		.help = "Where lines go."),
	ARGS_END,
};
static const struct export_field sink_exports[] = {
	{"receiver", ARG_CAPSULE, &capsule_logs_receiver, "Looks at entries."},
	{NULL, ARG_END, NULL, NULL},
};
static const struct component_type fuzz_sink = {
	.name = "fuzz.sink",
	.help = "The end.",
	.stability = STABILITY_GA,
	.args = no_args,
	.size = sizeof(struct sink),
	.args_size = 1,
	.exports = sink_exports,
	.start = sink_start,
	.update = sink_start,
	.stop = component_stopped,
};
static const struct component_type fuzz_source = {
	.name = "fuzz.source",
	.help = "The beginning.",
	.stability = STABILITY_GA,
	.args = source_args,
	.size = sizeof(struct component),
	.args_size = sizeof(struct source_args),
	.start = source_start,
	.update = source_start,
	.stop = component_stopped,
};
static const struct component_type *const types[] = {
	&loki_process, &fuzz_sink, &fuzz_source, NULL};

static void load(struct graph *g, const char *stages)
{
	struct arena *a = mem_new(struct arena, 1);
	struct source *src;
	struct file *file;
	struct diags d;

	arena_init(a, 0);
	src = arena_new(a, struct source, 1);
	*src = (struct source){STR("fuzz"),
		arena_printf(a,
			"loki.process \"p\" {\nforward_to = [fuzz.sink.s.receiver]\n%s\n}\n"
			"fuzz.sink \"s\" { }\n"
			"fuzz.source \"in\" { to = [loki.process.p.receiver] }\n",
			stages)};
	diags_init(&d, a);
	file = parse_file(a, src, &d);
	must(d.errors == 0);
	must(graph_load(g, a, &file, 1, &d) == GRAPH_LOADED);
	diags_fini(&d);
}

/* Each line is an entry of one of two streams. */
static void push_lines(struct loop *l, struct str rest)
{
	const struct labels *sets[2] = {
		labels_intern(&(struct label){STR("a"), STR("1")}, 1),
		labels_intern(&(struct label){STR("a"), STR("2")}, 1)};

	for (int64_t i = 0; rest.n > 0 && i < 100; i++) {
		struct entry e = {.labels = sets[rest.n % 2], .time = i, .line = rest};

		if (!str_cut(rest, '\n', &e.line, &rest))
			rest = (struct str){0};
		receivers_push(&to, &e);
		if (i % 8 == 7)
			loop_turn(l, 0);
	}
	labels_release(sets[0]);
	labels_release(sets[1]);
}

static void on_stopped(void *owner)
{
	*(bool *)owner = true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct agent_context agent = {0};
	struct budget budget;
	struct graph *graph;
	bool stopped = false;

	if (n == 0)
		return 0;
	log_set(LOG_ERROR, LOG_LOGFMT);
	agent.loop = loop_new();
	loop_fake_clock(agent.loop, INT64_C(1000000000000), INT64_C(1000000000000));
	budget_init(&budget, (size_t)64 << 20);
	agent.budget = &budget;
	graph = graph_new(&(struct graph_settings){
		.agent = &agent, .types = {.types = types}, .stability = STABILITY_GA});
	load(graph, pipelines[data[0] % (sizeof(pipelines) / sizeof(pipelines[0]))]);
	loop_turn(agent.loop, 0);
	push_lines(agent.loop, (struct str){(const char *)data + 1, n - 1});
	loop_advance(agent.loop, INT64_C(10000000000));
	loop_turn(agent.loop, 0);
	graph_stop(graph, on_stopped, &stopped);
	for (int i = 0; i < 20 && !stopped; i++)
		loop_turn(agent.loop, 0);
	must(stopped);
	graph_free(graph);
	loop_free(agent.loop);
	must(budget.used == 0);
	must(labels_interned() == 0);
	return 0;
}
