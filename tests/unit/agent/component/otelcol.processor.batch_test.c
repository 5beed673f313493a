#include "tests/otelcol.h"
#include "agent/base/metric.h"

extern const struct component_type otelcol_processor_batch;

#define SPANS(...) "{\"resourceSpans\":[" __VA_ARGS__ "]}\n"
#define RS(...) "{\"scopeSpans\":[{\"spans\":[" __VA_ARGS__ "]}]}"
#define S(name) "{\"name\":\"" name "\"}"
#define MS INT64_C(1000000)

static void load(struct harness *h, const char *args, const char *outputs)
{
	struct buf text = {0};

	buf_printf(&text,
		"otelcol.processor.batch \"p\" {\n %s\n output {\n traces = [%s]\n logs = "
		"[otel.sink.a.input]\n }\n}\n"
		"otel.sink \"a\" {}\notel.sink \"b\" {}\n"
		"otel.source \"s\" {\n output {\n traces = [otelcol.processor.batch.p.input]\n"
		" logs = [otelcol.processor.batch.p.input]\n metrics = "
		"[otelcol.processor.batch.p.input]\n }\n}\n%c",
		args, outputs, 0);
	if (!harness_load(h, text.p))
		assert_str(buf_str(&h->errors), "");
	buf_fini(&text);
}

static void test_timeout(void **state)
{
	struct harness h;

	(void)state;
	otel_init(&h, &otelcol_processor_batch, NULL);
	load(&h, "", "otel.sink.a.input");
	assert_int_equal(otel_push_spans('x', 1), CONSUMED);
	assert_int_equal(otel_push_spans('y', 1), CONSUMED);
	assert_int_equal(otel_push(SIGNAL_LOGS, NULL, "1:{2:{2:{}}}"), CONSUMED);
	assert_int_equal(otel_push(SIGNAL_METRICS, NULL, "1:{2:{2:{5:{1:{}}}}}"), CONSUMER_NONE);
	harness_advance(&h, 199 * MS);
	otel_seen("");
	harness_advance(&h, 1 * MS);
	otel_seen("traces 2 " SPANS(RS(S("x")) "," RS(
		S("y"))) "logs 1 {\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{}]}]}]}\n");
	harness_advance(&h, 1000 * MS);
	otel_seen("");
	harness_fini(&h);
}

static void test_size(void **state)
{
	struct harness h;

	(void)state;
	otel_init(&h, &otelcol_processor_batch, NULL);
	load(&h, "send_batch_size = 3\n send_batch_max_size = 3", "otel.sink.a.input");
	otel_push_spans('x', 2);
	otel_seen("");
	otel_push_spans('y', 3); /* five: a batch of three goes, two stay */
	otel_seen("traces 3 " SPANS(RS(S("x") "," S("x")) "," RS(S("y"))));
	harness_advance(&h, 200 * MS);
	otel_seen("traces 2 " SPANS(RS(S("y") "," S("y"))));
	otel_push_spans('z', 3); /* a batch by itself */
	otel_seen("traces 3 " SPANS(RS(S("z") "," S("z") "," S("z"))));
	otel_push_spans('w', 7);
	otel_seen("traces 3 " SPANS(RS(S("w") "," S("w") "," S("w"))) "traces 3 " SPANS(
		RS(S("w") "," S("w") "," S("w"))));
	harness_fini(&h); /* what is left goes at the end */
	otel_seen("traces 1 " SPANS(RS(S("w"))));
}

static void test_full(void **state)
{
	struct harness h;

	(void)state;
	otel_init(&h, &otelcol_processor_batch, NULL);
	load(&h, "send_batch_size = 2\n send_batch_max_size = 2", "otel.sink.a.input");
	otel_sink_full[0] = true;
	assert_int_equal(
		otel_push_spans('x', 2), CONSUMER_FULL); /* would go through: nothing is kept */
	assert_int_equal(otel_push_spans('x', 1), CONSUMED);
	assert_int_equal(otel_push_spans('y', 2), CONSUMED); /* kept, and now it is full */
	assert_int_equal(otel_push_spans('z', 1), CONSUMER_FULL);
	assert_true(h.budget.used > 0);
	harness_advance(&h, 25 * MS);
	otel_seen("");
	otel_sink_full[0] = false;
	harness_advance(&h, 25 * MS);
	otel_seen("traces 2 " SPANS(RS(S("x")) "," RS(S("y"))) "traces 1 " SPANS(RS(S("y"))));
	assert_int_equal(otel_push_spans('z', 1), CONSUMED);
	harness_advance(&h, 200 * MS);
	otel_seen("traces 1 " SPANS(RS(S("z"))));
	harness_fini(&h);
}

static enum consumed push_as(const char *client, char name)
{
	enum consumed r;

	otel_set_client(client);
	r = otel_push_spans(name, 1);
	otel_set_client(NULL);
	return r;
}

/* What has the same values of metadata_keys is a batch, which carries these and nothing else. */
static void test_metadata(void **state)
{
	struct harness h;

	(void)state;
	otel_init(&h, &otelcol_processor_batch, NULL);
	load(&h, "send_batch_size = 2\n metadata_keys = [\"X-Tenant\", \"x-zone\"]",
		"otel.sink.a.input");
	push_as("x-tenant=a other=1", 'x');
	push_as("x-tenant=b other=2", 'y');
	push_as("other=3", 'v');
	push_as(NULL, 'w'); /* as nothing that is named */
	otel_seen("traces 2 " SPANS(RS(S("v")) "," RS(S("w"))));
	push_as("X-TENANT=a", 'z');
	otel_seen("traces 2 (x-tenant=a) " SPANS(RS(S("x")) "," RS(S("z"))));
	push_as("x-zone=1 x-tenant=b", 'u'); /* another combination than b alone */
	push_as("x-tenant=b x-tenant=a", 't');
	harness_advance(&h, 200 * MS);
	assert_non_null(strstr(harness_seen.p, "traces 1 (x-tenant=b) " SPANS(RS(S("y")))));
	assert_non_null(
		strstr(harness_seen.p, "traces 1 (x-tenant=b x-zone=1) " SPANS(RS(S("u")))));
	assert_non_null(
		strstr(harness_seen.p, "traces 1 (x-tenant=b x-tenant=a) " SPANS(RS(S("t")))));
	buf_clear(&harness_seen);
	assert_int_equal(h.budget.used, 0);
	push_as("x-tenant=c", 'x');
	harness_fini(&h); /* what is left goes at the end */
	otel_seen("traces 1 (x-tenant=c) " SPANS(RS(S("x"))));
}

/* Without metadata_keys a batch has none, whatever came with the data. */
static void test_no_keys(void **state)
{
	struct harness h;

	(void)state;
	otel_init(&h, &otelcol_processor_batch, NULL);
	load(&h, "send_batch_size = 2", "otel.sink.a.input");
	push_as("x-tenant=a", 'x');
	push_as("x-tenant=b", 'y');
	otel_seen("traces 2 " SPANS(RS(S("x")) "," RS(S("y"))));
	harness_fini(&h);
}

static void want_cardinality(int want)
{
	struct buf shown = {0};
	char line[64];

	snprintf(line, sizeof(line), "processor=\"batch\"} %d\n", want);
	metric_print_all(&shown);
	buf_add_char(&shown, 0);
	assert_non_null(strstr(strstr(shown.p, "_metadata_cardinality{"), line));
	buf_fini(&shown);
}

static char settled[8]; /* "a", "ab!": which were, and whether they failed */

struct named_ack {
	struct ack ack;
	char name;
};

static void on_settled(struct ack *a)
{
	const struct named_ack *n = container_of(a, struct named_ack, ack);
	size_t at = strlen(settled);

	settled[at++] = n->name;
	if (a->failed)
		settled[at++] = '!';
	settled[at] = 0;
}

static void push_with_ack(struct named_ack *a, char name, size_t n)
{
	*a = (struct named_ack){.name = name};
	ack_init(&a->ack, on_settled);
	otel_ack = &a->ack;
	assert_int_equal(otel_push_spans(name, n), CONSUMED);
	otel_ack = NULL;
	ack_release(&a->ack);
}

/* A batch is acknowledged with all that is in it; one that is cut, when each of its pieces is. */
static void test_acks(void **state)
{
	struct named_ack a, b, c, d;
	struct harness h;

	(void)state;
	otel_init(&h, &otelcol_processor_batch, NULL);
	load(&h, "send_batch_size = 4\n send_batch_max_size = 4", "otel.sink.a.input");
	otel_sink_keeps = true;
	settled[0] = 0;
	push_with_ack(&a, 'a', 1);
	push_with_ack(&b, 'b', 1);
	push_with_ack(&c, 'c', 4); /* a, b and half of c go, the other half is kept */
	assert_int_equal(otel_sink_items, 4);
	assert_string_equal(settled, "");
	ack_set_release(&otel_kept);
	assert_true(strchr(settled, 'a') && strchr(settled, 'b') && !settled[2]);
	push_with_ack(&d, 'd', 4); /* the rest of c and half of d */
	ack_set_fail(&otel_kept);
	assert_string_equal(settled + 2, "c!");
	harness_advance(&h, 200 * MS);
	assert_int_equal(otel_sink_items, 10);
	ack_set_release(&otel_kept);
	assert_string_equal(settled + 4, "d!"); /* a part of it had failed */
	settled[0] = 0;
	push_with_ack(&a, 'a', 4); /* goes through as it is */
	assert_string_equal(settled, "");
	ack_set_release(&otel_kept);
	assert_string_equal(settled, "a");
	harness_fini(&h);
}

/* Too many combinations at a time have to wait; nothing is refused for good. */
static void test_cardinality(void **state)
{
	struct harness h;

	(void)state;
	otel_init(&h, &otelcol_processor_batch, NULL);
	load(&h, "metadata_keys = [\"t\"]\n metadata_cardinality_limit = 2", "otel.sink.a.input");
	assert_int_equal(push_as("t=a", 'a'), CONSUMED);
	assert_int_equal(push_as("t=b", 'b'), CONSUMED);
	assert_int_equal(push_as("t=c", 'c'), CONSUMER_FULL);
	assert_int_equal(push_as(NULL, 'n'), CONSUMED);
	assert_int_equal(push_as("t=a", 'a'), CONSUMED);
	want_cardinality(2);
	harness_advance(&h, 200 * MS);
	assert_int_equal(push_as("t=c", 'c'), CONSUMED);
	buf_clear(&harness_seen);
	want_cardinality(1);
	otel_sink_full[0] = true;
	harness_advance(&h, 200 * MS); /* c is due, and has to wait itself */
	assert_int_equal(push_as("t=c", 'c'), CONSUMER_FULL);
	assert_int_equal(push_as("t=d", 'd'), CONSUMED);
	otel_sink_full[0] = false;
	harness_advance(&h, 25 * MS);
	otel_seen("traces 1 (t=c) " SPANS(RS(S("c"))));
	harness_advance(&h, 200 * MS);
	otel_seen("traces 1 (t=d) " SPANS(RS(S("d"))));
	harness_fini(&h);
}

/* One of two consumers is full: each gets everything once. */
static void test_one_full(void **state)
{
	struct harness h;

	(void)state;
	otel_init(&h, &otelcol_processor_batch, NULL);
	load(&h, "timeout = \"0s\"", "otel.sink.a.input, otel.sink.b.input");
	otel_sink_full[1] = true;
	assert_int_equal(otel_push_spans('x', 1), CONSUMED);
	otel_seen("traces 1 " SPANS(RS(S("x"))));
	assert_int_equal(otel_push_spans('y', 1), CONSUMER_FULL);
	harness_advance(&h, 25 * MS);
	otel_seen("");
	otel_sink_full[1] = false;
	harness_advance(&h, 25 * MS);
	otel_seen("b: traces 1 " SPANS(RS(S("x"))));
	harness_fini(&h);
}

static void test_stop_waits(void **state)
{
	struct harness h;

	(void)state;
	otel_init(&h, &otelcol_processor_batch, NULL);
	load(&h, "", "otel.sink.a.input");
	otel_push_spans('x', 1);
	otel_sink_full[0] = true;
	graph_stop(h.graph, harness_stopped, &h.stopped);
	harness_advance(&h, 100 * MS);
	assert_false(h.stopped);
	otel_sink_full[0] = false;
	harness_advance(&h, 100 * MS);
	loop_turn(h.loop, 0);
	assert_true(h.stopped);
	otel_seen("traces 1 " SPANS(RS(S("x"))));
	graph_free(h.graph);
	loop_free(h.loop);
	assert_int_equal(h.budget.used, 0);
	buf_fini(&h.errors);
}

static const struct {
	const char *args;
	const char *want;
} bad[] = {
	{"send_batch_size = 10\nsend_batch_max_size = 5",
		"1:1: send_batch_max_size must be greater or equal to send_batch_size when not "
		"0\n"},
	{"metadata_keys = [\"a\", \"b\", \"A\"]",
		"1:1: duplicate entry in metadata_keys: \"A\" (case-insensitive)\n"},
	{"nope = 1", "2:1: unrecognized attribute name \"nope\"\n"},
};

static void test_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct harness h;
		struct buf text = {0};

		otel_init(&h, &otelcol_processor_batch, NULL);
		buf_printf(&text, "otelcol.processor.batch \"p\" {\n%s\noutput {}\n}\n%c",
			bad[i].args, 0);
		assert_false(harness_load(&h, text.p));
		assert_str(buf_str(&h.errors), bad[i].want);
		buf_fini(&text);
		harness_fini(&h);
	}
}

TESTS_RUN(cmocka_unit_test(test_timeout), cmocka_unit_test(test_size), cmocka_unit_test(test_full),
	cmocka_unit_test(test_one_full), cmocka_unit_test(test_metadata),
	cmocka_unit_test(test_no_keys), cmocka_unit_test(test_acks),
	cmocka_unit_test(test_cardinality), cmocka_unit_test(test_stop_waits),
	cmocka_unit_test(test_bad))
