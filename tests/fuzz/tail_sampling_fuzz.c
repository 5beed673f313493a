/*
 * Any valid request through otelcol.processor.tail_sampling, twice: the second time its spans come
 * late. The first byte chooses policies. What comes out is valid and has the spans that it says;
 * where all are kept, all come out; and at the end nothing of the budget is left.
 */
#include "agent/base/err.h"
#include "agent/base/log.h"
#include "agent/base/mem.h"
#include "agent/base/must.h"
#include "agent/component/common/otelcol_args.h"
#include "agent/config/ast.h"
#include "agent/flow/budget.h"
#include "agent/graph/context.h"
#include "agent/graph/graph.h"
#include "agent/loop/loop.h"
#include "proto/otlp/walk.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

extern const struct component_type otelcol_processor_tail_sampling;

#define SECOND INT64_C(1000000000)
#define POLICY(name, type, ...) \
	"policy {\nname = \"" name "\"\ntype = \"" type "\"\n" __VA_ARGS__ "}\n"
#define ALL POLICY("all", "always_sample", "")

/* clang-format off */
static const char *const settings[] = {
	ALL,
	ALL "num_traces = 2\n",
	POLICY("errors", "status_code", "status_code { status_codes = [\"ERROR\", \"OK\"] }\n")
	POLICY("slow", "latency", "latency { threshold_ms = 1 }\n")
	POLICY("flags", "trace_flags", "")
	POLICY("state", "trace_state", "trace_state {\nkey = \"k\"\nvalues = [\"v\"]\n}\n")
	POLICY("text", "string_attribute",
		"string_attribute {\nkey = \"k\"\nvalues = [\"^a+\"]\n"
		"enabled_regex_matching = true\n}\n")
	POLICY("number", "numeric_attribute",
		"numeric_attribute {\nkey = \"n\"\nmin_value = 1\nmax_value = 9\n}\n")
	POLICY("bool", "boolean_attribute", "boolean_attribute {\nkey = \"b\"\nvalue = true\n}\n"),
	POLICY("conditions", "ottl_condition",
		"ottl_condition {\nerror_mode = \"propagate\"\n"
		"span = [`attributes[\"k\"] == \"v\"`]\nspanevent = [`name == \"e\"`]\n}\n")
	POLICY("rate", "and", "and {\nand_sub_policy {\nname = \"a\"\ntype = \"bytes_limiting\"\n"
		"bytes_limiting { bytes_per_second = 100 }\n}\n}\n")
	"decision_wait_after_root_received = \"1s\"\nmaximum_trace_size_bytes = 100\n",
};
/* clang-format on */

struct source_args {
	struct arg_capsules to;
};

struct sink {
	struct component base;
	struct consumer input;
};

static struct consumers to;
static uint64_t came;

static enum consumed on_data(struct consumer *c, const struct telemetry *t)
{
	struct otlp_counts n;
	struct err e;

	(void)c;
	must(otlp_walk(OTLP_TRACES, t->bytes, &n, &e));
	must(n.items == t->items && n.items > 0);
	came += t->items;
	return CONSUMED;
}

static bool sink_start(struct component *c, const void *args, struct err *e)
{
	struct sink *s = container_of(c, struct sink, base);

	(void)args;
	(void)e;
	s->input = (struct consumer){.consume = on_data, .id = c->id};
	component_export(c, "input", value_capsule(&capsule_consumer, &s->input));
	return true;
}

static bool source_start(struct component *c, const void *args, struct err *e)
{
	const struct source_args *a = args;

	(void)c;
	(void)e;
	to = (struct consumers){(struct consumer *const *)a->to.p, a->to.n};
	return true;
}

static const struct arg no_args[] = {ARGS_END};
static const struct arg source_args[] = {
	ARG(source_args, to, .type = ARG_CAPSULES, .capsule = &capsule_consumer,
		.help = "Where data goes."),
	ARGS_END,
};
static const struct export_field sink_exports[] = {
	{"input", ARG_CAPSULE, &capsule_consumer, "Looks at data."},
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
	&otelcol_processor_tail_sampling, &fuzz_sink, &fuzz_source, NULL};

static void load(struct graph *g, const char *set)
{
	struct arena *a = mem_new(struct arena, 1);
	struct source *src;
	struct file *file;
	struct diags d;

	arena_init(a, 0);
	src = arena_new(a, struct source, 1);
	*src = (struct source){STR("fuzz"),
		arena_printf(a,
			"otelcol.processor.tail_sampling \"p\" {\n%s\n"
			"output { traces = [fuzz.sink.s.input] }\n}\n"
			"fuzz.sink \"s\" { }\n"
			"fuzz.source \"in\" { to = [otelcol.processor.tail_sampling.p.input] }\n",
			set)};
	diags_init(&d, a);
	file = parse_file(a, src, &d);
	must(d.errors == 0);
	must(graph_load(g, a, &file, 1, &d) == GRAPH_LOADED);
	diags_fini(&d);
}

static void on_stopped(void *owner)
{
	*(bool *)owner = true;
}

static void silent(struct str line)
{
	(void)line;
}

static void play(const char *set, const struct telemetry *t, bool all)
{
	struct agent_context agent = {0};
	struct budget budget;
	struct graph *g;
	bool stopped = false;
	uint64_t done;

	agent.loop = loop_new();
	loop_fake_clock(agent.loop, 1000 * SECOND, 1000 * SECOND);
	budget_init(&budget, 1 << 20);
	agent.otlp_budget = &budget;
	g = graph_new(&(struct graph_settings){
		.agent = &agent, .types = {.types = types}, .stability = STABILITY_GA});
	load(g, set);
	loop_turn(agent.loop, 0);
	came = 0;
	for (int i = 0; i < 2; i++) {
		done = 0;
		must(consumers_push(&to, t, &done) == CONSUMED);
		loop_advance(agent.loop, 30 * SECOND);
		loop_turn(agent.loop, 0);
	}
	graph_stop(g, on_stopped, &stopped);
	for (int i = 0; i < 9 && !stopped; i++)
		loop_turn(agent.loop, 0);
	must(stopped && budget.used == 0);
	must(all ? came == 2 * (uint64_t)t->items : came <= 2 * (uint64_t)t->items);
	graph_free(g);
	loop_free(agent.loop);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	size_t which = n > 0 ? data[0] % (sizeof(settings) / sizeof(*settings)) : 0;
	struct str request = {(const char *)data + 1, n - 1};
	struct telemetry t = {.kind = SIGNAL_TRACES, .bytes = request};
	struct otlp_counts counts;
	struct err e;

	log_set_writer(silent);
	if (n < 1 || !otlp_walk(OTLP_TRACES, request, &counts, &e))
		return 0;
	t.items = counts.items;
	play(settings[which], &t, which < 2);
	return 0;
}
