#pragma once

/*
 * Components in a unit test: a real graph of a configuration's text, with two more
 * components. `test.source "x" { forward_to = [...] }` takes what harness_push() gives, and
 * `test.sink "x" { targets = ... }` writes down what it gets, one line each:
 *
 *	TIME {labels} [meta=value ...] LINE
 *	target name=value;name=value;
 *
 * The clock stands still at 1000 s until harness_advance().
 */

#include "agent/base/buf.h"
#include "agent/base/mem.h"
#include "agent/config/ast.h"
#include "agent/flow/budget.h"
#include "agent/flow/entry.h"
#include "agent/graph/context.h"
#include "agent/graph/graph.h"
#include "agent/loop/loop.h"
#include "tests/test.h"

#include <stdlib.h>

#ifndef HARNESS_STABILITY
#define HARNESS_STABILITY STABILITY_GA
#endif
#define HARNESS_WALL (INT64_C(1000) * 1000000000)

struct harness {
	struct loop *loop;
	struct agent_context agent;
	struct budget budget;
	struct graph *graph;
	struct buf errors; /* of the last harness_load() */
	bool stopped;
};

static struct buf harness_seen;
static struct receivers harness_to;

struct harness_sink {
	struct component base;
	struct receiver receiver;
};
struct harness_sink_args {
	struct arg_targets targets;
};
struct harness_source_args {
	struct arg_capsules forward_to;
};

static inline void harness_sink_push(struct receiver *r, const struct entry *e)
{
	(void)r;
	buf_printf(&harness_seen, "%lld ", (long long)e->time);
	labels_print(&harness_seen, e->labels);
	for (size_t i = 0; i < e->n_meta; i++)
		buf_printf(&harness_seen, "%s" STR_FMT "=" STR_FMT "%s", i ? " " : " [",
			STR_ARG(e->meta[i].name), STR_ARG(e->meta[i].value),
			i + 1 == e->n_meta ? "]" : "");
	buf_add_char(&harness_seen, ' ');
	buf_add_str(&harness_seen, e->line);
	buf_add_char(&harness_seen, '\n');
}

static inline bool harness_sink_update(struct component *c, const void *args, struct err *e)
{
	const struct harness_sink_args *a = args;
	struct harness_sink *s = container_of(c, struct harness_sink, base);

	(void)e;
	for (size_t i = 0; i < a->targets.n; i++) {
		buf_printf(&harness_seen, "target ");
		for (size_t k = 0; k < a->targets.p[i].n; k++)
			buf_printf(&harness_seen, STR_FMT "=" STR_FMT ";",
				STR_ARG(a->targets.p[i].p[k].name),
				STR_ARG(a->targets.p[i].p[k].value));
		buf_add_char(&harness_seen, '\n');
	}
	s->receiver = (struct receiver){harness_sink_push, c->id};
	component_export(c, "receiver", value_capsule(&capsule_logs_receiver, &s->receiver));
	return true;
}

static inline bool harness_source_update(struct component *c, const void *args, struct err *e)
{
	const struct harness_source_args *a = args;

	(void)c;
	(void)e;
	harness_to = (struct receivers){(struct receiver *const *)a->forward_to.p, a->forward_to.n};
	return true;
}

static const struct arg harness_sink_args[] = {
	ARG(harness_sink_args, targets, .type = ARG_TARGETS, .help = "Written down."),
	ARGS_END,
};
static const struct arg harness_source_args[] = {
	ARG(harness_source_args, forward_to, .type = ARG_CAPSULES, .flags = ARG_REQUIRED,
		.capsule = &capsule_logs_receiver, .help = "Where entries go."),
	ARGS_END,
};
static const struct export_field harness_sink_exports[] = {
	{"receiver", ARG_CAPSULE, &capsule_logs_receiver, "Takes entries."},
	{NULL, ARG_END, NULL, NULL},
};

static const struct component_type harness_sink = {
	.name = "test.sink",
	.help = "Writes down what it gets.",
	.stability = STABILITY_GA,
	.args = harness_sink_args,
	.size = sizeof(struct harness_sink),
	.args_size = sizeof(struct harness_sink_args),
	.exports = harness_sink_exports,
	.start = harness_sink_update,
	.update = harness_sink_update,
	.stop = component_stopped,
};
static const struct component_type harness_source = {
	.name = "test.source",
	.help = "Pushes what the test says.",
	.stability = STABILITY_GA,
	.args = harness_source_args,
	.size = sizeof(struct component),
	.args_size = sizeof(struct harness_source_args),
	.start = harness_source_update,
	.update = harness_source_update,
	.stop = component_stopped,
};

/* types: what is tested, NULL at the end; it must have room in the test for two more. */
static inline void harness_init(struct harness *h, const struct component_type *tested)
{
	static const struct component_type *types[4];

	*h = (struct harness){0};
	types[0] = tested;
	types[1] = &harness_sink;
	types[2] = &harness_source;
	h->loop = loop_new();
	loop_fake_clock(h->loop, HARNESS_WALL, HARNESS_WALL);
	budget_init(&h->budget, (size_t)64 << 20);
	h->agent = (struct agent_context){
		.loop = h->loop,
		.budget = &h->budget,
		.otlp_budget = &h->budget,
	};
	h->graph = graph_new(&(struct graph_settings){
		.agent = &h->agent,
		.types = {.types = types},
		.stability = HARNESS_STABILITY,
	});
	buf_clear(&harness_seen);
}

/* Errors and warnings are in h->errors then. */
static inline bool harness_load(struct harness *h, const char *text)
{
	struct arena *a = mem_new(struct arena, 1);
	struct source *src;
	struct file *files[1];
	enum graph_loaded loaded = GRAPH_REFUSED;
	struct diags d;

	arena_init(a, 0);
	src = arena_new(a, struct source, 1);
	*src = (struct source){STR("test"), arena_str(a, str_from(text))};
	diags_init(&d, a);
	files[0] = parse_file(a, src, &d);
	if (d.errors == 0)
		loaded = graph_load(h->graph, a, files, 1, &d);
	buf_clear(&h->errors);
	for (size_t i = 0; i < d.n; i++) {
		size_t line, column;

		range_position(d.p[i].at, &line, &column);
		buf_printf(&h->errors, "%zu:%zu: " STR_FMT "\n", line, column,
			STR_ARG(d.p[i].message));
	}
	diags_fini(&d);
	if (loaded == GRAPH_REFUSED) {
		arena_fini(a);
		free(a);
	}
	loop_turn(h->loop, 0);
	return loaded == GRAPH_LOADED;
}

static inline void harness_push_entry(const struct entry *e)
{
	receivers_push(&harness_to, e);
}

/* labels: name, value, name, value, NULL. */
static inline void harness_push(const char *const *labels, int64_t time, struct str line)
{
	struct label v[16];
	size_t n = 0;
	const struct labels *set;

	for (; labels[n * 2]; n++)
		v[n] = (struct label){str_from(labels[n * 2]), str_from(labels[n * 2 + 1])};
	set = labels_intern(v, n);
	harness_push_entry(&(struct entry){.labels = set, .time = time, .line = line});
	labels_release(set);
}

static inline void harness_advance(struct harness *h, int64_t ns)
{
	loop_advance(h->loop, ns);
	loop_turn(h->loop, 0);
}

static inline void harness_stopped(void *owner)
{
	*(bool *)owner = true;
}

/* After this no label set and no memory is left. What a stop delivers is in harness_seen. */
static inline void harness_fini(struct harness *h)
{
	graph_stop(h->graph, harness_stopped, &h->stopped);
	for (int i = 0; i < 1000 && !h->stopped; i++) /* a thread may be writing a file for it */
		loop_turn(h->loop, i < 20 ? 0 : INT64_C(10000000));
	assert_true(h->stopped);
	graph_free(h->graph);
	loop_free(h->loop);
	buf_fini(&h->errors);
	assert_int_equal(h->budget.used, 0);
	assert_int_equal(labels_interned(), 0);
}

/* Configurations of a component that are refused. form has %s for the arguments. */
struct harness_mistake {
	const char *args;
	const char *error;
};

static inline void harness_mistakes(const struct component_type *type, const char *form,
	const struct harness_mistake *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		ptrdiff_t at = str_find(str_from(form), STR("%s"));
		struct harness h;
		char text[1024];

		assert_true(at >= 0);
		harness_init(&h, type);
		snprintf(text, sizeof(text), "%.*s%s%s", (int)at, form, cases[i].args,
			form + at + 2);
		assert_false(harness_load(&h, text));
		assert_str(buf_str(&h.errors), cases[i].error);
		harness_fini(&h);
	}
}
