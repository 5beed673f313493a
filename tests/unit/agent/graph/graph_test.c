#include "agent/graph/graph.h"

#include "agent/base/buf.h"
#include "agent/base/container_of.h"
#include "agent/base/err.h"
#include "agent/base/log.h"
#include "agent/base/mem.h"
#include "agent/config/ast.h"
#include "agent/graph/context.h"
#include "agent/loop/loop.h"
#include "tests/test.h"

#include <stdlib.h>

/*
 * One type of component does for all: "t" takes a text, receivers and targets, and exports a
 * receiver, a text and targets. What happens to an instance is written down:
 * +id started, ~id updated, -id stopped, !id refused. Its text tells how it behaves:
 * "fail" does not start, "stay" refuses an update, "slow" stops only when told,
 * "mute" exports nothing.
 */

struct t_args {
	struct str text;
	struct arg_capsules to;
	struct arg_targets targets;
};

static const struct arg t_arg_table[] = {
	ARG(t_args, text, .type = ARG_STR, .def = "x"),
	ARG(t_args, to, .type = ARG_CAPSULES, .capsule = &capsule_logs_receiver),
	ARG(t_args, targets, .type = ARG_TARGETS),
	ARGS_END,
};

static const struct export_field t_exports[] = {
	{"receiver", ARG_CAPSULE, &capsule_logs_receiver, NULL},
	{"text", ARG_STR, NULL, NULL},
	{"targets", ARG_TARGETS, NULL, NULL},
	{NULL, ARG_END, NULL, NULL},
};

struct t {
	struct component base;
	struct t_args args; /* borrowed, as components may */
	bool slow;
	int alive; /* what its receiver points to: pushed into by tests of life */
};

static struct buf events;
static struct t *slow[64];
static size_t n_slow;
static struct component *instances[64];
static size_t n_instances;

static void event(char what, const struct component *c)
{
	buf_printf(&events, "%s%c%s", events.n ? " " : "", what, c->id);
}

/* Whatever the arguments in force point to must be alive. */
static void check_alive(const struct t *t)
{
	for (size_t i = 0; i < t->args.to.n; i++)
		assert_int_equal(*(const int *)t->args.to.p[i], 42);
}

static void take(struct t *t, const struct t_args *a)
{
	t->args = *a;
	t->slow = str_is(a->text, "slow");
	check_alive(t);
	if (!str_is(a->text, "mute"))
		component_export(&t->base, "text", value_str(a->text));
}

static bool t_start(struct component *c, const void *args, struct err *e)
{
	struct t *t = container_of(c, struct t, base);
	const struct t_args *a = args;

	t->alive = 42;
	if (!str_is(a->text, "mute"))
		component_export(c, "receiver", value_capsule(&capsule_logs_receiver, &t->alive));
	if (str_is(a->text, "fail")) {
		event('!', c);
		return err_set(e, "it was told to fail");
	}
	event('+', c);
	instances[n_instances++ % 64] = c;
	take(t, a);
	return true;
}

static bool t_update(struct component *c, const void *args, struct err *e)
{
	struct t *t = container_of(c, struct t, base);
	const struct t_args *a = args;

	check_alive(t);
	if (str_is(a->text, "stay")) {
		event('!', c);
		return err_set(e, "it was told to stay");
	}
	event('~', c);
	take(t, a);
	return true;
}

static void t_stop(struct component *c)
{
	struct t *t = container_of(c, struct t, base);

	event('-', c);
	check_alive(t);
	if (t->slow) {
		slow[n_slow++] = t;
		return;
	}
	t->alive = 0;
	component_stopped(c);
}

static void let_go(void)
{
	for (size_t i = 0; i < n_slow; i++) {
		check_alive(slow[i]);
		slow[i]->alive = 0;
		component_stopped(&slow[i]->base);
	}
	n_slow = 0;
}

static const struct component_type type_t = {
	.name = "t",
	.stability = STABILITY_GA,
	.args = t_arg_table,
	.size = sizeof(struct t),
	.args_size = sizeof(struct t_args),
	.exports = t_exports,
	.start = t_start,
	.update = t_update,
	.stop = t_stop,
};
static const struct component_type type_fixed = {
	.name = "fixed",
	.stability = STABILITY_GA,
	.args = t_arg_table,
	.size = sizeof(struct t),
	.args_size = sizeof(struct t_args),
	.exports = t_exports,
	.start = t_start,
	.stop = t_stop,
};
static const struct component_type *const types[] = {&type_fixed, &type_t, NULL};

static void quiet(struct str line)
{
	(void)line;
}

struct world {
	struct agent_context ctx;
	struct graph *g;
};

static void setup(struct world *w)
{
	*w = (struct world){0};
	log_set_writer(quiet);
	w->ctx.loop = loop_new();
	w->g = graph_new(&(struct graph_settings){
		.agent = &w->ctx, .types = {types, NULL}, .stability = STABILITY_GA});
	n_instances = 0;
}

static enum graph_loaded load(struct world *w, const char *text, struct buf *said)
{
	struct arena *a = mem_new(struct arena, 1);
	struct source *src;
	struct arena texts;
	struct diags d;
	struct file *f;
	enum graph_loaded how;

	arena_init(a, 0);
	arena_init(&texts, 0);
	diags_init(&d, &texts);
	src = arena_new(a, struct source, 1);
	*src = (struct source){STR("t"), arena_str(a, str_from(text))};
	f = parse_file(a, src, &d);
	assert_int_equal(d.errors, 0);
	how = graph_load(w->g, a, &f, 1, &d);
	for (size_t i = 0; said && i < d.n; i++)
		buf_printf(said, "%s" STR_FMT, i ? "; " : "", STR_ARG(d.p[i].message));
	if (how == GRAPH_REFUSED) {
		arena_fini(a);
		free(a);
	}
	diags_fini(&d);
	arena_fini(&texts);
	return how;
}

static void turn(struct world *w)
{
	for (int i = 0; i < 4; i++)
		loop_turn(w->ctx.loop, 0);
}

static void on_done(void *owner)
{
	*(bool *)owner = true;
}

static void stop(struct world *w)
{
	bool done = false;

	graph_stop(w->g, on_done, &done);
	turn(w);
	while (n_slow > 0) {
		assert_false(done);
		let_go();
		turn(w);
	}
	assert_true(done);
	graph_free(w->g);
	loop_free(w->ctx.loop);
	log_set_writer(NULL);
}

static void health(struct buf *b, const struct world *w)
{
	for (size_t i = 0; i < graph_count(w->g); i++) {
		struct graph_node_info n = graph_node(w->g, i);

		if (n.health != HEALTH_HEALTHY)
			buf_printf(b, "%s%s %s: %s", b->n ? "; " : "", n.id, health_names[n.health],
				n.reason);
	}
}

/* Each step is loaded over the one before. */
struct step {
	const char *text; /* "let go": nothing is loaded, what is slow ends */
	enum graph_loaded how;
	const char *events;
	const char *said;   /* diagnostics */
	const char *health; /* of those that are not healthy */
};

static void run_steps(const struct step *steps, size_t n, const char *at_the_end)
{
	struct world w;

	setup(&w);
	for (size_t i = 0; i < n; i++) {
		struct buf said = {0}, ill = {0};

		print_message("%s\n", steps[i].text);
		buf_clear(&events);
		if (strcmp(steps[i].text, "let go") == 0)
			let_go();
		else
			assert_int_equal(load(&w, steps[i].text, &said), steps[i].how);
		turn(&w);
		health(&ill, &w);
		assert_str(buf_str(&events), steps[i].events ? steps[i].events : "");
		assert_str(buf_str(&said), steps[i].said ? steps[i].said : "");
		assert_str(buf_str(&ill), steps[i].health ? steps[i].health : "");
		buf_fini(&said);
		buf_fini(&ill);
	}
	buf_clear(&events);
	stop(&w);
	assert_str(buf_str(&events), at_the_end);
	buf_fini(&events);
}

#define RUN(steps, at_the_end) run_steps(steps, sizeof(steps) / sizeof(steps[0]), at_the_end)

static void test_reload(void **state)
{
	static const struct step steps[] = {
		{"t \"src\" { to = [t.sink.receiver] }\nt \"sink\" { }", GRAPH_LOADED,
			"+t.sink +t.src",
			NULL, NULL},
		{"t \"sink\" { }\n\n\nt \"src\" { to = [t.sink.receiver] }", GRAPH_LOADED, NULL,
			NULL, NULL},
		{"t \"src\" {\n text = \"y\"\n to = [t.sink.receiver]\n}\nt \"sink\" { }",
			GRAPH_LOADED,
			"~t.src", NULL, NULL},
		{"t \"src\" {\n text = \"y\"\n to = [t.sink.receiver, t.more.receiver]\n}\nt "
		 "\"sink\" { }\n"
		 "t \"more\" { }",
			GRAPH_LOADED, "+t.more ~t.src", NULL, NULL},
		{"t \"src\" {\n text = \"y\"\n to = [t.more.receiver]\n}\nt \"more\" { }",
			GRAPH_LOADED,
			"~t.src -t.sink", NULL, NULL},
		{"t \"src\" { to = [t.nope.receiver] }\nt \"new\" { }", GRAPH_REFUSED, NULL,
			"component \"t.nope.receiver\" does not exist or is out of scope", NULL},
		{"t \"other\" { }", GRAPH_LOADED, "-t.src -t.more +t.other", NULL, NULL},
		{"", GRAPH_LOADED, "-t.other", NULL, NULL},
	};

	(void)state;
	RUN(steps, "");
}

static void test_failures(void **state)
{
	static const struct step steps[] = {
		{"t \"a\" { text = \"fail\" }\nt \"b\" { to = [t.a.receiver] }\nt \"c\" { }",
			GRAPH_FAILED,
			"!t.a +t.c", "cannot start: it was told to fail",
			"t.a unhealthy: cannot start: it was told to fail; t.b unhealthy: waits "
			"for t.a"},
		{"t \"a\" { text = \"ok\" }\nt \"b\" { to = [t.a.receiver] }\nt \"c\" { }",
			GRAPH_LOADED,
			"+t.a +t.b", NULL, NULL},
		/* b keeps its old arguments, and so what they point to */
		{"t \"b\" {\n text = \"stay\"\n to = [t.c.receiver]\n}\nt \"c\" { }",
			GRAPH_FAILED, "!t.b",
			"cannot take the new arguments: it was told to stay",
			"t.b unhealthy: cannot take the new arguments: it was told to stay"},
		{"t \"b\" { to = [t.c.receiver] }\nt \"c\" { }", GRAPH_LOADED, "~t.b -t.a", NULL,
			NULL},
		/* the same, and back to what is in force */
		{"t \"b\" {\n text = \"stay\"\n to = [t.c.receiver]\n}\nt \"c\" { }",
			GRAPH_FAILED, "!t.b",
			"cannot take the new arguments: it was told to stay",
			"t.b unhealthy: cannot take the new arguments: it was told to stay"},
		{"t \"b\" { to = [t.c.receiver] }\nt \"c\" { }", GRAPH_LOADED, NULL, NULL, NULL},
	};

	(void)state;
	RUN(steps, "-t.b -t.c");
}

static void test_values(void **state)
{
	static const struct step steps[] = {
		/* evaluated when the value is there; the text flows through */
		{"t \"a\" { text = \"one\" }\nt \"b\" { text = t.a.text + \"!\" }\nt \"c\" { text "
		 "= t.b.text }",
			GRAPH_LOADED, "+t.a +t.b +t.c", NULL, NULL},
		{"t \"a\" { text = \"two\" }\nt \"b\" { text = t.a.text + \"!\" }\nt \"c\" { text "
		 "= t.b.text }",
			GRAPH_LOADED, "~t.a ~t.b ~t.c", NULL, NULL},
		/* b's value stays the same, so c is not touched */
		{"t \"a\" { text = \"three\" }\nt \"b\" { text = coalesce(\"two!\", t.a.text) }\n"
		 "t \"c\" { text = t.b.text }",
			GRAPH_LOADED, "~t.a", NULL, NULL},
		/* what cannot be known before it runs fails where it runs */
		{"t \"a\" { text = \"3\" }\nt \"b\" { targets = [t.a.text] }", GRAPH_FAILED,
			"-t.c ~t.a",
			"t.a.text target::ConvertFrom: conversion from 'string' is not supported",
			"t.b unhealthy: t.a.text target::ConvertFrom: conversion from 'string' is "
			"not supported"},
	};

	(void)state;
	RUN(steps, "-t.b -t.a");
}

static void test_slow(void **state)
{
	static const struct step steps[] = {
		{"t \"src\" {\n text = \"slow\"\n to = [t.sink.receiver]\n}\nt \"sink\" { text = "
		 "\"slow\" }",
			GRAPH_LOADED, "+t.sink +t.src", NULL, NULL},
		/* the sink waits for the source, which still delivers */
		{"", GRAPH_LOADED, "-t.src", NULL, NULL},
		{"let go", GRAPH_LOADED, "-t.sink", NULL, NULL},
		/* a new one of the same name, beside the old */
		{"t \"sink\" { text = \"slow\" }", GRAPH_LOADED, "+t.sink", NULL, NULL},
		{"", GRAPH_LOADED, "-t.sink", NULL, NULL},
	};

	(void)state;
	RUN(steps, "");
}

static void test_fixed(void **state)
{
	static const struct step steps[] = {
		{"t \"src\" { to = [fixed.sink.receiver] }\nfixed \"sink\" { }", GRAPH_LOADED,
			"+fixed.sink +t.src", NULL, NULL},
		{"t \"src\" { to = [fixed.sink.receiver] }\nfixed \"sink\" { text = \"y\" }",
			GRAPH_LOADED,
			"+fixed.sink ~t.src -fixed.sink", NULL, NULL},
		{"t \"src\" { to = [fixed.sink.receiver] }\nfixed \"sink\" { text = \"fail\" }",
			GRAPH_FAILED,
			"!fixed.sink", "cannot start: it was told to fail",
			"fixed.sink unhealthy: cannot start: it was told to fail; t.src "
			"unhealthy: waits for "
			"fixed.sink"},
		{"t \"src\" { to = [fixed.sink.receiver] }\nfixed \"sink\" { text = \"z\" }",
			GRAPH_LOADED,
			"+fixed.sink ~t.src -fixed.sink", NULL, NULL},
	};

	(void)state;
	RUN(steps, "-t.src -fixed.sink");
}

static struct component *find(const char *id)
{
	for (size_t i = n_instances; i > 0; i--)
		if (strcmp(instances[(i - 1) % 64]->id, id) == 0)
			return instances[(i - 1) % 64];
	return NULL;
}

static void export_text(const char *id, const char *text)
{
	component_export(find(id), "text", value_str(str_from(text)));
}

/* Two changes in one turn are one update; a value that is the same is none. */
static void test_exports(void **state)
{
	struct world w;

	(void)state;
	setup(&w);
	load(&w, "t \"a\" { }\nt \"b\" { text = t.a.text }\nt \"c\" { text = t.b.text }\nt \"d\" "
		 "{ text = t.a.text }",
		NULL);
	turn(&w);
	buf_clear(&events);
	export_text("t.a", "1");
	export_text("t.a", "2");
	assert_str(buf_str(&events), "");
	turn(&w);
	assert_str(buf_str(&events), "~t.b ~t.c ~t.d");
	buf_clear(&events);
	export_text("t.a", "3");
	export_text("t.a", "2");
	turn(&w);
	assert_str(buf_str(&events), "");
	export_text("t.a", "2");
	turn(&w);
	assert_str(buf_str(&events), "");
	export_text("t.a", "stay"); /* b and d refuse; the graph lives on */
	turn(&w);
	assert_str(buf_str(&events), "!t.b !t.d");
	stop(&w);
	buf_fini(&events);
}

static void test_health(void **state)
{
	struct world w;
	struct buf ill = {0};

	(void)state;
	setup(&w);
	load(&w, "t \"a\" { }", NULL);
	component_set_health(find("t.a"), HEALTH_UNHEALTHY, "Loki is down");
	health(&ill, &w);
	assert_str(buf_str(&ill), "t.a unhealthy: Loki is down");
	buf_clear(&ill);
	load(&w, "t \"a\" { }", NULL); /* not touched: it is as ill as before */
	health(&ill, &w);
	assert_str(buf_str(&ill), "t.a unhealthy: Loki is down");
	buf_clear(&ill);
	component_set_health(find("t.a"), HEALTH_HEALTHY, "");
	health(&ill, &w);
	assert_str(buf_str(&ill), "");
	stop(&w);
	buf_fini(&ill);
	buf_fini(&events);
}

/* Nothing leaks, which the sanitizer says, and nothing is freed too early. */
static void test_thousand_reloads(void **state)
{
	struct world w;

	(void)state;
	setup(&w);
	for (unsigned i = 0; i < 1000; i++) {
		struct buf text = {0};
		unsigned n = 1 + i * 7 % 5;

		buf_printf(&text, "t \"sink\" { text = \"%s\" }\n", i % 11 == 3 ? "slow" : "s");
		for (unsigned k = 0; k < n; k++)
			buf_printf(&text,
				"t \"n%u\" {\n text = \"%s\"\n to = [t.%s.receiver]\n}\n", k,
				i % 13 == 5 ? "stay" : i % 17 == 2 ? "fail"
					       : i % 3             ? "a"
								   : "slow",
				k == 0 ? "sink" : "n0");
		if (i % 10 == 9)
			buf_printf(&text, "t \"x\" { to = [t.nope.receiver] }\n");
		buf_printf(&text, "fixed \"f\" { text = \"%u\" }\n", i / 4);
		buf_add_char(&text, 0);
		load(&w, text.p, NULL);
		if (i % 4 == 0)
			turn(&w);
		if (n_slow > 8)
			let_go();
		buf_clear(&events);
		buf_fini(&text);
	}
	turn(&w);
	stop(&w);
	buf_fini(&events);
}

TESTS_RUN(cmocka_unit_test(test_reload), cmocka_unit_test(test_failures),
	cmocka_unit_test(test_values), cmocka_unit_test(test_slow), cmocka_unit_test(test_fixed),
	cmocka_unit_test(test_exports), cmocka_unit_test(test_health),
	cmocka_unit_test(test_thousand_reloads))
