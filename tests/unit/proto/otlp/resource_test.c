#include "proto/otlp/resource.h"

#include "proto/otlp/trace_service.pb-c.h"
#include "tests/proto_text.h"
#include "tests/test.h"

#define A(key, value) "1:{1:\"" key "\" 2:{1:\"" value "\"}}"
#define SPANS "2:{2:{5:\"s\"}}"

static const struct otlp_attr add[] = {
	{{"pod", 3}, {"web-1", 5}},
	{{"ns", 2}, {"shop", 4}},
};

/* Golden bytes: what goes in, what comes out when pod=web-1 and ns=shop are added. */
static const struct {
	const char *in;
	const char *want;
} cases[] = {
	/* the usual */
	{"1:{1:{" A("a", "b") "} " SPANS "}",
		"1:{1:{" A("a", "b") A("pod", "web-1") A("ns", "shop") "} " SPANS "}"},
	/* no resource, an empty one, and no spans at all */
	{"1:{" SPANS "}", "1:{1:{" A("pod", "web-1") A("ns", "shop") "} " SPANS "}"},
	{"1:{1:{} " SPANS "}", "1:{1:{" A("pod", "web-1") A("ns", "shop") "} " SPANS "}"},
	{"1:{}", "1:{1:{" A("pod", "web-1") A("ns", "shop") "}}"},
	/* what is there stays; what is there and empty is replaced, in its place */
	{"1:{1:{" A("pod", "mine") "}}", "1:{1:{" A("pod", "mine") A("ns", "shop") "}}"},
	{"1:{1:{" A("pod", "") A("a", "b") "}}",
		"1:{1:{" A("pod", "web-1") A("a", "b") A("ns", "shop") "}}"},
	{"1:{1:{1:{1:\"pod\"} 1:{1:\"ns\" 2:{}}}}",
		"1:{1:{" A("pod", "web-1") A("ns", "shop") "}}"},
	{"1:{1:{1:{1:\"pod\" 2:{3:0}} " A("ns", "x") "}}",
		"1:{1:{1:{1:\"pod\" 2:{3:0}} " A("ns", "x") "}}"},
	/* value before key; the last of a oneof counts */
	{"1:{1:{1:{2:{1:\"mine\"} 1:\"pod\"} 1:{1:\"ns\" 2:{1:\"\" 3:7}}}}",
		"1:{1:{1:{2:{1:\"mine\"} 1:\"pod\"} 1:{1:\"ns\" 2:{1:\"\" 3:7}}}}"},
	/* a key that is there twice, once with a value */
	{"1:{1:{" A("pod", "") A("pod", "mine") A("ns", "x") "}}",
		"1:{1:{" A("pod", "") A("pod", "mine") A("ns", "x") "}}"},
	/* the resource after the spans, and two resources: one, where the first was */
	{"1:{" SPANS " 1:{" A("a", "b") "} 3:\"url\"}",
		"1:{" SPANS " 1:{" A("a", "b") A("pod", "web-1") A("ns", "shop") "} 3:\"url\"}"},
	{"1:{1:{" A("a", "b") "} " SPANS " 1:{2:7 " A("ns", "x") "} 3:\"u\"}",
		"1:{1:{" A("a", "b") "2:7 " A("ns", "x") A("pod", "web-1") "} " SPANS " 3:\"u\"}"},
	/* unknown fields and groups, everywhere; entity_refs; padded lengths inside */
	{"9:\"top\" 1:{50:<1:2 60:<>> 1:{9:W5 " A("a", "b") " 3:{2:\"host\"} 77:L9} " SPANS
							    " 1000:{1:\"\"}} 8:3",
		"9:\"top\" 1:{50:<1:2 60:<>> 1:{9:W5 " A("a", "b") " 3:{2:\"host\"} 77:L9 " A(
			"pod", "web-1") A("ns", "shop") "} " SPANS " 1000:{1:\"\"}} 8:3"},
	{"1:~{1:~{1:~{1:~\"a\" 2:{1:~\"b\"}}} 2:~{}}",
		"1:{1:{1:~{1:~\"a\" 2:{1:~\"b\"}}" A("pod", "web-1") A("ns", "shop") "} 2:~{}}"},
	/* each part by itself */
	{"1:{" SPANS "} 1:{1:{" A("ns", "x") "}}",
		"1:{1:{" A("pod", "web-1") A("ns", "shop") "} " SPANS "} 1:{1:{" A("ns", "x")
			A("pod", "web-1") "}}"},
};

static void write_all(struct str in, const struct otlp_attr *attrs, size_t n, struct buf *out)
{
	struct wire_reader r = wire_read(in);
	struct buf scratch = {0};
	struct otlp_part p;

	while (otlp_part_next(&r, &p))
		otlp_part_write(&p, attrs, n, &scratch, out);
	assert_true(wire_at_end(&r));
	buf_fini(&scratch);
}

static void test_golden(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf in = {0};
		struct buf want = {0};
		struct buf got = {0};

		proto_text(&in, cases[i].in);
		proto_text(&want, cases[i].want);
		write_all(buf_str(&in), add, 2, &got);
		if (!str_eq(buf_str(&got), buf_str(&want)))
			print_error("case %zu: %s\n", i, cases[i].in);
		assert_int_equal(got.n, want.n);
		assert_memory_equal(got.p, want.p, want.n);
		buf_clear(&got);
		write_all(buf_str(&in), NULL, 0, &got);
		assert_true(str_eq(buf_str(&got), buf_str(&in)));
		buf_fini(&in);
		buf_fini(&want);
		buf_fini(&got);
	}
}

/* The oracle: protobuf-c's own unpacker finds the old and the new, lengths above 127 too. */
static void test_oracle(void **state)
{
	Opentelemetry__Proto__Collector__Trace__V1__ExportTraceServiceRequest *m;
	struct otlp_attr long_one = {{"k8s.pod.labels.text", 19}, {NULL, 300}};
	char text[300];
	struct buf in = {0};
	struct buf out = {0};

	(void)state;
	memset(text, 'x', sizeof(text));
	long_one.value.p = text;
	proto_text(
		&in, "1:{" SPANS " 1:{" A("service.name", "web") "}} 1:{1:{1:{1:\"n\" 2:{3:5}}}}");
	write_all(buf_str(&in), &long_one, 1, &out);
	m = opentelemetry__proto__collector__trace__v1__export_trace_service_request__unpack(NULL,
		out.n, (uint8_t *)out.p);
	assert_non_null(m);
	assert_int_equal(m->n_resource_spans, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(m->resource_spans[i]->resource->n_attributes, 2);
		assert_string_equal(
			m->resource_spans[i]->resource->attributes[1]->key, "k8s.pod.labels.text");
		assert_int_equal(
			strlen(m->resource_spans[i]->resource->attributes[1]->value->string_value),
			300);
	}
	assert_string_equal(m->resource_spans[0]->scope_spans[0]->spans[0]->name, "s");
	opentelemetry__proto__collector__trace__v1__export_trace_service_request__free_unpacked(
		m, NULL);
	buf_fini(&in);
	buf_fini(&out);
}

static void test_find(void **state)
{
	struct buf in = {0};
	struct wire_reader r;
	struct otlp_part p;

	(void)state;
	proto_text(&in, "7:3 1:{1:{" A("pod", "") "} 1:{" A("pod", "late") "1:{1:\"n\" 2:{3:5}}}}");
	r = wire_read(buf_str(&in));
	assert_true(otlp_part_next(&r, &p));
	assert_false(p.is_resource);
	assert_null(otlp_attr_find(&p, STR("pod")).p);
	assert_true(otlp_part_next(&r, &p));
	assert_str(otlp_attr_find(&p, STR("pod")), "late");
	assert_null(otlp_attr_find(&p, STR("n")).p);
	assert_null(otlp_attr_find(&p, STR("other")).p);
	assert_false(otlp_part_next(&r, &p));
	buf_fini(&in);
}

TESTS_RUN(cmocka_unit_test(test_golden), cmocka_unit_test(test_oracle), cmocka_unit_test(test_find))
