#include "agent/base/metric.h"
#include "tests/processor.h"

extern const struct component_type otelcol_processor_tail_sampling;

#define NAME "otelcol.processor.tail_sampling"
#define SECOND INT64_C(1000000000)
#define ALWAYS "policy {\nname = \"all\"\ntype = \"always_sample\"\n}\n"
#define ERRORS \
	"policy {\nname = \"errors\"\ntype = \"status_code\"\nstatus_code {\nstatus_codes = " \
	"[\"ERROR\"]\n}\n}\n"
#define NEVER \
	"policy {\nname = \"never\"\ntype = \"span_count\"\n" \
	"span_count {\nmin_spans = 1000\n}\n}\n"

static void load(struct harness *h, const char *args)
{
	if (!processor_load(h, NAME, args, "traces "))
		assert_str(buf_str(&h->errors), "");
}

static void init(struct harness *h, const char *args)
{
	otel_init(h, &otelcol_processor_tail_sampling, NULL);
	load(h, args);
}

/* Spans "TRACE NAME": TRACE is the last byte of the id, in hex; with '!' the status is an error,
 * with '>' the span has a parent. */
static enum consumed push(const char *spans)
{
	struct str rest = str_from(spans);
	struct buf text = {0};
	enum consumed r;

	buf_add_str(&text, STR("1:{2:{"));
	while (rest.n > 0) {
		struct str one = rest;

		if (!str_cut(rest, ' ', &one, &rest))
			rest = STR("");
		buf_printf(&text, "2:{1:#000102030405060708090a0b0c0d0e%.2s 5:\"%.*s\"%s%s} ",
			one.p, (int)one.n - 2, one.p + 2,
			str_find(one, STR("!")) >= 0 ? " 15:{3:2}" : "",
			str_find(one, STR(">")) >= 0 ? " 4:#0102030405060708" : "");
	}
	buf_add_str(&text, STR("}}"));
	buf_add_char(&text, 0);
	r = otel_push(SIGNAL_TRACES, NULL, text.p);
	buf_fini(&text);
	return r;
}

/* The names of the spans that came out since the last time, a request in each pair of
	brackets. */
static void seen(const char *want)
{
	static const char key[] = "\"name\":\"";
	struct buf got = {0};
	struct str rest = buf_str(&harness_seen);
	struct str line;

	while (str_cut(rest, '\n', &line, &rest)) {
		ptrdiff_t at;

		buf_add_char(&got, '[');
		while ((at = str_find(line, str_from(key))) >= 0) {
			struct str name;

			line = str_from_at(line, (size_t)at + sizeof(key) - 1);
			assert_true(str_cut(line, '"', &name, &line));
			buf_printf(&got, STR_FMT " ", STR_ARG(name));
		}
		got.p[got.n - 1] = ']';
	}
	assert_str(buf_str(&got), want);
	buf_clear(&harness_seen);
	buf_fini(&got);
}

/* A line of /metrics, by its name and a part of its labels. */
static void metric_is(const char *name, const char *labels, const char *want)
{
	struct buf all = {0};
	struct str rest;
	struct str line;
	struct str value = STR("none");

	metric_print_all(&all);
	for (rest = buf_str(&all); str_cut(rest, '\n', &line, &rest);) {
		if (!str_starts(line, name) ||
			!str_starts(str_from_at(line, strlen(name)), "{"))
			continue;
		if (str_find(line, str_from(labels)) >= 0)
			value = str_from_at(line, (size_t)str_find(line, STR("} ")) + 2);
	}
	assert_str(value, want);
	buf_fini(&all);
}

#define SPANS_ARE(decision, n) \
	metric_is("invar_tail_sampling_spans_total", "decision=\"" decision "\"", n)

/* Three requests, two traces; each is decided when its time has come. */
static void test_time(void **state)
{
	struct harness h;

	(void)state;
	init(&h, ERRORS);
	assert_int_equal(push("01a> 02b> 01c>"), CONSUMED);
	harness_advance(&h, 10 * SECOND);
	assert_int_equal(push("02d!"), CONSUMED);
	assert_int_equal(push("03e! 01f>"), CONSUMED);
	metric_is("otelcol_processor_tail_sampling_sampling_traces_on_memory", "", "3");
	assert_true(h.budget.used > 0);
	harness_advance(&h, 20 * SECOND - 1);
	seen("");
	harness_advance(&h, 1);
	seen("[b> d!]");
	SPANS_ARE("not_sampled", "3");
	SPANS_ARE("sampled", "2");
	harness_advance(&h, 10 * SECOND - 1);
	seen("");
	harness_advance(&h, 1);
	seen("[e!]");
	assert_int_equal(h.budget.used, 0);
	metric_is("otelcol_processor_tail_sampling_new_trace_id_received_total", "", "3");
	metric_is("otelcol_processor_tail_sampling_global_count_traces_sampled_total",
		"decision=\"sampled\"", "2");
	metric_is("otelcol_processor_tail_sampling_count_traces_sampled_total",
		"policy=\"errors\",decision=\"not_sampled\",sampled=\"false\"", "1");
	metric_is("otelcol_processor_tail_sampling_sampling_decision_timer_latency_count", "", "2");
	metric_is("otelcol_processor_tail_sampling_sampling_trace_removal_age_count", "", "3");
	metric_is("otelcol_processor_tail_sampling_sampling_trace_removal_age_sum", "", "90");
	metric_is("otelcol_processor_incoming_items_total", "", "6");
	metric_is("otelcol_processor_outgoing_items_total", "", "3");
	harness_fini(&h);
}

/* Spans that come late follow what was decided. */
static void test_late(void **state)
{
	struct harness h;

	(void)state;
	init(&h, ERRORS);
	push("01a! 02b");
	harness_advance(&h, 30 * SECOND);
	seen("[a!]");
	push("02c! 01d 02e 01f 03g");
	seen("[d f]");
	metric_is("otelcol_processor_tail_sampling_sampling_traces_on_memory", "", "1");
	metric_is("otelcol_processor_tail_sampling_early_releases_from_cache_decision_total",
		"sampled=\"true\"", "2");
	metric_is("otelcol_processor_tail_sampling_early_releases_from_cache_decision_total",
		"sampled=\"false\"", "2");
	metric_is("otelcol_processor_tail_sampling_sampling_late_span_age_count", "", "2");
	SPANS_ARE("not_sampled", "3");
	harness_fini(&h);
	seen("");
}

/* The last two of each kind are remembered. */
static void test_cache(void **state)
{
	struct harness h;

	(void)state;
	init(&h, "decision_cache = {sampled_cache_size = 2, non_sampled_cache_size = 2}\n" ERRORS);
	push("01a! 02b! 03c! 04d 05e 06f");
	harness_advance(&h, 30 * SECOND);
	seen("[a! b! c!]");
	push("03g 02h 01i 04j! 05k! 06l!");
	seen("[g h]"); /* 01 and 04 were forgotten: they are traces anew */
	harness_advance(&h, 30 * SECOND);
	seen("[j!]");
	harness_fini(&h);
}

/* clang-format off */
/* What is in a trace keeps its resource and scope, and nothing else of a request comes along. */
static void test_bytes(void **state)
{
	static const char first[] =
		"{\"resourceSpans\":[{\"resource\":{\"attributes\":[{\"key\":\"r\",\"value\":{"
		"\"stringValue\":\"1\"}}]},\"schemaUrl\":\"u\",\"scopeSpans\":[{\"scope\":{\""
			"name\":"
		"\"s\"},\"schemaUrl\":\"v\",\"spans\":[{\"name\":\"a\"},{\"traceId\":"
		"\"00000000000000000000000000000001\",\"name\":\"b\"},{\"name\":\"c\"}]},{"
		"\"scope\":{\"name\":\"t\"},\"spans\":[{\"name\":\"d\"}]},{\"scope\":{\"name\":"
		"\"empty\"}}]},{},{\"scopeSpans\":[{\"spans\":[{\"name\":\"e\"}]}]}]}";
	struct harness h;

	(void)state;
	init(&h, ALWAYS "decision_wait = \"1s\"");
	assert_int_equal(processor_push(SIGNAL_TRACES, "::ffff:10.0.0.1", first), CONSUMED);
	harness_advance(&h, SECOND);
	otel_seen("traces 5 {\"resourceSpans\":[{\"resource\":{\"attributes\":[{\"key\":\"r\""
		",\"valu"
		  "e\":{\"stringValue\":\"1\"}}]},\"scopeSpans\":[{\"scope\":{\"name\":\"s\"}"
			",\"spans"
		  "\":[{\"name\":\"a\"},{\"name\":\"c\"}],\"schemaUrl\":\"v\"},{\"scope\":{\""
			"name\":\"t"
		  "\"},\"spans\":[{\"name\":\"d\"}]}],\"schemaUrl\":\"u\"},{\"scopeSpans\":[{\""
			"spans\""
		  ":[{\"name\":\"e\"}]}]},{\"resource\":{\"attributes\":[{\"key\":\"r\",\"val"
			"ue\":{\"st"
		  "ringValue\":\"1\"}}]},\"scopeSpans\":[{\"scope\":{\"name\":\"s\"},\"spans\""
			":[{\"trac"
		  "eId\":\"00000000000000000000000000000001\",\"name\":\"b\"}],\"schemaUrl\":\""
			"v\"}],"
		  "\"schemaUrl\":\"u\"}]}\n");
	harness_fini(&h);
}
/* clang-format on */

static void test_root(void **state)
{
	struct harness h;

	(void)state;
	init(&h, ALWAYS "decision_wait_after_root_received = \"2s\"");
	push("01a> 02b>");
	push("01c");
	push("03d");
	harness_advance(&h, 2 * SECOND);
	seen("[a> c d]");
	harness_advance(&h, 27 * SECOND);
	push("02e"); /* no sooner than that */
	harness_advance(&h, 1 * SECOND);
	seen("[b> e]");
	harness_fini(&h);
}

/* The oldest is decided when there are too many. */
static void test_num_traces(void **state)
{
	struct harness h;

	(void)state;
	init(&h, ERRORS "num_traces = 2");
	push("01a! 02b");
	push("03c!");
	seen("[a!]");
	push("02d! 04e 01f");
	seen("[b d! f]");
	metric_is("otelcol_processor_tail_sampling_sampling_trace_dropped_too_early_total", "",
		"2");
	harness_advance(&h, 30 * SECOND);
	seen("[c!]");
	harness_fini(&h);
}

static void test_block(void **state)
{
	struct harness h;

	(void)state;
	init(&h, ALWAYS "num_traces = 2\nblock_on_overflow = true");
	push("01a");
	harness_advance(&h, 15 * SECOND);
	push("02b");
	assert_int_equal(push("03c"), CONSUMER_FULL);
	harness_advance(&h, 15 * SECOND);
	seen("[a]");
	assert_int_equal(push("03c"), CONSUMED);
	harness_fini(&h);
	seen("[b c]");
}

/* A quarter of the budget. */
static void test_memory(void **state)
{
	struct harness h;
	uint64_t n = 0;

	(void)state;
	otel_init(&h, &otelcol_processor_tail_sampling, NULL);
	h.budget.limit = 64 << 10;
	load(&h, ALWAYS);
	otel_sink_quiet = true;
	for (int round = 0; round < 300; round++) {
		char spans[128];

		snprintf(spans, sizeof(spans), "%02xabcdefghijklmnopqrstuvwxyz "
					       "%02xABCDEFGHIJKLMNOPQRSTUVWXYZ",
			round % 256, (round * 7 + 1) % 256);
		assert_int_equal(push(spans), CONSUMED);
		n += 2;
		assert_true(h.budget.used <= (16 << 10) + 1024);
	}
	assert_true(otel_sink_items > 0);
	harness_fini(&h);
	assert_int_equal(otel_sink_items, n);
}

static void test_large(void **state)
{
	struct harness h;

	(void)state;
	init(&h, ALWAYS "maximum_trace_size_bytes = 60");
	push("01a 02b 02c 02d");
	harness_advance(&h, 30 * SECOND);
	seen("[a]");
	metric_is("otelcol_processor_tail_sampling_traces_dropped_too_large_total", "", "1");
	push("02e");
	seen("");
	harness_fini(&h);
}

/* A resource that is repeated for thousands of traces stops being so. */
static void test_repeated(void **state)
{
	struct buf text = {0};
	struct harness h;

	(void)state;
	init(&h, ALWAYS);
	otel_sink_quiet = true;
	buf_add_str(&text, STR("1:{1:{1:{1:\""));
	for (size_t i = 0; i < 1 << 20; i++)
		buf_add_char(&text, 'k');
	buf_add_str(&text, STR("\"}} 2:{"));
	for (unsigned i = 0; i < 1000; i++)
		buf_printf(&text, "2:{1:#000000000000000000000000%08x} ", i + 1);
	buf_add_str(&text, STR("}}"));
	buf_add_char(&text, 0);
	assert_int_equal(otel_push(SIGNAL_TRACES, NULL, text.p), CONSUMED);
	buf_fini(&text);
	assert_true(h.budget.used < 4 << 20);
	SPANS_ARE("too_large", "959");
	harness_fini(&h);
	assert_int_equal(otel_sink_items, 41);
}

/* What follows is full: decisions wait, and so do senders; nothing is lost. */
static void test_full(void **state)
{
	struct harness h;

	(void)state;
	init(&h, ALWAYS);
	push("01a 02b");
	otel_sink_full[0] = true;
	harness_advance(&h, 30 * SECOND);
	seen("");
	assert_true(h.budget.used > 0);
	assert_int_equal(push("03c"), CONSUMER_FULL);
	otel_sink_full[0] = false;
	harness_advance(&h, SECOND);
	seen("[a b]");
	assert_int_equal(h.budget.used, 0);
	assert_int_equal(push("03c 01d"), CONSUMED);
	seen("[d]");
	harness_fini(&h);
	seen("[c]");
}

/* At the end, full at first. */
static void test_stop(void **state)
{
	struct harness h;

	(void)state;
	init(&h, ERRORS);
	push("01a! 02b");
	otel_sink_full[0] = true;
	harness_load(&h, "otel.sink \"a\" {}");
	seen("");
	otel_sink_full[0] = false;
	harness_advance(&h, SECOND);
	seen("[a!]");
	harness_fini(&h);
	init(&h, ALWAYS "drop_pending_traces_on_shutdown = true");
	push("01a 02b");
	harness_fini(&h);
	seen("");
}

/* A reload keeps traces, decisions and counters; new policies hold from then on. */
static void test_reload(void **state)
{
	struct harness h;

	(void)state;
	init(&h, ERRORS ALWAYS);
	push("01a! 02b");
	harness_advance(&h, 30 * SECOND);
	seen("[a! b]");
	push("03c! 04d");
	load(&h, ERRORS "decision_wait = \"10s\"");
	harness_advance(&h, 10 * SECOND);
	seen("[c!]");
	push("02e");
	seen("[e]");
	metric_is("otelcol_processor_tail_sampling_count_traces_sampled_total",
		"policy=\"errors\",decision=\"sampled\"", "2");
	metric_is("otelcol_processor_tail_sampling_count_traces_sampled_total",
		"policy=\"all\",decision=\"sampled\"", "none");
	harness_fini(&h);
}

static int settled;

static void on_settled(struct ack *a)
{
	settled += a->failed ? 100 : 1;
}

/* Who sent it is told when it was handed on, or is not wanted. */
static void test_acks(void **state)
{
	struct ack first;
	struct ack second;
	struct harness h;

	(void)state;
	settled = 0;
	init(&h, ERRORS);
	otel_sink_keeps = true;
	ack_init(&first, on_settled);
	ack_init(&second, on_settled);
	otel_ack = &first;
	push("01a! 02b");
	otel_ack = &second;
	push("02c");
	otel_ack = NULL;
	ack_release(&first);
	ack_release(&second);
	harness_advance(&h, 30 * SECOND);
	seen("[a!]");
	assert_int_equal(settled, 1); /* the second: nobody wanted it */
	ack_set_release(&otel_kept);
	assert_int_equal(settled, 2);
	harness_fini(&h);
}

/* ---- whatever comes, in whatever order ---- */

static uint64_t random_state;

static unsigned chance(unsigned n)
{
	random_state = random_state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (unsigned)((random_state >> 33) % n);
}

static double count_of(const char *decision)
{
	struct buf all = {0};
	struct str rest;
	struct str line;
	double n = 0;

	metric_print_all(&all);
	for (rest = buf_str(&all); str_cut(rest, '\n', &line, &rest);)
		if (str_starts(line, "invar_tail_sampling_spans_total{") &&
			str_find(line, str_from(decision)) >= 0)
			n += atof(line.p + str_find(line, STR("} ")) + 2);
	buf_fini(&all);
	return n;
}

/* Each span that was taken comes out, or is counted; memory stays below the limit, and a request
 * more. */
static void play(uint64_t seed)
{
	static const char *const args[] = {
		ERRORS "num_traces = 20",
		ALWAYS,
		ERRORS "decision_wait_after_root_received = \"3s\"",
		NEVER "decision_cache = {non_sampled_cache_size = 5}",
		ERRORS "maximum_trace_size_bytes = 200\nblock_on_overflow = true\nnum_traces "
		       "= 50"};
	struct harness h;
	double in = 0;

	random_state = seed;
	otel_init(&h, &otelcol_processor_tail_sampling, NULL);
	h.budget.limit = 128 << 10;
	load(&h, args[chance(5)]);
	otel_sink_quiet = true;
	for (int i = 0; i < 300; i++) {
		struct buf spans = {0};
		unsigned n = chance(20) + 1;

		for (unsigned k = 0; k < n; k++)
			buf_printf(&spans, "%s%02xname%s%s", k ? " " : "", chance(200),
				chance(20) ? "" : "!", chance(3) ? ">" : "");
		buf_add_char(&spans, 0);
		if (push(spans.p) == CONSUMED)
			in += n;
		buf_fini(&spans);
		assert_true(h.budget.used <= (32 << 10) + 16384);
		if (chance(4) == 0)
			harness_advance(&h, (int64_t)chance(5000) * 1000000);
		if (chance(10) == 0)
			otel_sink_full[0] = !otel_sink_full[0];
		if (chance(50) == 0)
			load(&h, args[chance(5)]);
	}
	otel_sink_full[0] = false;
	harness_advance(&h, 60 * SECOND);
	harness_advance(&h, 60 * SECOND);
	if (count_of("decision=") != in ||
		count_of("decision=\"sampled\"") != (double)otel_sink_items)
		fail_msg("seed %llu: %.0f spans in, %.0f counted, %.0f sampled, %llu came",
			(unsigned long long)seed, in, count_of("decision="),
			count_of("decision=\"sampled\""), (unsigned long long)otel_sink_items);
	harness_fini(&h);
}

static void test_property(void **state)
{
	const char *seed = getenv("TAIL_SAMPLING_SEED");
	uint64_t first = seed ? strtoull(seed, NULL, 10) : 1;

	(void)state;
	print_message("seeds %llu to %llu (TAIL_SAMPLING_SEED=N)\n", (unsigned long long)first,
		(unsigned long long)first + 29);
	for (uint64_t i = 0; i < 30; i++)
		play(first + i);
}

static void test_mistakes(void **state)
{
	static const struct harness_mistake cases[] = {
		{ALWAYS "decision_wait = \"0s\"",
			"1:1: decision_wait must be greater than zero\n"},
		{ALWAYS "num_traces = 0", "1:1: num_traces must be greater than zero\n"},
		{ALWAYS "decision_wait_after_root_received = \"-1s\"",
			"1:1: decision_wait_after_root_received must not be negative\n"},
		{ALWAYS "decision_cache = {size = 1}",
			"1:1: decision_cache: unrecognized attribute name \"size\"\n"},
		{ALWAYS "decision_cache = 7",
			"1:1: decision_cache: should be object, got number\n"},
		{"", "1:1: missing required block \"policy\"\n"},
	};

	(void)state;
	harness_mistakes(&otelcol_processor_tail_sampling, NAME " \"p\" {\n%s\noutput {}\n}",
		cases,
		sizeof(cases) / sizeof(*cases));
}

/* Alloy takes the outputs of other signals. */
static void test_other_signals(void **state)
{
	struct harness h;

	(void)state;
	otel_init(&h, &otelcol_processor_tail_sampling, NULL);
	assert_true(processor_load(&h, NAME, ALWAYS, "traces logs "));
	assert_true(str_find(buf_str(&h.errors), STR("for traces only")) >= 0);
	assert_int_equal(otel_push(SIGNAL_LOGS, NULL, "1:{2:{2:{}}}"), CONSUMER_NONE);
	harness_fini(&h);
}

TESTS_RUN(cmocka_unit_test(test_time), cmocka_unit_test(test_late), cmocka_unit_test(test_cache),
	cmocka_unit_test(test_bytes), cmocka_unit_test(test_root),
	cmocka_unit_test(test_num_traces), cmocka_unit_test(test_block),
	cmocka_unit_test(test_memory), cmocka_unit_test(test_large),
	cmocka_unit_test(test_repeated), cmocka_unit_test(test_full), cmocka_unit_test(test_stop),
	cmocka_unit_test(test_reload), cmocka_unit_test(test_acks),
	cmocka_unit_test(test_property), cmocka_unit_test(test_mistakes),
	cmocka_unit_test(test_other_signals))
