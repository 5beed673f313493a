#include "proto/otlp/resource.h"

#include "agent/base/err.h"
#include "proto/otlp/trace_service.pb-c.h"
#include "proto/otlp/walk.h"
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

/* clang-format off */
/* The same on the wire, with the reason of each. The bytes were made by another encoder. */
static const struct {
	const char *why;
	const char *in;   /* hex */
	const char *want; /* with pod=a added */
} wire[] = {
	{"no resource: one is made, and put first",
		"0a07120512032a0173",
		"0a150a0c0a0a0a03706f6412030a0161120512032a0173"},
	{"an empty resource is filled, not joined by another",
		"0a090a00120512032a0173",
		"0a150a0c0a0a0a03706f6412030a0161120512032a0173"},
	{"nothing at all: a resource alone",
		"0a00",
		"0a0e0a0c0a0a0a03706f6412030a0161"},
	{"an attribute that is there stays what it is: the program knows better",
		"0a180a0f0a0d0a03706f6412060a046d696e65120512032a0173",
		"0a180a0f0a0d0a03706f6412060a046d696e65120512032a0173"},
	{"an empty one is replaced where it stands",
		"0a1e0a150a090a03706f6412020a000a080a017812030a0179120512032a0173",
		"0a1f0a160a0a0a03706f6412030a01610a080a017812030a0179120512032a0173"},
	{"an attribute twice, both stay: which one counts is the reader's to say",
		"0a210a180a0a0a03706f6412030a01310a0a0a03706f6412030a0132120512032a0173",
		"0a210a180a0a0a03706f6412030a01310a0a0a03706f6412030a0132120512032a0173"},
	{"the resource behind the spans: the order of fields is kept",
		"0a13120512032a01730a0a0a080a017812030a0179",
		"0a1f120512032a01730a160a080a017812030a01790a0a0a03706f6412030a0161"},
	{"a resource in two parts becomes one, where the first was: some"
	 " decoders keep the last only",
		"0a1f0a0a0a080a017812030a0179120512032a01730a0a0a080a017a12030a0177",
		"0a290a200a080a017812030a01790a080a017a12030a01770a0a0a03706f6412030a016112051203"
		"2a0173"},
	{"schema_url twice: both are copied, the last counts as before",
		"0a0f0a001a0175120512032a01731a0176",
		"0a1b0a0c0a0a0a03706f6412030a01611a0175120512032a01731a0176"},
	{"unknown fields of each wire type stay, of the resource and beside it",
		"0a240a189003ac0299033132333435363738a2030171ad0331323334a00601120512032a0173",
		"0a300a249003ac0299033132333435363738a2030171ad03313233340a0a0a03706f6412030a0161"
		"a00601120512032a0173"},
	{"unknown groups, one in another, stay: libprotobuf-c would refuse them",
		"0a180a0be303eb030a0167ec03e403f303f403120512032a0173",
		"0a240a17e303eb030a0167ec03e4030a0a0a03706f6412030a0161f303f403120512032a0173"},
	{"an unknown field of the request itself stays where it is",
		"4a03746f700a07120512032a01734003",
		"4a03746f700a150a0c0a0a0a03706f6412030a0161120512032a01734003"},
	{"field 1000, the scopes of before 0.15, is copied",
		"0a0a0a00c23e050a036f6c64",
		"0a160a0c0a0a0a03706f6412030a0161c23e050a036f6c64"},
	{"padded lengths: those that are written anew are short, all others stay padded",
		"0a99808080000a8a80000a080a017812030a017912868080001283002a0173",
		"0a230a160a080a017812030a01790a0a0a03706f6412030a016112868080001283002a0173"},
	{"a padded tag of a field that is not ours stays padded",
		"0a0d0a00d0860001120512032a0173",
		"0a190a0c0a0a0a03706f6412030a0161d0860001120512032a0173"},
	{"the resource's length grows from one byte to two",
		"0a7e0a7c0a7a0a017812750a73797979797979797979797979797979797979797979797979797979"
		"79797979797979797979797979797979797979797979797979797979797979797979797979797979"
		"79797979797979797979797979797979797979797979797979797979797979797979797979797979"
		"7979797979797979",
		"0a8b010a88010a7a0a017812750a7379797979797979797979797979797979797979797979797979"
		"79797979797979797979797979797979797979797979797979797979797979797979797979797979"
		"79797979797979797979797979797979797979797979797979797979797979797979797979797979"
		"797979797979797979790a0a0a03706f6412030a0161"},
	{"two requests behind each other: each part by itself, in order",
		"0a07120512032a01730a150a0c0a0a0a03706f6412030a0162120512032a0173",
		"0a150a0c0a0a0a03706f6412030a0161120512032a01730a150a0c0a0a0a03706f6412030a016212"
		"0512032a0173"},
	{"dropped_attributes_count and entity_refs stay",
		"0a1d0a140a080a017812030a017910071a061204686f7374120512032a0173",
		"0a290a200a080a017812030a017910071a061204686f73740a0a0a03706f6412030a016112051203"
		"2a0173"},
	{"a value before its key, and of another kind than text: it is there",
		"0a140a0b0a09120218050a03706f64120512032a0173",
		"0a140a0b0a09120218050a03706f64120512032a0173"},
	{"a oneof that says two things: the last counts, an empty text is no value",
		"0a160a0d0a0b0a03706f64120418050a00120512032a0173",
		"0a150a0c0a0a0a03706f6412030a0161120512032a0173"},
};
/* clang-format on */
/* clang-format off */
/* A batch is one request behind the other: what each was is all that the whole is. */
static const struct {
	const char *why;
	const char *a; /* hex */
	const char *b;
} merges[] = {
	{"two resources stay two parts, in order",
		"0a130a0a0a080a017812030a0131120512032a0173",
		"0a130a0a0a080a017812030a0132120512032a0173"},
	{"the same resource twice is not folded",
		"0a130a0a0a080a017812030a0131120512032a0173",
		"0a130a0a0a080a017812030a0131120512032a0173"},
	{"nothing and something",
		"",
		"0a07120512032a0173"},
	{"something and nothing",
		"0a07120512032a0173",
		""},
	{"unknown fields and groups between the parts",
		"0a07120512032a01734a03746f70530a016754",
		"40030a07120512032a0173"},
	{"padded lengths on both sides",
		"0a8780808000120512032a0173",
		"0a8a808000128700128380002a0173"},
	{"an empty part, and one with an empty resource",
		"0a00",
		"0a090a00120512032a0173"},
};
/* clang-format on */

static void from_hex(struct buf *b, const char *hex)
{
	buf_reserve(b, 1);
	must(!*proto_text_hex(b, hex));
}

static void test_wire(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(wire) / sizeof(*wire); i++) {
		struct buf in = {0};
		struct buf want = {0};
		struct buf got = {0};

		from_hex(&in, wire[i].in);
		from_hex(&want, wire[i].want);
		write_all(buf_str(&in), &(struct otlp_attr){{"pod", 3}, {"a", 1}}, 1, &got);
		if (!str_eq(buf_str(&got), buf_str(&want)))
			print_error("%s\n", wire[i].why);
		assert_true(str_eq(buf_str(&got), buf_str(&want)));
		buf_fini(&in);
		buf_fini(&want);
		buf_fini(&got);
	}
}

static void count_of(struct str request, struct otlp_counts *n)
{
	struct err e;

	assert_true(otlp_walk(OTLP_TRACES, request, n, &e));
}

/* The whole has the parts of both, in order; and attributes come to each as when it was alone. */
static void test_merges(void **state)
{
	const struct otlp_attr pod = {{"pod", 3}, {"a", 1}};

	(void)state;
	for (size_t i = 0; i < sizeof(merges) / sizeof(*merges); i++) {
		struct otlp_counts n[3];
		struct buf all = {0};
		struct buf got = {0};
		struct buf want = {0};
		struct buf b = {0};

		from_hex(&all, merges[i].a);
		from_hex(&b, merges[i].b);
		count_of(buf_str(&all), &n[0]);
		count_of(buf_str(&b), &n[1]);
		write_all(buf_str(&all), &pod, 1, &want);
		write_all(buf_str(&b), &pod, 1, &want);
		buf_add_str(&all, buf_str(&b));
		count_of(buf_str(&all), &n[2]);
		write_all(buf_str(&all), &pod, 1, &got);
		if (!str_eq(buf_str(&got), buf_str(&want)))
			print_error("%s\n", merges[i].why);
		assert_true(str_eq(buf_str(&got), buf_str(&want)));
		assert_int_equal(n[2].items, n[0].items + n[1].items);
		assert_int_equal(n[2].resources, n[0].resources + n[1].resources);
		buf_fini(&all);
		buf_fini(&got);
		buf_fini(&want);
		buf_fini(&b);
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

TESTS_RUN(cmocka_unit_test(test_wire), cmocka_unit_test(test_merges),
	cmocka_unit_test(test_golden), cmocka_unit_test(test_oracle), cmocka_unit_test(test_find))
