#include "proto/otlp/edit.h"

#include "agent/base/container_of.h"
#include "tests/proto_text.h"
#include "tests/test.h"

/* What a visitor of the tests does: drops what is named "drop", sets "seen" on the things of one
 * level. */
struct marker {
	struct otlp_visitor v;
	char level; /* r, s, i, p; R: on the resource, from each item; 0: nothing */
};

static bool mark(struct marker *k, char level, struct otlp_message *m, struct str name)
{
	if (k->level == level)
		otlp_message_add_bytes(m, 31, STR("seen"));
	return !str_is(name, "drop");
}

static bool on_resource(struct otlp_visitor *v, struct otlp_place *p)
{
	return mark(container_of(v, struct marker, v), 'r', &p->resource, STR(""));
}

static bool on_scope(struct otlp_visitor *v, struct otlp_place *p)
{
	return mark(container_of(v, struct marker, v), 's', &p->scope,
		otlp_message_bytes(&p->scope, OTLP_SCOPE_NAME));
}

static bool on_item(struct otlp_visitor *v, struct otlp_place *p)
{
	uint32_t name = p->kind == OTLP_TRACES ? OTLP_SPAN_NAME : OTLP_METRIC_NAME;

	mark(container_of(v, struct marker, v), 'R', &p->resource, STR(""));
	return mark(container_of(v, struct marker, v), 'i', &p->item,
		otlp_message_bytes(&p->item, name));
}

static bool on_point(struct otlp_visitor *v, struct otlp_place *p)
{
	uint32_t name = p->kind == OTLP_TRACES ? OTLP_EVENT_NAME : 30;

	return mark(container_of(v, struct marker, v), 'p', &p->point,
		otlp_message_bytes(&p->point, name));
}

/* clang-format off */
static const struct {
	enum otlp_kind kind;
	char level;
	const char *in;
	const char *want; /* NULL: nothing was changed */
} cases[] = {
	{OTLP_TRACES, 0, "1:{1:{} 2:{1:{} 2:{5:\"a\"}}}", NULL},
	{OTLP_TRACES, 0, "", NULL},
	/* marks of each level; unknown fields and what is beside stay */
	{OTLP_TRACES, 'r', "1:{2:{2:{5:\"a\"}} 3:\"u\"} 7:1",
		"1:{1:{31:\"seen\"} 2:{2:{5:\"a\"}} 3:\"u\"} 7:1"},
	{OTLP_TRACES, 's', "1:{2:~{2:{5:\"a\"} 1:~{1:\"lib\"} 9:W1}}",
		"1:{2:{1:{1:\"lib\" 31:\"seen\"} 2:{5:\"a\"} 9:W1}}"},
	{OTLP_TRACES, 'i', "1:{1:{} 2:{2:{5:\"a\"} 3:\"u\" 2:{}} 99:<>}",
		"1:{1:{} 2:{2:{5:\"a\" 31:\"seen\"} 3:\"u\" 2:{31:\"seen\"}} 99:<>}"},
	{OTLP_TRACES, 'p', "1:{2:{2:{11:{2:\"e\"} 5:\"a\" 11:{}}}}",
		"1:{2:{2:{11:{2:\"e\" 31:\"seen\"} 5:\"a\" 11:{31:\"seen\"}}}}"},
	/* two resources become one where it changes, and only there */
	{OTLP_TRACES, 'R', "1:{1:{2:1} 2:{2:{}} 1:{2:7}} 1:{1:{} 1:{}}",
		"1:{1:{2:1 2:7 31:\"seen\"} 2:{2:{}}} 1:{1:{} 1:{}}"},
	/* dropped: an event, a span, and what is empty by that; what was empty before stays */
	{OTLP_TRACES, 0, "1:{2:{2:{5:\"a\" 11:{2:\"drop\"} 11:{2:\"e\"}}}}",
		"1:{2:{2:{5:\"a\" 11:{2:\"e\"}}}}"},
	{OTLP_TRACES, 0, "1:{2:{2:{5:\"drop\"} 2:{5:\"a\"}}}", "1:{2:{2:{5:\"a\"}}}"},
	{OTLP_TRACES, 0, "1:{1:{} 2:{2:{5:\"drop\"}} 2:{2:{5:\"a\"}}}",
		"1:{1:{} 2:{2:{5:\"a\"}}}"},
	{OTLP_TRACES, 0, "1:{2:{2:{5:\"drop\"}}} 1:{} 1:{2:{}}", "1:{} 1:{2:{}}"},
	{OTLP_TRACES, 0, "1:{2:{1:{1:\"drop\"} 2:{5:\"a\"}}}", ""},
	{OTLP_TRACES, 0, "1:{2:{2:{5:\"drop\"}}}", ""},
	/* metrics: of each kind; parts of one are one; another kind after it counts alone */
	{OTLP_METRICS, 'i', "1:{2:{2:{1:\"m\" 5:{1:{}}}}}",
		"1:{2:{2:{1:\"m\" 5:{1:{}} 31:\"seen\"}}}"},
	{OTLP_METRICS, 'p', "1:{2:{2:{7:{1:{7:{}} 2:1 1:{} 3:1}}}}",
		"1:{2:{2:{7:{1:{7:{} 31:\"seen\"} 2:1 1:{31:\"seen\"} 3:1}}}}"},
	{OTLP_METRICS, 'p', "1:{2:{2:{9:{1:{}}} 2:{10:{1:{}}} 2:{11:{1:{}}}}}",
		"1:{2:{2:{9:{1:{31:\"seen\"}}} 2:{10:{1:{31:\"seen\"}}} 2:{11:{1:{31:\"seen\"}}}}"
		"}"},
	{OTLP_METRICS, 'p', "1:{2:{2:{5:{1:{2:L1}} 1:\"m\" 5:{1:{2:L2}}}}}",
		"1:{2:{2:{1:\"m\" 5:{1:{2:L1 31:\"seen\"} 1:{2:L2 31:\"seen\"}}}}}"},
	{OTLP_METRICS, 'p', "1:{2:{2:{5:{1:{2:L1}} 7:{1:{2:L2}}}}}",
		"1:{2:{2:{7:{1:{2:L2 31:\"seen\"}}}}}"},
	{OTLP_METRICS, 0, "1:{2:{2:{5:{1:{30:\"drop\"} 1:{}}} 2:{5:{1:{30:\"drop\"}}} 2:{5:{}}}}",
		"1:{2:{2:{5:{1:{}}} 2:{5:{}}}}"},
	{OTLP_METRICS, 0, "1:{2:{2:{1:\"drop\" 5:{}}}}", ""},
	{OTLP_LOGS, 'i', "1:{2:{2:{5:{1:\"x\"}}}}", "1:{2:{2:{5:{1:\"x\"} 31:\"seen\"}}}"},
};
/* clang-format on */

static void test_cases(void **state)
{
	struct otlp_edit *e = otlp_edit_new();
	struct buf in = {0};
	struct buf want = {0};
	struct buf out = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct marker k = {
			{on_resource, on_scope, on_item, on_point}, cases[i].level};

		buf_clear(&in);
		buf_clear(&want);
		buf_clear(&out);
		buf_add_str(&out, STR("before"));
		buf_add_str(&want, STR("before"));
		proto_text(&in, cases[i].in);
		if (cases[i].want)
			proto_text(&want, cases[i].want);
		assert_int_equal(otlp_edit_run(e, cases[i].kind, buf_str(&in), &k.v, &out),
			cases[i].want != NULL);
		assert_int_equal(out.n, want.n);
		assert_memory_equal(out.p, want.p, want.n);
	}
	otlp_edit_free(e);
	buf_fini(&in);
	buf_fini(&want);
	buf_fini(&out);
}

TESTS_RUN(cmocka_unit_test(test_cases))
