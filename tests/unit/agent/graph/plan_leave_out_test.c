/* What --config.ignore-unsupported leaves, and what it leaves out. */

#include "agent/graph/plan.h"

#include "agent/base/buf.h"
#include "agent/config/ast.h"
#include "tests/test.h"

struct any {
	struct value v[6];
};

#define ANY(i, name) ARG_NAMED(any, name, v[i], .type = ARG_ANY)
static const struct arg inner_args[] = {
	ANY(0, "metrics"), ANY(1, "logs"), ANY(2, "password"), ARGS_END};
static const struct arg any_args[] = {
	ANY(0, "to"), ANY(1, "from"), ANY(2, "text"), ANY(3, "write_to"),
	ARG_NAMED(any, "output", v[4], .type = ARG_BLOCK, .block = inner_args,
		.size = sizeof(struct any)),
	ARGS_END};
static const struct export_field exports[] = {
	{"out", ARG_ANY, NULL, NULL}, {NULL, ARG_END, NULL, NULL}};

#define TYPE(symbol, block, ...) \
	static const struct component_type symbol = {.name = block, \
		.stability = STABILITY_GA, \
		.args = any_args, \
		.args_size = sizeof(struct any), \
		.size = sizeof(struct component), \
		.exports = exports, \
		__VA_ARGS__}
TYPE(logging, "logging", .is_config = true);
TYPE(sink, "sink");
TYPE(source, "source");
static const struct component_type *const types[] = {&logging, &sink, &source, NULL};
static const char *const foreign[] = {"prom.*", NULL};

static const struct {
	const char *text;
	const char *want; /* what runs, "|", what is left out */
} cases[] = {
	{"prom.x \"a\" { }\nsink \"s\" { }", "sink.s|prom.x.a"},
	/* what feeds it, and what is only for that; what feeds others, too, stays */
	{"prom.x \"a\" { }\nsource \"f\" { to = [prom.x.a.in] }\n"
	 "source \"g\" { from = source.f.out }",
		"|prom.x.a source.f source.g"},
	{"prom.x \"a\" { }\nsink \"s\" { }\nsource \"f\" { to = [prom.x.a.in, sink.s.out] }",
		"sink.s source.f|prom.x.a"},
	/* what it uses, if nobody else does */
	{"prom.x \"a\" { password = source.secret.out }\nsource \"secret\" { }\nsource \"own\" { }",
		"source.own|prom.x.a source.secret"},
	{"prom.x \"a\" { password = source.secret.out }\nsource \"secret\" { }\n"
	 "sink \"s\" { text = source.secret.out }",
		"source.secret sink.s|prom.x.a"},
	/* lists in blocks */
	{"prom.x \"a\" { }\nsink \"s\" { }\nsource \"p\" {\n output {\n metrics = [prom.x.a.in]\n"
	 " logs = [sink.s.out]\n }\n}",
		"sink.s source.p|prom.x.a"},
	{"prom.x \"a\" { }\nsource \"p\" {\n output {\n metrics = [prom.x.a.in]\n logs = []\n }\n}",
		"|prom.x.a source.p"},
	/* configuration blocks stay */
	{"prom.x \"a\" { }\nlogging {\n write_to = [prom.x.a.in]\n}", "logging|prom.x.a"},
	/* custom components */
	{"declare \"d\" {\n argument \"to\" { }\n prom.x \"a\" { to = argument.to.value }\n}\n"
	 "d \"i\" { to = [sink.s.out] }\nsink \"s\" { }",
		"|declare.d/argument.to declare.d/prom.x.a d.i sink.s"},
	{"declare \"d\" {\n argument \"m\" { }\n argument \"l\" { }\n"
	 " prom.x \"a\" { to = argument.m.value }\n source \"f\" { to = argument.l.value }\n}\n"
	 "d \"i\" {\n m = [prom.w.x.in]\n l = [sink.s.out]\n}\nsink \"s\" { }\nprom.w \"x\" { }",
		"sink.s d.i/argument.l d.i d.i/source.f|declare.d/argument.m declare.d/prom.x.a "
		"prom.w.x"},
	{"declare \"d\" {\n prom.x \"a\" { }\n sink \"s\" { }\n"
	 " export \"m\" { value = prom.x.a.in }\n export \"l\" { value = sink.s.out }\n}\n"
	 "d \"i\" { }\nsource \"f\" { to = [d.i.m, d.i.l] }\nsource \"g\" { to = [d.i.m] }",
		"d.i/sink.s d.i/export.l d.i source.f|declare.d/prom.x.a declare.d/export.m "
		"source.g"},
	/* nothing is taken for Alloy's that is not */
	{"sorce \"f\" { }", "1:1 cannot find the definition of component name \"sorce\""},
	{"source \"f\" { to = [nope.x] }",
		"1:20 component \"nope.x\" does not exist or is out of scope"},
};

static void show(struct buf *got, const struct plan *p, const struct diags *d)
{
	for (size_t i = 0; i < d->n; i++) {
		size_t line, column;

		range_position(d->p[i].at, &line, &column);
		buf_printf(got, "%zu:%zu " STR_FMT, line, column, STR_ARG(d->p[i].message));
	}
	if (d->n > 0)
		return;
	for (size_t i = 0; i < p->n; i++)
		buf_printf(got, "%s" STR_FMT, i ? " " : "", STR_ARG(p->sorted[i]->node_id));
	buf_add_char(got, '|');
	for (size_t i = 0; i < p->n_left_out; i++)
		buf_printf(got, "%s" STR_FMT, i ? " " : "", STR_ARG(p->left_out[i].id));
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct plan_settings set = {.types = {types, foreign},
			.stability = STABILITY_GA,
			.ignore_unsupported = true};
		struct source src = {STR("t"), str_from(cases[i].text)};
		struct buf got = {0};
		struct arena a;
		struct diags d;
		struct plan *p;
		struct file *f;

		print_message("%s\n", cases[i].text);
		arena_init(&a, 0);
		diags_init(&d, &a);
		f = parse_file(&a, &src, &d);
		p = plan_new(&a, &set, &f, 1, &d);
		show(&got, p, &d);
		assert_str(buf_str(&got), cases[i].want);
		plan_fini(p);
		buf_fini(&got);
		diags_fini(&d);
		arena_fini(&a);
	}
}

TESTS_RUN(cmocka_unit_test(test_cases))
