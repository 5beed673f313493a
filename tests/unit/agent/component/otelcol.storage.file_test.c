#include "tests/otelcol.h"
#include "agent/base/metric.h"
#include "agent/component/common/auth_handler.h"
#include "agent/component/common/otelcol_storage.h"
#include "tests/http_client_fake.h"

#include <sys/stat.h>
#include <unistd.h>

extern const struct component_type otelcol_storage_file;
extern const struct component_type otelcol_exporter_otlphttp;

static char folder[64];

static int setup(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/storage_test.XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int teardown(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command); /* NOLINT(cert-env33-c): a folder of our own */
}

static bool load(struct harness *h, const char *storage, const char *queue)
{
	struct buf text = {0};
	bool ok;

	buf_printf(&text,
		"otelcol.storage.file \"x\" {\n %s\n}\n"
		"otelcol.exporter.otlphttp \"up\" {\n client {\n endpoint = \"http://up\"\n }\n"
		" sending_queue {\n num_consumers = 1\n %s\n }\n"
		" retry_on_failure {\n max_elapsed_time = \"0s\"\n }\n}\n"
		"otel.source \"s\" {\n output {\n traces = [otelcol.exporter.otlphttp.up.input]\n }"
		"\n}\n%c",
		storage, queue, 0);
	ok = harness_load(h, text.p);
	buf_fini(&text);
	return ok;
}

static const char *const on_disk = "storage = otelcol.storage.file.x.handler";

static void begin(struct harness *h)
{
	otel_init(h, &otelcol_storage_file, &otelcol_exporter_otlphttp);
	h->agent.storage_path = str_from(folder);
	loop_seed(h->loop, 7);
}

static void end(struct harness *h)
{
	harness_fini(h);
	assert_int_equal(fake_calls_n, 0);
	assert_int_equal(fake_targets, 0);
}

static double metric(const char *series)
{
	struct buf text = {0};
	const char *at;
	double v;

	metric_print_all(&text);
	buf_add_char(&text, 0);
	at = strstr(text.p, series);
	assert_non_null(at);
	v = strtod(at + strlen(series), NULL);
	buf_fini(&text);
	return v;
}

#define LABELS \
	"{component_id=\"otelcol.exporter.otlphttp.up\",component_path=\"/\",exporter=\"otlphttp\"}"

static void test_refused(void **state)
{
	static const struct {
		const char *args;
		const char *want;
	} cases[] = {
		{"directory_permissions = \"750x\"",
			"1:1: directory_permissions \"750x\" must be octal, as \"0750\", with all "
			"rights of the owner\n"},
		{"directory_permissions = \"0070\"",
			"1:1: directory_permissions \"0070\" must be octal, as \"0750\", with all "
			"rights of the owner\n"},
		{"max_size = \"0\"", "1:1: max_size must be greater than zero\n"},
		{"directory = \"/proc/none\"",
			"1:1: cannot start: cannot make the folder /proc/none: No such file or "
			"directory\n"},
		{"directory = \"/proc/none\"\n create_directory = false",
			"1:1: cannot start: the folder /proc/none: No such file or directory "
			"(create_directory = true makes it)\n"},
		{"directory = \"/dev/null\"\n create_directory = false",
			"1:1: cannot start: /dev/null is not a folder\n"},
	};
	struct harness h;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		begin(&h);
		assert_false(load(&h, cases[i].args, ""));
		assert_non_null(strstr((buf_add_char(&h.errors, 0), h.errors.p), cases[i].want));
		end(&h);
	}
}

/* What was accepted in one life is sent by the next, and is counted once. */
static void test_two_lives(void **state)
{
	struct harness h;
	char path[128];
	struct stat st;

	(void)state;
	begin(&h);
	assert_true(load(&h, "", on_disk));
	snprintf(path, sizeof(path),
		"%s/otelcol.storage.file.x/otelcol.exporter.otlphttp.up.traces", folder);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(otel_push_spans('a', 2), CONSUMED);
	assert_int_equal(otel_push_spans('b', 3), CONSUMED);
	assert_int_equal(fake_calls_n, 1);
	fake_answer(0, 503, "", (struct str){0}, -1);
	end(&h); /* at once: it is on disk */
	begin(&h);
	assert_true(load(&h, "", on_disk));
	assert_int_equal(fake_calls_n, 1);
	fake_answer(0, 200, "", (struct str){0}, -1);
	assert_int_equal(fake_calls_n, 1);
	fake_answer(0, 200, "", (struct str){0}, -1);
	assert_int_equal((int)metric("otelcol_exporter_sent_spans_total" LABELS " "), 5);
	assert_int_equal((int)metric("otelcol_exporter_send_failed_spans_total" LABELS " "), 0);
	assert_int_equal(fake_calls_n, 0);
	end(&h);
}

/* A poisoned request is halved on disk, too, until only its part is refused. */
static void test_poisoned(void **state)
{
	struct harness h;

	(void)state;
	begin(&h);
	assert_true(load(&h, "", on_disk));
	assert_int_equal(otel_push(SIGNAL_TRACES, NULL,
				 "1:{2:{2:{5:\"a\"}}} 1:{2:{2:{5:\"b\"}}} 1:{2:{2:{5:\"c\"}}}"),
		CONSUMED);
	fake_answer(0, 400, "", STR("bad"), -1);
	fake_answer(0, 200, "", (struct str){0}, -1); /* a */
	fake_answer(0, 400, "", STR("bad"), -1);      /* b and c */
	fake_answer(0, 503, "", (struct str){0}, -1); /* b */
	end(&h);
	begin(&h);
	assert_true(load(&h, "", on_disk));
	fake_answer(0, 400, "", STR("bad"), -1);
	fake_answer(0, 200, "", (struct str){0}, -1);
	assert_int_equal((int)metric("otelcol_exporter_sent_spans_total" LABELS " "), 1);
	assert_int_equal((int)metric("otelcol_exporter_send_failed_spans_total" LABELS " "), 1);
	assert_int_equal(fake_calls_n, 0);
	end(&h);
}

/* A request that does not fit is not taken, not even in part, and is counted. */
static void test_full(void **state)
{
	struct harness h;

	(void)state;
	begin(&h);
	assert_true(load(&h, "max_size = \"300B\"", on_disk));
	assert_int_equal(otel_push_spans('a', 2), CONSUMED);
	assert_int_equal(otel_push_spans('a', 2), CONSUMED);
	assert_int_equal(otel_push_spans('a', 2), CONSUMED);
	assert_int_equal(otel_push_spans('a', 2), CONSUMER_FULL);
	assert_int_equal((int)metric("otelcol_exporter_enqueue_failed_spans_total" LABELS " "), 2);
	fake_answer(0, 200, "", (struct str){0}, -1);
	assert_int_equal(otel_push_spans('a', 2), CONSUMED);
	for (int i = 0; i < 3; i++)
		fake_answer(0, 200, "", (struct str){0}, -1);
	end(&h);
}

/* The storage comes and goes by reloads; nothing is lost, nothing is sent twice. */
static void test_reload(void **state)
{
	struct harness h;

	(void)state;
	begin(&h);
	assert_true(load(&h, "", ""));
	otel_push_spans('m', 1);
	otel_push_spans('m', 1);
	assert_true(load(&h, "", on_disk));
	otel_push_spans('d', 1);
	assert_true(load(&h, "max_size = \"1MiB\"", on_disk));
	otel_push_spans('d', 1);
	assert_true(load(&h, "", ""));
	otel_push_spans('m', 1);
	for (int i = 0; i < 5; i++)
		fake_answer(0, 200, "", (struct str){0}, -1);
	assert_int_equal((int)metric("otelcol_exporter_sent_spans_total" LABELS " "), 5);
	assert_int_equal(fake_calls_n, 0);
	assert_true(load(&h, "", on_disk));
	assert_int_equal(fake_calls_n, 0);
	end(&h);
}

static void test_wrong_kind(void **state)
{
	struct harness h;

	(void)state;
	begin(&h);
	assert_false(load(&h, "", "}\n client {\n endpoint = \"http://up\"\n auth = "
				  "otelcol.storage.file.x.handler\n"));
	end(&h);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

TESTS_RUN(T(test_refused), T(test_two_lives), T(test_poisoned), T(test_full), T(test_reload),
	T(test_wrong_kind))
