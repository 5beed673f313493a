#include "tests/processor.h"

extern const struct component_type otelcol_receiver_loki;

static void load(struct harness *h)
{
	otel_init(h, &otelcol_receiver_loki, &harness_source);
	assert_true(harness_load(h,
		"otelcol.receiver.loki \"l\" {\n output {\n logs = [otel.sink.a.input]\n}\n}\n"
		"otel.sink \"a\" {}\ntest.source \"s\" {\n forward_to = "
		"[otelcol.receiver.loki.l.receiver]\n}\n"));
}

#define RECORD(time, body, ...) \
	"{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{\"timeUnixNano\":\"" time \
	"\",\"body\":{\"stringValue\":\"" body "\"}" __VA_ARGS__ \
	",\"observedTimeUnixNano\":\"1000000000000\"}]}]}]}"

static void test_record(void **state)
{
	static const char *const labels[] = {"filename", "/var/log/a.log", "job", "j", NULL};
	static const char *const none[] = {NULL};
	struct harness h;

	(void)state;
	load(&h);
	harness_push(labels, 5, STR("hello"));
	loop_turn(h.loop, 0);
	otel_seen("logs 1 " RECORD("5", "hello",
		"," ATTRS(AS("log.file.path", "/var/log/a.log") "," AS("log.file.name",
			"a.log") "," AS("loki.attribute.labels", "filename,job") "," AS("filename",
			"/var/log/a.log") "," AS("job", "j"))) "\n");
	harness_push(none, 6, STR("a\xff"
				  "b\xc3\xa9"));
	loop_turn(h.loop, 0);
	otel_seen("logs 1 " RECORD("6", "a\xef\xbf\xbd"
					"b\xc3\xa9") "\n");
	harness_fini(&h);
}

static bool settled;

static void on_settled(struct ack *a)
{
	(void)a;
	settled = true;
}

/* What follows is full: the entries wait here, and their ack with them. */
static void test_full(void **state)
{
	struct entry e = {.labels = labels_empty(), .time = 5, .line = STR("x")};
	struct harness h;
	struct ack a;

	(void)state;
	load(&h);
	settled = false;
	ack_init(&a, on_settled);
	e.ack = &a;
	otel_sink_full[0] = true;
	harness_push_entry(&e);
	harness_push_entry(&e);
	ack_release(&a);
	loop_turn(h.loop, 0);
	otel_seen("");
	assert_false(settled);
	assert_true(h.budget.used > 0);
	otel_sink_full[0] = false;
	harness_advance(&h, INT64_C(25000000));
	assert_true(settled);
	assert_int_equal(otel_sink_items, 2);
	assert_int_equal(h.budget.used, 0);
	labels_release(e.labels);
	harness_fini(&h);
}

/* The place of a line moves when the destination has it, not when somebody has taken it over. */
static void test_ack(void **state)
{
	struct entry e = {.labels = labels_empty(), .time = 5, .line = STR("x")};
	struct harness h;
	struct ack chunks[2];

	(void)state;
	load(&h);
	otel_sink_keeps = true;
	for (size_t i = 0; i < 2; i++) {
		ack_init(&chunks[i], on_settled);
		e.ack = &chunks[i];
		harness_push_entry(&e);
		harness_push_entry(&e);
		ack_release(&chunks[i]);
	}
	settled = false;
	loop_turn(h.loop, 0);
	assert_int_equal(otel_sink_items, 4);
	assert_int_equal(otel_kept.n, 1);
	assert_false(settled);
	assert_int_equal(chunks[0].refs, 1);
	assert_int_equal(chunks[1].refs, 1);
	ack_set_fail(&otel_kept);
	assert_true(settled);
	assert_true(chunks[0].failed && chunks[1].failed);
	labels_release(e.labels);
	harness_fini(&h);
}

TESTS_RUN(cmocka_unit_test(test_record), cmocka_unit_test(test_full), cmocka_unit_test(test_ack))
