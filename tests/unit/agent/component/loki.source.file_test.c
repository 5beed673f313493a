/* clang-format off */
#include "tests/component.h"
#include "tests/log_dir.h"
/* clang-format on */

extern const struct component_type loki_source_file;

#define SINK "test.sink \"s\" { }\n"

static struct harness h;
static struct log_dir d;

static int set_up(void **state)
{
	(void)state;
	harness_init(&h, &loki_source_file);
	log_dir_init(&d, &h);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	log_dir_fini(&d);
	return 0;
}

static void test_labels(void **state)
{
	(void)state;
	log_dir_append(&d, "a.log", "one\r\ntwo\n");
	assert_true(log_dir_load(&d,
		SINK "loki.source.file \"f\" {\n"
		     " targets = [{__path__ = \"@DIR@/a.log\", job = \"x\", __meta_a = \"b\"}]\n"
		     " forward_to = [test.sink.s.receiver]\n}\n"));
	log_dir_want(&d, "{filename=\"@DIR@/a.log\", job=\"x\"} one\n"
			 "{filename=\"@DIR@/a.log\", job=\"x\"} two\n");
}

/* Two targets of one file: one when their labels are equal, else each. */
static void test_two_targets_of_a_file(void **state)
{
	(void)state;
	log_dir_append(&d, "a.log", "one\n");
	assert_true(log_dir_load(&d,
		SINK "loki.source.file \"f\" {\n"
		     " targets = [{__path__ = \"@DIR@/a.log\", __port = \"1\"},"
		     " {__path__ = \"@DIR@/a.log\", __port = \"2\"},"
		     " {__path__ = \"@DIR@/a.log\", job = \"y\"}]\n"
		     " forward_to = [test.sink.s.receiver]\n}\n"));
	log_dir_want(&d, "{filename=\"@DIR@/a.log\"} one\n"
			 "{filename=\"@DIR@/a.log\", job=\"y\"} one\n");
}

static void test_file_match(void **state)
{
	(void)state;
	assert_true(log_dir_load(&d, SINK
		"loki.source.file \"f\" {\n"
		" targets = [{__path__ = \"@DIR@/*.log\"}]\n"
		" forward_to = [test.sink.s.receiver]\n file_match {\n enabled = true\n }\n}\n"));
	log_dir_append(&d, "a.log", "one\n");
	log_dir_settle(&d);
	log_dir_want(&d, "{filename=\"@DIR@/a.log\"} one\n");
}

/* A reload with other targets: the one that stays goes on, nothing is repeated. */
static void test_reload(void **state)
{
	(void)state;
	log_dir_append(&d, "a.log", "a1\n");
	log_dir_append(&d, "b.log", "b1\n");
	assert_true(log_dir_load(&d,
		SINK "loki.source.file \"f\" {\n"
		     " targets = [{__path__ = \"@DIR@/a.log\"}, {__path__ = \"@DIR@/b.log\"}]\n"
		     " forward_to = [test.sink.s.receiver]\n}\n"));
	buf_clear(&harness_seen);
	assert_true(log_dir_load(&d,
		SINK "loki.source.file \"f\" {\n"
		     " targets = [{__path__ = \"@DIR@/b.log\", job = \"x\"}]\n"
		     " forward_to = [test.sink.s.receiver]\n}\n"));
	log_dir_append(&d, "a.log", "a2\n");
	log_dir_append(&d, "b.log", "b2\n");
	log_dir_settle(&d);
	log_dir_want(&d, "{filename=\"@DIR@/b.log\", job=\"x\"} b2\n");
	assert_true(log_dir_load(&d,
		SINK "loki.source.file \"f\" {\n"
		     " targets = [{__path__ = \"@DIR@/a.log\"}]\n"
		     " forward_to = [test.sink.s.receiver]\n}\n"));
	log_dir_want(&d, "{filename=\"@DIR@/a.log\"} a2\n");
}

static const struct {
	const char *more;
	const char *want;
} mistakes[] = {
	{"encoding = \"UTF-16\"\n", "2:1: encoding \"UTF-16\" is not supported yet\n"},
	{"decompression {\n enabled = true\n format = \"gz\"\n }\n",
		"5:1: compressed files are not supported yet\n"},
	{"on_positions_file_error = \"explode\"\n", NULL},
};

static void test_mistakes(void **state)
{
	struct buf text = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		buf_clear(&text);
		buf_printf(&text,
			SINK "loki.source.file \"f\" {\n targets = []\n forward_to = []\n%s}\n",
			mistakes[i].more);
		buf_add_char(&text, 0);
		assert_false(log_dir_load(&d, text.p));
		if (mistakes[i].want)
			assert_str(buf_str(&h.errors), mistakes[i].want);
	}
	buf_fini(&text);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

TESTS_RUN(T(test_labels), T(test_two_targets_of_a_file), T(test_file_match), T(test_reload),
	T(test_mistakes))
