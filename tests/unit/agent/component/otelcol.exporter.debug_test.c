#include "tests/otelcol.h"
#include "agent/base/log.h"

extern const struct component_type otelcol_exporter_debug;

static struct buf logged;

static void write_log(struct str line)
{
	ptrdiff_t at = str_find(line, STR("msg="));

	buf_add_str(&logged, at < 0 ? line : str_from_at(line, (size_t)at));
}

static const struct {
	const char *args;
	const char *want; /* the log */
} cases[] = {
	{"", "msg=Traces component_path=/ component_id=otelcol.exporter.debug.d spans=2 "
	     "bytes=14\n"},
	{"verbosity = \"normal\"", "msg=ResourceData component_path=/ "
				   "component_id=otelcol.exporter.debug.d signal=traces "
				   "data=\"resource\\n  span -/- \\\"x\\\" - 0s unset\\n  span -/- "
				   "\\\"x\\\" - 0s unset\"\n"},
	{"sampling_initial = 0\n sampling_thereafter = 0", ""},
};

static void test_cases(void **state)
{
	(void)state;
	log_set_writer(write_log);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct harness h;
		struct buf text = {0};

		otel_init(&h, &otelcol_exporter_debug, NULL);
		buf_printf(&text,
			"otelcol.exporter.debug \"d\" {\n%s\n}\notel.source \"s\" {\n output {\n "
			"traces = [otelcol.exporter.debug.d.input]\n }\n}\n%c",
			cases[i].args, 0);
		assert_true(harness_load(&h, text.p));
		buf_clear(&logged);
		assert_int_equal(otel_push_spans('x', 2), CONSUMED);
		assert_str(buf_str(&logged), cases[i].want);
		harness_fini(&h);
		buf_fini(&text);
	}
	buf_fini(&logged);
	log_set_writer(NULL);
}

/* The first two of a second, then every third. */
static void test_sampling(void **state)
{
	struct harness h;
	size_t lines = 0;

	(void)state;
	log_set_writer(write_log);
	otel_init(&h, &otelcol_exporter_debug, NULL);
	assert_true(harness_load(&h, "otelcol.exporter.debug \"d\" {\n sampling_initial = 2\n "
				     "sampling_thereafter = 3\n}\n"
				     "otel.source \"s\" {\n output {\n traces = "
				     "[otelcol.exporter.debug.d.input]\n }\n}\n"));
	for (int second = 0; second < 2; second++) {
		buf_clear(&logged);
		for (int i = 0; i < 8; i++)
			otel_push_spans('x', 1);
		lines = 0;
		for (size_t i = 0; i < logged.n; i++)
			lines += logged.p[i] == '\n';
		assert_int_equal(lines, 4);
		harness_advance(&h, INT64_C(1000000000));
	}
	harness_fini(&h);
	buf_fini(&logged);
	log_set_writer(NULL);
}

TESTS_RUN(cmocka_unit_test(test_cases), cmocka_unit_test(test_sampling))
