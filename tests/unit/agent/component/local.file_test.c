/* clang-format off */
#include "tests/component.h"
#include "tests/log_dir.h"
/* clang-format on */

LOG_DIR_FIXTURE(local_file)

#define CONFIG(more) \
	"local.file \"f\" {\n filename = \"@DIR@/in/f\"\n" more "}\n" \
	"test.sink \"s\" { targets = [{v = convert.nonsensitive(local.file.f.content)}] }\n"

static void replace(const char *text)
{
	char from[128], to[128];

	log_dir_append(&d, "new", text);
	snprintf(from, sizeof(from), "%s/new", d.path);
	snprintf(to, sizeof(to), "%s/in/f", d.path);
	assert_int_equal(rename(from, to), 0);
	log_dir_settle(&d);
}

static void test_follows(void **state)
{
	(void)state;
	log_dir_append(&d, "in/f", "one");
	assert_true(log_dir_load(&d, CONFIG("is_secret = true\n")));
	log_dir_want(&d, "target v=one;\n");
	replace("two");
	log_dir_want(&d, "target v=two;\n");
	log_dir_append(&d, "in/f", "!");
	log_dir_settle(&d);
	log_dir_want(&d, "target v=two!;\n");
}

/* The content stays in force when the file goes, even with its folder, and is read again. */
static void test_goes_and_comes(void **state)
{
	char path[128];

	(void)state;
	log_dir_append(&d, "in/f", "one");
	assert_true(log_dir_load(&d, CONFIG("poll_frequency = \"10s\"\n")));
	log_dir_want(&d, "target v=one;\n");
	snprintf(path, sizeof(path), "%s/in/f", d.path);
	assert_int_equal(unlink(path), 0);
	snprintf(path, sizeof(path), "%s/in", d.path);
	assert_int_equal(rmdir(path), 0);
	log_dir_settle(&d);
	assert_int_equal(graph_node(h.graph, 0).health, HEALTH_UNHEALTHY);
	log_dir_want(&d, "");
	log_dir_append(&d, "in/f", "two");
	loop_advance(h.loop, 11 * NS_PER_SEC);
	log_dir_settle(&d);
	assert_int_equal(graph_node(h.graph, 0).health, HEALTH_HEALTHY);
	log_dir_want(&d, "target v=two;\n");
	replace("three");
	log_dir_want(&d, "target v=three;\n");
}

static void test_poll(void **state)
{
	(void)state;
	log_dir_append(&d, "in/f", "one");
	assert_true(log_dir_load(&d, CONFIG("detector = \"poll\"\n poll_frequency = \"10s\"\n")));
	log_dir_want(&d, "target v=one;\n");
	replace("two");
	log_dir_want(&d, "");
	loop_advance(h.loop, 10 * NS_PER_SEC);
	log_dir_settle(&d);
	log_dir_want(&d, "target v=two;\n");
}

static void shell(const char *what)
{
	char command[256];

	snprintf(command, sizeof(command), "cd %s/in && %s", d.path, what);
	assert_int_equal(system(command), 0);
}

/* Whatever takes the file's place, the agent goes on with what it had, and takes the next file. */
static void stays_through(const char *config)
{
	static const char *const hostile[] = {
		"mkfifo x && mv x f",
		"rm f; mkdir f",
		"rmdir f; ln -s f f",
		"ln -sfn /none/x f",
		"ln -sfn /dev/zero f",
		"rm f; head -c 5000000 /dev/zero >f",
		"rm f; ln -s ../in f",
	};

	log_dir_append(&d, "in/f", "one");
	assert_true(log_dir_load(&d, config));
	log_dir_want(&d, "target v=one;\n");
	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		shell(hostile[i]);
		log_dir_settle(&d);
		loop_advance(h.loop, 11 * NS_PER_SEC);
		log_dir_settle(&d);
		log_dir_want(&d, "");
		assert_int_equal(graph_node(h.graph, 0).health, HEALTH_UNHEALTHY);
	}
	shell("rm -rf f");
	replace("two");
	loop_advance(h.loop, 11 * NS_PER_SEC);
	log_dir_settle(&d);
	log_dir_want(&d, "target v=two;\n");
	assert_int_equal(graph_node(h.graph, 0).health, HEALTH_HEALTHY);
}

static void test_hostile(void **state)
{
	(void)state;
	stays_through(CONFIG("poll_frequency = \"10s\"\n"));
}

static void test_hostile_poll(void **state)
{
	(void)state;
	stays_through(CONFIG("detector = \"poll\"\n poll_frequency = \"10s\"\n"));
}

static void test_mistakes(void **state)
{
	static const struct {
		const char *config;
		const char *error;
	} cases[] = {
		{"local.file \"f\" { filename = \"\" }",
			"1:1: cannot start: filename must not be empty\n"},
		{"local.file \"f\" { filename = \"/none/x\" }",
			"1:1: cannot start: /none/x: No such file or directory\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_false(log_dir_load(&d, cases[i].config));
		assert_str(buf_str(&h.errors), cases[i].error);
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

TESTS_RUN(T(test_follows), T(test_goes_and_comes), T(test_poll), T(test_hostile),
	T(test_hostile_poll), T(test_mistakes))
