#include "agent/base/err.h"
#include "agent/component/otelcol.processor.tail_sampling/cut.h"
#include "agent/flow/budget.h"
#include "proto/otlp/json_print.h"
#include "proto/otlp/walk.h"
#include "tests/proto_text.h"
#include "tests/test.h"

#define ID(n) "1:#000000000000000000000000000000" #n " "

static struct buf roots;

static void on_span(struct cut *c, const struct cut_span *s)
{
	struct trace *x = traces_find(c->traces, s->id);

	buf_add_char(&roots, s->is_root ? 'r' : '-');
	cut_keep(c, s, x ? x : traces_add(c->traces, s->id, 0));
}

/* Traces in the order they came, each as a request in JSON; before them a letter a span. */
static const struct {
	const char *in; /* as tests/proto_text.h has it */
	const char *want;
} cases[] = {
	{"", "\n"},
	{"1:{} 1:{2:{}} 7:\"unknown\"", "\n"},
	{"1:{2:{2:{} 2:{4:\"\"} 2:{4:#0000000000000000} 2:{4:#0000000000000001}}}",
		"rrr-\n"
		"{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{},{},{\"parentSpanId\":"
		"\"0000000000000000\"},{\"parentSpanId\":\"0000000000000001\"}]}]}]}\n"},
	/* the last id counts; one that is empty is none */
	{"1:{2:{2:{" ID(01) ID(02) "} 2:{" ID(02) "} 2:{" ID(02) "1:\"\"}}}",
		"rrr\n"
		"{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"traceId\":"
		"\"00000000000000000000000000000002\"},{\"traceId\":"
		"\"00000000000000000000000000000002\"}]}]}]}\n"
		"{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{}]}]}]}\n"},
	/* what is around spans comes from anywhere in the message, in parts too */
	{"1:{2:{2:{" ID(01) "5:\"a\"} 1:{1:\"s\"} 3:\"v\"} 1:{2:1} 3:\"u\" 1:{2:2}}",
		"r\n"
		"{\"resourceSpans\":[{\"resource\":{\"droppedAttributesCount\":2},\"scopeSpans\":"
		"[{\"scope\":{\"name\":\"s\"},\"spans\":[{\"traceId\":"
		"\"00000000000000000000000000000001\",\"name\":\"a\"}],\"schemaUrl\":\"v\"}],"
		"\"schemaUrl\":\"u\"}]}\n"},
	/* the same around them again is not repeated; another is */
	{"1:{1:{2:1} 2:{2:{5:\"a\"}} 2:{2:{5:\"b\"}} 2:{1:{1:\"s\"} 2:{5:\"c\"}}} 1:{1:{2:1} 2:{1:{"
	 "1:\"s\"} 2:{5:\"d\"}}} 1:{2:{1:{1:\"s\"} 2:{5:\"e\"}}}",
		"rrrrr\n"
		"{\"resourceSpans\":[{\"resource\":{\"droppedAttributesCount\":1},\"scopeSpans\":"
		"[{\"spans\":[{\"name\":\"a\"},{\"name\":\"b\"}]},{\"scope\":{\"name\":\"s\"},"
		"\"spans\":[{\"name\":\"c\"},{\"name\":\"d\"}]}]},{\"scopeSpans\":[{\"scope\":"
		"{\"name\":\"s\"},\"spans\":[{\"name\":\"e\"}]}]}]}\n"},
	/* two traces in turns share what is around them */
	{"1:{1:{2:1} 2:{2:{" ID(01) "5:\"a\"} 2:{" ID(02) "5:\"b\"} 2:{" ID(01) "5:\"c\"}}}",
		"rrr\n"
		"{\"resourceSpans\":[{\"resource\":{\"droppedAttributesCount\":1},\"scopeSpans\":"
		"[{\"spans\":[{\"traceId\":\"00000000000000000000000000000001\",\"name\":\"a\"},"
		"{\"traceId\":\"00000000000000000000000000000001\",\"name\":\"c\"}]}]}]}\n"
		"{\"resourceSpans\":[{\"resource\":{\"droppedAttributesCount\":1},\"scopeSpans\":"
		"[{\"spans\":[{\"traceId\":\"00000000000000000000000000000002\",\"name\":"
		"\"b\"}]}]}]}\n"},
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf in = {0};
		struct buf one = {0};
		struct buf got = {0};
		struct otlp_counts n;
		struct budget budget;
		struct traces t;
		struct cut c = {.traces = &t, .span = on_span};
		struct trace *x;
		struct err e;

		buf_clear(&roots);
		budget_init(&budget, 1 << 20);
		traces_init(&t, &budget, 5);
		proto_text(&in, cases[i].in);
		cut_run(&c, buf_str(&in));
		buf_clear(&in); /* nothing points there */
		if (in.cap > 0)
			memset(in.p, 0xff, in.cap);
		buf_printf(&got, "%.*s\n", (int)roots.n, roots.n ? roots.p : "");
		while ((x = traces_first(&t, STAGE_WAITING))) {
			buf_clear(&one);
			trace_write(x, &one);
			assert_true(otlp_walk(OTLP_TRACES, buf_str(&one), &n, &e));
			assert_int_equal(n.items, x->spans);
			otlp_json_print(otlp_request(OTLP_TRACES), buf_str(&one), &got);
			buf_add_char(&got, '\n');
			traces_remove(&t, x);
		}
		assert_str(buf_str(&got), cases[i].want);
		assert_int_equal(budget.used, 0);
		cut_fini(&c);
		traces_fini(&t);
		buf_fini(&in);
		buf_fini(&one);
		buf_fini(&got);
	}
	buf_fini(&roots);
}

/* Of thousands each is found. */
static void test_table(void **state)
{
	uint8_t id[TRACE_ID] = {0};
	struct budget budget;
	struct traces t;

	(void)state;
	budget_init(&budget, 1 << 20);
	traces_init(&t, &budget, 5);
	for (unsigned i = 0; i < 5000; i++) {
		memcpy(id, &i, sizeof(i));
		assert_null(traces_find(&t, id));
		traces_add(&t, id, i);
	}
	for (unsigned i = 0; i < 5000; i++) {
		memcpy(id, &i, sizeof(i));
		assert_int_equal(traces_find(&t, id)->arrived, i);
		if (i % 2)
			traces_remove(&t, traces_find(&t, id));
	}
	for (unsigned i = 0; i < 5000; i++) {
		memcpy(id, &i, sizeof(i));
		assert_int_equal(traces_find(&t, id) != NULL, i % 2 == 0);
	}
	while (traces_first(&t, STAGE_WAITING))
		traces_remove(&t, traces_first(&t, STAGE_WAITING));
	assert_int_equal(budget.used, 0);
	traces_fini(&t);
}

TESTS_RUN(cmocka_unit_test(test_cases), cmocka_unit_test(test_table))
