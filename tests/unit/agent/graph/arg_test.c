#include "agent/graph/arg.h"

#include "agent/base/buf.h"
#include "agent/base/timestamp.h"
#include "agent/graph/arg_private.h"
#include "tests/test.h"

struct inner {
	struct str name;
	int64_t n;
};
struct tls {
	bool insecure;
};
struct stage_a {
	int64_t x;
};
struct outer {
	struct range at;
	bool flag;
	int64_t i;
	uint64_t u;
	double f;
	int64_t wait;
	int64_t bytes;
	struct str text;
	struct str key;
	struct arg_strs list;
	struct arg_map map;
	struct arg_map_strs headers;
	struct arg_targets targets;
	void *to;
	struct arg_capsules many;
	struct value any;
	struct str word;
	struct tls *tls;
	struct inner *once;
	struct arg_blocks rules;
	struct arg_choices stages;
	int64_t idle;
	int64_t later;
};

static const struct arg inner_args[] = {
	ARG(inner, name, .type = ARG_STR, .flags = ARG_REQUIRED),
	ARG(inner, n, .type = ARG_INT, .def = "7"),
	ARGS_END,
};
static const struct arg tls_args[] = {
	ARG(tls, insecure, .type = ARG_BOOL, .def = "true"),
	ARGS_END,
};
static const struct arg stage_a_args[] = {
	ARG(stage_a, x, .type = ARG_INT, .def = "1"),
	ARGS_END,
};
static const struct arg_choice_type stage_a = {"stage.a", NULL, stage_a_args,
	sizeof(struct stage_a), NULL};
static const struct arg_choice_type stage_b = {"stage.b", NULL, NULL, 0, NULL};
static const struct arg_choice_type *const stages[] = {&stage_a, &stage_b, NULL};
static const char *const words[] = {"insert", "update", NULL};
static const struct arg outer_args[] = {
	ARG_PLACE(outer, at),
	ARG(outer, flag, .type = ARG_BOOL),
	ARG(outer, i, .type = ARG_INT, .def = "10"),
	ARG(outer, u, .type = ARG_UINT),
	ARG(outer, f, .type = ARG_FLOAT, .def = "0.5"),
	ARG(outer, wait, .type = ARG_DURATION, .def = "1s"),
	ARG(outer, bytes, .type = ARG_SIZE, .def = "1MiB"),
	ARG(outer, text, .type = ARG_STR, .def = "hello"),
	ARG(outer, key, .type = ARG_SECRET),
	ARG(outer, list, .type = ARG_STRS, .def = "[\"a\", \"b\"]"),
	ARG(outer, map, .type = ARG_MAP),
	ARG(outer, headers, .type = ARG_MAP_STRS),
	ARG(outer, targets, .type = ARG_TARGETS),
	ARG(outer, to, .type = ARG_CAPSULE, .capsule = &capsule_consumer),
	ARG(outer, many, .type = ARG_CAPSULES, .capsule = &capsule_logs_receiver),
	ARG(outer, any, .type = ARG_ANY),
	ARG(outer, word, .type = ARG_STR, .one_of = words),
	ARG(outer, tls, .type = ARG_BLOCK, .flags = ARG_ALWAYS, .block = tls_args,
		.size = sizeof(struct tls)),
	ARG(outer, once, .type = ARG_BLOCK, .flags = ARG_LABELED, .block = inner_args,
		.size = sizeof(struct inner)),
	ARG_NAMED(outer, "rule", rules, .type = ARG_BLOCK, .flags = ARG_REPEATED,
		.block = inner_args, .size = sizeof(struct inner)),
	ARG(outer, stages, .type = ARG_CHOICE, .choices = stages),
	ARG(outer, idle, .type = ARG_INT, .flags = ARG_NO_EFFECT),
	ARG(outer, later, .type = ARG_INT, .flags = ARG_NOT_YET),
	ARGS_END,
};

struct needy {
	struct str url;
	struct inner *output;
};
static const struct arg needy_args[] = {
	ARG(needy, url, .type = ARG_STR, .flags = ARG_REQUIRED),
	ARG(needy, output, .type = ARG_BLOCK, .flags = ARG_REQUIRED, .block = inner_args,
		.size = sizeof(struct inner)),
	ARGS_END,
};

static bool resolve(struct scope *s, const struct str *parts, size_t n, size_t *used,
	struct value *out)
{
	static int there;

	(void)s;
	*used = 1;
	if (str_is(parts[0], "recv"))
		*out = value_capsule(&capsule_logs_receiver, &there);
	else if (str_is(parts[0], "cons"))
		*out = value_capsule(&capsule_consumer, &there);
	else
		return false;
	(void)n;
	return true;
}

/* What the cases look at. */
static void dump(struct buf *b, const struct outer *o)
{
	buf_printf(b, "%d %ld %lu %g %ld %ld " STR_FMT " [", o->flag, (long)o->i,
		(unsigned long)o->u,
		o->f, (long)(o->wait / NS_PER_MS), (long)o->bytes, STR_ARG(o->text));
	for (size_t i = 0; i < o->list.n; i++)
		buf_printf(b, STR_FMT ",", STR_ARG(o->list.p[i]));
	buf_printf(b, "]");
	for (size_t i = 0; i < o->map.n; i++)
		buf_printf(b, " " STR_FMT "=" STR_FMT, STR_ARG(o->map.p[i].name),
			STR_ARG(o->map.p[i].value));
	for (size_t i = 0; i < o->headers.n; i++)
		buf_printf(b, " " STR_FMT ":%zu", STR_ARG(o->headers.p[i].name),
			o->headers.p[i].values.n);
	for (size_t i = 0; i < o->targets.n; i++)
		buf_printf(b, " t%zu", o->targets.p[i].n);
	if (o->to)
		buf_printf(b, " to");
	if (o->many.n)
		buf_printf(b, " many%zu", o->many.n);
	if (o->tls->insecure)
		buf_printf(b, " insecure");
	if (o->once)
		buf_printf(b, " once:" STR_FMT "/%ld", STR_ARG(o->once->name), (long)o->once->n);
	for (size_t i = 0; i < o->rules.n; i++) {
		const struct inner *r = (const struct inner *)o->rules.p + i;

		buf_printf(b, " rule:" STR_FMT "/%ld", STR_ARG(r->name), (long)r->n);
	}
	for (size_t i = 0; i < o->stages.n; i++) {
		buf_printf(b, " %s", o->stages.p[i].type->name);
		if (o->stages.p[i].type == &stage_a)
			buf_printf(b, "/%ld",
				(long)((const struct stage_a *)o->stages.p[i].args)->x);
	}
}

static void dump_diags(struct buf *b, const struct diags *d)
{
	for (size_t i = 0; i < d->n; i++) {
		size_t line, column;

		range_position(d->p[i].at, &line, &column);
		buf_printf(b, "%s%s%zu:%zu " STR_FMT, i ? "; " : "",
			d->p[i].severity == DIAG_WARNING ? "warning " : "", line, column,
			STR_ARG(d->p[i].message));
	}
}

static struct evaluated *evaluate(struct arena *a, const char *text, bool terse, struct diags *d)
{
	struct source *src = arena_new(a, struct source, 1);
	struct scope scope = {.resolve = resolve, .stability = STABILITY_GA};
	struct body_options o = {.terse = terse, .keep_going = true};
	struct file *f;

	*src = (struct source){STR("t"), arena_str(a, str_from(text))};
	f = parse_file(a, src, d);
	assert_int_equal(d->errors, 0);
	return body_evaluate_with(a, &f->body.stmts[0], &scope, &o, d);
}

#define DEFAULTS "0 10 0 0.5 1000 1048576 hello [a,b,]"

static const struct {
	const char *text; /* inside b { … } */
	const char *want; /* what dump() says, or "!" and the diagnostics */
} cases[] = {
	{"", DEFAULTS " insecure"},
	{"flag = true\ni = \"12\"\nu = 3\nf = 2\nwait = \"250ms\"\nbytes = \"8KB\"\ntext = 5",
		"1 12 3 2 250 8192 5 [a,b,] insecure"},
	{"i = null\ntext = null\nlist = null", "0 0 0 0.5 1000 1048576  [] insecure"},
	{"list = [\"x\", 1]\nmap = {b = \"2\", a = 1}\nheaders = {h = [\"1\", \"2\"]}",
		"0 10 0 0.5 1000 1048576 hello [x,1,] a=1 b=2 h:2 insecure"},
	{"targets = [{__path__ = \"/x\", n = 1}, {}]\nto = cons\nmany = [recv, recv]",
		DEFAULTS " t2 t0 to many2 insecure"},
	{"to = null", DEFAULTS " insecure"},
	{"tls { insecure = false }\nrule { name = \"r1\" }\nrule {\n name = \"r2\"\n n = 1\n}",
		DEFAULTS " rule:r1/7 rule:r2/1"},
	{"once \"lbl\" { n = 2 }", "! 2:1 missing required attribute \"name\""},
	{"once { name = \"q\" }", "! 2:1 block \"once\" requires non-empty label"},
	{"tls \"x\" { }", "! 2:5 block \"tls\" does not support specifying labels"},
	{"stage.b { }\nstage.a { x = 4 }\nstage.a { }", DEFAULTS
		" insecure stage.b stage.a/4 stage.a/1"},
	{"stage.c { }", "! 2:1 unrecognized block name \"stage.c\""},
	{"stage.b { y = 1 }", "! 2:11 unrecognized attribute name \"y\""},
	{"nope = 1\ni = 1\ni = 2", "! 2:1 unrecognized attribute name \"nope\"; 4:1 attribute "
				   "\"i\" may only be provided once"},
	{"tls { }\ntls { }", "! 2:1 block \"tls\" may only be specified once; 3:1 block \"tls\" "
			     "may only be specified once"},
	{"tls = 1", "! 2:1 \"tls\" must be a block, but is used as an attribute"},
	{"i { }", "! 2:1 \"i\" must be an attribute, but is used as a block"},
	{"i = \"x\"\nflag = \"true\"", "! 2:5 \"x\" should be number, got string; 3:8 \"true\" "
				       "should be bool, got string"},
	{"list = [\"a\", {}]", "! 2:14 {} should be string, got object"},
	{"list = coalesce(null, [1, [2]])", "! 2:8 coalesce(null, [1, [2]])[1] should be string, "
					    "got array"},
	{"map = {a = \"1\", b = []}", "! 2:21 [] should be string, got array"},
	{"map = coalesce(null, {b = [1]})", "! 2:7 coalesce(null, {b = [1]}).b should be string, "
					    "got array"},
	{"targets = [10]", "! 2:12 10 target::ConvertFrom: conversion from 'int64' is not "
			   "supported"},
	{"many = \"wrong\"", "! 2:8 \"wrong\" should be array, got string"},
	{"many = [cons]", "! 2:9 cons expected capsule(\"loki.LogsReceiver\"), got "
			  "capsule(\"otelcol.Consumer\")"},
	{"to = recv", "! 2:6 recv expected capsule(\"otelcol.Consumer\"), got "
		      "capsule(\"loki.LogsReceiver\")"},
	{"to = 1", "! 2:6 1 expected capsule(\"otelcol.Consumer\"), got number"},
	{"word = \"insert\"", DEFAULTS " insecure"},
	{"word = \"random\"", "! 2:8 unknown word random"},
	{"wait = \"5\"", "! 2:8 \"5\" time: missing unit in duration \"5\""},
	{"later = 1", "! 2:1 attribute \"later\" is not supported yet"},
	{"idle = 1", "! warning 2:1 attribute \"idle\" of b.l is accepted, but has no effect here"},
};

static void test_decode(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena a;
		struct diags d;
		struct outer o;
		struct buf text = {0}, got = {0};
		struct evaluated *e;
		bool ok;

		arena_init(&a, 0);
		diags_init(&d, &a);
		buf_printf(&text, "b \"l\" {\n%s\n}", cases[i].text);
		buf_add_char(&text, 0);
		print_message("%s\n", cases[i].text);
		e = evaluate(&a, text.p, false, &d);
		memset(&o, 0xff, sizeof(o));
		ok = args_decode(&a, e, outer_args, &o, sizeof(o), &d);
		assert_int_equal(ok, d.errors == 0);
		assert_int_equal(o.at.start, 0);
		if (d.n > 0) {
			buf_printf(&got, "! ");
			dump_diags(&got, &d);
		} else {
			dump(&got, &o);
		}
		assert_str(buf_str(&got), cases[i].want);
		buf_fini(&got);
		buf_fini(&text);
		diags_fini(&d);
		arena_fini(&a);
	}
}

static const struct {
	const char *text;
	bool terse;
	const char *want;
} needy_cases[] = {
	{"b \"l\" { }", true, "1:1 missing required attribute \"url\"; 1:1 missing required block "
			      "\"output\""},
	{"b \"l\" {\n  url = {}\n output { }\n}", true,
		"2:9 expected string, got object; 3:2 missing required attribute \"name\""},
	{"b \"l\" {\n  url = 1 + \"\"\n output { name = \"\" }\n}", false,
		"2:13 \"\" should be number, got string"},
};

static void test_missing(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(needy_cases) / sizeof(needy_cases[0]); i++) {
		struct arena a;
		struct diags d;
		struct needy o;
		struct buf got = {0};

		arena_init(&a, 0);
		diags_init(&d, &a);
		print_message("%s\n", needy_cases[i].text);
		args_decode(&a, evaluate(&a, needy_cases[i].text, needy_cases[i].terse, &d),
			needy_args, &o,
			sizeof(o), &d);
		dump_diags(&got, &d);
		assert_str(buf_str(&got), needy_cases[i].want);
		buf_fini(&got);
		diags_fini(&d);
		arena_fini(&a);
	}
}

static const struct {
	const char *a, *b;
	bool eq;
} pairs[] = {
	{"b \"l\" { }", "b \"l\" {}", true},
	{"b \"l\" {\n i = 1\n text = \"x\"\n}", "b \"l\" {\n text = \"x\"\n i = 1\n}", true},
	{"b \"l\" { i = 1 }", "b \"l\" { i = 2 }", false},
	{"b \"l\" { i = 1 }", "b \"l\" { u = 1 }", false},
	{"b \"l\" {\n rule { n = 1 }\n rule { n = 2 }\n}",
		"b \"l\" {\n rule { n = 2 }\n rule { n = 1 }\n}", false},
	{"b \"l\" {\n rule { n = 1 }\n i = 1\n}", "b \"l\" {\n i = 2 - 1\n rule { n = 1 }\n}",
		true},
	{"b \"l\" { once \"x\" { } }", "b \"l\" { once \"y\" { } }", false},
	{"b \"l\" { rule { } }", "b \"l\" { tls { } }", false},
	{"b \"l\" { i = 1 }", "b \"l\" { i { } }", false},
};

static void test_eq(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct arena a;
		struct diags d;

		arena_init(&a, 0);
		diags_init(&d, &a);
		print_message("%s | %s\n", pairs[i].a, pairs[i].b);
		struct evaluated *x = evaluate(&a, pairs[i].a, false, &d);
		struct evaluated *y = evaluate(&a, pairs[i].b, false, &d);

		assert_int_equal(evaluated_eq(x, y), pairs[i].eq);
		diags_fini(&d);
		arena_fini(&a);
	}
}

TESTS_RUN(cmocka_unit_test(test_decode), cmocka_unit_test(test_missing), cmocka_unit_test(test_eq))
